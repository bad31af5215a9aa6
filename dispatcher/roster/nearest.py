"""Whom to call first: the nearest by expected seconds, each with the reasons. Pure.

The law kept here is the third: runner quota, minimum staffing, instruction and sleep *order* the
candidates, they never empty the list. In this order: people nothing is unusual about who can be
there in time; people with something unusual who can; then everybody else; each by seconds.

Zones are walked outward from the alarm, one person at a time, as far as somebody looks; so the
work does not grow with the number of people at a site but with the number called.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import NamedTuple, Protocol

from alarms.view import Reason, Unusual
from alarms.vocabulary import ChosenWhy
from core.values import value
from dispatcher.roster.staffing import Post, Staffing
from dispatcher.roster.zones import HURRIED_M_PER_S, WALKING_M_PER_S, WalkingGraph

IN_TIME_S = 180.0
"""Help later than this is too late to prefer over somebody unusual: our goal is
nineteen in twenty on the spot within 180 s."""

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
        self, key: float, seconds: float | None, posts: Sequence[Post], why: tuple[Reason, ...]
    ) -> None:
        self.key = key
        self.seconds = seconds
        self._posts = posts
        self._why = why
        self._seats: list[Seat] | None = None

    def seat_of(self, person: str) -> Seat | None:
        return next((seat for seat in self if seat.person == person), None)

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

    def __init__(self, post: Post, seconds: float | None, why: tuple[Reason, ...]) -> None:
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

    excluded: Collection[str] = ()
    busy: Collection[str] = ()
    unit: str | None = None


class Outward(Protocol):
    """Everybody at work, from one alarm outward."""

    def __iter__(self) -> Iterator[Ring]: ...

    def seat_of(self, person: str) -> Seat | None:
        """Where one person stands as seen from the alarm; None: not at work here."""
        ...

    def in_order(self, posts: Sequence[Post]) -> Sequence[Post]:
        """Some of one unit, as `awake_in` orders them, in the order of the walk."""
        ...


class Rings:
    """Everybody at the place of their roster. A ring is made when the walk first comes to it."""

    def __init__(self, staffing: Staffing, graph: WalkingGraph, target: str | None) -> None:
        homes = dict.fromkeys(zone for zone, _ in staffing.by_zone if zone is not None)
        seconds_to = graph.to(target, homes) if target is not None else {}
        self._staffing = staffing
        self._walks = {place: seconds_to.get(place[0] or "") for place in staffing.by_zone}
        self._outward = sorted(self._walks, key=self._order)
        self._made: dict[_Place, Ring] = {}

    def __iter__(self) -> Iterator[Ring]:
        return map(self._ring, self._outward)

    def seat_of(self, person: str) -> Seat | None:
        row = self._staffing.rows.get(person)
        if row is None:
            return None
        return self._ring((self._staffing.post_of(person).zone, row.runner)).seat_of(person)

    def in_order(self, posts: Sequence[Post]) -> Sequence[Post]:
        """People of one unit are at one place: its runners come first, then the rest by ids."""
        return posts

    def _order(self, place: _Place) -> tuple[float, bool, str]:
        """By seconds; of those without a known way runners first; then by id: always the same."""
        return self._key(place), not place[1], self._staffing.by_zone[place][0]

    def _key(self, place: _Place) -> float:
        walk = self._walks[place]
        return _NO_WAY if walk is None else walk + ROSTER_PLACE_S - (EQUAL_S if place[1] else 0.0)

    def _ring(self, place: _Place) -> Ring:
        ring = self._made.get(place)
        if ring is None:
            walk = self._walks[place]
            seconds = None if walk is None else walk + ROSTER_PLACE_S
            why = (Reason(ChosenWhy.NO_WAY),) if walk is None else (_in_s(ChosenWhy.WALK_S, walk),)
            posts = self._staffing.posts_at(place)
            ring = self._made[place] = Ring(self._key(place), seconds, posts, why)
        return ring


class LiveRings:
    """The rings with the people whose live place is fresh moved to where they were seen.

    No site has live places yet (law 10): `Situation.places` is empty outside tests until a site can
    decide to have them.
    """

    def __init__(
        self,
        base: Outward,
        staffing: Staffing,
        graph: WalkingGraph,
        target: str | None,
        places: Mapping[str, LivePlace],
        wall: datetime,
    ) -> None:
        self._base = base
        self._moved: dict[str, Ring] = {}
        for person, place in places.items():
            row = staffing.rows.get(person)
            seen = _seen(place, graph, target, wall) if row and target else None
            if row and seen is not None:
                self._moved[person] = _live_ring(staffing, person, seen)

    def __iter__(self) -> Iterator[Ring]:
        ordered = sorted(self._moved, key=lambda person: (self._moved[person].key, person))
        live = (self._moved[person] for person in ordered)
        return merge(_without(self._base, self._moved), live, key=lambda ring: ring.key)

    def seat_of(self, person: str) -> Seat | None:
        moved = self._moved.get(person)
        return self._base.seat_of(person) if moved is None else moved.seat_of(person)

    def in_order(self, posts: Sequence[Post]) -> Sequence[Post]:
        """Those who were seen are somewhere else than the rest of their unit."""
        if all(post.person not in self._moved for post in posts):
            return self._base.in_order(posts)
        wanted = dict.fromkeys(post.person for post in posts)
        return [seat.post for ring in self for seat in ring if seat.person in wanted]


class Choice:
    """Who may be called to one alarm, in calling order. Each is worked out when it is asked for."""

    def __init__(
        self, outward: Outward, staffing: Staffing, standing: Standing, limit: int
    ) -> None:
        self._outward = outward
        self._staffing = staffing
        self._standing = standing
        self._limit = limit
        self._units: dict[str, _Unit] = {}

    def __iter__(self) -> Iterator[Chosen]:
        """At most `limit` candidates."""
        return islice(self._walk(), self._limit)

    def of(self, person: str) -> Chosen | None:
        """One person at work here without a walk; also one who stands beyond the limit."""
        seat = self._outward.seat_of(person)
        if seat is None or person in self._standing.excluded:
            return None
        return Chosen(seat, self._unusual(seat.post))

    def _walk(self) -> Iterator[Chosen]:
        excluded, given = self._standing.excluded, 0
        flagged: list[Chosen] = []
        late: list[Chosen] = []
        late_flagged: list[Chosen] = []
        for ring in self._outward:
            if ring.key > IN_TIME_S and given + len(flagged) + len(late) >= self._limit:
                break  # whoever stands further out comes after all of these
            in_time = ring.seconds is not None and ring.seconds <= IN_TIME_S
            for seat in ring:
                if seat.person in excluded:
                    continue
                one = Chosen(seat, self._unusual(seat.post))
                if in_time and not one.unusual:
                    given += 1
                    yield one
                elif in_time:
                    flagged.append(one)
                else:
                    (late_flagged if one.unusual else late).append(one)
        yield from flagged
        yield from late
        yield from late_flagged

    def _unusual(self, post: Post) -> tuple[Unusual, ...]:
        """Somebody unusual anyway may also leave their unit under its minimum: say both."""
        if post.person in self._standing.busy:
            return (*post.standing, Unusual.ELSEWHERE)
        unit = post.unit
        if unit is None or unit == self._standing.unit or unit not in self._staffing.minimum:
            return post.standing
        if not post.awake or self._unit(unit).can_spare(post):
            return post.standing
        return (*_LEAVES, *post.standing)

    def _unit(self, unit: str) -> _Unit:
        """Who of those awake in a unit may leave it: so many as it has over its minimum."""
        known = self._units.get(unit)
        if known is None:
            standing = self._standing
            away = (standing.excluded, standing.busy)
            awake = self._staffing.awake_in(unit)
            here = [post for post in awake if not any(post.person in some for some in away)]
            spare = max(len(here) - self._staffing.minimum[unit], 0)
            usual = [post for post in self._outward.in_order(here) if not post.standing]
            goes = dict.fromkeys(post.person for post in usual[:spare])
            known = self._units[unit] = _Unit(goes, spare > len(usual))
        return known


class _Unit(NamedTuple):
    """Those nothing is unusual about who may leave, and whether somebody unusual may too."""

    goes: Mapping[str, None]
    anybody_else: bool

    def can_spare(self, post: Post) -> bool:
        return self.anybody_else if post.standing else post.person in self.goes


_LEAVES = (Unusual.MINIMUM_STAFF,)
_NO_WAY = float("inf")
_Place = tuple[str | None, bool]
"""A zone (None: not known), and whether it is its runners."""


class _Seen(NamedTuple):
    """A live place as seen from an alarm."""

    place: LivePlace
    age_s: float
    walk_s: float
    penalty_s: float

    @property
    def seconds(self) -> float:
        return self.walk_s + self.penalty_s


def _in_s(why: ChosenWhy, seconds: float) -> Reason:
    return Reason(why, f"{seconds:.0f}")


def _live_ring(staffing: Staffing, person: str, seen: _Seen) -> Ring:
    where = (Reason(ChosenWhy.SEEN, seen.place.zone),) if seen.place.zone else ()
    why = (
        *where,
        _in_s(ChosenWhy.SEEN_S, seen.age_s),
        _in_s(ChosenWhy.WALK_S, seen.walk_s),
        _in_s(ChosenWhy.PENALTY_S, seen.penalty_s),
    )
    key = seen.seconds - (EQUAL_S if staffing.rows[person].runner else 0.0)
    return Ring(key, seen.seconds, (staffing.post_of(person),), why)


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


def _without(base: Outward, moved: Container[str]) -> Iterator[Ring]:
    for ring in base:
        left = ring.without(moved)
        if left is not None:
            yield left
