"""Everybody who has pressed, and every address that must not ring. Pure.

The law kept here is the third: never the victim, on any address a presser holds. An address is
judged when it is asked about, by who would hear it; so a decision in a crowd of a thousand pressers
costs what it costs for one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import chain

from core.values import value


@value(frozen=True)
class Pressing:
    """Everybody who pressed in any open alarm, and everything they pressed on.

    `addresses`: more that must not ring, e.g. the number a call came from.
    """

    persons: Collection[str] = ()
    devices: Collection[str] = ()
    addresses: Collection[str] = ()


class Barred(Collection[str]):
    """Every address a presser holds: what they pressed on, wear, carry and have open.

    `holders` says who would hear an address, `addresses` what would ring at a person; each is the
    other's inverse, and neither changes.
    """

    __slots__ = ("_addresses", "_holders", "_pressing")

    def __init__(
        self,
        pressing: Pressing,
        holders: Callable[[str], tuple[str, ...]],
        addresses: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._pressing = pressing
        self._holders = holders
        self._addresses = addresses

    def __contains__(self, address: object) -> bool:
        pressing = self._pressing
        if address in pressing.devices or address in pressing.addresses:
            return True
        persons = pressing.persons
        for person in self._holders(address) if isinstance(address, str) else ():
            if person in persons:
                return True
        return address in persons

    def __iter__(self) -> Iterator[str]:
        pressing = self._pressing
        held = chain.from_iterable(map(self._addresses, pressing.persons))
        return iter(dict.fromkeys(chain(pressing.devices, pressing.addresses, held)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        """The same addresses, in whatever order."""
        return isinstance(other, Collection) and frozenset(self) == frozenset(other)

    def __hash__(self) -> int:
        return hash(frozenset(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
