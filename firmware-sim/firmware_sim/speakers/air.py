"""What a radio receiver hands on over time: copies of a press, a release, signs of life. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime


class Air:
    """Bytes that come at their moments, in the order of time."""

    def __init__(self) -> None:
        self._coming: list[tuple[datetime, int, bytes]] = []
        self._put = 0

    @property
    def wake_at(self) -> datetime | None:
        return self._coming[0][0] if self._coming else None

    def at(self, moment: datetime, content: bytes) -> None:
        self._put += 1
        heapq.heappush(self._coming, (moment, self._put, content))

    def due(self, now: datetime) -> Sequence[bytes]:
        """What has come by now."""
        found = []
        while self._coming and self._coming[0][0] <= now:
            found.append(heapq.heappop(self._coming)[2])
        return found
