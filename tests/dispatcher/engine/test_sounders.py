"""What an alarm's story says of the sirens in the house."""

from __future__ import annotations

from datetime import UTC, datetime

from alarms.model import Alarm, Place, Times
from alarms.plan import without_a_plan
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, Level
from core.values import replace
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.engine.sounders import ALARMS_MOST, Sounders

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = Moment(NOON, NOON)
HOME = Place(None, "", PlaceSource.UNKNOWN)
ALARM = Alarm("a1", "home", AlarmKind.ATTACK, Level.RED, HOME, (), without_a_plan("home"), Times())


def test_that_sirens_rang_is_said_once_however_many_rounds_there_are() -> None:
    sounders = Sounders()
    assert said(sounders.sounded(ALARM, 2, AT)) == [("rang_locally", '{"count":"2"}')]
    assert sounders.sounded(ALARM, 2, AT) == sounders.sounded(ALARM, 1, AT) == Outcome()


def test_that_none_rang_is_said_once_and_so_is_that_one_does_after_all() -> None:
    sounders = Sounders()
    assert said(sounders.sounded(ALARM, 0, AT)) == [("no_sounder", "{}")]
    assert sounders.sounded(ALARM, 0, AT) == Outcome()
    assert said(sounders.sounded(ALARM, 1, AT)) == [("rang_locally", '{"count":"1"}')]


def test_each_alarm_has_its_own_word_and_the_memory_of_them_is_bounded() -> None:
    sounders = Sounders()
    for number in range(ALARMS_MOST + 1):
        assert said(sounders.sounded(replace(ALARM, id=f"a{number}"), 0, AT))
    assert said(sounders.sounded(replace(ALARM, id="a0"), 0, AT)), "forgotten"
    assert sounders.sounded(replace(ALARM, id=f"a{ALARMS_MOST}"), 0, AT) == Outcome()


def said(work: Outcome) -> list[tuple[str, str]]:
    return [(entry.what, entry.body) for entry in work.transaction.timeline]
