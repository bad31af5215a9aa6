"""Token buckets limit how often: one per key, for storms, garbage, log lines, failed logins."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime

KEYS_MAX = 50_000
"""Past this the key asked for longest ago is forgotten: its bucket is full again."""


class TokenBuckets:
    """Each bucket holds `burst` tokens and gains `per_second`. Of an unknown key it is full."""

    def __init__(self, burst: int, per_second: float, keys_max: int = KEYS_MAX) -> None:
        assert burst >= 1
        assert per_second > 0
        self._burst = burst
        self._per_second = per_second
        self._keys_max = keys_max
        self._buckets: dict[Hashable, tuple[float, datetime]] = {}

    def allows(self, key: Hashable, now: datetime) -> bool:
        """Take one token, if there is one."""
        level = self._level(key, now)
        self._buckets[key] = (level - 1 if level >= 1 else level, now)
        return level >= 1

    def exhausted(self, key: Hashable, now: datetime) -> bool:
        """Whether the bucket is empty; takes no token."""
        level = self._level(key, now)
        self._buckets[key] = (level, now)
        return level < 1

    def _level(self, key: Hashable, now: datetime) -> float:
        """What the bucket holds now. The key moves to the end: the front is the longest unused."""
        known = self._buckets.pop(key, None)
        if known is None:
            if len(self._buckets) >= self._keys_max:
                del self._buckets[next(iter(self._buckets))]
            return float(self._burst)
        level, at = known
        waited_s = max((now - at).total_seconds(), 0.0)
        return min(level + waited_s * self._per_second, float(self._burst))
