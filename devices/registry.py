"""Wire identity → device → person and place: the port, its values, and the in-memory registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.signals import Level, Standing


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the site, as its configuration names it.

    `id` matches `[a-z0-9][a-z0-9_-]{0,63}` and is the MQTT username. `kind` is a row of
    `devices.catalogue`. `person` is the standing wearer, `zone` the place of a fixed device,
    `wire` further identities it speaks under (`protocol:identity`). `password` is the plain one of
    a demonstration site or a `scrypt$…` digest. `withdrawn` may still raise; `revoked` may not.
    """

    id: str
    kind: str
    site: str
    person: str | None = None
    zone: str | None = None
    level: Level | None = None
    wire: tuple[str, ...] = ()
    password: str = ""
    withdrawn: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who wears a device for a while, wall clock UTC: a shift's loan over the standing wearer."""

    device: str
    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Registration:
    """What the registry knows about the sender of one reading, at one moment."""

    standing: Standing
    device: str
    site: str
    kind: str = ""
    person: str | None = None
    zone: str | None = None
    level: Level | None = None


class Registry(Protocol):
    """The port intake asks. Never raises for an unknown sender: that is `Standing.UNKNOWN`."""

    def resolve(self, protocol: str, identity: str, wall: datetime) -> Registration: ...

    def device(self, device_id: str) -> Device | None: ...

    def worn_by(self, person: str, wall: datetime) -> tuple[Device, ...]: ...
