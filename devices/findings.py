"""What supervision finds and how a device stands, as values for pages, notices and the gateway."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from core.values import value

OWN_LINE = "mqtt"
"""The line of our own listener, where native devices live."""

CHARGING = "charging"
"""`Reading.code` of a heartbeat from a charger."""

OFFLINE = "offline"
"""`Reading.code` of a presence that says the line to the device is gone."""


class Trouble(StrEnum):
    """What a finding is about."""

    SILENT = "silent"
    COMMON_CAUSE = "common_cause"
    LINE_DOWN = "line_down"
    LOW_BATTERY = "low_battery"
    TAMPER = "tamper"
    TWO_CLAIM = "two_claim"


class State(StrEnum):
    """How a device stands, for pages and for the console."""

    OK = "ok"
    SILENT = "silent"
    LOW_BATTERY = "low_battery"
    TAMPER = "tamper"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


@value(frozen=True)
class Finding:
    """One technical thing that is wrong, or (`over`) well again.

    `key` is the same for the trouble and its end; a later one with the same key and more devices
    is news about the same trouble. A device that comes back out of a common cause ends its own
    silence; with the last one the common cause is over. `site` is that of the first device.
    """

    key: str
    trouble: Trouble
    devices: tuple[str, ...]
    at: datetime
    line: str = ""
    site: str = ""
    over: bool = False


@value(frozen=True)
class Health:
    """One device now. `heard` None: not since the start."""

    device: str
    state: State
    heard: datetime | None
    battery: float | None
