"""The View of one decision: who can be called now, in which order, and why others cannot. Pure.

Asked for at every alarm decision, so what only a change of staff can change is worked out once and
kept with the staffing; what this alarm changes (pressers, people already running, sick devices,
live places) is laid over it, for those somebody looks at.

The law kept here is the third: never the victim, on any address a presser holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alarms.view import Candidate, LeftOut, Reason, Route, Unusual, View
from alarms.vocabulary import ChosenWhy, LeftOutWhy
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.model import Presence
from dispatcher.roster.nearest import (
    Choice,
    Chosen,
    LivePlace,
    LiveRings,
    Outward,
    Rings,
    Standing,
)
from dispatcher.roster.presence import present
from dispatcher.roster.pressing import Barred, Pressing
from dispatcher.roster.staffing import Staffing, staffing_of
from dispatcher.roster.unrolled import Unrolled

NEAREST_MOST = 250
"""How many candidates a view holds: `everyone` at the largest site we know of, and then some."""

TARGETS_KEPT = 64
"""Places whose order is kept per staffing: alarms come from few places at once."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is so right now, beyond the configuration. None of it may change later.

    `presence`: pass the same tuple while nobody said anything new. `unhealthy`: addresses that
    cannot be reached, with the reason. `busy`: people on their way to another alarm. `places`:
    live places, only where the site has decided to have them (law 10).
    """

    presence: tuple[Presence, ...] = ()
    unhealthy: Mapping[str, str] = field(default_factory=dict)
    busy: Collection[str] = ()
    places: Mapping[str, LivePlace] = field(default_factory=dict)


class Views:
    """The views of one configuration, with what is kept between two of them."""

    def __init__(self, index: OrganisationIndex) -> None:
        self.index = index
        self._staffed: dict[str, _Staffed] = {}

    def staffing(self, site: str, wall: datetime, said: tuple[Presence, ...] = ()) -> Staffing:
        """Who is at work at a site. Kept until somebody's shift, word or loan changes it."""
        return self._at(site, wall, said).staffing

    def view(
        self,
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
        around, index = situation or Situation(), self.index
        if site not in index.sites:
            barred = Barred(
                pressing, lambda a: index.holders(a, wall), lambda p: index.addresses(p, wall)
            )
            return View(now, wall, barred=barred)
        staffed = self._at(site, wall, around.presence)
        outward = staffed.outward(zone)
        if around.places:
            staffing, graph = staffed.staffing, index.graph
            outward = LiveRings(outward, staffing, graph, zone, around.places, wall)
        return _Picture(staffed.staffing, outward, zone, pressing, around).view(now, wall)

    def _at(self, site: str, wall: datetime, said: tuple[Presence, ...]) -> _Staffed:
        """`said` is compared by identity: it is the same tuple while nothing new was said."""
        kept = self._staffed.get(site)
        if kept and kept.said is said and kept.staffing.since <= wall < kept.staffing.until:
            return kept
        index = self.index
        here = present(index.rosters[site], (p for p in said if index.is_of(site, p.person)), wall)
        kept = self._staffed[site] = _Staffed(said, staffing_of(index, site, here, wall))
        return kept


class _Staffed:
    """A site while its staffing stands, and the ways outward from where alarms came from."""

    def __init__(self, said: tuple[Presence, ...], staffing: Staffing) -> None:
        self.said = said
        self.staffing = staffing
        self._outward: dict[str | None, Rings] = {}

    def outward(self, zone: str | None) -> Outward:
        kept = self._outward.get(zone)
        if kept is None:
            if len(self._outward) >= TARGETS_KEPT:
                self._outward.clear()
            kept = self._outward[zone] = Rings(self.staffing, self.staffing.index.graph, zone)
        return kept


class _Picture:
    """One view: every list of it is worked out as far as somebody looks."""

    def __init__(
        self,
        staffing: Staffing,
        outward: Outward,
        zone: str | None,
        pressing: Pressing,
        around: Situation,
    ) -> None:
        self._index = index = staffing.index
        self._staffing = staffing
        self._site = index.sites[staffing.site]
        self._pressed = pressing.persons
        self._barred = Barred(
            pressing, staffing.holders, lambda person: index.addresses(person, staffing.since)
        )
        self._around = around
        self._busy = frozenset(around.busy)
        here = index.graph.zones.get(zone) if zone is not None else None
        standing = Standing(self._pressed, self._busy, here.unit if here else None)
        self._choice = Choice(outward, staffing, standing, NEAREST_MOST)

    def view(self, now: datetime, wall: datetime) -> View:
        site = self._site
        return View(
            at=now,
            wall=wall,
            nearest=Unrolled(self._nearest()),
            leaders=Unrolled(self._leaders()),
            deputies=self._listed(site.deputies, ChosenWhy.DEPUTY),
            on_call=self._listed(self._staffing.on_call, ChosenWhy.ON_CALL),
            last_resort=self._listed(site.last_resort, ChosenWhy.LAST_RESORT),
            named=self._listed(self._index.named(site.id), ChosenWhy.NAMED),
            left_out=Unrolled(self._left_out()),
            barred=self._barred,
        )

    def _nearest(self) -> Iterator[Candidate]:
        """Somebody without a working device or phone hears no call: they come last."""
        others: list[Candidate] = []
        for chosen in self._choice:
            candidate = self._near(chosen)
            first = candidate.routes[0]
            if first.healthy and self._index.channels[first.channel].personal:
                yield candidate
            else:
                others.append(candidate)
        yield from others

    def _leaders(self) -> Iterator[Candidate]:
        """The duty leader of the shift, the site's own when there is none or when they pressed;

        then the deputies, nobody twice.
        """
        of_the_shift = self._listed(self._staffing.leaders, ChosenWhy.LEADER)
        leaders = of_the_shift or self._listed(self._site.leaders, ChosenWhy.LEADER)
        yield from leaders
        named = dict.fromkeys(candidate.person for candidate in leaders)
        for deputy in self._listed(self._site.deputies, ChosenWhy.DEPUTY):
            if deputy.person not in named:
                yield deputy

    def _listed(self, people: tuple[str, ...], why: ChosenWhy) -> Unrolled[Candidate]:
        found = (self._candidate(p, why) for p in people if p not in self._pressed)
        return Unrolled(candidate for candidate in found if candidate is not None)

    def _candidate(self, person: str, why: ChosenWhy) -> Candidate | None:
        chosen = self._choice.of(person)
        return self._from_afar(person, why) if chosen is None else self._near(chosen)

    def _near(self, chosen: Chosen) -> Candidate:
        seat = chosen.seat
        return Candidate(
            person=seat.person,
            first_name=seat.post.first_name,
            expected_s=None if seat.seconds is None else round(seat.seconds, 1),
            routes=self._routes(seat.person),
            why=seat.post.why + seat.why,
            unusual=chosen.unusual,
            unit_name=seat.post.unit_name,
        )

    def _from_afar(self, person: str, why: ChosenWhy) -> Candidate | None:
        """Somebody away from the site."""
        if person not in self._index.people:
            return None
        post = self._staffing.post_of(person)
        unusual = post.standing
        unusual += () if person in self._staffing.on_duty else (Unusual.OFF_DUTY,)
        unusual += (Unusual.ELSEWHERE,) if person in self._busy else ()
        routes = self._routes(person)
        return Candidate(
            person, post.first_name, None, routes, (*post.why, Reason(why)), unusual, post.unit_name
        )

    def _routes(self, person: str) -> tuple[Route, ...]:
        """What does not ring at a presser; what does not work now comes last, with the reason.

        Never empty: only a presser's own console is barred, and pressers are not called.
        """
        sick, barred, every = self._around.unhealthy, self._barred, self._staffing.routes(person)
        if not any(route.address in sick or route.address in barred for route in every):
            return every
        allowed = [route for route in every if route.address not in barred]
        well = [route for route in allowed if route.address not in sick]
        ill = [
            Route(r.channel, r.address, False, sick[r.address]) for r in allowed if r not in well
        ]
        return (*well, *ill)

    def _left_out(self) -> Iterator[LeftOut]:
        """Victims of another site bar their addresses here, and their names stay there."""
        rows, site = self._staffing.rows, self._site.id
        for person in self._pressed:
            if person in rows or self._index.is_of(site, person):
                yield LeftOut(person, LeftOutWhy.PRESSED)
        for out in self._staffing.left_out:
            if out.person not in self._pressed:
                yield out
