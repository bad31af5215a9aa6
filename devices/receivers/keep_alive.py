"""Whether a radio receiver on a serial line is still there: it is asked, and must answer.

A radio may be quiet for hours, so silence of the air proves nothing. Every `ASK_EVERY` the session
asks the receiver itself; nothing heard from it for `SILENT_AFTER` is a technical reading, once, and
the first byte after that ends it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

ASK_EVERY = timedelta(seconds=25)

SILENT_AFTER = timedelta(seconds=90)
"""A gateway's line: 90 s, as EN 50136-1 DP4; three questions unanswered."""

SILENT = "silent"
"""`Reading.code` of a receiver that does not answer, and of its return."""

AT_ONCE = datetime.min.replace(tzinfo=UTC)
"""Before the first `now` is known: wake me as soon as you can."""


class Check(StrEnum):
    """What a look at the clock says."""

    NOTHING = "nothing"
    ASK = "ask"
    SILENT = "silent"


class KeepAlive:
    """One receiver."""

    __slots__ = ("_ask_at", "_heard_at", "silent")

    def __init__(self) -> None:
        self._ask_at: datetime | None = None
        self._heard_at: datetime | None = None
        self.silent = False

    @property
    def wake_at(self) -> datetime:
        return AT_ONCE if self._ask_at is None else self._ask_at

    def heard(self, now: datetime) -> bool:
        """Something came. True when the receiver had been silent and is back."""
        was_silent, self.silent = self.silent, False
        self._heard_at = now
        return was_silent

    def look(self, now: datetime) -> Check:
        """`SILENT` is said once; it asks as well, so that the answer can end it."""
        if self._ask_at is not None and now < self._ask_at:
            return Check.NOTHING
        self._ask_at = now + ASK_EVERY
        if self._heard_at is None:
            self._heard_at = now
        if not self.silent and now - self._heard_at >= SILENT_AFTER:
            self.silent = True
            return Check.SILENT
        return Check.ASK
