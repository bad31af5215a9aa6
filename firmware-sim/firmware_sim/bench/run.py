"""Which measurements, one after the other, of this code or in turns with another version's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from rich.console import Console

from core.clock import ServiceClock
from core.errors import ConfigError
from firmware_sim.bench import (
    all_at_once,
    codec_speed,
    espa_line,
    heartbeats,
    nearest,
    pairs,
    panels,
    press_path,
    report,
    start_with_alarms,
)
from firmware_sim.bench.codec_frames import SUBJECTS
from firmware_sim.bench.figures import Row
from firmware_sim.bench.report import Report
from firmware_sim.bench.service_process import raise_file_limit
from firmware_sim.bench.versions import THIS, Code, checked_out


class Measure(Protocol):
    """One run of that version; some rows of the table. `quick`: fewer and smaller."""

    def __call__(self, code: Code, /, *, quick: bool) -> Awaitable[list[Row]]: ...


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is measured, each in turns of its own: `runs` of each version unless told otherwise."""

    measures: tuple[Measure, ...]
    runs: int


_CODECS = tuple(partial(codec_speed.measure, subject) for subject in SUBJECTS)
"""Each in turns of seconds, so that what the machine does meets both versions."""

MEASUREMENTS: Mapping[str, Measurement] = {
    "path": Measurement((press_path.measure,), 5),
    "crowd": Measurement((all_at_once.measure,), 3),
    "beats": Measurement((heartbeats.measure,), 3),
    "choosing": Measurement((nearest.measure,), 5),
    "starting": Measurement((start_with_alarms.measure,), 3),
    "codecs": Measurement(_CODECS, 5),
    "espa_line": Measurement((espa_line.measure,), 1),
    "panels": Measurement((panels.measure,), 3),
}
GROUPS = {"devices": ("codecs", "espa_line", "panels")}
"""Measurements that have a name together."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `tilkald bench` was asked for.

    `only` names one of MEASUREMENTS or GROUPS (empty: all), `against` a commit (empty: none),
    `runs` how often each version is measured (0: as often as the measurement asks). `check`: fail
    when a row got slower.
    """

    only: str = ""
    against: str = ""
    runs: int = 0
    quick: bool = False
    check: bool = False
    as_json: bool = False
    out: Path = Path("bench.json")


async def run_bench(wanted: Wanted) -> int:
    """Measure, say what was found, write `out`. 0 also when a reach is missed: the table says so.

    1 when `check` is wanted and a row got slower. Raises ConfigError.
    """
    chosen = chosen_measurements(wanted.only)
    if wanted.check and not wanted.against:
        raise ConfigError("A check needs a commit to compare with, try --against HEAD.")
    console = Console(highlight=False, stderr=wanted.as_json)
    console.width = max(console.width, report.WIDTH_LEAST)
    raise_file_limit()
    async with _versions(wanted.against) as codes:
        against = codes[1].name if wanted.against else ""
        found = Report([], against, ServiceClock().wall(), wanted.quick)
        for name, measurement in chosen.items():
            turns = in_turns(codes, _runs(wanted, measurement))
            for measure in measurement.measures:
                run = _measured(name, measure, turns, console, quick=wanted.quick)
                found.rows.extend(await run)
                report.write(wanted.out, found)
    report.show(console, found)
    console.print(f"written: {wanted.out}", style="dim")
    if wanted.as_json:
        print(report.as_json(found).decode())
    return report.verdict(console, found.rows) if wanted.check else 0


def chosen_measurements(only: str) -> dict[str, Measurement]:
    """Those of that name, in the order of MEASUREMENTS; empty: all. Raises ConfigError."""
    if not only:
        return dict(MEASUREMENTS)
    names = GROUPS.get(only, (only,))
    if not set(names) <= set(MEASUREMENTS):
        known = ", ".join((*MEASUREMENTS, *GROUPS))
        raise ConfigError(f"There is no measurement {only!r}. There are: {known}.")
    return {name: MEASUREMENTS[name] for name in names}


def in_turns(codes: Sequence[Code], runs: int) -> list[Code]:
    """Each version as often, in pairs; who goes first changes, so that a drift favours nobody."""
    return [code for run in range(runs) for code in (codes if run % 2 == 0 else codes[::-1])]


async def _measured(
    name: str, measure: Measure, turns: Sequence[Code], console: Console, *, quick: bool
) -> list[Row]:
    """All turns, this code's beside the other's."""
    here: list[list[Row]] = []
    there: list[list[Row]] = []
    for number, code in enumerate(turns, 1):
        console.print(f"measuring: {name}, {code.name}, {number} of {len(turns)}", style="dim")
        (here if code is THIS else there).append(await measure(code, quick=quick))
    return pairs.together(here, there)


def _runs(wanted: Wanted, measurement: Measurement) -> int:
    """A check judges nothing by fewer pairs than tell the noise."""
    runs = wanted.runs or (1 if wanted.quick else measurement.runs)
    return max(runs, pairs.PAIRS_TO_JUDGE) if wanted.check else runs


@asynccontextmanager
async def _versions(against: str) -> AsyncIterator[tuple[Code, ...]]:
    """This code, and the other one's as long as the block lasts."""
    if not against:
        yield (THIS,)
        return
    async with checked_out(against) as other:
        yield (THIS, other)
