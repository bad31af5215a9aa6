"""What can happen to a message between a device and the service: lost, late, doubled, reordered.

A fault is decided from chance that is passed in, so a seed gives the same bad day again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.chance import Chance
from core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares are 0 to 1 and each is decided on its own; times are the most a message waits.

    `reordered` messages wait a moment of their own, so that a later one overtakes them. Reordering
    and lateness differ only in length: `overtaken_within` is short, `late_most` is long.
    """

    lost: float = 0.0
    late: float = 0.0
    doubled: float = 0.0
    reordered: float = 0.0
    late_most: timedelta = timedelta(seconds=3)
    overtaken_within: timedelta = timedelta(milliseconds=200)

    def __post_init__(self) -> None:
        for name in ("lost", "late", "doubled", "reordered"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise ConfigError(f"fault {name}: {share} is no share, try 0.1 (one in ten)")

    @property
    def none(self) -> bool:
        return not (self.lost or self.late or self.doubled or self.reordered)


def passage(faults: Faults, chance: Chance) -> tuple[timedelta, ...]:
    """How long each copy of one message is under way. Empty: it is lost."""
    if faults.none:
        return (timedelta(),)
    if chance.random() < faults.lost:
        return ()
    copies = 2 if chance.random() < faults.doubled else 1
    return tuple(_delay(faults, chance) for _ in range(copies))


def _delay(faults: Faults, chance: Chance) -> timedelta:
    if chance.random() < faults.late:
        return faults.late_most * chance.random()
    if chance.random() < faults.reordered:
        return faults.overtaken_within * chance.random()
    return timedelta()
