"""Who can be called only once it rings, and who has said no, by a plan that knows no roster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarms import escalate
from alarms.model import (
    Alarm,
    Answered,
    Decision,
    Due,
    Event,
    Notify,
    Place,
    Presser,
    Reachable,
    Times,
)
from alarms.plan import Callee, Plan, Step
from alarms.view import Candidate, Route, View
from alarms.vocabulary import PlaceSource, Who
from core.signals import AlarmKind, AnswerKind, Level, Standing
from core.values import replace

NOW = datetime(2026, 11, 21, 20, tzinfo=UTC)
BY = ("wearable",)
EVERYBODY = Plan("everybody", "home", (Step(timedelta(), Callee(Who.EVERYONE), BY),))
NEAREST = Plan("nearest", "home", (Step(timedelta(), Callee(Who.NEAREST), BY),))


@pytest.mark.parametrize(("plan", "called"), [(EVERYBODY, ["cai"]), (NEAREST, [])])
def test_a_newcomer_is_called_at_once_by_a_step_that_would_have_called_them(
    plan: Plan, called: list[str]
) -> None:
    story = Story(plan, "bo")
    story.here += ("cai",)
    assert story.happens(Reachable("cai")) == called
    assert story.happens(Reachable("cai")) == [], "what rings already is left alone"
    assert story.happens(Reachable("nobody")) == []


def test_a_newcomer_is_not_called_while_enough_are_coming() -> None:
    story = Story(EVERYBODY, "bo")
    story.happens(Answered("bo", AnswerKind.ACCEPT, ""))
    story.here += ("cai",)
    assert story.happens(Reachable("cai")) == []


def test_who_has_declined_is_rung_in_the_next_round_unless_the_plan_calls_others_first() -> None:
    for plan, called in ((EVERYBODY, ["bo", "cai"]), (_patient(), ["cai"])):
        story = Story(plan, "bo", "cai")
        story.happens(Answered("bo", AnswerKind.DECLINE, ""))
        assert story.after(30) == called


def test_when_all_have_declined_they_are_rung_again_at_once_or_after_the_pause() -> None:
    story = Story(EVERYBODY, "bo")
    assert story.happens(Answered("bo", AnswerKind.DECLINE, "")) == ["bo"]
    patient = Story(_patient(), "bo")
    assert patient.happens(Answered("bo", AnswerKind.DECLINE, "")) == []
    assert patient.after(29) == []
    assert patient.after(1) == ["bo"]


def _patient() -> Plan:
    return replace(EVERYBODY, patient=True)


class Story:
    """One alarm, and who can be called."""

    def __init__(self, plan: Plan, *here: str) -> None:
        self.here, self.now = here, NOW
        place = Place(None, "", PlaceSource.UNKNOWN)
        presser = Presser("badge-anna", "anna", "Anna", Standing.ASSIGNED, NOW)
        about = (AlarmKind.CALL, Level.RED, place, (presser,), plan, Times(stored=NOW))
        self.alarm = Alarm("a", "home", *about)
        self._takes(escalate.begin(self.alarm, self._view(), NOW))

    def happens(self, event: Event) -> list[str]:
        return self._takes(escalate.advance(self.alarm, event, self._view(), self.now))

    def after(self, seconds: float) -> list[str]:
        until, called = self.now + timedelta(seconds=seconds), list[str]()
        while (state := self.alarm.escalation) and state.wake_at <= until:
            self.now = state.wake_at
            called += self.happens(Due())
        self.now = until
        return called

    def _takes(self, decision: Decision) -> list[str]:
        self.alarm = decision.alarm
        return [e.notice.person for e in decision.effects if isinstance(e, Notify)]

    def _view(self) -> View:
        free = (Candidate(p, p, None, (Route("wearable", f"badge-{p}"),)) for p in self.here)
        return View(self.now, self.now, nearest=tuple(free))
