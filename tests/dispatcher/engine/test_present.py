"""What a device is told and shown when it listens again: what stands, and few pages."""

from __future__ import annotations

import pytest

from alarms.model import Notice, TellType
from core.signals import AlarmKind, Level
from core.words import words
from dispatcher.engine.health import LOCALES
from dispatcher.engine.present import CALLS_MOST, TECHNICAL_MOST, present_state, shown_again
from dispatcher.roster.model import Language
from tests.support.channels import a_notice
from tests.support.press import START
from tests.support.story import story

SAY = words(Language.ENGLISH, LOCALES)


NOBODY_ANSWERS_HER_NEW_PRESS = """
    Anna in lejl-12 | Bo 35 s | Ida 60 s
    plan: 0 s nearest wearable; 30 s nearest*2 wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:05 | Bo   | {does} | Anna feels: {feels}
    0:40 | Anna | presses | tell Bo: Anna presses again; Anna feels: sent
    1:00 |      |         | call Ida: wearable; Anna feels: nobody yet
    """


@pytest.mark.parametrize(
    ("does", "feels"),
    [("arrives", "somebody is there"), ("accepts", "Bo is coming, 35 s")],
)
def test_after_nobody_yet_a_wearer_who_listens_again_is_not_told_that_somebody_comes(
    does: str, feels: str
) -> None:
    """Law 7: that was said before her new press."""
    assert told_again(NOBODY_ANSWERS_HER_NEW_PRESS.format(does=does, feels=feels)) == (
        TellType.NOBODY_YET,
        (),
    )


def test_after_nobody_yet_a_wearer_who_listens_again_is_told_who_comes_since() -> None:
    told = told_again("""
    Anna in lejl-12 | Bo 35 s
    plan: 0 s nearest wearable
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:25 | Bo   | accepts | Anna feels: Bo is coming, 35 s
    """)
    assert told == (TellType.ACCEPTED, ("Bo",))


def told_again(text: str) -> tuple[TellType, tuple[str, ...]]:
    """What the presser of a story's only alarm is told at its end, beside `received`."""
    (alarm,) = story(text).core.open_alarms.alarms.values()
    received, told = present_state(alarm, True, START)
    assert received.type is TellType.RECEIVED
    return told.type, told.by


def test_calls_come_before_what_is_technical_and_the_most_acute_before_the_others() -> None:
    standing = [technical(1), call(1, Level.YELLOW), call(2, Level.RED), call(3, Level.BLUE)]
    levels = [notice.level for notice, _ in shown_again(standing, SAY)]
    assert levels == [Level.RED, Level.BLUE, Level.YELLOW, Level.GREEN]


def test_of_many_the_last_that_is_shown_says_how_many_more_there_are() -> None:
    standing = [technical(n) for n in range(200)] + [call(n, Level.RED) for n in range(30)]
    shown = shown_again(standing, SAY)
    assert len(shown) == CALLS_MOST + TECHNICAL_MOST
    more = {number: word for number, (_, word) in enumerate(shown) if word}
    assert more == {
        CALLS_MOST - 1: f"+{30 - CALLS_MOST} more alarms: see the board.",
        len(shown) - 1: f"+{200 - TECHNICAL_MOST} more technical alarms: see the board.",
    }


def test_one_more_is_one_alarm() -> None:
    standing = [call(n, Level.RED) for n in range(CALLS_MOST + 1)]
    danish = words(Language.DANISH, LOCALES)
    assert shown_again(standing, SAY)[-1][1] == "+1 more alarm: see the board."
    assert shown_again(standing, danish)[-1][1] == "+1 alarm mere: se på tavlen."


def test_a_few_are_all_shown_and_say_nothing_of_others() -> None:
    standing = [technical(n) for n in range(TECHNICAL_MOST)]
    assert shown_again(standing, SAY) == [(notice, "") for notice in standing]
    assert shown_again([], SAY) == []


def call(number: int, level: Level) -> Notice:
    return a_notice(id=f"c{number}", alarm=f"c{number}", level=level)


def technical(number: int) -> Notice:
    return a_notice(
        id=f"t{number}", alarm=f"t{number}", kind=AlarmKind.TECHNICAL, level=Level.GREEN
    )
