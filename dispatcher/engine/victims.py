"""Who has pressed anywhere, and on what: counted, so a thousand alarms cost one entry each.

Every decision of every site must know all of them (law 3: a phone two sites share rings in one
pocket). A press adds its names to a table and a picture looks at the table as far as it went then,
so that neither walks over the others; only somebody who leaves costs a new table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice

from alarms.model import Presser
from dispatcher.roster.pressing import Pressing


class Victims:
    """The pressers of all open alarms; one person or device may stand in several."""

    def __init__(self) -> None:
        self._persons = _Tally()
        self._devices = _Tally()
        self._kept: Pressing | None = None

    def add(self, pressers: Iterable[Presser]) -> None:
        self._kept = None
        for presser in pressers:
            self._devices.add(presser.device)
            if presser.person is not None:
                self._persons.add(presser.person)

    def drop(self, pressers: Iterable[Presser]) -> None:
        self._kept = None
        for presser in pressers:
            self._devices.drop(presser.device)
            if presser.person is not None:
                self._persons.drop(presser.person)

    def now(self) -> Pressing:
        """Everybody who has pressed at any site; the same object until that changes."""
        if self._kept is None:
            self._kept = Pressing(self._persons.now(), self._devices.now())
        return self._kept

    def with_pressers(self, pressers: tuple[Presser, ...]) -> Pressing:
        """Those of one alarm too, first; they may not be among the open ones yet."""
        persons = (presser.person for presser in pressers if presser.person is not None)
        devices = (presser.device for presser in pressers)
        return Pressing(self._persons.now().after(persons), self._devices.now().after(devices))


class _Tally:
    """Names, each counted as often as it was added, in the order they came.

    Names are only added to the list and the places; whoever leaves leaves to new ones, so that what
    a picture has seen stays as it was.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._order: list[str] = []
        self._places: dict[str, int] = {}
        self._next = 0

    def add(self, name: str) -> None:
        self._counts[name] += 1
        if name not in self._places:
            self._order.append(name)
            self._places[name] = self._next
            self._next += 1

    def drop(self, name: str) -> None:
        self._counts[name] -= 1
        if self._counts[name] > 0:
            return
        del self._counts[name]
        self._order = self._order.copy()
        self._order.remove(name)
        self._places = self._places.copy()
        del self._places[name]

    def now(self) -> _Names:
        return _Names(self._order, self._places, self._next)


class _Names(Collection[str]):
    """A few names first, then those of a tally before one place."""

    __slots__ = ("_before", "_count", "_few", "_order", "_places")

    def __init__(
        self, order: list[str], places: dict[str, int], before: int, few: tuple[str, ...] = ()
    ) -> None:
        self._order = order
        self._places = places
        self._count = len(order)
        self._before = before
        self._few = few

    def after(self, few: Iterable[str]) -> _Names:
        """The same names behind these."""
        added = tuple(dict.fromkeys(name for name in few if name not in self))
        return _Names(self._order, self._places, self._before, (*added, *self._few))

    def __contains__(self, name: object) -> bool:
        place = self._places.get(name)  # type: ignore[call-overload]
        return (place is not None and place < self._before) or name in self._few

    def __iter__(self) -> Iterator[str]:
        return chain(self._few, islice(self._order, self._count))

    def __len__(self) -> int:
        return len(self._few) + self._count

    def __eq__(self, other: object) -> bool:
        """The same names in the same order."""
        if not isinstance(other, _Names) or len(self) != len(other):
            return False
        if self._order is other._order and self._count == other._count:
            return self._few == other._few
        return tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
