"""Expected seconds are those of the shortest way a colleague in a hurry can really take."""

from __future__ import annotations

from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.roster.model import Walk, Zone
from dispatcher.roster.zones import FLOOR_S_LEAST, HURRIED_M_PER_S, WalkingGraph, metres

NAMES = ["hall", "kitchen", "stairs", "attic", "garden", "gate", "shed"]


@st.composite
def graphs(draw: st.DrawFn) -> WalkingGraph:
    zones = [
        Zone(
            name,
            name,
            "home",
            floor=draw(st.integers(-1, 3)),
            outdoor=(outdoor := draw(st.booleans())),
            lat=draw(st.floats(55.0, 55.01)) if outdoor else None,
            lon=draw(st.floats(10.0, 10.01)) if outdoor else None,
        )
        for name in NAMES
    ]
    ends = st.sampled_from(NAMES)
    walks = draw(st.lists(st.builds(Walk, ends, ends, st.floats(0, 600)), max_size=12))
    return WalkingGraph(zones, walks)


@given(graph=graphs(), a=st.sampled_from(NAMES), b=st.sampled_from(NAMES), c=st.sampled_from(NAMES))
def test_going_by_way_of_a_third_place_is_never_quicker(
    graph: WalkingGraph, a: str, b: str, c: str
) -> None:
    first, second, direct = graph.seconds(a, b), graph.seconds(b, c), graph.seconds(a, c)
    if first is not None and second is not None:
        assert direct is not None
        assert direct <= first + second + 1e-6


@given(graph=graphs(), a=st.sampled_from(NAMES), b=st.sampled_from(NAMES))
def test_the_way_back_is_as_long_and_here_is_nowhere_away(
    graph: WalkingGraph, a: str, b: str
) -> None:
    there, back = graph.seconds(a, b), graph.seconds(b, a)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert isclose(there, back, abs_tol=1e-6)
    assert graph.seconds(a, a) == 0


@given(graph=graphs(), start=st.sampled_from(NAMES))
def test_all_from_one_place_comes_nearest_first(graph: WalkingGraph, start: str) -> None:
    seconds = list(graph.all_from(start).values())
    assert seconds == sorted(seconds)


def test_a_walk_that_forgets_the_stairs_takes_the_stairs_time() -> None:
    graph = WalkingGraph([_zone("hall"), _zone("attic", floor=3)], [Walk("hall", "attic", 1)])
    assert graph.seconds("hall", "attic") == 3 * FLOOR_S_LEAST


def test_where_no_walk_leads_no_time_is_made_up() -> None:
    graph = WalkingGraph([_zone("hall"), _zone("island")], [])
    assert graph.seconds("hall", "island") is None
    assert graph.seconds("hall", "no such zone") is None
    assert graph.seconds("no such zone", "hall") is None


def test_the_shorter_of_two_ways_is_taken_and_of_two_entries_for_one_walk_the_quicker() -> None:
    zones = [_zone("hall"), _zone("kitchen"), _zone("shed")]
    walks = [
        Walk("hall", "shed", 60),
        Walk("hall", "kitchen", 10),
        Walk("kitchen", "shed", 90),
        Walk("shed", "kitchen", 15),
    ]
    assert WalkingGraph(zones, walks).seconds("hall", "shed") == 25


def test_outdoors_the_straight_line_at_a_run_stands_in_where_no_walk_joins() -> None:
    garden = Zone("garden", "Haven", "home", outdoor=True, lat=55.0, lon=10.0)
    road = Zone("road", "Vejen", "home", outdoor=True, lat=55.0009, lon=10.0)
    graph = WalkingGraph([garden, road, _zone("hall")], [Walk("hall", "garden", 10)])
    line_s = metres(55.0, 10.0, 55.0009, 10.0) / HURRIED_M_PER_S
    assert 39 < line_s < 41  # 0.0009 degrees are 100 m
    assert graph.seconds("hall", "road") == 10 + line_s
    assert graph.seconds_from_position(55.0009, 10.0, "hall") == 10 + line_s


def test_a_known_walk_is_believed_over_the_straight_line_across_the_fence() -> None:
    garden = Zone("garden", "Haven", "home", outdoor=True, lat=55.0, lon=10.0)
    road = Zone("road", "Vejen", "home", outdoor=True, lat=55.0001, lon=10.0)
    graph = WalkingGraph([garden, road], [Walk("garden", "road", 120)])
    assert graph.seconds("garden", "road") == 120


def test_a_walk_to_a_zone_nobody_knows_is_read_past() -> None:
    graph = WalkingGraph([_zone("hall")], [Walk("hall", "gone", 5)])
    assert dict(graph.all_from("hall")) == {"hall": 0}


def _zone(name: str, floor: int = 0) -> Zone:
    return Zone(name, name, "home", floor=floor)
