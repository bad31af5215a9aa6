"""Old words in a whole engine: what devices say late takes nothing away (law 6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarms.model import Standpoint, TellType, call_of
from core.signals import AnswerKind, Reading, Signal, SignalType
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.engine.outcome import Moment
from tests.support.office import Office, office

LONG_AGO = timedelta(hours=10)


def says(house: Office, person: str, type_: SignalType, **more: object) -> Signal:
    signal = house.press(person, seq=7)
    reading = Reading("native", signal.device, type_, seq=7, authenticated=True, **more)  # type: ignore[arg-type]
    return replace(signal, reading=reading)


def said(signal: Signal, ago: timedelta) -> Signal:
    return replace(signal, said_at=signal.at - ago)


def on_shift(house: Office, person: str) -> bool:
    return next(one.on_shift for one in house.engine.people() if one.person == person)


async def called(house: Office) -> str:
    """Anna has pressed, and Bo is called: the id of his notice."""
    await house.take(house.press())
    (notice,) = await house.engine.notices(house.alarm.id)
    house.clock.move_to(house.clock.now() + timedelta(minutes=5))
    return notice.id


def bo_is(house: Office) -> Standpoint:
    call = call_of(house.alarm, "bo")
    assert call is not None
    return call.standpoint


@pytest.mark.parametrize("ago", [timedelta(minutes=25), LONG_AGO])
async def test_a_check_out_that_was_said_long_ago_takes_nobody_off_now(ago: timedelta) -> None:
    async with office() as house:
        await house.take(said(says(house, "bo", SignalType.CHECK_OUT), ago))
        assert on_shift(house, "bo")


async def test_a_check_out_of_any_age_takes_nobody_off() -> None:
    async with office() as house:
        await house.take(replace(says(house, "bo", SignalType.CHECK_OUT), age_unknown=True))
        assert on_shift(house, "bo")


async def test_an_old_check_out_of_somebody_who_is_coming_is_in_the_story_and_loses_nobody() -> (
    None
):
    async with office() as house:
        notice = await called(house)
        accept = says(house, "bo", SignalType.ANSWER, notice=notice, answer=AnswerKind.ACCEPT)
        await house.take(accept)
        leaves = says(house, "bo", SignalType.CHECK_OUT)
        await house.take(said(replace(leaves, id="s_x", identity="x"), LONG_AGO))
        assert bo_is(house) is Standpoint.ACCEPTED
        told = [line.what for line in await house.engine.timeline(house.alarm.id)]
        assert "off_duty_not_counted" in told


async def test_a_check_out_from_before_a_later_check_in_does_not_count() -> None:
    async with office() as house:
        await house.take(says(house, "bo", SignalType.CHECK_IN))
        leaves = replace(says(house, "bo", SignalType.CHECK_OUT), id="s_x", identity="x")
        await house.take(said(leaves, timedelta(minutes=3)))
        assert on_shift(house, "bo")
        await house.take(replace(leaves, id="s_y", identity="y"))
        assert not on_shift(house, "bo")


async def test_a_copy_of_a_check_out_takes_nobody_off_a_second_time() -> None:
    async with office() as house:
        leaves = says(house, "bo", SignalType.CHECK_OUT)
        await house.take(leaves)
        house.clock.move_to(house.clock.now() + timedelta(minutes=1))
        back = replace(says(house, "bo", SignalType.CHECK_IN), id="s_x", identity="x")
        await house.take(back)
        house.clock.move_to(house.clock.now() + timedelta(minutes=1))
        await house.take(replace(leaves, at=house.clock.now(), repeat=True))
        assert on_shift(house, "bo")


@pytest.mark.parametrize("answer", [AnswerKind.ACCEPT, AnswerKind.ARRIVED])
async def test_a_kept_copy_of_an_answer_is_no_older_than_its_notice_and_may_be_that_old(
    answer: AnswerKind,
) -> None:
    async with office() as house:
        notice = await called(house)
        house.clock.move_to(house.clock.now() + timedelta(minutes=10))
        accept = says(house, "bo", SignalType.ANSWER, notice=notice, answer=answer)
        await house.take(replace(accept, age_unknown=True))
        assert bo_is(house) is Standpoint.CALLED
        await house.take(replace(accept, id="s_x", identity="x"))
        assert bo_is(house) in (Standpoint.ACCEPTED, Standpoint.ARRIVED)


async def test_a_copy_of_an_answer_that_was_counted_counts_no_second_time() -> None:
    async with office() as house:
        notice = await called(house)
        accept = says(house, "bo", SignalType.ANSWER, notice=notice, answer=AnswerKind.ACCEPT)
        await house.take(accept)
        no = says(house, "bo", SignalType.ANSWER, notice=notice, answer=AnswerKind.WITHDRAW)
        await house.take(replace(no, id="s_x", identity="x"))
        await house.take(replace(accept, repeat=True))
        assert bo_is(house) is not Standpoint.ACCEPTED


@pytest.mark.parametrize(("ago", "told"), [(0, TellType.TEST_OK), (600, TellType.RECEIVED)])
async def test_a_test_that_waited_proves_nothing_of_now(ago: int, told: TellType) -> None:
    async with office() as house:
        test = says(house, "bo", SignalType.TEST)
        await house.take(said(test, timedelta(seconds=ago)))
        assert [tell.type for tell in house.told] == [told]


async def test_over_from_a_page_that_does_not_say_what_it_showed_ends_nothing_that_has_grown() -> (
    None
):
    """Lone leads, and asks for the end 16 s and more after somebody joined."""
    async with office() as house:
        await house.take(replace(house.press(), zone="z1"))
        before = house.alarm.rev
        await house.take(replace(house.press("bo"), zone="z1"))
        house.clock.move_to(house.clock.now() + timedelta(minutes=2))
        alarm, over = house.alarm.id, AnswerKind.OVER
        volunteer = house.engine.volunteer
        assert await volunteer(alarm, "lone", over) is AnswerOutcome.NOT_YET
        assert await volunteer(alarm, "lone", over, before) is AnswerOutcome.NOT_YET
        rev = house.alarm.rev
        assert await volunteer(alarm, "lone", over, rev) is AnswerOutcome.COUNTED
        assert house.engine.open_alarms() == []


async def test_over_said_before_more_help_was_asked_for_ends_nothing() -> None:
    """By the same person, whose words crossed, and by another one who knows nothing of it."""
    async with office() as house:
        notice = await called(house)
        for answer in (AnswerKind.ARRIVED, AnswerKind.MORE_HELP):
            bo_says(house, notice, answer, timedelta())
        assert bo_says(house, notice, AnswerKind.OVER, timedelta(seconds=20)) == "not_yet"
        assert bo_says(house, notice, AnswerKind.OVER, timedelta()) == "counted"


async def test_over_of_somebody_else_waits_for_the_news_that_more_help_is_asked_for() -> None:
    async with office() as house:
        notice = await called(house)
        bo_says(house, notice, AnswerKind.ARRIVED, timedelta())
        before = house.alarm.rev
        bo_says(house, notice, AnswerKind.MORE_HELP, timedelta())
        over, volunteer = AnswerKind.OVER, house.engine.volunteer
        assert await volunteer(house.alarm.id, "lone", over, before) is AnswerOutcome.NOT_YET
        rev = house.alarm.rev
        assert await volunteer(house.alarm.id, "lone", over, rev) is AnswerOutcome.COUNTED


def bo_says(house: Office, notice: str, answer: AnswerKind, ago: timedelta) -> str:
    core, now = house.engine.core, house.clock.now()
    source, said = Source(SourceKind.DEVICE, "badge-bo"), now - ago
    at = Moment(now, house.clock.wall())
    return core.answer_from(core.open_alarms.notices[notice], answer, source, at, said)[0].value
