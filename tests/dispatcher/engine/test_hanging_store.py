"""A store whose disk hangs: it neither commits nor fails. Help, its journal and its pages go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from alarms.model import Alarm, Cause, Notice, Standpoint, call_of
from core.errors import ChannelError, StoreUnavailable
from core.signals import AnswerKind, ReceiptState, Taken
from core.values import replace
from dispatcher.store.journal.replay import Settling
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import (
    AlarmPage,
    AlarmWrite,
    ChainedEntry,
    LinkWrite,
    Store,
    Transaction,
)
from tests.support.office import Office, office

LIMIT = 2
_T = TypeVar("_T")


class HangingStore(MemoryStore):
    """While it hangs, what is submitted waits for its disk and nothing can be read."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = False
        self._waiting: list[tuple[Transaction, asyncio.Future[None]]] = []

    def submit(self, unit: Transaction) -> asyncio.Future[None]:
        if not self.hangs:
            return super().submit(unit)
        promised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, promised))
        return promised

    def is_well_again(self) -> None:
        self.hangs = False
        for unit, promised in self._waiting:
            self.commit_now(unit)
            promised.set_result(None)
        self._waiting.clear()

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return await self._read(super().alarm(alarm_id))

    async def alarms(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        return await self._read(super().alarms(cursor=cursor, limit=limit))

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        return await self._read(super().notices(alarm_id))

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        return await self._read(super().timeline(alarm_id))

    async def link(self, token_hash: str) -> LinkWrite | None:
        return await self._read(super().link(token_hash))

    async def _read(self, answer: Awaitable[_T]) -> _T:
        found = await answer
        if self.hangs:
            raise StoreUnavailable("The disk does not answer.")
        return found


async def test_what_is_late_is_journalled_while_nobody_knows_whether_it_will_be_stored() -> None:
    store = HangingStore()
    async with office(store) as house:
        store.hangs = True
        await house.takes(house.press())
        await house.until(house.journal.written)
        await house.until(house.wearable.arrived)
        assert [alarm.id for unit in house.journal.units for alarm in _alarms(unit)]
        store.is_well_again()


async def test_while_it_is_silent_nothing_waits_for_it_once_more() -> None:
    store = HangingStore()
    async with office(store) as house:
        store.hangs = True
        await house.takes(house.press())
        house.wearable.arrived.clear()
        now = house.clock.now()
        assert await house.take(house.press("ida")) is Taken.UNSTORED
        assert house.clock.now() == now
        await house.until(house.wearable.arrived)
        store.is_well_again()


async def test_when_it_answers_again_everything_is_well_and_stored_once() -> None:
    store = HangingStore()
    async with office(store) as house:
        store.hangs = True
        await house.takes(house.press())
        store.is_well_again()
        await house.time_passes_until(lambda: not house.engine.problems())
        assert house.journal.units == []
        assert not house.alarm.unstored
        assert [one.id for one in await store.open_alarms()] == [house.alarm.id]
        opened = [one for one in await store.timeline(house.alarm.id) if one.what == "opened"]
        assert len(opened) == 1


async def test_the_open_alarms_it_holds_are_journalled_too_for_it_may_not_come_back() -> None:
    store = HangingStore()
    async with office(store) as house:
        assert await house.takes(house.press()) is Taken.STORED
        store.hangs = True
        await house.takes(house.press("ida"))
        await house.until(house.journal.written)
        journalled = {alarm.id for unit in house.journal.units for alarm in _alarms(unit)}
        assert journalled == {alarm.id for alarm in house.engine.open_alarms()}
        store.is_well_again()


async def test_pages_show_what_memory_has() -> None:
    store = HangingStore()
    async with office(store) as house:
        await house.takes(house.press())
        await house.until(house.wearable.arrived)
        first = house.alarm
        store.hangs = True
        await house.takes(house.press("ida"))
        page = await house.engine.archive.pages(limit=10)
        assert not page.complete
        assert {alarm.id for alarm in page.alarms} == {a.id for a in house.engine.open_alarms()}
        unstored = next(a for a in page.alarms if a.id != first.id)
        assert unstored.unstored
        story = await house.engine.timeline(unstored.id)
        assert story[0].what == "opened"
        assert await house.engine.notices(first.id)
        with pytest.raises(StoreUnavailable):
            await house.engine.timeline("a_of_last_year")
        store.is_well_again()


async def test_a_link_of_an_open_alarm_opens_without_the_store() -> None:
    store = HangingStore()
    async with office(store) as house:
        house.wearable.fails = ChannelError("no radio", temporary=False)
        await house.takes(house.press())
        await house.until(house.sms.arrived)
        (link, *_) = await store.open_links()
        store.hangs = True
        assert await house.engine.archive.link(link.token_hash) == link
        store.is_well_again()


async def test_an_alarm_that_ended_before_it_was_stored_is_shown_as_over() -> None:
    store = HangingStore()
    async with office(store) as house:
        store.hangs = True
        await house.takes(house.press())
        alarm = house.alarm
        await house.engine.close_alarm(alarm.id, alarm.rev, "lone", Cause.CALMED_DOWN)
        shown = await house.engine.alarm(alarm.id)
        assert shown is not None
        assert shown.closing is not None
        assert [one.id for one in (await house.engine.archive.pages()).alarms] == [alarm.id]
        store.is_well_again()


async def test_pages_of_what_is_not_stored_and_what_is_show_each_alarm_once() -> None:
    """Also when some of it is stored between two pages."""
    async with office() as house:
        people = ("anna", "bo", "ida", "lone")
        await house.takes(house.press("anna"))
        house.store.fail_with = StoreUnavailable("full")
        for person in people[1:]:
            await house.takes(house.press(person))
        shown, cursor = [], None
        for turn in range(len(people)):
            page = await house.engine.archive.pages(cursor=cursor, limit=LIMIT)
            assert page.complete
            shown += [(one.id, one.unstored) for one in page.alarms]
            if turn == 0:
                house.store.fail_with = None
                await house.time_passes_until(lambda: not house.engine.problems())
            cursor = page.cursor
            if cursor is None:
                break
        every = [alarm.id for alarm in (await house.store.alarms()).alarms]
        assert [one for one, _ in shown] == every
        assert [unstored for _, unstored in shown[:LIMIT]] == [True] * LIMIT


async def test_a_journal_that_could_not_be_read_back_at_the_start_is_called_for_when_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The disk was locked in the moment of the start; the press waits for no other start."""
    async with office() as before:
        await before.take(before.press())
        (kept,) = await before.store.open_alarms()
    async with office() as house:

        async def replayed(store: Store, wall: datetime) -> None:
            await store.submit(Transaction(alarms=(AlarmWrite(kept, 0),)))

        monkeypatch.setattr(house.journal, "replay", replayed)
        house.engine.replay_later(StoreUnavailable("locked"))
        await house.time_passes_until(lambda: not house.engine.problems())
        assert house.alarm.id == kept.id
        assert house.engine.core.next_moment() is not None


async def test_what_a_journal_brings_late_is_looked_at_as_at_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bo was coming to Anna, and has pressed since; Anna is a victim; her page had not left."""
    async with office() as before:
        await before.take(before.press())
        anna = before.alarm.id
        await before.engine.volunteer(anna, "bo", AnswerKind.ARRIVED)
        (kept,) = await before.store.open_alarms()
        page, *_ = await before.engine.notices(anna)
    waiting = replace(page, id=f"{anna}-8", person="lone", channel="sms", address="+4500000003")
    waiting = replace(waiting, state=ReceiptState.PENDING)
    async with office() as house:

        async def replayed(store: Store, wall: datetime) -> None:
            await store.submit(Transaction(alarms=(AlarmWrite(kept, 0),), notices=(waiting,)))

        await house.takes(replace(house.press("bo"), zone="z2"))
        bos = house.alarm.id
        await house.engine.volunteer(bos, "anna", AnswerKind.ACCEPT)
        monkeypatch.setattr(house.journal, "replay", replayed)
        house.engine.replay_later(StoreUnavailable("locked"))
        await house.time_passes_until(lambda: not house.engine.problems())
        for alarm_id, person in ((anna, "bo"), (bos, "anna")):
            alarm = house.engine.open_alarm(alarm_id)
            call = call_of(alarm, person) if alarm is not None else None
            assert call is not None
            assert call.standpoint is Standpoint.LOST, person
        await house.until(house.sms.arrived)
        assert waiting.id in [notice.id for notice in house.sms.sent]


@pytest.mark.parametrize("closes", ["meanwhile", "afterwards"])
async def test_a_press_said_again_before_its_journal_is_read_back_goes_on_as_one_alarm(
    closes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was never acknowledged, so the badge says it at once; the journal knows more of it."""
    async with office() as before:
        await before.take(before.press())
        for answer in (AnswerKind.SEEN, AnswerKind.ACCEPT, AnswerKind.ARRIVED):
            await before.engine.volunteer(before.alarm.id, "bo", answer)
        (kept,) = await before.store.open_alarms()
    async with office() as house:
        read_back = asyncio.Event()

        async def replayed(store: Store, wall: datetime) -> None:
            await Settling(store).settle(Transaction(alarms=(AlarmWrite(kept, kept.rev - 1),)))
            read_back.set()

        monkeypatch.setattr(house.journal, "replay", replayed)
        await house.takes(house.press())
        assert house.alarm.id == kept.id
        assert house.alarm.rev < kept.rev
        house.engine.replay_later(StoreUnavailable("locked"))
        await house.time_passes_until(read_back.is_set)
        if closes == "afterwards":
            await _all_well(house)
            assert call_of(house.alarm, "bo"), "who was there before the stop"
        await house.engine.close_alarm(kept.id, house.alarm.rev, "lone", Cause.CALMED_DOWN)
        await _all_well(house)
        assert house.engine.open_alarms() == []
        assert await house.store.open_alarms() == []


async def test_a_call_from_a_site_nobody_has_configured_goes_to_the_leaders() -> None:
    """As in a journal of another installation, or when a site is taken out in mid-alarm."""
    async with office() as before:
        await before.take(before.press())
        (kept,) = await before.store.open_alarms()
    store = MemoryStore()
    escalation = replace(kept.escalation, calls=()) if kept.escalation else None
    elsewhere = replace(kept, site="elsewhere", escalation=escalation)
    store.commit_now(Transaction(alarms=(AlarmWrite(elsewhere, 0),)))
    async with office(store, start=False) as house:
        house.clock.move_to(house.clock.now() + timedelta(minutes=2))
        await house.engine.start()
        await house.until(house.wearable.arrived)
        assert {notice.person for notice in house.wearable.sent} == {"lone"}


async def _all_well(house: Office) -> None:
    def is_well() -> bool:
        assert not any("process" in problem.text for problem in house.engine.problems())
        return not house.engine.problems()

    await house.time_passes_until(is_well)


def _alarms(unit: Transaction) -> list[Alarm]:
    return [write.alarm for write in unit.alarms]
