"""The real process is killed at random moments while everything goes on (law 5).

`TILKALD_TEST_KILLS` sets how often (200), `TILKALD_TEST_SEED` repeats a run. Two houses live and
die side by side, each with a service, a database and a provider of its own.
"""

from __future__ import annotations

import asyncio
import gc
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.chance import Chance
from dispatcher.store.sqlite.store import open_sqlite
from tests.support.crash_device import CrashDevice
from tests.support.crash_house import CrashHouse
from tests.support.crash_ledger import ARRIVED, LEFT
from tests.support.nursery import Nursery
from tests.support.outside_device import OutsideDevice

KILLS = int(os.environ.get("TILKALD_TEST_KILLS", "200"))
SEED = int(os.environ.get("TILKALD_TEST_SEED", "0")) or Chance().randrange(1, 10**9)
DEVICES = (CrashDevice, OutsideDevice)
"""In one house they say again the same bytes; in the other they are paho's."""

SECONDS_A_KILL = 5

pytestmark = [
    pytest.mark.shell,
    pytest.mark.timeout(120 + KILLS * SECONDS_A_KILL),
    # The provider's HTTP client leaves idle connections to a killed process to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


async def test_kill_9_at_any_moment_loses_nothing_doubles_nothing_and_repeats_no_step(
    tmp_path: Path,
) -> None:
    print(f"TILKALD_TEST_SEED={SEED} TILKALD_TEST_KILLS={KILLS}")
    async with Nursery(tmp_path) as nursery:
        houses = [
            CrashHouse(tmp_path / f"h{n}", nursery, SEED + n, device)
            for n, device in enumerate(DEVICES)
        ]
        async with asyncio.TaskGroup() as running:
            for house in houses:
                running.create_task(house.run(KILLS // len(DEVICES)))
    for house in houses:
        print(house.told())
        _check(house)
        await _check_chains(house)
    gc.collect()  # here, where those connections are known of


def _check(house: CrashHouse) -> None:
    said = [one for device in house.devices.values() for one in device.acknowledged]
    assert said, "something was said"
    house.ledger.check_acknowledged(said)
    house.ledger.check_presses(one for one in said if one.type == "alarm")
    house.ledger.check_alarms()
    house.ledger.check_texts(house.thanked())
    house.ledger.check_answers(one for one in said if one.answer == "accept")
    house.ledger.check_closed((*house.seen.closed_over_http, *house.seen.told_closed))
    house.ledger.check_steps()
    _check_notices(house)


def _check_notices(house: CrashHouse) -> None:
    """Every notice has left or says why not; only what stood in `sending` went out twice."""
    texts = house.texts()
    assert not house.seen.unmarked, f"twice, and not as maybe_sent: {house.seen.unmarked[:5]}"
    for notice, channel, state, detail in house.ledger.notices():
        assert state in LEFT or detail, f"{notice} ended as {state} and nobody says why"
        came = texts[notice] if channel == "sms" else house.seen.came[notice]
        there = LEFT if channel == "sms" else ARRIVED  # what was sent may die with its socket
        assert came or state not in there, f"{notice} by {channel} is {state}, and never came"
        if channel == "sms":
            most = 1 + house.seen.could_go_twice[notice]
            assert came <= most, f"{notice} came {came} times; {most} can be explained"


async def _check_chains(house: CrashHouse) -> None:
    store = open_sqlite(
        house.folder / "data" / "tilkald.db", clock_wall=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert await store.verify() == []
    await store.close()
