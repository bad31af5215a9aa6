"""Who has pressed anywhere, and on what: counted, so a thousand alarms cost one entry each.

Every decision of every site must know all of them (law 3: a phone two sites share rings in one
pocket), so what is asked is kept until it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from alarms.model import Presser
from dispatcher.roster.views import Pressing


class Victims:
    """The pressers of all open alarms; one person or device may stand in several."""

    def __init__(self) -> None:
        self._persons: Counter[str] = Counter()
        self._devices: Counter[str] = Counter()
        self._kept: Pressing | None = None

    def add(self, pressers: Iterable[Presser]) -> None:
        self._count(pressers, 1)

    def drop(self, pressers: Iterable[Presser]) -> None:
        self._count(pressers, -1)

    def now(self) -> Pressing:
        """Everybody who has pressed at any site; the same object until that changes."""
        if self._kept is None:
            self._kept = Pressing(tuple(self._persons), tuple(self._devices))
        return self._kept

    def _count(self, pressers: Iterable[Presser], by: int) -> None:
        self._kept = None
        for presser in pressers:
            _move(self._devices, presser.device, by)
            if presser.person is not None:
                _move(self._persons, presser.person, by)


def with_pressers(known: Pressing, pressers: tuple[Presser, ...]) -> Pressing:
    """Those of one alarm too, first; they may not be among the open ones yet."""
    persons = dict.fromkeys(p.person for p in pressers if p.person is not None)
    devices = dict.fromkeys(p.device for p in pressers)
    return Pressing(
        tuple(persons | dict.fromkeys(known.persons)),
        tuple(devices | dict.fromkeys(known.devices)),
    )


def _move(counts: Counter[str], key: str, by: int) -> None:
    counts[key] += by
    if not counts[key]:
        del counts[key]
