"""`tilkald drill`: scenarios against a private or a running service, measured and judged."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from core.clock import ServiceClock
from core.errors import ConfigError, TilkaldError
from firmware_sim.drill import report, scenario
from firmware_sim.drill.scenario import Scenario
from firmware_sim.drill.scenario_run import Against, Result, Together, first_of, play
from firmware_sim.people.events import Fact
from firmware_sim.service import RUN_FILE, Ready, read_run_file

AT_ONCE_MAX = 8
"""Scenarios played at the same time, each on a service of its own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to drill and how to tell. `scenarios` are names or paths; none: all that ship.

    `against` is the staff URL of a running service and `token_file` a file in its data folder with
    the staff token, beside its `run.json`. `mqtt` (HOST:PORT) where that file cannot be read.
    """

    scenarios: tuple[str, ...] = ()
    against: str = ""
    token_file: Path | None = None
    mqtt: str = ""
    as_json: bool = False
    html: Path | None = None


async def run_drill(wanted: Wanted) -> int:
    """0: everything was met. 1: something was missed. Raises ConfigError, ServiceFailed."""
    names = wanted.scenarios or tuple(scenario.names())
    chosen = [scenario.load(scenario.find(name)) for name in names]
    against = running_service(wanted) if wanted.against else None
    results = await _play_all(chosen, against)
    if wanted.html is not None:
        page = report.as_html(results, ServiceClock().wall())
        await asyncio.to_thread(wanted.html.write_text, page)
    if wanted.as_json:
        sys.stdout.write(report.as_json(results) + "\n")
    else:
        report.show(results, Console())
    return 0 if all(result.ok for result in results) else 1


def running_service(wanted: Wanted) -> Against:
    """Where a running service is, from its URL and token. Raises ConfigError."""
    if wanted.token_file is None:
        raise ConfigError("--against needs --token-file, for example var/staff-token")
    try:
        token = wanted.token_file.read_text().strip()
    except OSError as wrong:
        raise ConfigError(f"the token file cannot be read: {wrong}") from None
    beside = read_run_file(wanted.token_file.parent)
    mqtt = wanted.mqtt or (beside.mqtt if beside else "")
    if not mqtt:
        raise ConfigError(f"no {RUN_FILE} beside the token file: say --mqtt HOST:PORT")
    public = beside.public if beside else ""
    return Against(Ready(http=wanted.against, public=public, mqtt=mqtt, token=token))


async def _play_all(chosen: Sequence[Scenario], against: Against | None) -> list[Result]:
    """On a running service one after the other; on private ones a group side by side."""
    if against is not None:
        return [await play(one, _quiet, against) for one in chosen]
    results: list[Result] = []
    for start in range(0, len(chosen), AT_ONCE_MAX):
        results += await _side_by_side(chosen[start : start + AT_ONCE_MAX])
    return results


async def _side_by_side(group: Sequence[Scenario]) -> list[Result]:
    together = Together(len(group))
    try:
        async with asyncio.TaskGroup() as tasks:
            playing = [tasks.create_task(play(one, _quiet, together=together)) for one in group]
    except* TilkaldError as failed:
        raise first_of(failed) from failed
    return [task.result() for task in playing]


def _quiet(_: Fact) -> None:
    """The report says it all."""
