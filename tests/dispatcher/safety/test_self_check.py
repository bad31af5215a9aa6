"""When the service presses for itself, as a timed case: no loop, no network, no sleeping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.moment import Moment
from core.values import replace
from dispatcher.safety.self_check import (
    AGAIN_AFTER,
    ANSWER_WITHIN,
    EVERY,
    CameBack,
    Failed,
    NotTaken,
    Press,
    Ready,
    SelfCheckKind,
    Worked,
)
from dispatcher.safety.timed_case import CaseDue, TimedCase

START = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


class Case:
    """The one case, and the events of its life."""

    def __init__(self) -> None:
        self.now = START
        (self.case,) = SelfCheckKind().standing(Moment(START, START))

    def then(self, after: timedelta, event: object) -> tuple[object, ...]:
        self.now += after
        before = self.case
        self.case, effects = SelfCheckKind().advance(before, event, Moment(self.now, self.now))
        assert self.case == before or self.case.rev == before.rev + 1
        assert self.case.wake_at is not None, "law 2: no case without a next moment"
        return effects

    @property
    def wakes_in(self) -> timedelta:
        assert self.case.wake_at is not None
        return self.case.wake_at - self.now


def test_it_presses_once_a_minute_and_says_how_long_the_way_took() -> None:
    case = Case()
    assert case.then(timedelta(), Ready()) == (Press(1),)
    assert case.wakes_in == ANSWER_WITHIN
    assert case.then(timedelta(seconds=0.5), CameBack(1)) == (Worked(0.5),)
    assert case.wakes_in == EVERY - timedelta(seconds=0.5)
    assert case.then(case.wakes_in, CaseDue()) == (Press(2),)


def test_no_answer_is_a_failure_and_is_tried_again_soon() -> None:
    case = Case()
    case.then(timedelta(), Ready())
    (failed,) = case.then(ANSWER_WITHIN, CaseDue())
    assert isinstance(failed, Failed)
    assert case.wakes_in == AGAIN_AFTER
    assert case.then(AGAIN_AFTER, CaseDue()) == (Press(2),)


def test_a_press_that_is_not_taken_fails_at_once() -> None:
    case = Case()
    case.then(timedelta(), Ready())
    assert case.then(timedelta(seconds=1), NotTaken(1, "no listener")) == (Failed("no listener"),)


@pytest.mark.parametrize("late", [CameBack(1), NotTaken(1, "no listener")])
def test_what_comes_of_a_press_that_was_given_up_changes_nothing(late: object) -> None:
    case = Case()
    case.then(timedelta(), Ready())
    case.then(ANSWER_WITHIN, CaseDue())
    case.then(AGAIN_AFTER, CaseDue())
    before = case.case
    assert case.then(timedelta(seconds=1), late) == ()
    assert case.case == before


def test_a_state_of_another_release_begins_anew() -> None:
    case: TimedCase = replace(Case().case, state="[]")
    _, effects = SelfCheckKind().advance(case, CaseDue(), Moment(START, START))
    assert effects == (Press(1),)
