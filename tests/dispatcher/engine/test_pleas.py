"""Help asked for in words: it finds its alarm, else it is raised for who asks. Nothing is lost."""

from __future__ import annotations

import pytest

from alarms.model import Cause, Standpoint, call_of
from core.errors import ChannelError, StoreUnavailable
from core.signals import AlarmKind, AnswerKind, Level, Reading, Signal, SignalType, Taken
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.engine.pleas import STRANGER_RINGS_EVERY, STRANGERS_MOST
from tests.support.office import START, Office, office


async def test_a_plea_is_an_alarm_of_who_asks_where_the_roster_has_them() -> None:
    async with office() as house:
        assert await house.engine.call_for_help("bo", "hjælp i kælderen") is Taken.STORED
        alarm = house.alarm
        assert (alarm.kind, alarm.level) == (AlarmKind.SOS, Level.RED)
        assert [presser.name for presser in alarm.pressers] == ["Bo"]
        assert (alarm.place.label, alarm.place.source) == ("Lejl 1", "roster")
        assert alarm.text == "hjælp i kælderen"
        await house.until(house.wearable.arrived)
        assert house.wearable.sent[0].person == "anna"
        assert "bo" not in [call.person for call in alarm.escalation.calls]  # type: ignore[union-attr]


async def test_who_has_an_open_alarm_says_more_in_it() -> None:
    async with office() as house:
        await house.take(house.press("anna"))
        await house.engine.call_for_help("anna", "i kælderen")
        assert house.alarm.text == "i kælderen"
        assert {presser.person for presser in house.alarm.pressers} == {"anna"}


async def test_a_plea_that_cannot_be_stored_is_called_all_the_same() -> None:
    async with office() as house:
        house.store.fail_with = StoreUnavailable("the disk is full")
        assert await house.engine.call_for_help("bo", "hjælp") is Taken.UNSTORED
        await house.until(house.wearable.arrived)
        house.store.fail_with = None


async def test_strangers_are_one_alarm_for_the_duty_leader_and_cannot_ring_without_end() -> None:
    async with office() as house:
        for number in range(STRANGERS_MOST + 10):
            await house.engine.call_for_help(None, f"+45209999{number:02}: hjælp")
        alarm = house.alarm
        assert (alarm.orphan, alarm.level) == (True, Level.YELLOW)
        assert alarm.text.startswith("+4520999900: hjælp; +4520999901: hjælp")
        assert alarm.pressers[0].presses == STRANGERS_MOST + 10
        told = [entry.body or "" for entry in await house.engine.timeline(alarm.id)]
        assert any("+4520999915: hjælp" in body for body in told), "the last number can be called"
        await house.until(house.wearable.arrived)
        assert house.wearable.sent[0].person == "lone"


async def test_a_stranger_too_many_rings_again_after_a_while_though_nobody_closes_the_alarm() -> (
    None
):
    async with office() as house:
        for number in range(STRANGERS_MOST + 2):
            await house.engine.call_for_help(None, f"+45209999{number:02}: hjælp")
        house.clock.move_to(START + STRANGER_RINGS_EVERY)
        rung = len(await house.engine.notices(house.alarm.id))
        await house.engine.call_for_help(None, "+4520999988: hjælp")
        assert len(await house.engine.notices(house.alarm.id)) > rung
        await house.engine.call_for_help(None, "+4520999989: hjælp")
        assert house.alarm.grew_at == house.clock.now()
        assert house.alarm.text.endswith("+4520999989: hjælp")


async def test_more_help_after_the_close_is_an_alarm_of_who_asks() -> None:
    async with office() as house:
        notice, closed = await _called(house), house.alarm
        await house.engine.close_alarm(closed.id, closed.rev, "lone", Cause.CALMED_DOWN)
        source = Source(SourceKind.LINK, notice)
        outcome = await house.engine.answer(notice, AnswerKind.MORE_HELP, source)
        assert outcome is AnswerOutcome.RAISED
        assert house.alarm.id != closed.id
        assert house.alarm.pressers[0].person == "bo"


async def test_more_help_at_the_console_of_a_closed_alarm_is_an_alarm_of_who_asks() -> None:
    async with office() as house:
        await _called(house)
        closed = house.alarm
        await house.engine.close_alarm(closed.id, closed.rev, "lone", Cause.CALMED_DOWN)
        outcome = await house.engine.volunteer(closed.id, "ida", AnswerKind.MORE_HELP)
        assert outcome is AnswerOutcome.RAISED
        assert house.alarm.pressers[0].person == "ida"


async def test_more_help_of_the_victim_is_heard_in_her_own_alarm() -> None:
    async with office() as house:
        await _called(house)
        outcome = await house.engine.volunteer(house.alarm.id, "anna", AnswerKind.MORE_HELP)
        assert outcome is AnswerOutcome.COUNTED
        assert {presser.person for presser in house.alarm.pressers} == {"anna"}


@pytest.mark.parametrize("notice", ["no-such-notice", None])
async def test_more_help_from_a_badge_that_finds_no_alarm_is_its_wearers_press(
    notice: str | None,
) -> None:
    async with office() as house:
        assert await house.take(_more_help(house, "bo", notice)) is Taken.STORED
        assert house.alarm.pressers[0].person == "bo"
        assert house.alarm.kind is AlarmKind.SOS


async def test_a_badge_that_was_stood_down_and_names_no_notice_still_calls_more_help() -> None:
    async with office() as house:
        notice = await _called(house)
        await house.engine.volunteer(house.alarm.id, "ida", AnswerKind.ACCEPT)
        assert _stands(house, "bo") is Standpoint.STOOD_DOWN
        await house.take(_more_help(house, "bo", None))
        assert house.alarm.id == notice.rsplit("-", 1)[0]
        assert house.alarm.escalation is not None
        assert house.alarm.escalation.needed == 2


async def test_who_is_stood_down_asks_for_more_help_and_is_told_that_it_counts() -> None:
    async with office() as house:
        notice = await _called(house)
        await house.engine.volunteer(house.alarm.id, "ida", AnswerKind.ACCEPT)
        source = Source(SourceKind.STAFF, "bo")
        outcome = await house.engine.answer(notice, AnswerKind.MORE_HELP, source)
        assert outcome is AnswerOutcome.COUNTED
        late = await house.engine.answer(notice, AnswerKind.ACCEPT, source)
        assert late is AnswerOutcome.COUNTED, "one more is wanted now"


async def test_what_asked_a_number_is_found_after_a_no_and_after_the_close() -> None:
    async with office() as house:
        number = await _called_by_phone(house)
        (standing,) = await house.engine.standing_notices(number)
        source = Source(SourceKind.NUMBER, number)
        await house.engine.answer(standing.id, AnswerKind.DECLINE, source)
        assert await house.engine.standing_notices(number) == []
        assert await house.engine.asked_notices(number) == [standing]
        outcome = await house.engine.answer(standing.id, AnswerKind.ACCEPT, source)
        assert outcome is AnswerOutcome.COUNTED
        alarm = house.alarm
        await house.engine.close_alarm(alarm.id, alarm.rev, "lone", Cause.CALMED_DOWN)
        assert await house.engine.asked_notices(number) == []
        found = [notice.id for notice in await house.engine.closed_notices(number)]
        assert standing.id in found


async def _called(house: Office) -> str:
    """Anna has pressed and Bo is being called; the notice's id."""
    await house.take(house.press())
    await house.until(house.wearable.arrived)
    return house.wearable.sent[0].id


async def _called_by_phone(house: Office) -> str:
    """Bo's badge cannot be reached, so his phone rings; its number."""
    house.wearable.fails = ChannelError("no connection", temporary=True)
    await house.take(house.press())
    await house.until(house.sms.arrived)
    assert house.sms.sent[0].person == "bo"
    return house.sms.sent[0].address


def _more_help(house: Office, person: str, notice: str | None) -> Signal:
    reading = Reading(
        "native",
        f"badge-{person}",
        SignalType.ANSWER,
        seq=9,
        authenticated=True,
        notice=notice,
        answer=AnswerKind.MORE_HELP,
    )
    return replace(house.press(person, 9), reading=reading)


def _stands(house: Office, person: str) -> Standpoint | None:
    call = call_of(house.alarm, person)
    return call.standpoint if call is not None else None
