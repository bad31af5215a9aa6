"""One touch is one answer, with one outcome; a yes comes from somebody who read the question."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from core.errors import StoreUnavailable
from dispatcher.web.asking import (
    SAME_TOUCH_S,
    SURE_AFTER,
    SURE_WITHIN,
    TOUCHES_MAX,
    Touches,
    asked_at,
    is_sure,
)
from tests.support.bosted import NOW

TOUCH = ("bo", "a_1", "more_help")


async def test_a_second_tap_while_the_first_is_taken_waits_for_it_and_hears_the_same() -> None:
    desk = Desk()
    touches = Touches[str](desk.clock_s)
    both = [asyncio.create_task(touches.once(TOUCH, desk.answer)) for _ in range(2)]
    desk.gate.set()
    assert await asyncio.gather(*both) == ["taken 1", "taken 1"]
    desk.now += SAME_TOUCH_S - 0.01
    assert await touches.once(TOUCH, desk.answer) == "taken 1"


async def test_the_same_answer_later_and_another_answer_at_once_are_new_ones() -> None:
    desk = Desk()
    desk.gate.set()
    touches = Touches[str](desk.clock_s)
    await touches.once(TOUCH, desk.answer)
    assert await touches.once(("bo", "a_1", "accept"), desk.answer) == "taken 2"
    assert await touches.once(("bo", "a_2", "more_help"), desk.answer) == "taken 3"
    desk.now += SAME_TOUCH_S
    assert await touches.once(TOUCH, desk.answer) == "taken 4"


async def test_what_was_not_taken_fails_for_both_taps_and_the_next_is_a_new_try() -> None:
    desk = Desk(fails=1)
    touches = Touches[str](desk.clock_s)
    both = [asyncio.create_task(touches.once(TOUCH, desk.answer)) for _ in range(2)]
    desk.gate.set()
    failed = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in failed] == [StoreUnavailable] * 2
    assert await touches.once(TOUCH, desk.answer) == "taken 2"


async def test_an_answer_goes_on_when_the_browser_has_hung_up_for_the_second_tap() -> None:
    desk = Desk()
    touches = Touches[str](desk.clock_s)
    first = asyncio.create_task(touches.once(TOUCH, desk.answer))
    second = asyncio.create_task(touches.once(TOUCH, desk.answer))
    await desk.asked.wait()
    first.cancel()
    desk.gate.set()
    assert await second == "taken 1"


async def test_only_the_newest_touches_are_remembered() -> None:
    desk = Desk()
    desk.gate.set()
    touches = Touches[str](desk.clock_s)
    for number in range(TOUCHES_MAX + 1):
        await touches.once((str(number), "a_1", "accept"), desk.answer)
    assert await touches.once(("0", "a_1", "accept"), desk.answer) == f"taken {TOUCHES_MAX + 2}"


@pytest.mark.parametrize(
    ("after", "sure"),
    [
        (timedelta(), False),
        (SURE_AFTER - timedelta(milliseconds=1), False),
        (SURE_AFTER, True),
        (SURE_WITHIN, True),
        (SURE_WITHIN + timedelta(milliseconds=1), False),
        (-SURE_AFTER, False),
    ],
)
def test_a_yes_counts_when_the_question_was_read_and_is_not_forgotten(
    after: timedelta, sure: bool
) -> None:
    assert is_sure(asked_at(NOW), NOW + after) is sure


@pytest.mark.parametrize("odd", ["", "now", "-5", "1e9", "٣", "9" * 17, "9" * 16])
def test_an_odd_moment_is_no_question(odd: str) -> None:
    assert not is_sure(odd, NOW)


@dataclass
class Desk:
    """Takes answers when its gate is open; the first ones fail."""

    fails: int = 0
    now: float = 100.0
    answers: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def clock_s(self) -> float:
        return self.now

    async def answer(self) -> str:
        self.answers += 1
        number = self.answers
        self.asked.set()
        await self.gate.wait()
        if number <= self.fails:
            raise StoreUnavailable("the disk is full")
        return f"taken {number}"
