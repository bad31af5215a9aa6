"""Law 6 for a wire that proves nothing: what it says closes only where the site said so."""

from __future__ import annotations

import pytest

from alarms.model import Place
from alarms.triage import CloseIt, NothingToDo, SayOver, Verdict, triage
from alarms.vocabulary import PlaceSource
from core.signals import AlarmKind, Level, Reading, Signal, SignalType, Standing
from tests.support.bosted import NOW
from tests.support.stored import an_alarm

TAKES_AWAY = (SignalType.CANCEL, SignalType.RESTORE)


@pytest.mark.parametrize("type_", TAKES_AWAY)
@pytest.mark.parametrize("level", Level)
def test_an_unproven_wire_closes_nothing(type_: SignalType, level: Level) -> None:
    assert isinstance(_said(type_, level), SayOver)


@pytest.mark.parametrize("type_", TAKES_AWAY)
@pytest.mark.parametrize("level", Level)
def test_a_line_the_site_trusts_closes_its_own_devices_alarm_at_any_level(
    type_: SignalType, level: Level
) -> None:
    assert isinstance(_said(type_, level, closes=True), CloseIt)


def test_a_line_the_site_trusts_closes_no_alarm_of_another_device() -> None:
    assert isinstance(_said(SignalType.RESTORE, Level.RED, "other", closes=True), NothingToDo)


@pytest.mark.parametrize("kind", [AlarmKind.TECHNICAL, AlarmKind.TAMPER])
@pytest.mark.parametrize("closes", [False, True])
def test_mains_or_a_housing_that_is_well_again_says_nothing_of_a_person(
    kind: AlarmKind, closes: bool
) -> None:
    said = _said(SignalType.RESTORE, Level.RED, closes=closes, kind=kind)
    assert isinstance(said, NothingToDo)


def _said(
    type_: SignalType,
    level: Level,
    device: str = "badge-anna",
    *,
    closes: bool = False,
    kind: AlarmKind | None = None,
) -> Verdict:
    alarm = an_alarm(level=level)
    reading = Reading("espa444", device, type_, kind, closes=closes)
    signal = Signal("s", "i", reading, "lind", device, Standing.ASSIGNED, NOW, NOW)
    return triage(signal, [alarm], True, Place("stue-2", "Stue 2", PlaceSource.DEVICE), "")
