"""Law 11: no plan and no channel of ours calls an emergency service."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarms.calling import candidates
from alarms.plan import Callee, Step
from alarms.vocabulary import Who
from core.errors import ChannelError
from core.signals import AlarmKind, Level
from dispatcher.channels.emergency import refuse_emergency
from tests.support.house import SITE, house_of
from tests.support.story import story


@pytest.mark.parametrize("call", ["police", "112", ""])
def test_no_step_of_a_plan_reaches_anybody_but_people_of_the_site(call: str) -> None:
    stage = story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    """)
    (view,) = stage.core.open_alarms.views.values()
    person = Callee(Who.PERSON, call)
    assert candidates(Step(timedelta(), person, ("sms",)), view) == ()


@pytest.mark.parametrize("call", ["police", "112", "person:", "person", "nearest:bo", ""])
def test_a_step_that_would_call_nobody_is_no_step(call: str) -> None:
    with pytest.raises(ValueError, match="calls nobody"):
        Callee.named(call)


@pytest.mark.parametrize("number", ["112", "114", "+45112", "0045112", "1 1 2"])
def test_an_emergency_number_is_refused_at_the_sending_edge(number: str) -> None:
    with pytest.raises(ChannelError, match="emergency number"):
        refuse_emergency(number, "DK")


def test_a_missed_check_in_takes_the_sites_own_plan() -> None:
    house = house_of("Anna in lejl-12 | Bo 35 s", ["plan: 0 s nearest wearable"])
    plan = house.plan(SITE, Level.RED, AlarmKind.MISSED_CHECK_IN, False)
    assert [step.call for step in plan.steps] == [Callee(Who.NEAREST)]
