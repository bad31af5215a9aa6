"""Law 7: sent, a colleague is coming, nobody yet: the wearer knows, and nobody beside them."""

from __future__ import annotations

import pytest

from alarms.model import Alarm, Place, TellType, Times
from alarms.plan import Plan
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, Level
from tests.support.running import Running
from tests.support.story import story


def test_sent_is_felt_within_2_s_of_the_press() -> None:
    running = Running()
    running.press()
    running.wait(2)
    assert TellType.RECEIVED in [tell.type for tell in running.out.told]


def test_nobody_yet_is_felt_after_20_s_to_the_second_and_not_when_somebody_comes() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    """)
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:19 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    0:40 |      |         | nothing
    """)


def test_who_was_told_that_somebody_comes_is_told_when_that_is_no_longer_so() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses   | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | accepts   | Anna feels: Bo is coming, 35 s
    0:09 | Bo   | withdraws | round 1; call Bo: wearable, sms; Anna feels: nobody yet
    """)


def test_every_victim_of_one_alarm_is_told() -> None:
    story("""
    Anna in lejl-12 | Ole in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable; 300 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Ole  | presses | tell Bo: red call in lejl-12; Ole feels: sent
    0:09 | Bo   | accepts | Anna feels: Bo is coming, 35 s; Ole feels: Bo is coming, 35 s
    """)


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("kind", [AlarmKind.ATTACK, AlarmKind.TECHNICAL])
@pytest.mark.parametrize("level", list(Level))
def test_nothing_sounds_beside_the_wearer_unless_the_plan_asks_and_it_is_acute(
    level: Level, kind: AlarmKind, asks: bool
) -> None:
    plan = Plan("red", "home", (), ring_locally=asks)
    alarm = Alarm(
        "a1", "home", kind, level, Place(None, "", PlaceSource.UNKNOWN), (), plan, Times()
    )
    acute = level in (Level.ORANGE, Level.RED, Level.BLUE) and kind is AlarmKind.ATTACK
    assert alarm.rings_locally is (asks and acute)
