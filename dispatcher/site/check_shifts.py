"""Hours in which an alarm would find nobody, or not enough. Pure.

A weekly roster is looked at over one plain week; a roster of dates over the days it names. The
two nights a year when the clock is set need no look of their own: shifts that meet leave no gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatcher.roster.model import Duty, OnShift, Unit
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.roster.shifts import Moment, RosterIndex, moment_of, overlaps
from dispatcher.site.findings import Finding, error, warning

PLAIN_WEEK = date(2026, 6, 1)
"""A Monday of a week in which no clock is set."""

DATED_DAYS_MOST = 62
"""How far ahead a roster of dates is looked at."""

SPANS_SHOWN = 5

Span = tuple[datetime, datetime]


def check_shifts(organisation: Organisation) -> Iterator[Finding]:
    for site in organisation.sites:
        units = {unit.id: unit for unit in organisation.units if unit.site == site.id}
        shifts = [shift for shift in organisation.shifts if shift.unit in units]
        if not shifts:
            yield error(f"site {site.id}", "has no shifts, every alarm finds nobody: add shifts")
            continue
        roster = RosterIndex(shifts, ZoneInfo(site.timezone))
        yield from _Hours(site, roster, _period(roster)).findings(units)


def _period(roster: RosterIndex) -> Span:
    """The plain week, or the days of a roster that has only dates; UTC."""
    days = sorted(shift.date for shift in roster.shifts if shift.date is not None)
    first, last = PLAIN_WEEK, PLAIN_WEEK + timedelta(days=7)
    if not any(shift.days for shift in roster.shifts):
        first = days[0]
        last = min(days[-1] + timedelta(days=1), first + timedelta(days=DATED_DAYS_MOST))
    midnight = (datetime.combine(day, time(0)) for day in (first, last))
    start, end = (moment_of(local, roster.tz) for local in midnight)
    return start, end


class _Hours:
    """One roster over one period, cut where somebody comes or goes."""

    def __init__(self, site: Site, roster: RosterIndex, period: Span) -> None:
        self.site = site
        self.roster = roster
        self.period = period
        self.weekly = period[0].astimezone(roster.tz).date() == PLAIN_WEEK
        self.moments = list(self._cut())

    def findings(self, units: dict[str, Unit]) -> Iterator[Finding]:
        about = f"site {self.site.id}"
        alone = self._spans(lambda on: len(_awake(on)) == 1)
        nobody = self._spans(lambda on: not _awake(on))
        if nobody:
            yield error(about, f"nobody awake {self._said(nobody)}: roster somebody")
        if alone:
            yield warning(
                about, f"one person awake {self._said(alone)}: who presses then has no colleague"
            )
        led = self._spans(lambda on: not any(row.duty is Duty.LEADER for row in on))
        if led and not self.site.leaders:
            yield error(about, f"nobody leads {self._said(led)}: roster a leader or name leaders")
        uncalled = self._spans(lambda on: not any(row.duty is Duty.ON_CALL for row in on))
        if uncalled:
            yield warning(about, f"nobody on call {self._said(uncalled)}: roster a bagvagt")
        for unit in units.values():
            yield from self._minimum(unit)
        yield from self._doubled()

    def _minimum(self, unit: Unit) -> Iterator[Finding]:
        """A minimum that the roster itself does not keep flags everybody, all the time."""
        if not unit.min_staff:
            return
        under = self._spans(
            lambda on: sum(row.unit == unit.id for row in _awake(on)) < unit.min_staff
        )
        if under:
            yield warning(
                f"unit {unit.id}",
                f"has fewer than its min_staff of {unit.min_staff} awake {self._said(under)}: "
                "correct the roster or the minimum",
            )

    def _doubled(self) -> Iterator[Finding]:
        found = overlaps(self.roster.shifts, self.roster.tz, *self.period)
        for person in dict.fromkeys(overlap.person for overlap in found):
            spans = [
                (o.second.start, min(o.first.end, o.second.end))
                for o in found
                if o.person == person
            ]
            yield warning(
                f"person {person}",
                f"is in two shifts at once {self._said(spans)}: both stand, correct the roster",
            )

    def _cut(self) -> Iterator[Moment]:
        wall, end = self.period
        while wall < end:
            moment = self.roster.at(wall)
            yield Moment(wall, min(moment.until, end), moment.on)
            wall = moment.until

    def _spans(self, holds: Callable[[tuple[OnShift, ...]], bool]) -> list[Span]:
        """The stretches in which it holds, joined where they touch."""
        spans: list[Span] = []
        for moment in self.moments:
            if not holds(moment.on):
                continue
            if spans and spans[-1][1] == moment.since:
                spans[-1] = spans[-1][0], moment.until
            else:
                spans.append((moment.since, moment.until))
        return spans

    def _said(self, spans: list[Span]) -> str:
        """`Mon 23:00–Tue 07:00, …`, or `at all hours`."""
        if spans == [self.period]:
            return "at all hours"
        shown = [f"{self._hour(start)}–{self._hour(end)}" for start, end in spans[:SPANS_SHOWN]]
        more = len(spans) - SPANS_SHOWN
        return ", ".join([*shown, f"and {more} more times"] if more > 0 else shown)

    def _hour(self, wall: datetime) -> str:
        local = wall.astimezone(self.roster.tz)
        return f"{local:%a %H:%M}" if self.weekly else f"{local:%Y-%m-%d %H:%M}"


def _awake(on: tuple[OnShift, ...]) -> list[OnShift]:
    """One row per person who is at the site and awake."""
    rows = {row.person: row for row in on if row.duty in (Duty.STAFF, Duty.LEADER)}
    return list(rows.values())
