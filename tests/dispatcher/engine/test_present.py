"""What a device is shown when it listens again: few pages, the most acute first."""

from __future__ import annotations

from core.signals import AlarmKind, Level
from core.words import words
from dispatcher.alarms.model import Notice
from dispatcher.engine.health import LOCALES
from dispatcher.engine.present import CALLS_MOST, TECHNICAL_MOST, shown_again
from dispatcher.roster.model import Language
from tests.support.channels import a_notice

SAY = words(Language.ENGLISH, LOCALES)


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
