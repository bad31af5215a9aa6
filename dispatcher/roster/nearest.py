"""Whom to call first: the nearest by expected seconds, each with the reasons. Pure.

The law kept here is the third: runner quota, minimum staffing, instruction and sleep *order* the
candidates, they never empty the list. In this order: people nothing is unusual about who can be
there in time; people with something unusual who can; then everybody else; each by seconds.

Zones are walked outward from the alarm and the walk stops when enough people are found, so the
work does not grow with the number of people at a site but with the number called.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import NamedTuple

from alarms.view import Unusual
from core.values import value
from dispatcher.roster.model import Duty
from dispatcher.roster.staffing import Post, Staffing
from dispatcher.roster.zones import HURRIED_M_PER_S, WALKING_M_PER_S, WalkingGraph

IN_TIME_S = 180.0
"""Help later than this is too late to prefer over somebody unusual (standards.md section 10,
row 5: nineteen in twenty on the spot within 180 s)."""

EQUAL_S = 10.0
"""Two people are equally near within this; among equals the named runner goes. It is given as a
head start, so that the order is one order whatever the number of people."""

ROSTER_PLACE_S = 10.0
"""Added when the place is only the unit of the roster: they are somewhere in that house."""

LIVE_PLACE_LONGEST = timedelta(seconds=300)
"""A live place older than this says less than the roster."""

DRIFT = WALKING_M_PER_S / HURRIED_M_PER_S
"""Seconds to run back per second somebody has been able to walk away since they were seen."""


@value(frozen=True)
class LivePlace:
    """Where a person was seen, on the wall clock: a zone, or a position with its accuracy."""

    seen: datetime
    zone: str | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float = 0.0


class Ring:
    """People equally far away. `key` orders the rings; `seconds` None: no way is known.

    Its seats are made when the walk first comes to it, and kept.
    """

    __slots__ = ("_posts", "_seats", "_why", "key", "seconds")

    def __init__(
        self, key: float, seconds: float | None, posts: Sequence[Post], why: tuple[str, ...]
    ) -> None:
        self.key = key
        self.seconds = seconds
        self._posts = posts
        self._why = why
        self._seats: list[Seat] | None = None

    def without(self, people: Container[str]) -> Ring | None:
        """The same ring with fewer people; None when nobody is left."""
        left = [post for post in self._posts if post.person not in people]
        return Ring(self.key, self.seconds, left, self._why) if left else None

    def __iter__(self) -> Iterator[Seat]:
        if self._seats is None:
            self._seats = [Seat(post, self.seconds, self._why) for post in self._posts]
        return iter(self._seats)


class Seat:
    """One person at one distance from one alarm."""

    __slots__ = ("post", "seconds", "why")

    def __init__(self, post: Post, seconds: float | None, why: tuple[str, ...]) -> None:
        self.post = post
        self.seconds = seconds
        self.why = why

    @property
    def person(self) -> str:
        return self.post.person


class Chosen(NamedTuple):
    """One candidate, in calling order, with what is unusual about calling them."""

    seat: Seat
    unusual: tuple[Unusual, ...]


@value(frozen=True)
class Standing:
    """What is so at this alarm: who may not be called, who already runs elsewhere.

    `unit` is where the alarm is: going there leaves nobody alone.
    """

    excluded: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    unit: str | None = None


def rings(staffing: Staffing, graph: WalkingGraph, target: str | None) -> tuple[Ring, ...]:
    """Everybody at work, at the place of their roster, from the alarm outward."""
    homes = dict.fromkeys(zone for zone, _ in staffing.by_zone if zone is not None)
    seconds_to = graph.to(target, homes) if target is not None else {}
    found: list[tuple[_Order, Ring]] = []
    for (zone, runs), posts in staffing.posts_by_zone.items():
        walk = seconds_to.get(zone) if zone is not None else None
        found.append(_roster_ring(posts, runs, walk))
    return tuple(ring for _, ring in sorted(found, key=itemgetter(0)))


def with_live_places(
    base: tuple[Ring, ...],
    staffing: Staffing,
    graph: WalkingGraph,
    target: str | None,
    places: Mapping[str, LivePlace],
    wall: datetime,
) -> Iterator[Ring]:
    """The rings with the people whose live place is fresh moved to where they were seen."""
    moved: dict[str, _Seen] = {}
    for person, place in places.items():
        row = staffing.rows.get(person)
        seen = _seen(place, graph, target, wall) if row and target else None
        if row and seen is not None:
            moved[person] = seen
    ordered = sorted(moved, key=lambda person: (_key(staffing, person, moved[person]), person))
    live = (_live_ring(staffing, person, moved[person]) for person in ordered)
    return merge(_without(base, moved), live, key=lambda ring: ring.key)


def choose(
    outward: Iterable[Ring], staffing: Staffing, standing: Standing, limit: int
) -> list[Chosen]:
    """At most `limit` candidates in calling order. Stops walking as soon as they are certain."""
    return _Choice(staffing, standing, limit).of(outward)


class _Choice:
    """One walk outward. `spare`: per unit with a minimum, how many of those awake may leave it."""

    def __init__(self, staffing: Staffing, standing: Standing, limit: int) -> None:
        self.limit = limit
        self.excluded = dict.fromkeys(standing.excluded)
        self.busy = dict.fromkeys(standing.busy)
        self.spare = self._spare(staffing, standing)

    def of(self, outward: Iterable[Ring]) -> list[Chosen]:
        free: list[Chosen] = []
        flagged: list[Chosen] = []
        late: list[Chosen] = []
        late_flagged: list[Chosen] = []
        for ring in outward:
            certain = len(free)
            if ring.key > IN_TIME_S:
                certain += len(flagged) + len(late)
            if certain >= self.limit:
                break
            if ring.seconds is not None and ring.seconds <= IN_TIME_S:
                self._walk_through(ring, free, flagged)
            else:
                self._walk_through(ring, late, late_flagged)
        in_time = [*free, *map(self._both, flagged)]
        return [*in_time, *late, *map(self._both, late_flagged)][: self.limit]

    def _walk_through(
        self, seats: Iterable[Seat], free: list[Chosen], flagged: list[Chosen]
    ) -> None:
        """The hot loop: most people are neither excluded nor unusual, and cost a few look-ups."""
        excluded, busy, spare, limit = self.excluded, self.busy, self.spare, self.limit
        for seat in seats:
            post = seat.post
            person = post.person
            if person in excluded:
                continue
            if person in busy:
                flagged.append(Chosen(seat, (*post.standing, Unusual.ELSEWHERE)))
            elif post.standing:
                flagged.append(Chosen(seat, post.standing))
            elif post.unit not in spare:
                free.append(Chosen(seat, ()))
            elif spare[post.unit] > 0:
                spare[post.unit] -= 1
                free.append(Chosen(seat, ()))
            else:
                flagged.append(Chosen(seat, _LEAVES))
            if len(free) >= limit:
                break

    def _both(self, one: Chosen) -> Chosen:
        """Somebody unusual anyway may also leave their unit under its minimum: say both."""
        post = one.seat.post
        if not post.standing or not post.awake or one.seat.person in self.busy:
            return one
        if post.unit is None or self.spare.get(post.unit, 1) > 0:
            return one
        return Chosen(one.seat, (*_LEAVES, *one.unusual))

    def _spare(self, staffing: Staffing, standing: Standing) -> dict[str | None, int]:
        spare: dict[str | None, int] = {
            unit: staffing.awake.get(unit, 0) - least
            for unit, least in staffing.minimum.items()
            if unit != standing.unit
        }
        for person in self.excluded | self.busy:
            row = staffing.rows.get(person)
            if row and row.duty is not Duty.SLEEPING and row.unit in spare:
                spare[row.unit] -= 1
        return spare


_LEAVES = (Unusual.MINIMUM_STAFF,)
_Order = tuple[float, bool, str]
"""By seconds; of those without a known way runners first; then by id, so it is always the same."""


class _Seen(NamedTuple):
    """A live place as seen from an alarm."""

    place: LivePlace
    age_s: float
    walk_s: float
    penalty_s: float

    @property
    def seconds(self) -> float:
        return self.walk_s + self.penalty_s


def _roster_ring(posts: tuple[Post, ...], runs: bool, walk: float | None) -> tuple[_Order, Ring]:
    seconds = None if walk is None else walk + ROSTER_PLACE_S
    why = ("no_way",) if walk is None else (f"walk_s:{walk:.0f}",)
    key = float("inf") if seconds is None else seconds - (EQUAL_S if runs else 0.0)
    return (key, not runs, posts[0].person), Ring(key, seconds, posts, why)


def _live_ring(staffing: Staffing, person: str, seen: _Seen) -> Ring:
    where = (f"seen:{seen.place.zone}",) if seen.place.zone else ()
    why = (
        *where,
        f"seen_s:{seen.age_s:.0f}",
        f"walk_s:{seen.walk_s:.0f}",
        f"penalty_s:{seen.penalty_s:.0f}",
    )
    key = _key(staffing, person, seen)
    return Ring(key, seen.seconds, (staffing.post_of(person),), why)


def _key(staffing: Staffing, person: str, seen: _Seen) -> float:
    return seen.seconds - (EQUAL_S if staffing.rows[person].runner else 0.0)


def _seen(place: LivePlace, graph: WalkingGraph, target: str, wall: datetime) -> _Seen | None:
    age_s = max((wall - place.seen).total_seconds(), 0.0)
    walk_s = _walk(place, graph, target)
    if walk_s is None or age_s > LIVE_PLACE_LONGEST.total_seconds():
        return None
    penalty_s = age_s * DRIFT + max(place.accuracy_m, 0.0) / HURRIED_M_PER_S
    return _Seen(place, age_s, walk_s, penalty_s)


def _walk(place: LivePlace, graph: WalkingGraph, target: str) -> float | None:
    if place.zone is not None:
        return graph.all_from(target).get(place.zone)
    if place.lat is not None and place.lon is not None:
        return graph.seconds_from_position(place.lat, place.lon, target)
    return None


def _without(base: Iterable[Ring], moved: Mapping[str, _Seen]) -> Iterator[Ring]:
    for ring in base:
        left = ring.without(moved)
        if left is not None:
            yield left
