"""Clock points, percentiles and targets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.drill.measure import Clocked, Target, judge, statistic

START = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_points_are_seconds_after_the_press() -> None:
    alarm = clocked(0.2, 1.5)
    assert alarm.after_press_s(1) == 0.2
    assert alarm.after_press_s(2) == 1.5
    assert alarm.after_press_s(3) is None


def test_a_target_is_met_at_its_limit_and_missed_above() -> None:
    alarms = [clocked(0.1, 5.0)]
    assert judge([Target(2, "p95", 5.0)], alarms)[0].met
    assert not judge([Target(2, "p95", 4.9)], alarms)[0].met


def test_an_alarm_that_never_rang_misses_the_target() -> None:
    judged = judge([Target(2, "max", 5.0)], [clocked(0.1, 1.0), clocked(0.1)])[0]
    assert judged.measured_s is None
    assert not judged.met


def test_a_drill_without_alarms_meets_nothing() -> None:
    assert not judge([Target(1, "max", 60.0)], [])[0].met


@pytest.mark.parametrize(("name", "value"), [("median", 5), ("p95", 10), ("max", 10), ("p10", 1)])
def test_percentiles_go_by_nearest_rank(name: str, value: float) -> None:
    assert statistic(name, list(range(1, 11))) == value


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 99))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(
    values: list[float], share: int
) -> None:
    found = statistic(f"p{share}", values)
    assert found in values
    assert sum(value <= found for value in values) >= share / 100 * len(values) - 1e-9


def clocked(*after_s: float) -> Clocked:
    later = [START + timedelta(seconds=s) for s in after_s]
    points = (START, *later, *([None] * (8 - len(later))))
    return Clocked("a1", "anna", points)
