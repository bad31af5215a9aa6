"""Timed cases of any kind: one heap, one transaction, and no case without a next moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from core.moment import Moment
from core.values import replace
from dispatcher.engine.moments import Moments
from dispatcher.engine.outcome import NOTHING, Do
from dispatcher.engine.timed_cases import TRIED_AGAIN_AFTER, TimedCases
from dispatcher.safety.timed_case import CaseDue, TimedCase

START = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Rounds:
    """A night watch looks in once a minute, three times."""

    name = "rounds"

    def standing(self, at: Moment) -> Iterable[TimedCase]:
        yield TimedCase("rounds", "hall", "home", 1, at.now + MINUTE, "look in", 1, "0")

    def advance(
        self, case: TimedCase, event: object, at: Moment
    ) -> tuple[TimedCase, tuple[object, ...]]:
        if not isinstance(event, CaseDue):
            return case, ()
        done = int(case.state) + 1
        wake_at = at.now + MINUTE if done < 3 else None
        looked = replace(case, rev=case.rev + 1, wake_at=wake_at, state=str(done))
        return looked, (f"look in {done}",)


class Broken(Rounds):
    def advance(
        self, case: TimedCase, event: object, at: Moment
    ) -> tuple[TimedCase, tuple[object, ...]]:
        raise RuntimeError("a mistake of ours")


HALL = ("rounds", "hall")


def at(minutes: float) -> Moment:
    return Moment(START + MINUTE * minutes, START + MINUTE * minutes)


def test_what_always_stands_is_opened_once_and_written_with_its_first_moment() -> None:
    moments = Moments()
    cases = TimedCases((Rounds(),), moments)
    (write,) = cases.begin(at(0)).transaction.cases
    assert (write.seen_rev, write.case.rev) == (0, 1)
    assert moments.first() == START + MINUTE
    assert cases.begin(at(0)) == NOTHING


def test_each_moment_is_one_write_and_what_it_asks_for_until_it_is_over() -> None:
    moments = Moments()
    cases = TimedCases((Rounds(),), moments)
    cases.begin(at(0))
    for minute in (1, 2, 3):
        assert moments.pop_due(at(minute).now) == HALL
        outcome = cases.happened(HALL, CaseDue(), at(minute))
        (write,) = outcome.transaction.cases
        assert write.seen_rev == write.case.rev - 1
        assert outcome.do == (Do("rounds", "hall", f"look in {minute}"),)
    assert moments.first() is None
    assert cases.open == {}
    assert cases.happened(HALL, CaseDue(), at(4)) == NOTHING


def test_what_changes_nothing_writes_nothing_and_keeps_its_moment() -> None:
    moments = Moments()
    cases = TimedCases((Rounds(),), moments)
    cases.begin(at(0))
    assert cases.happened(HALL, "something else", at(0.5)) == NOTHING
    assert moments.first() == START + MINUTE


def test_a_mistake_of_ours_leaves_it_a_next_moment() -> None:
    moments = Moments()
    cases = TimedCases((Broken(),), moments)
    cases.begin(at(0))
    assert moments.pop_due(at(1).now) == HALL
    with pytest.raises(RuntimeError):
        cases.happened(HALL, CaseDue(), at(1))
    assert moments.first() == at(1).now + TRIED_AGAIN_AFTER


def test_after_a_start_it_goes_on_where_the_store_has_it() -> None:
    moments = Moments()
    cases = TimedCases((Rounds(),), moments)
    stored = TimedCase("rounds", "hall", "home", 7, START + 5 * MINUTE, "look in", 1, "1")
    assert cases.load([stored]) == []
    assert cases.begin(at(0)) == NOTHING
    assert moments.first() == START + 5 * MINUTE


def test_a_case_of_no_kind_we_know_is_left_as_it_is_and_told() -> None:
    stranger = TimedCase("trips", "t1", "home", 1, START, "back home", 1, "{}")
    cases = TimedCases((Rounds(),), Moments())
    assert cases.load([stranger]) == [stranger]
    assert cases.open == {}


def test_of_two_moments_the_first_comes_first_whatever_the_kind() -> None:
    moments = Moments()
    moments.put(("alarm", "a"), START + 2 * MINUTE)
    moments.put(HALL, START + MINUTE)
    moments.put(("alarm", "a"), START + MINUTE / 2)
    assert [moments.pop_due(at(3).now) for _ in range(3)] == [("alarm", "a"), HALL, None]


def test_what_stands_aside_has_no_moment() -> None:
    moments = Moments()
    moments.put(HALL, START)
    moments.drop(HALL)
    assert moments.first() is None
    moments.put(HALL, START)
    assert moments.first() == START
