"""Which measurements, one after the other; each on a service of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from rich.console import Console

from core.clock import ServiceClock
from core.errors import ConfigError
from firmware_sim.bench import beats, choosing, crowd, devices, path, report, starting
from firmware_sim.bench.figures import Row
from firmware_sim.bench.process import raise_file_limit


class Measurement(Protocol):
    """One or two rows of the table. `quick`: fewer and smaller, to see that it runs."""

    def __call__(self, *, quick: bool) -> Awaitable[list[Row]]: ...


MEASUREMENTS: Mapping[str, Measurement] = {
    "path": path.measure,
    "crowd": crowd.measure,
    "beats": beats.measure,
    "choosing": choosing.measure,
    "starting": starting.measure,
    "devices": devices.measure,
}


async def run_bench(
    only: str, out: Path, *, quick: bool, say: Callable[[str], None] | None = None
) -> int:
    """Measure, print the table, write `out`. 0 also when a reach is missed: the table says so.

    `only` names one of MEASUREMENTS; empty: all. Raises ConfigError for another name.
    """
    if only and only not in MEASUREMENTS:
        known = ", ".join(MEASUREMENTS)
        raise ConfigError(f"There is no measurement {only!r}. There are: {known}.")
    console = Console(highlight=False)
    tell = say or (lambda text: console.print(text, style="dim"))
    raise_file_limit()
    rows: list[Row] = []
    for name, measure in MEASUREMENTS.items():
        if only in ("", name):
            tell(f"measuring: {name}")
            rows += await measure(quick=quick)
    report.show(console, rows)
    report.write(out, rows, ServiceClock().wall(), quick=quick)
    console.print(f"written: {out}", style="dim")
    return 0
