"""What a measurement found, what was to be reached, and on which machine it was found."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firmware_sim.drill.measure import statistic

_CPU_INFO = Path("/proc/cpuinfo")
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Reach:
    """`figure` of the row must be at most `most`."""

    figure: str
    most: float
    unit: str

    def text(self) -> str:
        return f"{self.figure} ≤ {self.most:g} {self.unit}"

    def is_met(self, value: float) -> bool:
        return value <= self.most


@dataclass(frozen=True, slots=True)
class Least:
    """`figure` of the row must be at least `least`."""

    figure: str
    least: float
    unit: str

    def text(self) -> str:
        return f"{self.figure} ≥ {self.least:,g} {self.unit}"

    def is_met(self, value: float) -> bool:
        return value >= self.least


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of two versions, measured in pairs. `ratio` is this code's over the other's.

    `costs` is the ratio as a cost: above 1 this code is slower or larger, also where more is
    better.
    How `noise` is found and judged is told in `pairs`.
    """

    other: float
    ratio: float
    least: float
    most: float
    costs: float
    noise: float
    here: tuple[float, ...]
    there: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. `figures` are named numbers, `note` says what made them.

    `judged` names the figures `bench-check` looks at. `of` says what was measured, where that may
    differ from version to version: only what is the same is compared. `against`
    holds the figures beside another version's, with those of each run.
    """

    name: str
    title: str
    figures: dict[str, float]
    reaches: tuple[Reach | Least, ...]
    note: str = ""
    beside: dict[str, float] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    more_is_better: bool = False
    of: str = ""
    runs: int = 1
    against: dict[str, Compared] = field(default_factory=dict)

    def is_met(self, reach: Reach | Least) -> bool:
        """A figure that is missing was not reached."""
        value = self.figures.get(reach.figure)
        return value is not None and reach.is_met(value)

    @property
    def met(self) -> bool:
        return all(self.is_met(reach) for reach in self.reaches)

    @property
    def never(self) -> frozenset[str]:
        """Figures that must be 0."""
        return frozenset(r.figure for r in self.reaches if isinstance(r, Reach) and r.most == 0)


def spread_ms(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and the slowest, in milliseconds. At least one value."""
    return {
        "median": round(statistic("median", seconds) * 1000, 3),
        "p99": round(statistic("p99", seconds) * 1000, 3),
        "slowest": round(max(seconds) * 1000, 3),
    }


def machine() -> dict[str, object]:
    """What the figures depend on. `load` is what else ran: beyond the cores, others waited too."""
    return {
        "processor": _first(_CPU_INFO, "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory": _first(_MEMORY, "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": round(os.getloadavg()[0], 2),
    }


def _first(file: Path, key: str) -> str:
    if not file.exists():
        return "unknown"
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), "unknown")
