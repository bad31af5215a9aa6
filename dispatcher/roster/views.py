"""The View of one decision: who can be called now, in which order, and why others cannot. Pure.

Built on every alarm decision, so what only a change of staff can change is worked out once and
kept with the staffing; what this alarm changes (pressers, people already running, sick devices,
live places) is laid over it.

The law kept here is the third: never the victim, on any address a presser holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, overload

from alarms.view import Candidate, LeftOut, Route, Unusual, View
from alarms.vocabulary import LeftOutWhy
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.nearest import (
    Chosen,
    LivePlace,
    Ring,
    Standing,
    choose,
    rings,
    with_live_places,
)
from dispatcher.roster.staffing import CONSOLE, Staffing

if TYPE_CHECKING:
    from dispatcher.roster.model import Presence

NEAREST_MOST = 250
"""How many candidates a view holds: `everyone` at the largest site we know of, and then some."""

TARGETS_KEPT = 64
"""Places whose order is kept per staffing: alarms come from few places at once."""


@dataclass(frozen=True, slots=True)
class Pressing:
    """Everybody who pressed in any open alarm, and everything they pressed on.

    `addresses`: more that must not ring, e.g. the number a call came from.
    """

    persons: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """What is so right now, beyond the configuration.

    `presence`: pass the same tuple while nobody said anything new. `unhealthy`: addresses that
    cannot be reached, with the reason. `busy`: people on their way to another alarm. `places`:
    live places, only where the site has decided to have them (law 10). `receipt_within`: per
    channel, how long its receipt may take.
    """

    presence: tuple[Presence, ...] = ()
    unhealthy: Mapping[str, str] = field(default_factory=dict)
    busy: Collection[str] = ()
    places: Mapping[str, LivePlace] = field(default_factory=dict)
    receipt_within: tuple[tuple[str, timedelta], ...] = ()


def build_view(
    index: OrganisationIndex,
    *,
    site: str,
    zone: str | None,
    pressing: Pressing,
    now: datetime,
    wall: datetime,
    situation: Situation | None = None,
) -> View:
    """The picture for one decision on an alarm at `zone` (None: nobody knows where).

    `now` is service time, `wall` the wall clock. An unknown site has nobody to call: its view
    is empty but for the addresses that must not ring.
    """
    around = situation or Situation()
    if site not in index.sites:
        barred = _barred(pressing, lambda person: index.addresses(person, wall))
        return View(now, wall, barred=barred, receipt_within=around.receipt_within)
    staffing = index.staffing(site, wall, around.presence)
    barred = _barred(pressing, staffing.addresses)
    return _Picture(index, staffing, zone, pressing, barred, around, wall).view(now)


_Reachable = tuple[Chosen, tuple[Route, ...]]


class Nearest(Sequence[Candidate]):
    """The people at the site in calling order, frozen. A candidate is made when looked at:

    a step calls two or four, and a press waits for it.
    """

    __slots__ = ("_made", "_numbers", "_reachable")

    def __init__(self, reachable: Sequence[_Reachable]) -> None:
        self._reachable = reachable
        self._numbers: dict[str, int] | None = None
        self._made: dict[int, Candidate] = {}

    def of(self, person: str) -> Candidate | None:
        """The candidate this person is, if among the nearest."""
        if self._numbers is None:
            people = (one.seat.post.person for one, _ in self._reachable)
            self._numbers = {known: number for number, known in enumerate(people)}
        number = self._numbers.get(person)
        return None if number is None else self._at(number)

    def __len__(self) -> int:
        return len(self._reachable)

    @overload
    def __getitem__(self, number: int) -> Candidate: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Candidate, ...]: ...

    def __getitem__(self, number: int | slice) -> Candidate | tuple[Candidate, ...]:
        wanted = range(len(self._reachable))[number]
        return self._at(wanted) if isinstance(wanted, int) else tuple(map(self._at, wanted))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _at(self, number: int) -> Candidate:
        made = self._made.get(number)
        if made is None:
            one, routes = self._reachable[number]
            made = self._made[number] = _made(one, routes)
        return made


class _Picture:
    """One view in the making."""

    def __init__(
        self,
        index: OrganisationIndex,
        staffing: Staffing,
        zone: str | None,
        pressing: Pressing,
        barred: tuple[str, ...],
        around: Situation,
        wall: datetime,
    ) -> None:
        self.index = index
        self.staffing = staffing
        self.zone = zone
        self.barred = dict.fromkeys(barred)
        self.around = around
        self.wall = wall
        self.excluded = dict.fromkeys(pressing.persons)
        self.busy = tuple(sorted(around.busy))
        self.touched = self._touched()

    def view(self, now: datetime) -> View:
        nearest = self._nearest()
        site = self.index.sites[self.staffing.site]
        deputies = self._listed(site.deputies, nearest, "deputy")
        return View(
            at=now,
            wall=self.wall,
            nearest=nearest,
            leaders=_once(self._leaders(site.leaders, nearest), deputies),
            deputies=deputies,
            on_call=self._listed(self.staffing.on_call, nearest, "on_call"),
            last_resort=self._listed(site.last_resort, nearest, "last_resort"),
            named=self._listed(self.index.named(site.id), nearest, "named"),
            left_out=self._left_out(),
            barred=tuple(self.barred),
            receipt_within=self.around.receipt_within,
        )

    def _nearest(self) -> Nearest:
        graph, places = self.index.graph, self.around.places
        here = graph.zones.get(self.zone) if self.zone is not None else None
        standing = Standing(tuple(self.excluded), self.busy, here.unit if here else None)
        outward: Iterable[Ring] = (base := _outward(self.index, self.staffing, self.zone))
        if places:
            outward = with_live_places(base, self.staffing, graph, self.zone, places, self.wall)
        return self._equipped_first(choose(outward, self.staffing, standing, NEAREST_MOST))

    def _equipped_first(self, chosen: Iterable[Chosen]) -> Nearest:
        """Somebody without a working device or phone hears no call: they come last."""
        equipped: list[_Reachable] = []
        others: list[_Reachable] = []
        touched, routes_of = self.touched, self.staffing.routes
        for one in chosen:
            person = one.seat.post.person
            routes = self._routes(person) if person in touched else routes_of(person)
            hears = routes[0].healthy and routes[0].channel != CONSOLE
            (equipped if hears else others).append((one, routes))
        return Nearest([*equipped, *others])

    def _leaders(self, standing: tuple[str, ...], known: Nearest) -> tuple[Candidate, ...]:
        """The duty leader of the shift; the site's own when there is none, or when they pressed."""
        of_the_shift = self._listed(self.staffing.leaders, known, "leader")
        return of_the_shift or self._listed(standing, known, "leader")

    def _listed(self, people: tuple[str, ...], known: Nearest, why: str) -> tuple[Candidate, ...]:
        found = (known.of(p) or self._from_afar(p, why) for p in people if p not in self.excluded)
        return tuple(candidate for candidate in found if candidate is not None)

    def _from_afar(self, person: str, why: str) -> Candidate | None:
        """Somebody who is not among the nearest: away from the site, or beyond the limit."""
        if person not in self.index.people:
            return None
        post = self.staffing.post_of(person)
        unusual = post.standing
        unusual += () if person in self.staffing.on_duty else (Unusual.OFF_DUTY,)
        unusual += (Unusual.ELSEWHERE,) if person in self.busy else ()
        routes = self._routes(person)
        return Candidate(
            person, post.first_name, None, routes, (*post.why, why), unusual, post.unit_name
        )

    def _routes(self, person: str) -> tuple[Route, ...]:
        """What does not ring at a presser; what does not work now comes last, with the reason.

        Never empty: only a presser's own console is barred, and pressers are not called.
        """
        sick, every = self.around.unhealthy, self.staffing.routes(person)
        allowed = [route for route in every if route.address not in self.barred]
        well = [route for route in allowed if route.address not in sick]
        ill = [
            Route(r.channel, r.address, False, sick[r.address]) for r in allowed if r not in well
        ]
        return (*well, *ill)

    def _touched(self) -> dict[str, None]:
        """Everybody one of whose addresses is barred or sick."""
        return self.staffing.who_hears((*self.barred, *self.around.unhealthy))

    def _left_out(self) -> tuple[LeftOut, ...]:
        here = (person for person in self.excluded if self._is_here(person))
        pressed = tuple(LeftOut(person, LeftOutWhy.PRESSED) for person in here)
        rest = self.staffing.left_out
        if not self.staffing.left_out_people.isdisjoint(self.excluded):
            rest = tuple(out for out in rest if out.person not in self.excluded)
        return pressed + rest

    def _is_here(self, person: str) -> bool:
        """Victims of another site bar their addresses here, and their names stay there."""
        return person in self.staffing.rows or self.index.is_of(self.staffing.site, person)


def _outward(index: OrganisationIndex, staffing: Staffing, zone: str | None) -> tuple[Ring, ...]:
    kept = staffing.outward.get(zone)
    if kept is None:
        if len(staffing.outward) >= TARGETS_KEPT:
            staffing.outward.clear()
        kept = staffing.outward[zone] = rings(staffing, index.graph, zone)
    return kept


def _barred(pressing: Pressing, addresses: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    held = chain.from_iterable(map(addresses, pressing.persons))
    return tuple(dict.fromkeys((*pressing.devices, *pressing.addresses, *held)))


def _made(one: Chosen, routes: tuple[Route, ...]) -> Candidate:
    seat = one.seat
    return Candidate(
        person=seat.person,
        first_name=seat.post.first_name,
        expected_s=None if seat.seconds is None else round(seat.seconds, 1),
        routes=routes,
        why=seat.post.why + seat.why,
        unusual=one.unusual,
        unit_name=seat.post.unit_name,
    )


def _once(first: tuple[Candidate, ...], second: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Both lists, nobody twice."""
    named = dict.fromkeys(candidate.person for candidate in first)
    return (*first, *(candidate for candidate in second if candidate.person not in named))
