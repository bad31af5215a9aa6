"""The key switch of a button test: while it is on, the first press of each point is a test.

The law kept here: *a forgotten key hides no alarm*. A test begins only when the key is seen to be
turned on, it ends after its limit whatever the key does, and a point pressed for the second time in
it calls: nobody who needs help presses only once. A key that is found on begins nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

LIMIT, LIMIT_MOST = timedelta(minutes=15), timedelta(hours=1)
"""How long a test may go on: enough to walk through a house, not through a night."""


class Turn(StrEnum):
    """What is new about the key."""

    BEGUN = "begun"
    """It was turned on: a test."""
    LEFT_ON = "left_on"
    """It is on, and presses call all the same: found so, or left so past the limit."""
    OFF = "off"


class KeySwitch:
    """One key. Its own contact bounces: it is off when it was off for `settle`."""

    __slots__ = ("_is_on", "_limit", "_off_since", "_said_on", "_settle", "_tested", "_until")

    def __init__(self, limit: timedelta, settle: timedelta) -> None:
        self._limit = limit
        self._settle = settle
        self._tested: dict[str, None] = {}
        self._said_on = False
        self.forget()

    def forget(self) -> None:
        """Its board is silent: no test goes on unseen."""
        self._is_on: bool | None = None
        self._off_since: datetime | None = None
        self._until: datetime | None = None

    def look(self, on: bool, now: datetime) -> Turn | None:
        turn = self._on(now) if on else self._off(now)
        if turn is not None:
            self._said_on = turn is not Turn.OFF
        return turn

    def takes(self, point: str, now: datetime) -> bool:
        """Whether this press is a test: the point's first one while the key is on."""
        testing = self._until is not None and self._off_since is None and now < self._until
        if not testing or point in self._tested:
            return False
        self._tested[point] = None
        return True

    def _on(self, now: datetime) -> Turn | None:
        was_on, self._is_on, self._off_since = self._is_on, True, None
        if was_on is None:
            return Turn.LEFT_ON
        if not was_on:
            self._until = now + self._limit
            self._tested.clear()
            return Turn.BEGUN
        if self._until is not None and now >= self._until:
            self._until = None
            return Turn.LEFT_ON
        return None

    def _off(self, now: datetime) -> Turn | None:
        if self._is_on:
            self._off_since = self._off_since or now
            if now - self._off_since < self._settle:
                return None
        self._is_on, self._until = False, None
        return Turn.OFF if self._said_on else None
