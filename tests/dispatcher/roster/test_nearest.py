"""The nearest by expected seconds are called first; nothing unusual ever empties the list."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alarms.view import Reason, Unusual
from alarms.vocabulary import ChosenWhy
from core.values import replace
from devices.registry import Device
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.model import Duty, Person, Shift, Unit, Walk, Weekday, Zone
from dispatcher.roster.nearest import (
    EQUAL_S,
    IN_TIME_S,
    ROSTER_PLACE_S,
    Choice,
    LivePlace,
    LiveRings,
    Outward,
    Ring,
    Rings,
    Seat,
    Standing,
)
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.roster.staffing import Staffing
from dispatcher.roster.views import Views

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ALWAYS = tuple(Weekday)
HOUSES = ["h0", "h1", "h2", "h3"]

people_at_work = st.lists(
    st.tuples(
        st.sampled_from(HOUSES),
        st.sampled_from([Duty.STAFF, Duty.STAFF, Duty.LEADER, Duty.SLEEPING]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
walks = st.tuples(*(st.floats(0, 400) for _ in HOUSES[1:]))
minima = st.tuples(*(st.integers(0, 3) for _ in HOUSES))


@st.composite
def sites(draw: st.DrawFn) -> Organisation:
    return _site(draw(people_at_work), draw(walks), draw(minima))


@given(
    organisation=sites(),
    target=st.sampled_from(HOUSES),
    pressers=st.lists(st.integers(0, 11), max_size=3),
    busy=st.lists(st.integers(0, 11), max_size=3),
    limit=st.integers(1, 15),
)
def test_everybody_at_work_but_the_pressers_is_a_candidate_up_to_the_limit(
    organisation: Organisation, target: str, pressers: list[int], busy: list[int], limit: int
) -> None:
    standing = Standing(_names(pressers), _names(busy), target)
    chosen = _chosen(organisation, target, standing, limit)
    at_work = [person.id for person in organisation.people]
    expected = [person for person in at_work if person not in standing.excluded]
    assert len(chosen) == min(limit, len(expected))
    assert len({seat.person for seat, _ in chosen}) == len(chosen)
    assert all(seat.person in expected for seat, _ in chosen)


@given(organisation=sites(), target=st.sampled_from(HOUSES), busy=st.lists(st.integers(0, 11)))
def test_they_come_by_seconds_within_usual_then_unusual_then_too_late(
    organisation: Organisation, target: str, busy: list[int]
) -> None:
    chosen = _chosen(organisation, target, Standing(busy=_names(busy)), 99)
    ranks = [_rank(seat.seconds, unusual) for seat, unusual in chosen]
    assert ranks == sorted(ranks)
    for rank in dict.fromkeys(ranks):
        keys = [_key(seat) for (seat, _), r in zip(chosen, ranks, strict=True) if r == rank]
        assert keys == sorted(keys)


@given(organisation=sites(), target=st.sampled_from(HOUSES), limit=st.integers(1, 12))
def test_stopping_early_gives_the_beginning_of_the_whole_list(
    organisation: Organisation, target: str, limit: int
) -> None:
    whole = _chosen(organisation, target, Standing(), 99)
    some = _chosen(organisation, target, Standing(), limit)
    assert [seat.person for seat, _ in some] == [seat.person for seat, _ in whole[:limit]]


@given(organisation=sites(), target=st.sampled_from(HOUSES), busy=st.lists(st.integers(0, 11)))
def test_no_unit_is_brought_under_its_minimum_by_people_nothing_is_unusual_about(
    organisation: Organisation, target: str, busy: list[int]
) -> None:
    standing = Standing(busy=_names(busy), unit=target)
    chosen = _chosen(organisation, target, standing, 99)
    awake = [s for s in organisation.shifts if s.duty is not Duty.SLEEPING]
    for unit in organisation.units:
        present = [s.person for s in awake if s.unit == unit.id and s.person not in standing.busy]
        free = [
            seat.person for seat, unusual in chosen if not unusual and seat.post.unit == unit.id
        ]
        if unit.id != target:
            assert not free or len(present) - len(free) >= unit.min_staff


@given(
    organisation=sites(),
    target=st.sampled_from(HOUSES),
    pressers=st.lists(st.integers(0, 11), max_size=3),
    busy=st.lists(st.integers(0, 11), max_size=3),
    seen=st.lists(st.integers(0, 11), max_size=3),
    limit=st.integers(1, 15),
)
def test_worked_out_one_by_one_they_are_whom_one_walk_over_everybody_gives(
    organisation: Organisation,
    target: str,
    pressers: list[int],
    busy: list[int],
    seen: list[int],
    limit: int,
) -> None:
    standing = Standing(_names(pressers), _names(busy), target)
    index, staffing = _staffed(organisation)
    places = {name: LivePlace(NOON, zone="h2") for name in _names(seen)}
    outward: Outward = Rings(staffing, index.graph, target)
    if places:
        outward = LiveRings(outward, staffing, index.graph, target, places, NOON)
    one_by_one = Choice(outward, staffing, standing, limit)
    eagerly = _walked_over(outward, staffing, standing)
    assert [(seat.person, unusual) for seat, unusual in one_by_one] == eagerly[:limit]
    alone = Choice(outward, staffing, standing, limit)
    for person, unusual in reversed(eagerly):
        chosen = alone.of(person)
        assert chosen is not None
        assert (chosen.seat.person, chosen.unusual) == (person, unusual)
    assert all(alone.of(person) is None for person in standing.excluded)


def test_a_named_runner_goes_before_somebody_equally_near_but_not_before_somebody_nearer() -> None:
    staff = [("h1", Duty.STAFF, False, True), ("h2", Duty.STAFF, True, True)]
    equal = _site(staff, (20, 20 + EQUAL_S - 1, 0))
    nearer = _site(staff, (20, 20 + EQUAL_S + 1, 0))
    assert _order(equal, "h0") == ["p1", "p0"]
    assert _order(nearer, "h0") == ["p0", "p1"]


def test_the_last_one_of_a_house_is_called_after_somebody_further_who_can_be_spared() -> None:
    staff = [("h1", Duty.STAFF, False, True)] + [("h2", Duty.STAFF, False, True)] * 2
    site = _site(staff, (10, 60, 0), (0, 1, 1, 0))
    chosen = _chosen(site, "h0", Standing(), 9)
    assert [(seat.person, unusual) for seat, unusual in chosen] == [
        ("p1", ()),
        ("p0", (Unusual.MINIMUM_STAFF,)),
        ("p2", (Unusual.MINIMUM_STAFF,)),
    ]


def test_going_to_an_alarm_in_the_own_house_leaves_nobody_alone() -> None:
    site = _site([("h1", Duty.STAFF, False, True)], (10, 60, 0), (0, 1, 0, 0))
    [(_, unusual)] = _chosen(site, "h1", Standing(unit="h1"), 9)
    assert unusual == ()


def test_when_nobody_else_can_be_there_in_time_the_unusual_nearest_comes_first() -> None:
    staff = [("h1", Duty.SLEEPING, False, True), ("h2", Duty.STAFF, False, True)]
    site = _site(staff, (30, IN_TIME_S, 0))
    assert _order(site, "h0") == ["p0", "p1"]
    in_time = _site(staff, (30, IN_TIME_S - ROSTER_PLACE_S, 0))
    assert _order(in_time, "h0") == ["p1", "p0"]


def test_a_sleeping_uninstructed_last_one_is_still_called_and_the_call_says_all_of_it() -> None:
    site = _site([("h1", Duty.STAFF, False, False)], (30, 0, 0), (0, 1, 0, 0))
    [(_, unusual)] = _chosen(site, "h0", Standing(), 9)
    assert unusual == (Unusual.MINIMUM_STAFF, Unusual.NOT_INSTRUCTED)
    asleep = _site([("h1", Duty.SLEEPING, False, False)], (30, 0, 0))
    [(_, unusual)] = _chosen(asleep, "h0", Standing(), 9)
    assert unusual == (Unusual.NOT_INSTRUCTED, Unusual.ASLEEP)


def test_of_those_too_late_the_usual_ones_go_first_however_early_the_walk_could_stop() -> None:
    staff = [("h1", Duty.SLEEPING, False, True)] * 2 + [("h2", Duty.STAFF, False, True)]
    site = _site(staff, (300, 400, 0))
    assert [seat.person for seat, _ in _chosen(site, "h0", Standing(), 1)] == ["p2"]


def test_somebody_with_no_known_way_comes_last_and_without_an_invented_time() -> None:
    site = _site([("h1", Duty.STAFF, True, True), ("h2", Duty.STAFF, False, True)], (30, 50, 0))
    cut_off = replace(site, walks=tuple(w for w in site.walks if "h1" not in (w.a, w.b)))
    chosen = _chosen(cut_off, "h0", Standing(), 9)
    assert [(seat.person, seat.seconds) for seat, _ in chosen] == [("p1", 60.0), ("p0", None)]
    assert Reason(ChosenWhy.NO_WAY) in chosen[-1][0].why


def test_a_fresh_live_place_counts_and_an_old_or_coarse_one_costs_seconds() -> None:
    site = _site([("h1", Duty.STAFF, False, True)] * 3, (100, 0, 0))
    places = {
        "p0": LivePlace(NOON - timedelta(seconds=400), zone="h0"),  # too old: roster counts
        "p1": LivePlace(NOON - timedelta(seconds=100), zone="h0"),
        "p2": LivePlace(NOON - timedelta(seconds=5), zone="h0", accuracy_m=25.0),
    }
    index, staffing = _staffed(site)
    outward = Rings(staffing, index.graph, "h0")
    live = LiveRings(outward, staffing, index.graph, "h0", places, NOON)
    seats = [seat for seat, _ in Choice(live, staffing, Standing(), 9)]
    assert [(seat.person, round(seat.seconds or -1, 1)) for seat in seats] == [
        ("p2", 12.8),
        ("p1", 56.0),
        ("p0", 110.0),
    ]
    assert [str(why) for why in seats[0].why] == ["seen:h0", "seen_s:5", "walk_s:0", "penalty_s:13"]


def test_of_ten_thousand_people_only_those_near_are_looked_at() -> None:
    index, staffing = _staffed(_crowd(10_000, zones=400))
    for target in ("z0", "z200", "z399"):
        outward = _Counted(Rings(staffing, index.graph, target))
        assert len(list(Choice(outward, staffing, Standing(excluded=("p0",)), 3))) == 3
        assert outward.looked_at <= 10


class _Counted:
    """Rings that count how many people were looked at."""

    def __init__(self, rings: Rings) -> None:
        self._rings = rings
        self.looked_at = 0
        self.seat_of = rings.seat_of
        self.in_order = rings.in_order

    def __iter__(self) -> Iterator[Ring]:
        return (_CountedRing(ring, self) for ring in self._rings)


class _CountedRing(Ring):
    def __init__(self, ring: Ring, count: _Counted) -> None:
        super().__init__(ring.key, ring.seconds, (), ())
        self._ring = ring
        self._count = count

    def __iter__(self) -> Iterator[Seat]:
        for seat in self._ring:
            self._count.looked_at += 1
            yield seat


def _site(
    staff: list[tuple[str, Duty, bool, bool]],
    seconds: tuple[float, ...],
    minimum: tuple[int, ...] = (0, 0, 0, 0),
) -> Organisation:
    """Four houses around the first, each its own unit; staff are (house, duty, runner, trained)."""
    return Organisation(
        sites=(Site("home", "Home", "UTC"),),
        people=tuple(
            Person(f"p{n}", f"Per{n} Pers", "home", instructed=("alarm",) if trained else ())
            for n, (_, _, _, trained) in enumerate(staff)
        ),
        units=tuple(
            Unit(house, house, "home", house, min_staff=least)
            for house, least in zip(HOUSES, minimum, strict=True)
        ),
        zones=tuple(Zone(house, house, "home", unit=house) for house in HOUSES),
        walks=tuple(Walk("h0", h, s) for h, s in zip(HOUSES[1:], seconds, strict=True)),
        shifts=tuple(
            Shift(f"p{n}", house, time(0), time(0), days=ALWAYS, duty=duty, runner=runs)
            for n, (house, duty, runs, _) in enumerate(staff)
        ),
        devices=tuple(Device(f"badge-{n}", "badge", "home", f"p{n}") for n in range(len(staff))),
    )


def _crowd(people: int, zones: int) -> Organisation:
    ids = [f"z{n}" for n in range(zones)]
    return Organisation(
        sites=(Site("home", "Home", "UTC"),),
        people=tuple(
            Person(f"p{n}", f"P{n}", "home", instructed=("alarm",)) for n in range(people)
        ),
        units=tuple(Unit(zone, zone, "home", zone) for zone in ids),
        zones=tuple(Zone(zone, zone, "home", unit=zone) for zone in ids),
        walks=tuple(Walk(a, b, 5) for a, b in itertools.pairwise(ids)),
        shifts=tuple(
            Shift(f"p{n}", ids[n % zones], time(0), time(0), days=ALWAYS) for n in range(people)
        ),
    )


def _staffed(organisation: Organisation) -> tuple[OrganisationIndex, Staffing]:
    index = OrganisationIndex(organisation, CHANNELS)
    return index, Views(index).staffing("home", NOON)


def _chosen(
    organisation: Organisation, target: str, standing: Standing, limit: int
) -> list[tuple[Seat, tuple[Unusual, ...]]]:
    index, staffing = _staffed(organisation)
    outward = Rings(staffing, index.graph, target)
    return [(seat, unusual) for seat, unusual in Choice(outward, staffing, standing, limit)]


def _walked_over(
    outward: Outward, staffing: Staffing, standing: Standing
) -> list[tuple[str, tuple[Unusual, ...]]]:
    """Everybody in calling order, in plain steps: ring by ring, counting who may leave a unit."""
    posts = [staffing.post_of(person) for person in staffing.rows]
    away = (*standing.excluded, *standing.busy)
    awake = Counter(post.unit for post in posts if post.awake and post.person not in away)
    spare: dict[str | None, int] = {
        u: awake[u] - n for u, n in staffing.minimum.items() if u != standing.unit
    }
    seats = [s for ring in outward for s in ring if s.person not in standing.excluded]
    leaves: dict[str, bool] = {}
    for post in (seat.post for seat in seats):
        if post.unit in spare and not post.standing and post.person not in standing.busy:
            leaves[post.person] = spare[post.unit] <= 0
            spare[post.unit] -= 0 if leaves[post.person] else 1
    ranked: list[list[tuple[str, tuple[Unusual, ...]]]] = [[], [], [], []]
    for seat in seats:
        post, person = seat.post, seat.person
        unusual = (*post.standing, Unusual.ELSEWHERE) if person in standing.busy else post.standing
        counted = post.awake and post.unit in spare and person not in standing.busy
        if leaves.get(person, counted and spare.get(post.unit, 1) <= 0):
            unusual = (Unusual.MINIMUM_STAFF, *unusual)
        ranked[_rank(seat.seconds, unusual)].append((person, unusual))
    return [one for rank in ranked for one in rank]


def _order(organisation: Organisation, target: str) -> list[str]:
    return [seat.person for seat, _ in _chosen(organisation, target, Standing(), 99)]


def _names(numbers: list[int]) -> tuple[str, ...]:
    return tuple(f"p{n}" for n in numbers)


def _rank(seconds: float | None, unusual: tuple[Unusual, ...]) -> int:
    """Usual in time, unusual in time, usual too late, unusual too late."""
    if seconds is None or seconds > IN_TIME_S:
        return 3 if unusual else 2
    return 1 if unusual else 0


def _key(seat: Seat) -> float:
    seconds = float("inf") if seat.seconds is None else seat.seconds
    return seconds - (EQUAL_S if seat.post.runner else 0)
