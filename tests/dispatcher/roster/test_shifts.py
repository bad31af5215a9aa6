"""A person is on shift exactly inside their shift, also when the clock is set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.roster.model import Shift, Weekday
from dispatcher.roster.shifts import (
    RosterIndex,
    moment_of,
    next_change,
    on_shift,
    overlaps,
)

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ZONES = [ZoneInfo(name) for name in ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe")]
EVERY_DAY = tuple(Weekday)
SPRING = date(2026, 3, 29)  # 02:00 becomes 03:00
AUTUMN = date(2026, 10, 25)  # 03:00 becomes 02:00

clock_times = st.times().map(lambda at: at.replace(microsecond=0))
near_clock_changes = st.one_of(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.sampled_from([SPRING, AUTUMN, date(2026, 4, 5), date(2026, 10, 4), date(2026, 11, 1)]),
)


@given(day=near_clock_changes, start=clock_times, end=clock_times, tz=st.sampled_from(ZONES))
def test_a_person_is_on_shift_from_the_start_up_to_but_not_at_the_end(
    day: date, start: time, end: time, tz: ZoneInfo
) -> None:
    shift = Shift("anna", "house-1", start, end, date=day)
    first = moment_of(datetime.combine(day, start), tz)
    last_day = day if end > start else day + timedelta(days=1)
    last = moment_of(datetime.combine(last_day, end), tz)
    tick = timedelta(seconds=1)
    for wall in (first - tick, first, first + (last - first) / 2, last - tick, last, last + tick):
        expected = first <= wall < last
        assert bool(on_shift([shift], tz, wall)) is expected, wall


@given(day=near_clock_changes, clock=clock_times, tz=st.sampled_from(ZONES))
def test_a_shift_that_ends_where_the_next_begins_leaves_no_gap_and_no_overlap(
    day: date, clock: time, tz: ZoneInfo
) -> None:
    handover = moment_of(datetime.combine(day, clock), tz)
    before = Shift("anna", "h", (datetime.combine(day, clock) - timedelta(hours=6)).time(), clock,
                   days=EVERY_DAY)  # fmt: skip
    after = Shift("bo", "h", clock, (datetime.combine(day, clock) + timedelta(hours=6)).time(),
                  days=EVERY_DAY)  # fmt: skip
    index = RosterIndex([before, after], tz)
    assert "bo" not in _people(index, handover - timedelta(seconds=1))
    assert "anna" not in _people(index, handover)


@given(day=near_clock_changes, a=clock_times, b=clock_times, tz=st.sampled_from(ZONES))
def test_local_times_in_order_are_moments_in_order(
    day: date, a: time, b: time, tz: ZoneInfo
) -> None:
    early, late = sorted([a, b])
    moments = [moment_of(datetime.combine(day, clock), tz) for clock in (early, late)]
    assert moments[0] <= moments[1]


def test_a_night_shift_is_an_hour_longer_in_autumn_and_shorter_in_spring() -> None:
    night = Shift("anna", "house-1", time(23), time(7), days=EVERY_DAY)
    days = [SPRING, AUTUMN, date(2026, 6, 1)]
    just_after_midnight = [datetime.combine(day, time(0), tzinfo=UTC) for day in days]
    lengths = {
        day: row.end - row.start
        for day, wall in zip(days, just_after_midnight, strict=True)
        for row in on_shift([night], COPENHAGEN, wall)
    }
    assert lengths[SPRING] == timedelta(hours=7)
    assert lengths[AUTUMN] == timedelta(hours=9)
    assert lengths[date(2026, 6, 1)] == timedelta(hours=8)


def test_a_shift_inside_the_hour_the_clock_skips_does_not_exist_that_night() -> None:
    skipped = Shift("anna", "house-1", time(2, 15), time(2, 45), days=EVERY_DAY)
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment_of(datetime.combine(SPRING, time(2, 30)), COPENHAGEN) == jump
    assert RosterIndex([skipped], COPENHAGEN).between(
        datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    ) == []  # fmt: skip


def test_equal_start_and_end_is_a_whole_day() -> None:
    duty = Shift("tove", "house-1", time(7), time(7), days=(Weekday.MON,))
    monday = datetime(2026, 6, 1, 5, tzinfo=UTC)
    assert on_shift([duty], COPENHAGEN, monday)
    assert on_shift([duty], COPENHAGEN, monday + timedelta(hours=23, minutes=59))
    assert not on_shift([duty], COPENHAGEN, monday + timedelta(hours=24))


def test_a_person_in_two_shifts_stands_in_both_and_is_one_clear_finding() -> None:
    shifts = [
        Shift("anna", "house-1", time(7), time(15), days=(Weekday.MON,)),
        Shift("anna", "house-2", time(14), time(20), days=(Weekday.MON,)),
        Shift("bo", "house-2", time(14), time(20), days=(Weekday.MON,)),
    ]
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    units = [row.unit for row in on_shift(shifts, COPENHAGEN, monday + timedelta(hours=12.5))]
    assert units == ["house-1", "house-2", "house-2"]
    found = overlaps(shifts, COPENHAGEN, monday, monday + timedelta(days=7))
    assert [str(overlap) for overlap in found] == [
        "anna is in two shifts at once: house-1 until Mon 01 Jun 13:00 UTC and house-2 from "
        "Mon 01 Jun 12:00 UTC; both stand, correct the roster"
    ]


def test_in_a_gap_nobody_is_on_shift_and_the_next_change_is_known() -> None:
    day = Shift("anna", "house-1", time(8), time(12), days=(Weekday.WED,))
    sunday = datetime(2026, 6, 7, 10, tzinfo=UTC)
    assert on_shift([day], COPENHAGEN, sunday) == ()
    assert next_change([day], COPENHAGEN, sunday) == datetime(2026, 6, 10, 6, tzinfo=UTC)
    inside = datetime(2026, 6, 10, 7, tzinfo=UTC)
    assert next_change([day], COPENHAGEN, inside) == datetime(2026, 6, 10, 10, tzinfo=UTC)


def test_the_next_change_is_found_however_far_a_dated_shift_lies() -> None:
    far = Shift("anna", "house-1", time(8), time(12), date=date(2026, 9, 1))
    assert next_change([far], COPENHAGEN, datetime(2026, 6, 7, tzinfo=UTC)) == datetime(
        2026, 9, 1, 6, tzinfo=UTC
    )
    assert next_change([far], COPENHAGEN, datetime(2026, 9, 1, 10, tzinfo=UTC)) is None
    assert next_change([], COPENHAGEN, datetime(2026, 6, 7, tzinfo=UTC)) is None


rosters = st.lists(
    st.builds(
        Shift,
        person=st.sampled_from(["anna", "bo", "ida"]),
        unit=st.sampled_from(["house-1", "house-2"]),
        start=clock_times,
        end=clock_times,
        days=st.lists(st.sampled_from(EVERY_DAY), max_size=3, unique=True).map(tuple),
        date=st.none() | st.dates(date(2026, 3, 20), date(2026, 4, 5)),
    ),
    max_size=6,
)


@given(roster=rosters, asks=st.lists(st.integers(0, 14 * 86_400), min_size=1, max_size=30))
def test_what_is_kept_between_changes_is_what_working_it_out_afresh_gives(
    roster: list[Shift], asks: list[int]
) -> None:
    start = datetime(2026, 3, 22, tzinfo=UTC)
    kept = RosterIndex(roster, COPENHAGEN)
    for seconds in asks:
        wall = start + timedelta(seconds=seconds)
        moment = kept.at(wall)
        assert moment.on == on_shift(roster, COPENHAGEN, wall)
        assert moment.since <= wall < moment.until
        change = kept.next_change(wall)
        assert change is None or change > wall
        assert change is None or moment.until <= change


@pytest.mark.parametrize("people", [200])
def test_asking_again_within_a_shift_does_no_work(people: int) -> None:
    roster = [Shift(f"p{n}", "h", time(7), time(15), days=EVERY_DAY) for n in range(people)]
    index = RosterIndex(roster, COPENHAGEN)
    noon = datetime(2026, 6, 1, 10, tzinfo=UTC)
    assert index.at(noon) is index.at(noon + timedelta(hours=1))


def _people(index: RosterIndex, wall: datetime) -> list[str]:
    return [row.person for row in index.at(wall).on]
