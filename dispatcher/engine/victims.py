"""Who has pressed at each site, and on what: counted, so a thousand alarms cost one entry each.

Every decision must know all of them (law 3), so what is asked is kept until it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dispatcher.alarms.model import Presser
from dispatcher.roster.views import Pressing


class Victims:
    """The pressers of all open alarms; one person or device may stand in several."""

    def __init__(self) -> None:
        self._persons: dict[str, Counter[str]] = {}
        self._devices: dict[str, Counter[str]] = {}
        self._kept: dict[str, Pressing] = {}

    def add(self, site: str, pressers: Iterable[Presser]) -> None:
        self._count(site, pressers, 1)

    def drop(self, site: str, pressers: Iterable[Presser]) -> None:
        self._count(site, pressers, -1)

    def at(self, site: str) -> Pressing:
        """Everybody who has pressed at a site; the same object until that changes."""
        kept = self._kept.get(site)
        if kept is None:
            persons = self._persons.get(site, Counter[str]())
            devices = self._devices.get(site, Counter[str]())
            kept = self._kept[site] = Pressing(tuple(persons), tuple(devices))
        return kept

    def _count(self, site: str, pressers: Iterable[Presser], by: int) -> None:
        self._kept.pop(site, None)
        persons = self._persons.setdefault(site, Counter())
        devices = self._devices.setdefault(site, Counter())
        for presser in pressers:
            _move(devices, presser.device, by)
            if presser.person is not None:
                _move(persons, presser.person, by)


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
