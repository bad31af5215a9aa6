"""Where a press of our own goes in: the listener's door, and the device that knocks there."""

from __future__ import annotations

from dataclasses import dataclass

from devices.registry import OWN_PREFIX

DEVICE = f"{OWN_PREFIX}selfcheck"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the press goes in. `password` is made at each start and known to nobody else."""

    host: str
    port: int
    prefix: str
    password: str
