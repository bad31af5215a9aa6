"""The loop around the deciding: commit, perform, fail, go on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import pytest

from alarms import escalate
from alarms.model import (
    Alarm,
    Cause,
    Decision,
    Due,
    Event,
    Purpose,
    Standpoint,
    TellType,
    call_of,
)
from alarms.view import View
from core.clock import ClockMark, sleep
from core.errors import ChannelError, DomainError, StoreUnavailable
from core.signals import AnswerKind, Reading, ReceiptState, SignalType, Taken
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.engine.core import TRIED_AGAIN_AFTER
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Moment
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import RawBytes
from dispatcher.store.ports import Transaction as Transaction
from firmware_sim.world.process import at_once
from tests.support.office import START, Office, first_word, office

FULL = StoreUnavailable("the disk is full")


async def test_a_press_is_stored_called_and_answered() -> None:
    async with office() as house:
        assert await house.take(house.press()) is Taken.STORED
        await house.until(house.wearable.arrived)
        assert [notice.person for notice in house.wearable.sent] == ["bo"]
        assert [tell.type for tell in house.told] == [TellType.RECEIVED]


async def test_a_store_that_cannot_commit_never_stops_help() -> None:
    """Law 1: called from memory, marked unstored, not acknowledged, journalled, shown."""
    async with office() as house:
        house.store.fail_with = FULL
        assert await house.take(house.press()) is Taken.UNSTORED
        await house.until(house.wearable.arrived)
        assert house.alarm.unstored
        assert house.told == [], "`received` is a promise the store has not made"
        assert [problem.part for problem in house.engine.problems()] == ["store"]
        await house.until(house.journal.written)
        house.store.fail_with = None


async def test_what_was_unstored_is_saved_and_promised_once_the_store_works() -> None:
    async with office() as house:
        house.store.fail_with = FULL
        await house.take(house.press())
        house.store.fail_with = None
        told = house.told
        await house.time_passes_until(lambda: any(t.type is TellType.RECEIVED for t in told))
        assert not house.alarm.unstored
        assert await house.store.alarm(house.alarm.id) is not None
        await house.time_passes_until(lambda: not house.engine.problems())
        assert house.journal.units == []


async def test_who_was_told_unstored_hears_when_it_is_stored_after_all() -> None:
    async with office() as house:
        house.store.fail_with = FULL
        words: list[Taken] = []
        assert await house.take(house.press(), words.append) is Taken.UNSTORED
        raw = RawBytes(house.clock.now(), "native", "badge-bo", "why", b"x")
        keep = partial(house.engine.keep_raw, raw)
        assert await first_word(keep, words.append) is Taken.UNSTORED
        assert words == []
        house.store.fail_with = None
        await house.time_passes_until(lambda: not house.engine.problems())
        assert words == [Taken.STORED, Taken.STORED]


async def test_what_is_stored_at_once_needs_no_second_word() -> None:
    async with office() as house:
        words: list[Taken] = []
        assert await house.take(house.press(), words.append) is Taken.STORED
        assert words == []


async def test_what_memory_cannot_hold_either_is_said_to_be_never_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dispatcher.engine.commit_line.BACKLOG_MOST", 0)
    async with office() as house:
        house.store.fail_with = FULL
        words: list[Taken] = []
        assert await house.take(house.press(), words.append) is Taken.UNSTORED
        assert words == [Taken.NEVER]
        house.store.fail_with = None


async def test_deciding_that_fails_calls_everybody_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours costs precision, never the press."""

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    async with office() as house:
        monkeypatch.setattr("dispatcher.engine.core.triage", broken)
        assert await house.take(house.press()) is Taken.STORED
        await house.until(house.wearable.arrived)
        assert house.alarm.orphan
        assert "deciding" in [problem.part for problem in house.engine.problems()]


async def test_a_mistake_about_one_alarm_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both fall due in one moment, and nothing else happens that would set the timer anew."""
    async with office() as house:
        await _both_have_pressed(house)
        monkeypatch.setattr(escalate, "advance", _mistaken_about_anna)
        changes = house.engine.follow()
        house.clock.move_to(START + timedelta(seconds=31))
        house.engine.mark(ClockMark(house.clock.now(), house.clock.wall(), 0.0, "b"))
        while not _has_gone_on(house.engine.open_alarm("a_bo1"), house):
            await asyncio.wait_for(changes.get(), 2)
        assert "deciding" in [problem.part for problem in house.engine.problems()]


async def test_an_alarm_we_were_mistaken_about_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Law 2: a mistake of ours costs it some seconds, never its next moment."""
    async with office() as house:
        await _both_have_pressed(house)
        core, late = house.engine.core, START + timedelta(seconds=31)
        with monkeypatch.context() as mistaken:
            mistaken.setattr(escalate, "advance", _mistaken_about_anna)
            for _ in range(2):
                with suppress(RuntimeError):
                    core.due(Moment(late, late))
        assert core.next_moment() == late + TRIED_AGAIN_AFTER
        core.due(Moment(late + TRIED_AGAIN_AFTER, late + TRIED_AGAIN_AFTER))
        (calls,) = [
            a.escalation.calls for a in core.open_alarms.of_device("badge-anna") if a.escalation
        ]
        assert len(calls) > 1, "the second step has run"


async def test_a_mistake_about_one_alarm_stops_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async with office() as before:
        await _both_have_pressed(before)
    async with office(before.store, start=False) as house:
        monkeypatch.setattr(escalate, "advance", _mistaken_about_anna)
        house.clock.move_to(START + timedelta(seconds=31))
        await house.engine.start()
        assert _has_gone_on(house.engine.open_alarm("a_bo1"), house)
        assert "deciding" in [problem.part for problem in house.engine.problems()]


@pytest.mark.parametrize(
    "where",
    [
        "views.Views.view",
        "nearest.Choice._walk",
        "nearest.Rings.seat_of",
        "staffing.Staffing.routes",
    ],
)
async def test_a_roster_that_cannot_be_read_calls_everybody_but_the_victim(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    async with office() as house:
        monkeypatch.setattr(f"dispatcher.roster.{where}", broken)
        await house.take(house.press())
        await house.until(house.wearable.arrived)
        called = [call.person for call in house.alarm.escalation.calls]  # type: ignore[union-attr]
        assert "anna" not in called
        assert called
        assert all(notice.address != "badge-anna" for notice in house.wearable.sent)


async def test_an_answer_from_another_device_number_or_link_is_not_counted() -> None:
    async with office() as house:
        notice = await _called(house)
        wrong = [
            Source(SourceKind.DEVICE, "badge-ida"),
            Source(SourceKind.NUMBER, "+4500000009"),
            Source(SourceKind.LINK, "another-notice"),
            Source(SourceKind.STAFF, "ida"),
        ]
        for source in wrong:
            outcome = await house.engine.answer(notice, AnswerKind.ACCEPT, source)
            assert outcome is AnswerOutcome.NOT_YOURS
        assert _stands(house, "bo") is not Standpoint.ACCEPTED


async def test_an_accept_after_the_close_is_recorded_and_answered_with_a_stand_down() -> None:
    async with office() as house:
        notice = await _called(house)
        alarm = house.alarm
        await house.engine.close_alarm(alarm.id, alarm.rev, "lone", Cause.CALMED_DOWN)
        source = Source(SourceKind.DEVICE, "badge-bo")
        outcome = await house.engine.answer(notice, AnswerKind.ACCEPT, source)
        assert outcome is AnswerOutcome.CLOSED
        while not any("-late-" in sent.id for sent in house.wearable.sent):
            house.wearable.arrived.clear()
            await house.until(house.wearable.arrived)
        assert house.wearable.sent[-1].purpose is Purpose.STAND_DOWN
        timeline = [entry.what for entry in await house.engine.timeline(alarm.id)]
        assert timeline[-1] == "late_answer"


async def test_a_failed_page_makes_the_next_route_due_now() -> None:
    """Law 4: no waiting for the next step's second."""
    async with office() as house:
        house.wearable.fails = ChannelError("no connection", temporary=True)
        await house.take(house.press())
        await house.until(house.sms.arrived)
        assert house.sms.sent[0].person == "bo"
        assert house.clock.now() == house.alarm.times.stored


async def test_a_notice_that_waits_is_committed_as_sending_before_the_attempt() -> None:
    """Law 5: marking it sent before the attempt would lose it in a crash."""
    async with office() as house:
        house.wearable.fails = ChannelError("no connection", temporary=True)
        house.sms.hold = asyncio.Event()
        await house.take(house.press())
        await _until_state(house, "sms", ReceiptState.SENDING)
        assert house.sms.sent == []
        house.sms.hold.set()
        await _until_state(house, "sms", ReceiptState.SENT)


async def test_what_was_in_sending_goes_again_after_a_crash_with_the_same_id() -> None:
    store = MemoryStore()
    async with office(store) as house:
        house.wearable.fails = ChannelError("no connection", temporary=True)
        house.sms.hold = asyncio.Event()
        await house.take(house.press())
        await _until_state(house, "sms", ReceiptState.SENDING)
        (notice,) = [n for n in await store.unfinished_notices() if n.channel == "sms"]
        crashed = MemoryStore.__new__(MemoryStore)
        crashed.__dict__.update(store.__dict__)
        async with office(crashed) as again:
            await again.until(again.sms.arrived)
            assert [sent.id for sent in again.sms.sent] == [notice.id]
            assert again.sms.sent[0].state is ReceiptState.MAYBE_SENT
        house.sms.hold.set()


async def test_a_stale_close_is_refused_with_the_reason() -> None:
    async with office() as house:
        await _called(house)
        seen = house.alarm.rev
        await house.take(house.press("bo"))
        with pytest.raises(DomainError, match="joined") as refused:
            await house.engine.close_alarm(house.alarm.id, seen, "lone", Cause.CALMED_DOWN)
        assert refused.value.code == "stale"


async def test_who_subscribes_again_gets_the_present_state() -> None:
    async with office() as house:
        notice = await _called(house)
        await house.engine.answer(notice, AnswerKind.ACCEPT, Source(SourceKind.STAFF, "bo"))
        house.told.clear()
        house.engine.device_subscribed("badge-anna")
        assert [tell.type for tell in house.told] == [TellType.RECEIVED, TellType.ACCEPTED]
        pages = len(house.wearable.sent)
        house.wearable.arrived.clear()
        house.engine.device_subscribed("badge-bo")
        await house.until(house.wearable.arrived)
        assert house.wearable.sent[pages].id == notice


def test_a_technical_alarm_takes_no_letter_a_call_for_help_could_need() -> None:
    """Law 12: whoever reads "Reply 1" is not asked back because a badge is silent too."""
    open_alarms = OpenAlarms()
    assert open_alarms.letter("+4520123456", "t_1", technical=True) == "T"
    assert open_alarms.letter("+4520123456", "a_1", technical=False) == "A"
    assert open_alarms.letter("+4520123456", "t_2", technical=True) == "U"
    assert open_alarms.letter("+4520123456", "a_1", technical=True) == "A", (
        "it stays with the alarm"
    )


async def test_a_device_that_names_no_notice_answers_the_call_for_help() -> None:
    async with office() as house:
        house.engine.technical("silent:badge-ida", "{devices}", "home", devices="badge-ida")
        await house.until(house.wearable.arrived)
        assert house.wearable.sent[0].person == "lone"
        await house.take(house.press("anna"))
        await house.take(house.press("bo"))
        accept = replace(house.press("lone", 9), reading=_nameless("badge-lone"))
        assert await house.take(accept) is Taken.STORED
        called = [a for a in house.engine.open_alarms() if not a.technical]
        stands = [call_of(alarm, "lone") for alarm in called]
        assert Standpoint.ACCEPTED in [call.standpoint for call in stands if call is not None]


async def test_a_device_that_comes_back_with_a_press_is_not_told_that_an_older_one_is_over() -> (
    None
):
    """It would stop repeating what nobody has stored yet."""
    async with office() as house:
        await _called(house)
        alarm = house.alarm
        await house.engine.close_alarm(alarm.id, alarm.rev, "lone", Cause.CALMED_DOWN)
        house.told.clear()
        house.engine.device_subscribed("badge-anna")
        assert house.told == []


async def test_a_page_that_follows_slowly_is_told_to_load_again() -> None:
    async with office() as house:
        queue = house.engine.follow()
        for number in range(400):
            house.engine.health.report(f"part-{number}", "{why}", why=number)
        assert queue.qsize() < 400
        assert any(queue.get_nowait().what == "resync" for _ in range(queue.qsize()))


async def _called(house: Office) -> str:
    """Anna has pressed and Bo is being called; the notice's id."""
    await house.take(house.press())
    await house.until(house.wearable.arrived)
    return house.wearable.sent[0].id


async def _until_state(house: Office, channel: str, state: ReceiptState) -> None:
    def is_stored() -> bool:
        notices = at_once(house.store.notices(house.alarm.id))
        return any(n.channel == channel and n.state is state for n in notices)

    await house.time_passes_until(is_stored)


def _nameless(device: str) -> Reading:
    accept = AnswerKind.ACCEPT
    return Reading("native", device, SignalType.ANSWER, seq=9, authenticated=True, answer=accept)


def _stands(house: Office, person: str) -> Standpoint | None:
    call = call_of(house.alarm, person)
    return call.standpoint if call is not None else None


class HeldStore(MemoryStore):
    """Commits nothing of `held` before `let_go`; the rest at once, as a store that is only busy."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[tuple[Transaction, asyncio.Future[None]]] = []
        self.holds = 0
        self.submitted: list[Transaction] = []

    def submit(self, unit: Transaction) -> asyncio.Future[None]:
        self.submitted.append(unit)
        if not self.holds or not unit.signals:
            return super().submit(unit)
        self.holds -= 1
        promised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.held.append((unit, promised))
        return promised

    def let_go(self) -> None:
        for unit, promised in self.held:
            self.commit_now(unit)
            promised.set_result(None)
        self.held.clear()


async def test_a_silent_store_that_answers_late_is_well_again_and_its_alarm_stored() -> None:
    store = HeldStore()
    async with office(store) as house:
        store.holds = 1
        assert await house.takes(house.press()) is Taken.UNSTORED
        assert house.alarm.unstored
        assert [problem.part for problem in house.engine.problems()] == ["store"]
        store.let_go()
        await house.time_passes_until(lambda: not house.engine.problems())
        assert not house.alarm.unstored
        assert [tell.type for tell in house.told] == [TellType.RECEIVED]


async def test_what_is_decided_while_the_store_is_at_work_is_committed_together_after_it() -> None:
    """Its devices wait for that commit, and nothing is degraded while the store answers."""
    store = HeldStore()
    async with office(store) as house:
        store.holds = 1
        first = asyncio.create_task(house.take(house.press()))
        await house.time_passes_until(lambda: bool(store.held))
        others = [asyncio.create_task(house.take(house.press(one))) for one in ("ida", "bo")]
        await sleep(0)
        assert not first.done()
        assert not any(other.done() for other in others)
        store.let_go()
        assert await asyncio.gather(first, *others) == [Taken.STORED] * 3
        presses = [[signal.person for signal in one.signals] for one in store.submitted]
        assert [one for one in presses if one] == [["anna"], ["ida", "bo"]]
        assert house.engine.problems() == ()


_ADVANCE = escalate.advance


def _mistaken_about_anna(alarm: Alarm, event: Event, view: View, now: datetime) -> Decision:
    if isinstance(event, Due) and alarm.pressers[0].device == "badge-anna":
        raise RuntimeError("a mistake of ours")
    return _ADVANCE(alarm, event, view, now)


async def _both_have_pressed(house: Office) -> None:
    await house.take(house.press("anna"))
    await house.take(replace(house.press("bo"), zone="z2"))


def _has_gone_on(alarm: Alarm | None, house: Office) -> bool:
    """Whether its next moment lies ahead again."""
    assert alarm is not None
    assert alarm.escalation is not None
    return alarm.escalation.wake_at > house.clock.now()
