"""What pages may ask about alarms: from memory what is open or not stored yet, else from the store.

A store that does not answer hides nothing that memory has, and what is not stored yet stands where
it will stand once it is, so that no page shows an alarm twice or leaves one out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from alarms.model import Alarm, Notice
from core.errors import StoreUnavailable
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Outcome
from dispatcher.store.cursor import alarm_of, cursor_of, page_size
from dispatcher.store.ports import AlarmPage, ChainedEntry, LinkWrite, Store

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Archive:
    """`ahead`: the work that is performed and not stored, in its order."""

    def __init__(
        self, store: Store, open_alarms: OpenAlarms, ahead: Callable[[], Sequence[Outcome]]
    ) -> None:
        self._store = store
        self._open_alarms = open_alarms
        self._ahead = ahead

    async def alarm(self, alarm_id: str) -> Alarm | None:
        """Raises StoreUnavailable when memory does not know it."""
        known = self._open_alarms.get(alarm_id) or self._unstored().get(alarm_id)
        return known or await self._store.alarm(alarm_id)

    async def notice(self, notice_id: str) -> Notice | None:
        """Raises StoreUnavailable when memory does not know it."""
        return self.known_notice(notice_id) or await self._store.notice(notice_id)

    def known_notice(self, notice_id: str) -> Notice | None:
        """Of an open alarm, one closed lately, or one that is not stored yet."""
        return self._open_alarms.notice(notice_id) or self._unstored_notices().get(notice_id)

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        open_ones = self._open_alarms.notices_of(alarm_id)
        if open_ones:
            return open_ones
        ahead = [one for one in self._unstored_notices().values() if one.alarm == alarm_id]
        try:
            stored = await self._store.notices(alarm_id)
        except StoreUnavailable:
            if not self._knows(alarm_id):
                raise
            stored = ()
        known = dict.fromkeys(one.id for one in stored)
        return [*stored, *(one for one in ahead if one.id not in known)]

    async def link(self, token_hash: str) -> LinkWrite | None:
        return self._open_alarms.links.get(token_hash) or await self._store.link(token_hash)

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        """What is not stored yet comes last, without a hash; its numbers go on."""
        ahead = [
            e for work in self._ahead() for e in work.transaction.timeline if e.alarm == alarm_id
        ]
        try:
            stored = list(await self._store.timeline(alarm_id))
        except StoreUnavailable:
            if not self._knows(alarm_id):
                raise
            stored = []
        told = dict.fromkeys((one.at, one.what, one.body) for one in stored)
        last = stored[-1].number if stored else 0
        new = (one for one in ahead if (one.at, one.what, one.body) not in told)
        return [
            *stored,
            *(
                ChainedEntry(alarm_id, number, one.at, one.wall, one.what, one.body, "", "", "")
                for number, one in enumerate(new, start=last + 1)
            ),
        ]

    async def pages(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        """All alarms, newest first. Raises StoreUnavailable for a page memory knows nothing of."""
        after, room = alarm_of(cursor), page_size(limit)
        new = self._never_stored()
        begins = after is None or after in new
        shown = _behind(list(new.values()), after)[:room] if begins else []
        if len(shown) == room:
            return AlarmPage(tuple(shown), cursor_of(shown[-1].id))
        try:
            page = await self._store.alarms(
                cursor=None if begins else cursor, limit=room - len(shown)
            )
        except StoreUnavailable:
            return self._of_memory(after, room)
        newest = self._unstored()
        here = dict.fromkeys(one.id for one in shown)
        stored = (self._open_alarms.get(a.id) or newest.get(a.id, a) for a in page.alarms)
        return AlarmPage((*shown, *(one for one in stored if one.id not in here)), page.cursor)

    def _of_memory(self, after: str | None, room: int) -> AlarmPage:
        known = {
            alarm.id: alarm
            for alarm in (*self._open_alarms.alarms.values(), *self._never_stored().values())
        }
        if after is not None and after not in known:
            raise StoreUnavailable("The store does not answer: earlier alarms cannot be shown.")
        newest = sorted(known.values(), key=lambda a: a.times.stored or _LONG_AGO, reverse=True)
        rest = _behind(newest, after)
        following = cursor_of(rest[room - 1].id) if len(rest) > room else None
        return AlarmPage(tuple(rest[:room]), following, complete=False)

    def _knows(self, alarm_id: str) -> bool:
        return self._open_alarms.get(alarm_id) is not None or alarm_id in self._unstored()

    def _unstored(self) -> dict[str, Alarm]:
        """Of each alarm the newest state that is not stored."""
        return {
            write.alarm.id: write.alarm
            for work in self._ahead()
            for write in work.transaction.alarms
        }

    def _unstored_notices(self) -> dict[str, Notice]:
        return {one.id: one for work in self._ahead() for one in work.transaction.notices}

    def _never_stored(self) -> dict[str, Alarm]:
        """The alarms of which the store has nothing, newest first, as they are now."""
        newest = self._unstored()
        opened = (
            write.alarm.id
            for work in self._ahead()
            for write in work.transaction.alarms
            if write.seen_rev == 0
        )
        return {
            one: self._open_alarms.get(one) or newest[one]
            for one in reversed(dict.fromkeys(opened))
        }


def _behind(alarms: list[Alarm], after: str | None) -> list[Alarm]:
    """Those that come after this one; all when there is none."""
    places = [alarm.id for alarm in alarms]
    return alarms[places.index(after) + 1 :] if after in places else alarms
