"""Who may stand at an HTTP port: a half-sent request never keeps a whole one out.

Nobody knows who a stranger is before the head of their request is read. So nobody is refused at
the door: when it is full, a connection that asks for nothing now makes room (`core.admission`).
What is whole is served.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from core.admission import Crowds
from core.metrics import HTTP_TURNED_OUT

CONNECTIONS_MAX = 2_000
"""Connections of one port, where the files allow. No organisation has more pages open at once."""

FILES_PER_PORT = 8
"""One port takes at most this fraction of the files a process may open: three HTTP ports together
leave more than half to devices, whatever strangers do."""


class Phase(StrEnum):
    """What a connection is at. Only one that is served is out of reach."""

    HEAD = "head"  # nothing, or not the whole head of a request
    BODY = "body"  # the body is missing
    SERVED = "served"
    UNTAKEN = "untaken"  # what we sent lies here: the other side does not take it
    IDLE = "idle"  # answered, and kept for the next request


class Guest(Protocol):
    """A connection as the door sees it."""

    address: str

    def drop(self) -> None:
        """End it at once, whatever was being sent."""
        ...


class Door:
    """The connections of one port, those that ask for nothing now by their address."""

    def __init__(self, most: int, turned_out: Callable[[], None] = HTTP_TURNED_OUT.inc) -> None:
        self._most = most
        self._turned_out = turned_out
        self._standing: dict[Guest, Phase] = {}
        self._waiting: Crowds[Guest] = Crowds()

    def __len__(self) -> int:
        return len(self._standing)

    def came(self, guest: Guest) -> bool:
        """A new connection; False when all others are being served and it must go."""
        if len(self._standing) >= self._most and not self._make_room():
            self._turned_out()
            return False
        self._standing[guest] = Phase.HEAD
        self._waiting.add(guest, guest.address)
        return True

    def moved(self, guest: Guest, phase: Phase) -> None:
        """It has come to another phase, or again to the same one: a new wait begins."""
        if guest not in self._standing:
            return
        self._standing[guest] = phase
        if phase is Phase.SERVED:
            self._waiting.remove(guest, guest.address)
        else:
            self._waiting.add(guest, guest.address)

    def left(self, guest: Guest) -> None:
        if self._standing.pop(guest, None) is not None:
            self._waiting.remove(guest, guest.address)

    def _make_room(self) -> bool:
        guest = self._waiting.next_out()
        if guest is None:
            return False
        self.left(guest)
        self._turned_out()
        guest.drop()
        return True
