"""`tilkald demo`, `press`, `drill`, `simulate`, `bench`: trying the service out.

Each imports what it needs when it is called, so that the service itself starts without it.
"""

from __future__ import annotations

from pathlib import Path

from core import log
from core.settings import Settings


async def demo(*, once: bool, as_json: bool) -> int:
    from firmware_sim.demo import run_demo

    log.set_up(as_json=False, level="error")
    return await run_demo(once=once, as_json=as_json)


async def press(loaded: Settings, person: str, level: str) -> int:
    from firmware_sim.device.press import run_press, running_press
    from firmware_sim.places import example_site

    log.set_up(as_json=False, level="error")
    site = loaded.site_dir or example_site()
    return await run_press(running_press(loaded.data_dir, site, person, level))


async def drill(
    scenarios: list[str], against: str, token_file: Path | None, html: Path | None, *, as_json: bool
) -> int:
    from firmware_sim.drill.command import Wanted, run_drill

    log.set_up(as_json=False, level="error")
    return await run_drill(Wanted(tuple(scenarios), against, token_file, "", as_json, html))


def simulate(seed: int, days: float, folder: Path | None) -> int:
    from firmware_sim.world import run_simulate

    log.set_up(as_json=False, level="critical")
    return run_simulate(seed, days, folder)


async def bench(
    only: str, against: str, runs: int, out: Path, *, quick: bool, check: bool, as_json: bool
) -> int:
    from firmware_sim.bench import Wanted, run_bench

    return await run_bench(Wanted(only, against, runs, quick, check, as_json, out))
