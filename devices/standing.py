"""How lines and remote gateways stand, for pages and `tilkald doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class LineStanding:
    """One line of the configuration. `gateway`: the remote one it ends at; empty: here."""

    id: str
    protocol: str
    well: bool
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class GatewayStanding:
    """One remote gateway. `heard` is service time; None: not since the start.

    `backlog` records wait in its spool, the oldest for `oldest`. `problems` are its own words.
    """

    id: str
    site: str
    reached: bool
    heard: datetime | None
    backlog: int
    oldest: timedelta
    lines: tuple[LineStanding, ...]
    problems: tuple[str, ...]
    connected: int
