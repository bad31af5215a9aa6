"""Who makes room at a door that is full. Pure but for the question how many files there may be.

A stranger who takes every place and says nothing must keep nobody out. Who somebody is cannot be
known before they have said something whole; so nobody is refused who comes, and of those who have
said nothing whole one makes room: of the address that holds most of them, the oldest.
"""

from __future__ import annotations

import resource
from collections import OrderedDict
from typing import Generic, TypeVar

PLACES_LEAST = 16

Guest = TypeVar("Guest")


class Crowds(Generic[Guest]):
    """Those at a door who may have to make room, by their address, the oldest first."""

    def __init__(self) -> None:
        self._crowds: dict[str, OrderedDict[Guest, None]] = {}

    def add(self, guest: Guest, address: str) -> None:
        """Add one who may have to make room; who is added again stands last again."""
        crowd = self._crowds.setdefault(address, OrderedDict())
        crowd[guest] = None
        crowd.move_to_end(guest)

    def remove(self, guest: Guest, address: str) -> None:
        crowd = self._crowds.get(address)
        if crowd is None or guest not in crowd:
            return
        del crowd[guest]
        if not crowd:
            del self._crowds[address]

    def next_out(self, address: str | None = None) -> Guest | None:
        """The one who makes room: of one address, or of the one with most; None: nobody has to."""
        if address is not None:
            crowd = self._crowds.get(address)
        else:
            crowd = max(self._crowds.values(), key=len, default=None)  # of equals the first seen
        return next(iter(crowd)) if crowd else None


def places(most: int, share: int) -> int:
    """How many a door may hold: `most`, and no more than one in `share` of the files we may open.

    Each connection is an open file. A door that takes them all stops every other one.
    """
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if files < 0 else max(PLACES_LEAST, min(most, files // share))
