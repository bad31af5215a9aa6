from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.signals import Reading, SignalType
from devices.device_clock import (
    OLDEST,
    PROVEN_BY,
    UNPROVEN,
    DeviceClock,
    heard,
    pressed_at,
    said_at,
)

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def test_a_clock_that_has_proven_nothing_is_not_believed() -> None:
    assert pressed_at(UNPROVEN, alarm(at=NOW - SECOND), NOW) is None


def test_a_clock_that_was_right_three_times_is_believed() -> None:
    clock = UNPROVEN
    for times in range(PROVEN_BY):
        assert pressed_at(clock, alarm(at=NOW), NOW) is None
        clock = heard(clock, beat(at=NOW + times * SECOND), NOW + times * SECOND)
    assert pressed_at(clock, alarm(at=NOW - SECOND), NOW) == NOW - SECOND


def test_a_press_that_waited_40_minutes_keeps_its_moment_and_its_clock() -> None:
    late = alarm(at=NOW - 40 * MINUTE)
    assert pressed_at(proven(), late, NOW) == NOW - 40 * MINUTE
    assert heard(proven(), late, NOW).proven


def test_an_unproven_clock_falls_back_on_the_age_and_then_on_nothing() -> None:
    assert pressed_at(UNPROVEN, alarm(at=NOW, age=5 * SECOND), NOW) == NOW - 5 * SECOND
    assert pressed_at(UNPROVEN, alarm(), NOW) is None


def test_an_at_in_the_future_or_years_ago_is_never_t0() -> None:
    for wrong in (NOW + MINUTE, NOW - timedelta(days=700)):
        assert pressed_at(proven(), alarm(at=wrong), NOW) is None
        assert not heard(proven(), alarm(at=wrong), NOW).proven


def test_an_at_just_ahead_of_us_is_now() -> None:
    assert pressed_at(proven(), alarm(at=NOW + SECOND), NOW) == NOW


def test_a_clock_must_prove_itself_again_after_a_new_boot() -> None:
    clock = DeviceClock("1", PROVEN_BY)
    assert pressed_at(clock, alarm(at=NOW, boot="2"), NOW) is None
    assert heard(clock, beat(at=NOW, boot="2"), NOW) == DeviceClock("2", 1)


def test_a_heartbeat_with_a_wrong_time_takes_the_proof_away() -> None:
    assert not heard(proven(), beat(at=NOW - MINUTE), NOW).proven


def test_a_kept_copy_proves_nothing_either_way() -> None:
    old = beat(at=NOW - MINUTE, retained=True)
    assert heard(proven(), old, NOW).proven


def test_for_what_takes_help_away_a_clock_that_has_proven_nothing_is_doubt_enough() -> None:
    old = NOW - 25 * MINUTE
    assert said_at(UNPROVEN, alarm(at=old), NOW) == old
    assert said_at(UNPROVEN, alarm(age=25 * MINUTE), NOW) == old
    assert said_at(proven(), alarm(at=NOW, age=25 * MINUTE), NOW) == old, "the older of the two"
    assert said_at(UNPROVEN, alarm(), NOW) is None
    assert said_at(UNPROVEN, alarm(at=NOW + MINUTE), NOW) is None


def test_an_age_beyond_belief_is_still_an_age_where_help_would_be_taken_away() -> None:
    days = timedelta(days=20)
    assert said_at(UNPROVEN, alarm(age=days), NOW) == NOW - days
    assert said_at(UNPROVEN, alarm(age=timedelta.max), NOW) == NOW - OLDEST


def test_a_clock_known_to_be_wrong_casts_no_doubt_on_what_its_device_says() -> None:
    """A badge set to local time would else never be believed."""
    behind = NOW - timedelta(hours=1)
    clock = heard(UNPROVEN, beat(at=behind), NOW)
    assert said_at(clock, alarm(at=behind), NOW) is None
    assert said_at(clock, alarm(at=behind, age=5 * MINUTE), NOW) == NOW - 5 * MINUTE
    right_again = heard(clock, beat(at=NOW), NOW)
    assert said_at(right_again, alarm(at=behind), NOW) == behind


@given(
    at=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    age=st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=30))),
    right=st.integers(0, PROVEN_BY),
)
def test_t0_is_never_after_t1_whatever_the_device_says(
    at: datetime | None, age: timedelta | None, right: int
) -> None:
    clock = DeviceClock(None, right)
    reading = alarm(at=at, age=age)
    t0 = pressed_at(clock, reading, NOW)
    assert t0 is None or NOW - timedelta(hours=24) <= t0 <= NOW
    heard(clock, reading, NOW)


def proven() -> DeviceClock:
    return DeviceClock(None, PROVEN_BY)


def alarm(
    at: datetime | None = None, age: timedelta | None = None, boot: str | None = None
) -> Reading:
    return Reading("native", "badge-anna", SignalType.ALARM, at=at, age=age, boot=boot)


def beat(at: datetime, boot: str | None = None, retained: bool = False) -> Reading:
    return Reading(
        "native", "badge-anna", SignalType.HEARTBEAT, at=at, boot=boot, retained=retained
    )
