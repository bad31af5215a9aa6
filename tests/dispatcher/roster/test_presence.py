"""What people say about being here corrects the roster, and only as long as it was meant."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from dispatcher.roster.model import Duty, Presence, Shift, Weekday
from dispatcher.roster.presence import UNPLANNED_LONGEST, present
from dispatcher.roster.shifts import RosterIndex

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Shift("anna", "house-1", time(8), time(16), days=tuple(Weekday))
BAGVAGT = Shift("tove", "house-2", time(0), time(0), days=tuple(Weekday), duty=Duty.ON_CALL)


def test_whoever_went_home_is_off_until_the_end_of_that_shift_and_back_tomorrow() -> None:
    gone = Presence("anna", here=False, at=MONDAY + 10 * HOUR)
    assert _people(MONDAY + 11 * HOUR, gone) == ["tove"]
    assert _people(MONDAY + 33 * HOUR, gone) == ["anna", "tove"]


def test_whoever_reports_sick_before_the_shift_is_not_called_in_it() -> None:
    gone = Presence("anna", here=False, at=MONDAY + 6 * HOUR)
    assert _people(MONDAY + 9 * HOUR, gone) == ["tove"]
    assert _people(MONDAY + 33 * HOUR, gone) == ["anna", "tove"]


def test_a_word_with_an_end_stands_until_then() -> None:
    at = MONDAY + 10 * HOUR
    gone = Presence("anna", here=False, at=at, until=at + HOUR)
    assert _people(at + HOUR - timedelta(seconds=1), gone) == ["tove"]
    assert _people(at + HOUR, gone) == ["anna", "tove"]


def test_the_newest_word_counts() -> None:
    gone = Presence("anna", here=False, at=MONDAY + 10 * HOUR)
    back = Presence("anna", here=True, at=MONDAY + 11 * HOUR)
    assert _people(MONDAY + 12 * HOUR, back, gone) == ["anna", "tove"]


def test_whoever_came_without_a_shift_can_be_called_but_not_for_ever() -> None:
    came = Presence("bo", here=True, at=MONDAY + 10 * HOUR)
    assert "bo" in _people(MONDAY + 11 * HOUR, came)
    assert "bo" not in _people(MONDAY + 10 * HOUR + UNPLANNED_LONGEST, came)


def test_the_one_on_call_who_came_in_stands_at_the_site() -> None:
    came = Presence("tove", here=True, at=MONDAY + 10 * HOUR)
    roster = RosterIndex([DAY, BAGVAGT], UTC)
    rows = present(roster, [came], MONDAY + 11 * HOUR).moment.on
    assert [(row.unit, row.duty) for row in rows if row.person == "tove"] == [
        ("house-2", Duty.ON_CALL),
        ("house-2", Duty.STAFF),
    ]


def test_going_home_does_not_end_being_on_call() -> None:
    gone = Presence("tove", here=False, at=MONDAY + 10 * HOUR)
    assert "tove" in _people(MONDAY + 11 * HOUR, gone)


def _people(wall: datetime, *said: Presence) -> list[str]:
    roster = RosterIndex([DAY, BAGVAGT], UTC)
    return [row.person for row in present(roster, said, wall).moment.on]
