"""Who is on shift at a moment of the wall clock, in a site's own time zone. Pure.

A shift stands from its start up to, not including, its end. Local times become moments once, by
one rule that never runs backwards: a time the clock shows twice is the first of the two, a time it
skips is the moment it skips. So a shift that ends where another begins leaves no gap and makes no
overlap, also on the two nights a year when the clock is set.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from operator import itemgetter

from dispatcher.roster.model import OnShift, Shift, Weekday

WEEKDAYS = tuple(Weekday)
_DAY = timedelta(days=1)
_AHEAD_DAYS = 8
"""A weekly roster repeats, so its next change is at most a week and a day away."""

DAYS_KEPT = 16
"""Days whose shifts are kept worked out; asking for others costs one pass over the roster."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Who is on shift from `since` up to, not including, `until`."""

    since: datetime
    until: datetime
    on: tuple[OnShift, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """One person in two shifts at once. Both stand; somebody should look at the roster."""

    person: str
    first: OnShift
    second: OnShift

    def __str__(self) -> str:
        return (
            f"{self.person} is in two shifts at once: {self.first.unit} until "
            f"{self.first.end:%a %d %b %H:%M} UTC and {self.second.unit} from "
            f"{self.second.start:%a %d %b %H:%M} UTC; both stand, correct the roster"
        )


def on_shift(shifts: Iterable[Shift], tz: tzinfo, wall: datetime) -> tuple[OnShift, ...]:
    """Everybody whose shift stands at `wall`, in the order of the roster."""
    return RosterIndex(shifts, tz).at(wall).on


def next_change(shifts: Iterable[Shift], tz: tzinfo, wall: datetime) -> datetime | None:
    """When the next shift starts or ends after `wall`; None when none ever does."""
    return RosterIndex(shifts, tz).next_change(wall)


def overlaps(shifts: Iterable[Shift], tz: tzinfo, start: datetime, end: datetime) -> list[Overlap]:
    """Every pair of shifts of one person that stand at once between `start` and `end`."""
    found: dict[str, list[OnShift]] = {}
    for row in RosterIndex(shifts, tz).between(start, end):
        found.setdefault(row.person, []).append(row)
    pairs: list[Overlap] = []
    for person, rows in found.items():
        rows.sort(key=lambda row: (row.start, row.end))
        pairs += [Overlap(person, a, b) for a, b in pairwise(rows) if b.start < a.end]
    return pairs


def moment_of(local: datetime, tz: tzinfo) -> datetime:
    """The moment a naive local time names, UTC, by the rule above."""
    first = local.replace(tzinfo=tz, fold=0)
    early = first.astimezone(UTC)
    if early.astimezone(tz).replace(tzinfo=None) == local:
        return early
    return _skipped(local, tz)


class RosterIndex:
    """A roster made ready to be asked often: an answer is kept until the next change."""

    def __init__(self, shifts: Iterable[Shift], tz: tzinfo) -> None:
        self.tz = tz
        self.shifts = tuple(shifts)
        self._weekly: dict[Weekday, _Plan] = {day: {} for day in WEEKDAYS}
        self._dated: dict[date, _Plan] = {}
        for number, shift in enumerate(self.shifts):
            hours = shift.start, shift.end
            if shift.date is not None:
                self._dated.setdefault(shift.date, {}).setdefault(hours, []).append((number, shift))
            for day in dict.fromkeys(shift.days):
                self._weekly[day].setdefault(hours, []).append((number, shift))
        self._days: dict[date, _Day] = {}
        self._moment: Moment | None = None

    def at(self, wall: datetime) -> Moment:
        """Who is on shift at `wall`, and until when that stays so (at most a day)."""
        kept = self._moment
        if kept is None or not kept.since <= wall < kept.until:
            kept = self._moment = self._work_out(wall)
        return kept

    def next_change(self, wall: datetime) -> datetime | None:
        """When the next shift starts or ends after `wall`; None when none ever does."""
        here = wall.astimezone(self.tz).date()
        changes = [self._day(here + n * _DAY).next_change(wall) for n in range(-1, _AHEAD_DAYS)]
        soon = min((change for change in changes if change is not None), default=None)
        if soon is not None:
            return soon
        later = (self._day(day).next_change(wall) for day in sorted(self._dated) if day > here)
        return next((change for change in later if change is not None), None)

    def between(self, start: datetime, end: datetime) -> list[OnShift]:
        """Every shift that stands at some moment from `start` up to `end`."""
        day, last = start.astimezone(self.tz).date() - _DAY, end.astimezone(self.tz).date()
        rows: list[OnShift] = []
        while day <= last:
            rows += self._day(day).standing(start, end)
            day += _DAY
        return rows

    def of(self, person: str, start: datetime, end: datetime) -> list[OnShift]:
        """One person's shifts that stand at some moment from `start` up to `end`, in order."""
        mine = [row for row in self.between(start, end) if row.person == person]
        return sorted(mine, key=lambda row: row.start)

    def _work_out(self, wall: datetime) -> Moment:
        here = wall.astimezone(self.tz).date()
        around = [self._day(here + n * _DAY) for n in range(-2, 3)]  # days can have 25 hours
        on = tuple(row for day in around for row in day.standing(wall, wall))
        edges = [edge for day in around for edge in (day.next_change(wall),) if edge]
        since = [edge for day in around for edge in (day.last_change(wall),) if edge]
        return Moment(since=max([*since, wall - _DAY]), until=min([*edges, wall + _DAY]), on=on)

    def _day(self, day: date) -> _Day:
        kept = self._days.get(day)
        if kept is None:
            if len(self._days) >= DAYS_KEPT:
                self._days.clear()
            weekly, dated = self._weekly[WEEKDAYS[day.weekday()]], self._dated.get(day, {})
            kept = self._days[day] = _Day(day, self.tz, weekly, dated)
        return kept


_Plan = dict[tuple[time, time], list[tuple[int, Shift]]]
"""Numbered shifts by their hours: a roster has many people and few different hours."""


class _Day:
    """The shifts that start on one local day, and the moments something changes."""

    def __init__(self, day: date, tz: tzinfo, *plans: _Plan) -> None:
        self._spans: list[tuple[datetime, datetime, list[tuple[int, Shift]]]] = []
        for plan in plans:
            for (start, end), shifts in plan.items():
                last_day = day if end > start else day + _DAY
                first = moment_of(datetime.combine(day, start), tz)
                last = moment_of(datetime.combine(last_day, end), tz)
                if first < last:  # an hour the clock skips is no shift
                    self._spans.append((first, last, shifts))
        self._edges = sorted(dict.fromkeys(edge for span in self._spans for edge in span[:2]))

    def standing(self, start: datetime, end: datetime) -> list[OnShift]:
        """What stands at some moment from `start` up to `end` (or at `start`), as planned."""
        found: list[tuple[int, OnShift]] = []
        for first, last, shifts in self._spans:
            if first <= start < last or start < first < end:
                found += [
                    (number, OnShift(s.person, s.unit, s.duty, s.runner, first, last))
                    for number, s in shifts
                ]
        return [row for _, row in sorted(found, key=itemgetter(0))]

    def next_change(self, wall: datetime) -> datetime | None:
        after = bisect_right(self._edges, wall)
        return self._edges[after] if after < len(self._edges) else None

    def last_change(self, wall: datetime) -> datetime | None:
        before = bisect_right(self._edges, wall)
        return self._edges[before - 1] if before else None


def _skipped(local: datetime, tz: tzinfo) -> datetime:
    """The moment the clock jumps over `local`: where the offset changes, to the second."""
    low = (local - _offset(local, tz, fold=1)).replace(tzinfo=UTC)
    high = (local - _offset(local, tz, fold=0)).replace(tzinfo=UTC)
    before = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _offset(local: datetime, tz: tzinfo, fold: int) -> timedelta:
    offset = local.replace(tzinfo=tz, fold=fold).utcoffset()
    assert offset is not None, "a site's time zone knows its offset"
    return offset
