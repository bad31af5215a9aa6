"""When something wants to be looked at: one heap for every timed case, of whatever kind. Pure."""

from __future__ import annotations

import heapq
from datetime import datetime
from typing import TypeAlias

CaseKey: TypeAlias = tuple[str, str]
"""A kind of timed case, and which one of it."""


class Moments:
    """The next moment of each case. Of several at one moment the smaller key comes first."""

    def __init__(self) -> None:
        self._stands: dict[CaseKey, datetime] = {}
        self._heap: list[tuple[datetime, CaseKey]] = []

    def put(self, key: CaseKey, moment: datetime) -> None:
        """Set the moment at which a case is looked at."""
        if self._stands.get(key) != moment:
            self._stands[key] = moment
            heapq.heappush(self._heap, (moment, key))

    def drop(self, key: CaseKey) -> None:
        """Forget the moment of a case that is over, or stands aside."""
        self._stands.pop(key, None)

    def first(self) -> datetime | None:
        while self._heap and self._stands.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> CaseKey | None:
        """The case whose moment came first, or None when no moment has come."""
        moment = self.first()
        if moment is None or moment > now:
            return None
        _, key = heapq.heappop(self._heap)
        del self._stands[key]
        return key
