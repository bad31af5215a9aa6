"""How often something happened lately, per key: take-overs of a username, faults of an address."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

KEYS_MAX = 10_000
"""Keys remembered at once; then the one that was quiet longest is forgotten."""

HITS_MAX = 1_000
"""Hits counted per key; more than these is "very many" for every use we have."""


class Rate:
    """Counts hits per key within a sliding `window`."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._hits: dict[str, deque[datetime]] = {}

    def hit(self, key: str, now: datetime) -> int:
        """Count one more; how many there were within the window, this one included."""
        hits = self._hits.pop(key, None) or deque(maxlen=HITS_MAX)
        hits.append(now)
        self._hits[key] = hits
        if len(self._hits) > KEYS_MAX:
            del self._hits[next(iter(self._hits))]
        return self.count(key, now)

    def count(self, key: str, now: datetime) -> int:
        """How many there were within the window."""
        hits = self._hits.get(key)
        if hits is None:
            return 0
        while hits and hits[0] <= now - self._window:
            hits.popleft()
        return len(hits)
