"""One instant on both clocks, as deciding is given it. Pure."""

from __future__ import annotations

from datetime import datetime

from core.values import value


@value(frozen=True)
class Moment:
    """Service time for what waits, the wall's for rosters and for people."""

    now: datetime
    wall: datetime
