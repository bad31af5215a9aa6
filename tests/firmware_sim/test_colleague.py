"""Simulated colleagues answer as people do: once, on the way they were reached, in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chance import seeded
from core.signals import AnswerKind
from firmware_sim.people.colleague import (
    OVER_TRIES_MAX,
    Act,
    Called,
    Colleague,
    Due,
    Event,
    Habits,
    Spread,
    StoodDown,
    Way,
    Willing,
    advance,
    drawn,
    wake_at,
)

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_a_willing_colleague_looks_accepts_arrives_and_says_over() -> None:
    bo = Person(Habits(Willing.ACCEPT, s(4), s(10), s(5)))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.after(20)
    assert bo.story() == [(2.0, "seen"), (4.0, "accept"), (14.0, "arrived"), (19.0, "over")]


def test_over_is_said_again_while_it_is_refused_but_not_for_ever() -> None:
    bo = Person(Habits(reaction=s(1), walk=s(1), over=s(1), looks=False))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.after(600)
    assert [answer for _, answer in bo.story()].count("over") == OVER_TRIES_MAX


def test_a_stand_down_ends_everything_they_were_about() -> None:
    bo = Person(Habits(Willing.ACCEPT, s(4), s(10)))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.after(5)
    bo.happens(StoodDown("n1"))
    bo.after(60)
    assert [answer for _, answer in bo.story()] == ["seen", "accept"]
    assert wake_at(bo.state) is None


@pytest.mark.parametrize(
    ("willing", "answers"),
    [
        (Willing.DECLINE, ["seen", "decline"]),
        (Willing.IGNORE, []),
        (Willing.VANISH, ["seen", "accept"]),
    ],
)
def test_each_way_of_not_coming_is_what_it_says(willing: Willing, answers: list[str]) -> None:
    bo = Person(Habits(willing))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.after(300)
    assert [answer for _, answer in bo.story()] == answers


def test_a_badge_and_an_sms_about_one_alarm_are_one_call() -> None:
    bo = Person(Habits(looks=False))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.happens(Called("+4520000001", Way.SMS))
    bo.after(10)
    assert {act.way for act in bo.acts} == {Way.BADGE}


def test_nobody_is_in_two_places() -> None:
    bo = Person(Habits(Willing.ACCEPT, s(2), s(60)))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.after(3)
    bo.happens(Called("n2", Way.BADGE, "a2"))
    bo.after(100)
    assert {act.ref for act in bo.acts} == {"n1"}


def test_a_call_that_was_taken_back_before_it_came_is_not_answered() -> None:
    bo = Person(Habits())
    bo.happens(StoodDown("n1"))
    bo.happens(Called("n1", Way.BADGE, "a1"))
    bo.after(60)
    assert bo.story() == []


def test_the_same_seed_draws_the_same_people() -> None:
    spread = Spread()
    draws = [[drawn(spread, chance) for _ in range(50)] for chance in (seeded(4), seeded(4))]
    assert draws[0] == draws[1]
    assert len({habits.reaction for habits in draws[0]}) == 50


def test_shares_of_the_unwilling_are_kept_over_many() -> None:
    spread, chance = Spread(declines=0.2, ignores=0.1, vanishes=0.1), seeded(1)
    willing = [drawn(spread, chance).willing for _ in range(4000)]
    assert abs(willing.count(Willing.DECLINE) / 4000 - 0.2) < 0.03
    assert abs(willing.count(Willing.ACCEPT) / 4000 - 0.6) < 0.03


_EVENTS = st.sampled_from(
    (
        Called("n1", Way.BADGE, "a1"),
        Called("n2", Way.BADGE, "a2"),
        Called("+4520000001", Way.SMS),
        StoodDown("n1"),
        StoodDown(None),
        Due(),
    )
)


@given(st.sampled_from(Willing), st.lists(st.tuples(st.floats(0, 20), _EVENTS), max_size=30))
def test_nobody_arrives_without_having_accepted(
    willing: Willing, script: list[tuple[float, Event]]
) -> None:
    bo = Person(Habits(willing))
    for seconds, event in script:
        bo.after(seconds)
        bo.happens(event)
    accepted: list[str] = []
    for act in bo.acts:
        if act.answer is AnswerKind.ACCEPT:
            accepted.append(act.ref)
        if act.answer in (AnswerKind.ARRIVED, AnswerKind.OVER):
            assert act.ref in accepted


class Person:
    """One colleague on virtual time."""

    def __init__(self, habits: Habits) -> None:
        self.now = START
        self.state = Colleague("bo", habits)
        self.acts: list[Act] = []
        self._told: list[tuple[float, str]] = []

    def happens(self, event: Event) -> None:
        self.state, acts = advance(self.state, event, self.now)
        self.acts.extend(acts)
        seconds = (self.now - START).total_seconds()
        self._told.extend((seconds, act.answer.value) for act in acts)

    def after(self, seconds: float) -> None:
        until = self.now + timedelta(seconds=seconds)
        while (due := wake_at(self.state)) is not None and due <= until:
            self.now = due
            self.happens(Due())
        self.now = until

    def story(self) -> list[tuple[float, str]]:
        return self._told


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
