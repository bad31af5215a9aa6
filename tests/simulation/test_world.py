"""The seeded world: bad days on end, and every law holds after every event of them."""

from __future__ import annotations

from functools import cache

import pytest

from core.chance import seeded
from firmware_sim.world.people import Habits
from firmware_sim.world.report import Report
from firmware_sim.world.simulate import Setting, Troubles, run_simulate, simulate
from firmware_sim.world.town import changed, town

SEEDS = (1, 2, 8, 21, 59)
DAYS = 0.2
"""A few hours of each seed here; whole days by `tilkald simulate --seed N --days D`."""


@pytest.mark.parametrize("seed", SEEDS)
def test_every_law_holds_after_every_event(seed: int) -> None:
    report = run(seed)
    assert report.held, report.text()


def test_the_same_seed_gives_the_same_world_event_by_event() -> None:
    first = run(1)
    assert first == simulate(1, DAYS)
    assert first.digest != run(2).digest


def test_a_run_tries_every_fault_there_is() -> None:
    tried = dict.fromkeys(what for seed in SEEDS for what in run(seed).tried)
    for fault in (
        "crash",
        "crashes between two steps",
        "the store fails",
        "commits refused",
        "a device goes silent",
        "another configuration",
        "messages lost",
        "provider refused for good",
        "provider refused for now",
        "receipt twice",
        "receipt in the wrong order",
        "forged answers",
        "accepted and vanished",
        "called and pressed too",
        "handed over twice",
        "the disk hangs",
        "pages at a deaf badge",
        "presses after an arrival",
        "answers said long ago",
        "said long ago: off duty or here",
        "lines of a log nobody reads",
        "of them lost",
    ):
        assert fault in tried, fault


def test_a_quiet_world_has_no_notice_handed_over_twice() -> None:
    quiet = Troubles(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    report = simulate(3, DAYS, Setting(troubles=quiet))
    assert report.held, report.text()
    assert not report.tried["handed over twice"]


def test_the_command_prints_what_was_tried_and_ends_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_simulate(1, 0.02) == 0
    printed = capsys.readouterr().out
    assert "Every law held." in printed
    assert "law  3: nothing rings at a victim" in printed


def test_every_law_holds_where_everybody_presses_answers_and_takes_back_all_the_time() -> None:
    habits = Habits(
        presses_a_day=240, presses_again=0.4, another_presses=0.3, presses_too=0.2, hasty=0.3
    )
    report = simulate(7, 0.1, Setting(habits=habits))
    assert report.held, report.text()


def test_another_version_of_the_site_has_its_number_and_really_differs_now_and_then() -> None:
    chance, first = seeded(1), town()
    versions = [changed(first, number, chance) for number in range(2, 22)]
    assert [version.version for version in versions] == list(range(2, 22))
    assert len({version.people for version in versions}) > 2
    assert len({version.plans for version in versions}) > 2


@cache
def run(seed: int) -> Report:
    return simulate(seed, DAYS)
