"""Which lines are written, and how many of each event were not: a flood is a few lines and a count.

A line has an event, which our code names, and a lane: somebody who has proven who they are, or
nobody. Each lane has a pace, and so has the event in all; a stranger chooses neither, so that
however many names they use they share one lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.token_buckets import TokenBuckets

LANE_BURST, LANE_PER_SECOND = 12, 0.1
"""Lines of one event in one lane: a dozen at once, then six a minute."""

EVENT_BURST, EVENT_PER_SECOND = 300, 2.0
"""Lines of one event in all its lanes: a house whose lines all come up at once is told in full."""

LANES_MAX, EVENTS_MAX = 2_000, 500
"""Remembered; past this whoever was quiet longest begins anew."""

EVERY = timedelta(seconds=60)
EVERY_S = EVERY.total_seconds()
"""How often it is said how many were folded."""


@dataclass(frozen=True, slots=True)
class Folded:
    """So many lines of one event were not written."""

    part: str
    event: str
    count: int


class Folding:
    """The token buckets of all events of a process."""

    def __init__(self) -> None:
        self.folded = 0
        self._lanes = TokenBuckets(LANE_BURST, LANE_PER_SECOND, LANES_MAX)
        self._events = TokenBuckets(EVENT_BURST, EVENT_PER_SECOND, EVENTS_MAX)
        self._counts: dict[tuple[str, str], tuple[int, datetime]] = {}

    def passes(self, part: str, event: str, lane: str, now: datetime) -> bool:
        """Whether this line is written; else it is counted."""
        one = (part, event)
        if self._lanes.allows((one, lane), now) and self._events.allows(one, now):
            return True
        self.folded += 1
        if one in self._counts or len(self._counts) < EVENTS_MAX:
            count, since = self._counts.get(one, (0, now))
            self._counts[one] = (count + 1, since)
        return False

    def due(self, now: datetime, *, all_of_it: bool = False) -> list[Folded]:
        """The counts that are to be written now; each begins anew."""
        ripe = [
            one
            for one, (_, since) in list(self._counts.items())
            if all_of_it or now - since >= EVERY
        ]
        return [Folded(*one, self._counts.pop(one)[0]) for one in ripe]
