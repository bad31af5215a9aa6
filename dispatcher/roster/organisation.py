"""The whole configuration of one installation, frozen: what `apply` writes and `export` reads."""

from __future__ import annotations

from alarms.plan import Plan
from core.values import value
from devices.registry import Assignment, Device, Line, RemoteGateway
from dispatcher.roster.model import Language, Person, Shift, Unit, Walk, Zone


@value(frozen=True)
class Site:
    """One site. `leaders` are standing duty leaders when no shift names one; `deputies` take over.

    `last_resort` (two people or more, on different routes) is called when nobody else is left.
    `country` decides which emergency numbers are refused beyond the common ones. `words` overrides
    any label people see, e.g. `{"level_red": "Akutalarm"}`. `manual_routine` is shown when the
    service is degraded.
    """

    id: str
    name: str
    timezone: str
    country: str = "DK"
    language: Language = Language.DANISH
    leaders: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    last_resort: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    manual_routine: str = ""
    wearer_light: bool = False


@value(frozen=True)
class Organisation:
    """Everything configured, at one numbered version (0: nothing applied yet)."""

    version: int = 0
    sites: tuple[Site, ...] = ()
    people: tuple[Person, ...] = ()
    units: tuple[Unit, ...] = ()
    zones: tuple[Zone, ...] = ()
    walks: tuple[Walk, ...] = ()
    shifts: tuple[Shift, ...] = ()
    plans: tuple[Plan, ...] = ()
    devices: tuple[Device, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    lines: tuple[Line, ...] = ()
    gateways: tuple[RemoteGateway, ...] = ()
