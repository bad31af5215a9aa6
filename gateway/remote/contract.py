"""What a remote gateway and the dispatcher's machine say to each other: JSON, one shape each.

Times are ages in seconds, measured by whoever speaks: the two clocks need not agree. Unknown fields
are ignored on both sides, so that the two may be of different versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from core.signals import Reading, Signal
from devices.registry import Assignment, Device, Line
from devices.scan import Unregistered
from devices.watch import Finding

UP_PATH: Final = "/gateway/v1/{gateway}/up"
DOWN_PATH: Final = "/gateway/v1/{gateway}/down"

UP_BYTES_MAX = 8 * 1024 * 1024
HANDED_MAX = 200
"""Records in one request."""

ALIVE_EVERY_S = 5.0
"""A gateway with nothing to say says so this often, and the stream down carries a blank line."""

SILENT_AFTER_S = 20.0
"""Nothing heard for so long, in either direction: the connection is gone. Within 30 s (issue 3)."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """Bytes nobody could read, to be kept."""

    protocol: str
    sender: str
    why: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One thing the gateway accepted: a signal, or bytes. Times in it are the gateway's own."""

    signal: Signal | None = None
    raw: RawRecord | None = None


class Handed(msgspec.Struct, frozen=True):
    """One record on its way. `old`: it may have been handed over before.

    `age_s`: since the gateway heard it; `pressed_s`: since the press, where that is known. The
    record is read by itself, so that one nobody can read holds no other up.
    """

    number: int
    age_s: float
    record: msgspec.Raw
    pressed_s: float | None = None
    old: bool = False


class Light(msgspec.Struct, frozen=True):
    """The newest sign of life of one device: a heartbeat, a position, a presence."""

    reading: Reading
    age_s: float = 0.0


class Up(msgspec.Struct, frozen=True):
    """What a gateway says: what is new since its last word, and how it stands now.

    `again`: copies whose original is handed over already; their devices want an answer.
    `listening`: devices that subscribed since. `lines`: line → whether it is well.
    """

    handed: tuple[Handed, ...] = ()
    again: tuple[Signal, ...] = ()
    light: tuple[Light, ...] = ()
    alive: tuple[str, ...] = ()
    listening: tuple[str, ...] = ()
    acknowledged: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    connected: tuple[str, ...] = ()
    lines: Mapping[str, bool] = {}
    unregistered: tuple[Unregistered, ...] = ()
    problems: Mapping[str, str] = {}
    backlog: int = 0
    oldest_s: float = 0.0
    spool_bytes: int = 0
    configuration: int = 0


class Thanks(msgspec.Struct, frozen=True):
    """The numbers of what is committed; the rest is to be handed over again."""

    kept: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the configuration a gateway needs, kept in its data directory (0600).

    `places`: every name a device may use for a zone → zone; `labels`: zone → what people call it;
    `names`: person → first name. `language` speaks to whoever is rung locally.
    """

    version: int = 0
    site: str = ""
    language: str = "da"
    devices: tuple[Device, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    lines: tuple[Line, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


class Down(msgspec.Struct, frozen=True):
    """One line of the stream down: something to tell a device, or another configuration."""

    number: int = 0
    device: str = ""
    payload: bytes = b""
    part: Part | None = None
