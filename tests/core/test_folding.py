"""A flood becomes a few lines and a count; whoever floods does not choose how many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.folding import (
    EVENT_BURST,
    EVENT_PER_SECOND,
    EVENTS_MAX,
    EVERY,
    LANE_BURST,
    LANE_PER_SECOND,
    LANES_MAX,
    Folded,
    Folding,
)

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_a_flood_of_one_event_is_a_dozen_lines_and_then_a_few_a_minute() -> None:
    folding = Folding()
    passed = sum(folding.passes("mqtt", "refused login", "", at(n / 100)) for n in range(60 * 100))
    assert passed <= LANE_BURST + LANE_PER_SECOND * 60 + 1


def test_how_many_were_folded_is_said_each_minute_and_then_counted_anew() -> None:
    folding = Folding()
    for _ in range(300):
        folding.passes("mqtt", "refused login", "", NOW)
    assert folding.due(at(59)) == []
    assert folding.due(at(60)) == [Folded("mqtt", "refused login", 300 - LANE_BURST)]
    assert folding.due(at(300)) == []
    assert folding.folded == 300 - LANE_BURST


def test_who_has_proven_who_they_are_has_a_lane_that_a_stranger_does_not_fill() -> None:
    folding = Folding()
    for _ in range(1_000):
        folding.passes("mqtt", "odd message", "", NOW)
    assert folding.passes("mqtt", "odd message", "badge-anna", NOW)


def test_all_lanes_of_an_event_together_have_a_limit_too() -> None:
    folding = Folding()
    passed = sum(
        folding.passes("mqtt", "odd message", f"badge-{n}", at(n / 1_000)) for n in range(10_000)
    )
    assert passed <= EVENT_BURST + EVENT_PER_SECOND * 10 + 1


def test_what_is_remembered_of_lanes_and_events_does_not_grow_without_limit() -> None:
    folding = Folding()
    for number in range(LANES_MAX * 2):
        for _ in range(2):
            folding.passes("part", f"event {number}", f"lane {number}", NOW)
    for number in range(EVENTS_MAX * 2):
        for _ in range(LANE_BURST + 1):
            folding.passes("part", f"event {number}", "", NOW)
    assert len(folding.due(NOW + EVERY)) <= EVENTS_MAX


def test_at_the_end_all_of_it_is_said_at_once() -> None:
    folding = Folding()
    for _ in range(LANE_BURST + 5):
        folding.passes("mqtt", "refused login", "", NOW)
    assert folding.due(NOW, all_of_it=True) == [Folded("mqtt", "refused login", 5)]


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
