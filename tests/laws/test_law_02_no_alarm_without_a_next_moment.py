"""Law 2: every open alarm has a next moment, also when accepted, arrived or exhausted."""

from __future__ import annotations

import pytest

from alarms.answers import accept_deadline
from tests.support.story import Stage, story


def test_an_accept_has_a_deadline_of_twice_the_seconds_between_45_and_180() -> None:
    assert accept_deadline(40).total_seconds() == 80
    assert accept_deadline(5).total_seconds() == 45
    assert accept_deadline(500).total_seconds() == 180
    assert accept_deadline(None).total_seconds() == 180


@pytest.mark.parametrize(
    "line",
    [
        "0:30 | | | call Lone: wearable, sms",
        "0:10 | Bo | accepts | Anna feels: Bo is coming, 35 s",
        "0:10 | Bo | arrives | Anna feels: somebody is there",
        "0:10 | Bo | declines | call Lone: wearable, sms",
    ],
)
def test_an_open_alarm_always_has_a_moment_and_a_reason(line: str) -> None:
    late = "0:20 | | | Anna feels: nobody yet" if line.startswith("0:30") else ""
    stage = story(f"""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    {late}
    {line}
    """)
    _has_a_moment(stage)


def test_an_accept_that_is_not_kept_goes_on_and_asks_once_more() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:10 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    1:20 |      |         | ask Bo again; call Lone: wearable, sms; Anna feels: nobody yet
    """)


def test_arrived_is_asked_again_and_again() -> None:
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00  | Anna | presses | call Bo: wearable; Anna feels: sent
    0:10  | Bo   | arrives | Anna feels: somebody is there
    10:10 |      |         | ask Bo: is it over?
    20:10 |      |         | ask Bo: is it over?
    """)


def test_exhausted_is_no_end_and_rounds_are_at_most_30_s_apart() -> None:
    """Also where a site has written a longer pause."""
    story("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable | round 300
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:30 |      |         | round 1; call Bo: wearable, sms
    1:00 |      |         | round 2; call Bo: wearable, sms
    """)


def _has_a_moment(stage: Stage) -> None:
    (alarm,) = stage.core.open_alarms.alarms.values()
    assert alarm.escalation is not None
    assert alarm.escalation.wake_why
    assert alarm.escalation.wake_at >= stage.at.now
    assert stage.core.next_moment() == alarm.escalation.wake_at
