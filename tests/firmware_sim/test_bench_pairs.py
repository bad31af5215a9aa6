"""What `tilkald bench --against` says of two versions is held to account before it is believed."""

from __future__ import annotations

import math
from io import StringIO

import pytest
from rich.console import Console

from core.errors import ConfigError
from firmware_sim.bench.figures import Least, Reach, Row
from firmware_sim.bench.pairs import compared, is_slower, slower, together, unjudged
from firmware_sim.bench.press_path import WARM_UP, Run, rows
from firmware_sim.bench.presses import Press
from firmware_sim.bench.report import verdict
from firmware_sim.bench.run import (
    GROUPS,
    MEASUREMENTS,
    Wanted,
    chosen_measurements,
    in_turns,
    run_bench,
)
from firmware_sim.bench.versions import THIS, Code

OTHER = Code("other")


def test_versions_take_turns_and_each_goes_first_as_often() -> None:
    assert in_turns((THIS, OTHER), 3) == [THIS, OTHER, OTHER, THIS, THIS, OTHER]
    assert in_turns((THIS,), 2) == [THIS, THIS]


def test_a_ratio_is_the_median_of_the_pairs_and_says_how_far_they_lie_apart() -> None:
    found = compared([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], more_is_better=False)
    assert (found.ratio, found.least, found.most) == (1.0, 0.5, 1.5)
    assert (found.other, found.noise) == (2.0, 0.5)


def test_a_drift_that_meets_both_versions_of_a_pair_is_no_noise() -> None:
    found = compared([1.0, 2.0, 4.0], [2.0, 4.0, 8.0], more_is_better=False)
    assert (found.ratio, found.noise) == (0.5, 0.0)


def test_fewer_frames_a_second_cost_more() -> None:
    found = compared([50.0, 50.0, 50.0], [100.0, 100.0, 100.0], more_is_better=True)
    assert (found.ratio, found.costs) == (0.5, 2.0)
    assert is_slower(found)


@pytest.mark.parametrize(
    ("here", "judged_slower"),
    [
        ([1.0, 1.0, 1.0], False),
        ([1.09, 1.09, 1.09], False),  # let pass
        ([1.12, 1.12, 1.12], True),
        ([1.0, 1.3, 1.6], False),  # as far apart as slower: nobody knows
        ([1.3, 1.3, 9.0], True),  # one pair in which something else ran
        ([1.0, 1.0, 9.0], False),
        ([0.5, 0.5, 0.5], False),
        ([2.0, 2.0], False),  # too few to know the noise
    ],
)
def test_slower_is_more_than_a_tenth_beyond_the_noise(
    here: list[float], judged_slower: bool
) -> None:
    found = compared(here, [1.0] * len(here), more_is_better=False)
    assert is_slower(found) is judged_slower


def test_what_never_came_is_slower_however_long_nothing_took() -> None:
    found = compared([math.inf] * 3, [1.0] * 3, more_is_better=False)
    assert is_slower(found)
    same = compared([0.0, math.inf, 0.0], [0.0, math.inf, 0.0], more_is_better=False)
    assert (same.ratio, same.noise) == (1.0, 0.0)


def test_runs_are_one_row_of_medians_and_of_what_must_not_be_the_worst() -> None:
    reaches = (Reach("lost", 0, "alarms"), Reach("median", 5, "ms"))
    runs = [
        [Row("notice", "", {"median": m, "lost": n}, reaches)] for m, n in ((1, 0), (3, 2), (9, 0))
    ]
    (row,) = together(runs)
    assert row.figures == {"median": 3, "lost": 2}
    assert (row.runs, row.against, row.met) == (3, {}, False)


def test_only_a_row_the_other_version_has_too_is_compared() -> None:
    here = [[_row("codec", "a frame"), _row("new", "")]] * 3
    there = [[_row("codec", "a frame"), _row("old", "")]] * 3
    codec, new = together(here, there)
    assert codec.against["taken"].ratio == 1.0
    assert new.against == {}
    assert unjudged([codec, new]) == ["new"]
    (other_frame,) = together([[_row("codec", "another frame")]] * 3, there)
    assert other_frame.against == {}


def test_a_row_that_got_slower_is_one_line_with_its_figures() -> None:
    rows = together([[_row("codec", "", 2.0)]] * 3, [[_row("codec", "", 1.0)]] * 3)
    assert slower(rows) == [
        "codec: taken costs 2.00 times what it cost (pairs 2.00 to 2.00, noise 0.00)"
    ]
    beside = together([[_row("codec", "", 2.0, judged=())]] * 3, [[_row("codec", "", 1.0)]] * 3)
    assert slower(beside) == []


def test_a_check_fails_when_a_row_got_slower_and_names_what_it_could_not_judge() -> None:
    rows = together([[_row("codec", "", 2.0), _row("new", "")]] * 3, [[_row("codec", "", 1.0)]] * 3)
    said = Console(record=True, file=StringIO(), width=110)
    assert verdict(said, rows) == 1
    text = said.export_text()
    assert "slower: codec: taken costs 2.00 times" in text
    assert "not judged: new" in text
    assert verdict(said, together([[_row("codec", "")]] * 3, [[_row("codec", "")]] * 3)) == 0


async def test_a_check_without_a_commit_is_refused() -> None:
    with pytest.raises(ConfigError, match="--against HEAD"):
        await run_bench(Wanted(check=True))


def test_a_press_that_never_rang_or_was_never_acknowledged_spoils_its_row() -> None:
    good = Press("button", "zone", 1, 1.0, 1.002, 1.003, closed=True)
    late = Press("button", "zone", 2, 1.0, 1.004, 1.003, closed=True)
    never = Press("button", "zone", 3, 1.0)
    unacked = Press("button", "zone", 4, 1.0, None, 1.003, closed=True)
    run = Run([good, late, never, unacked], [0.001], 0.03, 0, 2_000 * (WARM_UP + 4))
    notice, puback, life, store = rows(run)
    assert (notice.figures["slowest"], notice.figures["lost"]) == (math.inf, 2)
    assert notice.figures["relays"] == pytest.approx(3)
    assert (puback.figures["slowest"], puback.figures["after_notice"]) == (math.inf, 2)
    assert life.figures == {"cpu_ms": 10}
    assert store.figures["kb_an_alarm"] == 2


def test_without_a_relay_the_row_says_so_and_reaches_milliseconds() -> None:
    good = Press("button", "zone", 1, 1.0, 1.001, 1.002, closed=True)
    notice, puback, _, _ = rows(Run([good], None, 0.01, 0, 0))
    assert "mosquitto is not installed" in notice.note
    assert "relays" not in notice.figures
    assert notice.met
    assert puback.met


def test_a_measurement_is_found_by_its_name_or_its_groups() -> None:
    assert list(chosen_measurements("")) == list(MEASUREMENTS)
    assert list(chosen_measurements("devices")) == list(GROUPS["devices"])
    with pytest.raises(ConfigError, match="There are: path"):
        chosen_measurements("speed")


def _row(name: str, of: str, taken: float = 1.0, judged: tuple[str, ...] = ("taken",)) -> Row:
    return Row(name, "", {"taken": taken}, (Least("taken", 0, "/s"),), judged=judged, of=of)
