"""Which measurements, one after the other; each on a service of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from rich.console import Console

from core.clock import ServiceClock
from core.errors import ConfigError
from firmware_sim.bench import (
    all_at_once,
    codecs,
    espa_line,
    heartbeats,
    nearest,
    panels,
    press_path,
    report,
    start_with_alarms,
)
from firmware_sim.bench.figures import Row
from firmware_sim.bench.service_process import raise_file_limit


class Measurement(Protocol):
    """One or two rows of the table. `quick`: fewer and smaller, to see that it runs."""

    def __call__(self, *, quick: bool) -> Awaitable[list[Row]]: ...


MEASUREMENTS: Mapping[str, Measurement] = {
    "path": press_path.measure,
    "crowd": all_at_once.measure,
    "beats": heartbeats.measure,
    "choosing": nearest.measure,
    "starting": start_with_alarms.measure,
    "codecs": codecs.measure,
    "espa_line": espa_line.measure,
    "panels": panels.measure,
}

GROUPS = {"devices": ("codecs", "espa_line", "panels")}
"""Measurements that have a name together."""


def chosen_measurements(only: str) -> dict[str, Measurement]:
    """Those of that name, in the order of MEASUREMENTS; empty: all. Raises ConfigError."""
    if not only:
        return dict(MEASUREMENTS)
    names = GROUPS.get(only, (only,))
    if not set(names) <= set(MEASUREMENTS):
        known = ", ".join((*MEASUREMENTS, *GROUPS))
        raise ConfigError(f"There is no measurement {only!r}. There are: {known}.")
    return {name: MEASUREMENTS[name] for name in names}


async def run_bench(
    only: str, out: Path, *, quick: bool, say: Callable[[str], None] | None = None
) -> int:
    """Measure, print the table, write `out`. 0 also when a reach is missed: the table says so.

    `only` names one of MEASUREMENTS or GROUPS; empty: all. Raises ConfigError for another name.
    """
    chosen = chosen_measurements(only)
    console = Console(highlight=False)
    tell = say or (lambda text: console.print(text, style="dim"))
    raise_file_limit()
    rows: list[Row] = []
    for name, measure in chosen.items():
        tell(f"measuring: {name}")
        rows += await measure(quick=quick)
    report.show(console, rows)
    report.write(out, rows, ServiceClock().wall(), quick=quick)
    console.print(f"written: {out}", style="dim")
    return 0
