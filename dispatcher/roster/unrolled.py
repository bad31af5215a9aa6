"""A sequence whose members are worked out when somebody first looks that far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, overload

_T = TypeVar("_T")


class Unrolled(Sequence[_T]):
    """What `members` gives, in its order and kept: to its reader a sequence like any other.

    `members` must be a pure walk over what does not change, so that it gives the same whenever it
    is looked at. A step calls two or four people of hundreds, and a press waits for it.
    """

    __slots__ = ("_error", "_known", "_more")

    def __init__(self, members: Iterable[_T]) -> None:
        self._known: list[_T] = []
        self._error: Exception | None = None
        self._more: Iterator[_T] | None = iter(members)

    def __iter__(self) -> Iterator[_T]:
        known, number = self._known, 0
        while number < len(known) or self._reaches(number + 1):
            yield known[number]
            number += 1

    def __len__(self) -> int:
        self._reaches(None)
        return len(self._known)

    def __bool__(self) -> bool:
        return self._reaches(1)

    @overload
    def __getitem__(self, number: int) -> _T: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, number: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(number, int):
            self._reaches(number + 1 if number >= 0 else None)
            return self._known[number]
        start, stop = number.start or 0, -1 if number.stop is None else number.stop
        backwards = number.step is not None and number.step < 0
        self._reaches(None if min(start, stop) < 0 or backwards else max(start, stop))
        return tuple(self._known[number])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def _reaches(self, count: int | None) -> bool:
        """Walk on until `count` members are known (None: to the end); whether there are so many."""
        known = self._known
        while self._more is not None and (count is None or len(known) < count):
            if self._error is not None:
                raise self._error  # a walk that broke off is over, and must not look complete
            try:
                known.append(next(self._more))
            except StopIteration:
                self._more = None
            except Exception as error:
                self._error = error
                raise
        return count is not None and len(known) >= count
