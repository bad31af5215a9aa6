from __future__ import annotations

from datetime import timedelta

import pytest

from core.signals import AlarmKind, Level, SignalType
from devices.catalogue import KINDS, PNA_11, UNKNOWN_KIND, Down, kind


def test_a_badge_both_raises_alarms_and_is_paged() -> None:
    badge = kind("badge")
    assert SignalType.ALARM in badge.says
    assert Down.PAGE in badge.told
    assert Down.RECEIVED in badge.told


def test_a_worn_device_is_silent_after_two_minutes_and_a_fixed_one_after_ninety_seconds() -> None:
    assert kind("badge").silent_after == timedelta(seconds=120)
    assert kind("fixed_button").silent_after == timedelta(seconds=90)


def test_no_class_is_silent_for_longer_than_the_standard_allows() -> None:
    for row in KINDS.values():
        assert row.silent_after <= timedelta(seconds=180 if row.worn else 90)


def test_an_unlisted_kind_may_raise_and_is_red() -> None:
    unlisted = kind("something-new")
    assert unlisted is UNKNOWN_KIND
    assert unlisted.presses_in_doubt
    assert unlisted.level is Level.RED


@pytest.mark.parametrize(
    ("alarm", "seconds"),
    [
        (AlarmKind.ATTACK, 60),
        (AlarmKind.NO_MOTION, 90),
        (AlarmKind.LOSS, 90),
        (AlarmKind.MISSED_CHECK_IN, 900),
    ],
)
def test_alarm_times_are_those_of_dguv_212_139_table_5(alarm: AlarmKind, seconds: int) -> None:
    assert PNA_11.longest(alarm) == timedelta(seconds=seconds)
    assert PNA_11.pre_alarm == timedelta(seconds=45)
    assert PNA_11.flight == timedelta(seconds=10)
