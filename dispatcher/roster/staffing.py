"""Who is at work at one site until the next change, made ready for choosing the nearest. Pure.

Law 10: a person's place is the unit of their roster. People in two shifts at once stand in the one
that began last; both shifts stay visible in `on`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from operator import itemgetter

from alarms.view import LeftOut, Reason, Route, Unusual
from alarms.vocabulary import ChosenWhy, LeftOutWhy
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.model import Duty, OnShift, Person
from dispatcher.roster.presence import Present

ALARM_INSTRUCTION = "alarm"
"""What a person must have been instructed in to go to an alarm alone."""

LEFT_OUT_MOST = 200
"""How many off-shift people a picture names; those who pressed or have no route come first."""


@dataclass(frozen=True, slots=True)
class Post:
    """One person at work at the site. `zone` None: their place is not known.

    `standing` is what is unusual about calling them whatever the alarm, `why` how they stand.
    """

    person: str
    first_name: str
    unit: str | None
    unit_name: str
    zone: str | None
    awake: bool
    runner: bool
    why: tuple[Reason, ...] = ()
    standing: tuple[Unusual, ...] = ()


@dataclass(frozen=True)
class Staffing:
    """Valid from `since` up to, not including, `until`.

    `rows`: the shift each person at the site stands in; `leaders` and `on_call` are those of the
    shift. `on_duty`: who works now, here or at another site. `minimum`: per unit.
    """

    index: OrganisationIndex = field(compare=False, repr=False)
    site: str
    since: datetime
    until: datetime
    on: tuple[OnShift, ...]
    rows: Mapping[str, OnShift]
    leaders: tuple[str, ...]
    on_call: tuple[str, ...]
    on_duty: frozenset[str]
    minimum: Mapping[str, int]
    left_out: tuple[LeftOut, ...]
    _posts: dict[str, Post] = field(default_factory=dict, compare=False)
    _routes: dict[str, tuple[Route, ...]] = field(default_factory=dict, compare=False)
    _holders: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    def post_of(self, person: str) -> Post:
        """How a person stands, at the site or away from it. Worked out when first asked."""
        kept = self._posts.get(person)
        if kept is None:
            row = self.rows.get(person)
            kept = _at_post(self.index, person, row) if row else _away(self.index, person)
            self._posts[person] = kept
        return kept

    def routes(self, person: str) -> tuple[Route, ...]:
        """Every way to reach somebody, as configured. Worked out when first asked."""
        kept = self._routes.get(person)
        if kept is None:
            kept = self._routes[person] = self.index.routes(person, self.since)
        return kept

    def holders(self, address: str) -> tuple[str, ...]:
        """Everybody who would hear this address ring. Worked out when first asked."""
        kept = self._holders.get(address)
        if kept is None:
            kept = self._holders[address] = self.index.holders(address, self.since)
        return kept

    @cached_property
    def by_zone(self) -> Mapping[tuple[str | None, bool], tuple[str, ...]]:
        """The people in each zone, runners apart, in order of their ids."""
        units = self.index.units
        zones = {unit: units[unit].zone if unit in units else None for unit in self._units}
        found: dict[tuple[str | None, bool], list[str]] = {}
        for person, row in sorted(self.rows.items(), key=itemgetter(0)):
            found.setdefault((zones[row.unit], row.runner), []).append(person)
        return {place: tuple(people) for place, people in found.items()}

    def posts_at(self, place: tuple[str | None, bool]) -> tuple[Post, ...]:
        """How the people at one place of `by_zone` stand."""
        return tuple(map(self.post_of, self.by_zone.get(place, ())))

    def awake_in(self, unit: str) -> list[Post]:
        """How those who are awake in one unit stand: runners first, then by their ids."""
        zone = self.index.units[unit].zone
        posts = (*self.posts_at((zone, True)), *self.posts_at((zone, False)))
        return [post for post in posts if post.unit == unit and post.awake]

    @property
    def _units(self) -> dict[str, None]:
        return dict.fromkeys(row.unit for row in self.rows.values())


def staffing_of(index: OrganisationIndex, site: str, here: Present, wall: datetime) -> Staffing:
    """Work out everything about a site that stays so until the next change."""
    on = here.moment.on
    rows = {p: row for p, row in _row_of_each(on).items() if p in index.people}
    on_call = _with_duty(on, Duty.ON_CALL)
    away = tuple(person for person in _listed(index, site, on_call) if person not in rows)
    elsewhere = [index.rosters[s].at(wall) for s in index.sites_of(away) if s != site]
    spans = [(here.moment.since, here.moment.until), index.loans_stand(wall)]
    spans += [(moment.since, moment.until) for moment in elsewhere]
    return Staffing(
        index=index,
        site=site,
        since=max(since for since, _ in spans),
        until=min(until for _, until in spans),
        on=on,
        rows=rows,
        leaders=_with_duty(on, Duty.LEADER),
        on_call=on_call,
        on_duty=frozenset(row.person for some in (on, *(m.on for m in elsewhere)) for row in some),
        minimum={u.id: u.min_staff for u in index.units.values() if u.site == site and u.min_staff},
        left_out=_left_out(index, site, (*rows, *on_call), here.gone),
    )


def _listed(index: OrganisationIndex, site: str, on_call: tuple[str, ...]) -> list[str]:
    """Everybody a step may call beside the people at the site."""
    home = index.sites[site]
    lists = (on_call, home.leaders, home.deputies, home.last_resort, index.named(site))
    return [p for p in dict.fromkeys(p for people in lists for p in people) if p in index.people]


def _row_of_each(on: tuple[OnShift, ...]) -> dict[str, OnShift]:
    """The shift a person at the site stands in: awake before asleep, then the one begun last."""
    rows: dict[str, OnShift] = {}
    for row in on:
        if row.duty is Duty.ON_CALL:
            continue
        other = rows.get(row.person)
        if other is None or _weight(row) > _weight(other):
            rows[row.person] = row
    return rows


def _weight(row: OnShift) -> tuple[bool, datetime]:
    return row.duty is not Duty.SLEEPING, row.start


def _at_post(index: OrganisationIndex, person: str, row: OnShift) -> Post:
    known, unit = index.people[person], index.units.get(row.unit)
    awake = row.duty is not Duty.SLEEPING
    why = [Reason(ChosenWhy.RUNNER)] if row.runner else []
    why += [Reason(ChosenWhy.LEADER)] if row.duty is Duty.LEADER else []
    why += [Reason(ChosenWhy.TEMP)] if known.temp else []
    here = Reason(ChosenWhy.ROSTER_UNIT, unit.id) if unit else Reason(ChosenWhy.PLACE_UNKNOWN)
    return Post(
        person=person,
        first_name=known.first_name,
        unit=unit.id if unit else None,
        unit_name=unit.name if unit else "",
        zone=unit.zone if unit else None,
        awake=awake,
        runner=row.runner,
        why=(*why, here),
        standing=(*_uninstructed(known), *(() if awake else (Unusual.ASLEEP,))),
    )


def _away(index: OrganisationIndex, person: str) -> Post:
    known = index.people[person]
    return Post(
        person=person,
        first_name=known.first_name,
        unit=None,
        unit_name="",
        zone=None,
        awake=True,
        runner=False,
        standing=_uninstructed(known),
    )


def _uninstructed(person: Person) -> tuple[Unusual, ...]:
    return () if ALARM_INSTRUCTION in person.instructed else (Unusual.NOT_INSTRUCTED,)


def _with_duty(on: tuple[OnShift, ...], duty: Duty) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.person for row in on if row.duty is duty))


def _left_out(
    index: OrganisationIndex, site: str, callable_: tuple[str, ...], gone: tuple[str, ...]
) -> tuple[LeftOut, ...]:
    listed = dict.fromkeys(callable_)
    not_here = [LeftOut(person, LeftOutWhy.NOT_HERE) for person in gone if person not in listed]
    listed |= dict.fromkeys(gone)
    others = (p.id for p in index.organisation.people if p.site == site and p.id not in listed)
    off = [LeftOut(person, LeftOutWhy.OFF_SHIFT) for person in islice(others, LEFT_OUT_MOST)]
    return tuple((not_here + off)[:LEFT_OUT_MOST])
