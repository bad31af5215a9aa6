"""What a restore of a line says about an alarm, and what it does not (law 6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarms.model import Alarm, Place, Presser, Times
from alarms.plan import without_a_plan
from alarms.triage import CloseIt, NothingToDo, Open, SayOver, triage
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, Level, Reading, Signal, SignalType, Standing
from core.values import replace

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
HALL = Place("hall", "Hall", PlaceSource.FIXED)


@pytest.mark.parametrize("kind", [AlarmKind.TECHNICAL, AlarmKind.TAMPER, AlarmKind.LOSS])
def test_equipment_that_is_well_again_says_nothing_of_an_open_alarm(kind: AlarmKind) -> None:
    """Mains back at a panel must not read as "it is over" beside somebody who called by it."""
    verdict = triage(_restore(kind), [_alarm(Level.RED)], True, HALL, "")
    assert isinstance(verdict, NothingToDo)


@pytest.mark.parametrize("kind", [None, AlarmKind.ATTACK, AlarmKind.CALL])
def test_a_restore_of_a_call_says_over_and_closes_nothing_acute(kind: AlarmKind | None) -> None:
    assert isinstance(triage(_restore(kind), [_alarm(Level.RED)], True, HALL, ""), SayOver)


def test_only_an_authenticated_restore_closes_a_call_for_colleagues() -> None:
    yellow = [_alarm(Level.YELLOW)]
    assert isinstance(triage(_restore(None), yellow, True, HALL, ""), SayOver)
    proven = _restore(None, authenticated=True)
    assert isinstance(triage(proven, yellow, True, HALL, ""), CloseIt)


def test_a_press_that_calls_itself_technical_is_still_a_call_for_help() -> None:
    press = replace(
        _restore(None), reading=Reading("native", "panel", SignalType.ALARM, AlarmKind.TECHNICAL)
    )
    verdict = triage(press, [], True, HALL, "")
    assert isinstance(verdict, Open)
    assert verdict.kind is AlarmKind.UNKNOWN


def _restore(kind: AlarmKind | None, authenticated: bool = False) -> Signal:
    reading = Reading("dc09", "1234", SignalType.RESTORE, kind=kind, authenticated=authenticated)
    return Signal(
        id="s_2",
        identity="dc09|1234|2",
        reading=reading,
        site="home",
        device="panel",
        standing=Standing.ASSIGNED,
        at=NOW + timedelta(seconds=20),
        wall=NOW,
        zone="hall",
    )


def _alarm(level: Level) -> Alarm:
    presser = Presser("panel", None, "", Standing.ASSIGNED, NOW, "hall")
    plan = without_a_plan("home")
    times = Times(stored=NOW)
    return Alarm("a_1", "home", AlarmKind.CALL, level, HALL, (presser,), plan, times)
