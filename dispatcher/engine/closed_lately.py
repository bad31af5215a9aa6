"""The notices of alarms closed within the hour: an answer that crosses the close is told so.

In memory only. After a restart the store still knows a notice by its id; by a number alone nothing
is found then, and who writes is told to press.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alarms.model import Notice

KEPT_FOR = timedelta(hours=1)
"""As long as a notice's link tells that the alarm is over."""

KEPT_MOST = 2_000
"""Notices; the oldest leave first. A large house sends a tenth of it in a bad night."""


class ClosedLately:
    """Found by id, and by the address they were sent to."""

    def __init__(self) -> None:
        self._notices: dict[str, tuple[datetime, Notice]] = {}

    def keep(self, closed: datetime, notices: Iterable[Notice]) -> None:
        for notice in notices:
            self._notices[notice.id] = (closed, notice)
        while len(self._notices) > KEPT_MOST:
            del self._notices[next(iter(self._notices))]

    def get(self, notice_id: str) -> Notice | None:
        kept = self._notices.get(notice_id)
        return kept[1] if kept is not None else None

    def sent_to(self, address: str, now: datetime) -> list[Notice]:
        """Newest first."""
        found = [
            notice
            for closed, notice in self._notices.values()
            if notice.address == address and now - closed <= KEPT_FOR
        ]
        return sorted(found, key=lambda notice: notice.created, reverse=True)
