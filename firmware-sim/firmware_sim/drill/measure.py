"""Clock points of alarms, their percentiles, and whether targets are met. Pure.

Each alarm's points are seconds after T0, the press as the device counted it; a point that was not
reached is None and misses every target on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

POINTS = tuple(range(9))
MEANINGS = (
    "pressed",
    "stored",
    "rang",
    "acknowledged",
    "accepted",
    "arrived",
    "external_called",
    "external_arrived",
    "closed",
)


@dataclass(frozen=True, slots=True)
class Clocked:
    """One alarm, measured. `points[n]` is Tn; T0 is always there."""

    alarm: str
    by: str
    points: tuple[datetime | None, ...]

    def after_press_s(self, point: int) -> float | None:
        start, reached = self.points[0], self.points[point]
        if start is None or reached is None:
            return None
        return (reached - start).total_seconds()


@dataclass(frozen=True, slots=True)
class Target:
    """`statistic` ("p95", "median", "max") of Tn − T0 is at most `most_s`."""

    point: int
    statistic: str
    most_s: float

    @property
    def name(self) -> str:
        return f"t{self.point}_{self.statistic}_s"


@dataclass(frozen=True, slots=True)
class Judged:
    """A target and what was measured. `measured_s` None: some alarm never came so far."""

    target: Target
    measured_s: float | None

    @property
    def met(self) -> bool:
        return self.measured_s is not None and self.measured_s <= self.target.most_s


def judge(targets: Sequence[Target], alarms: Sequence[Clocked]) -> tuple[Judged, ...]:
    """Every target against every alarm. No alarms at all: nothing is met."""
    return tuple(Judged(target, _measured(target, alarms)) for target in targets)


def statistic(name: str, seconds: Sequence[float]) -> float:
    """`pNN`, `median` or `max` of at least one value; percentiles by nearest rank."""
    ordered = sorted(seconds)
    share = {"median": 0.5, "max": 1.0}.get(name)
    if share is None:
        share = int(name.removeprefix("p")) / 100
    rank = max(1, math.ceil(share * len(ordered)))
    return ordered[rank - 1]


def _measured(target: Target, alarms: Sequence[Clocked]) -> float | None:
    """A point not reached is the slowest of all: it spoils what its rank reaches, no more."""
    reached = [alarm.after_press_s(target.point) for alarm in alarms]
    if not reached:
        return None
    slowest = [math.inf if seconds is None else seconds for seconds in reached]
    found = statistic(target.statistic, slowest)
    return None if math.isinf(found) else found
