"""What a far end is: the contract every speaker keeps, and the calls it has to say. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

CALLS_MAX = 1_000
"""Calls one far end keeps until they are taken; a script has far fewer."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call for help at a far end.

    `who` is the caller's name on this wire, as `0815`; a point of a panel stands behind a slash,
    `1234/7`.
    """

    number: int
    who: str

    @property
    def account(self) -> str:
        return self.who.partition("/")[0]

    @property
    def point(self) -> int:
        """The point of the account that calls; 1 where none is named."""
        number = self.who.rpartition("/")[2] if "/" in self.who else ""
        return int(number) if number.isdecimal() else 1


class Speaker(Protocol):
    """One far end. `now` is service time, `wall` the wall clock; both only go in.

    After each call of `connected`, `lost`, `receive` or `wake` its owner writes `to_send`, asks
    `calls` what was taken, and comes back at `wake_at` at the latest. `wake` may come early.
    """

    @property
    def calls(self) -> Calls: ...

    @property
    def wake_at(self) -> datetime | None: ...

    def connected(self, now: datetime, wall: datetime) -> None:
        """There is a connection, or the cable lies for the first time."""
        ...

    def lost(self, now: datetime) -> None:
        """The connection is gone, as far as the far end can tell; a serial cable tells nothing."""
        ...

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None: ...

    def wake(self, now: datetime, wall: datetime) -> None: ...

    def to_send(self) -> Sequence[bytes]:
        """What is to be written now, piece by piece: over UDP each is a datagram."""
        ...


class Calls:
    """What a far end has to say, oldest first, one at a time, again and again until it is taken.

    `again_after` None: the protocol itself says when to try again (`again`).
    """

    def __init__(self, again_after: timedelta | None = None) -> None:
        self._again_after = again_after
        self._waiting: deque[Call] = deque()
        self._taken: list[Call] = []
        self._said_at: datetime | None = None
        self._at_once = False

    def add(self, call: Call) -> None:
        assert len(self._waiting) < CALLS_MAX, "a script with too many calls"
        self._waiting.append(call)

    @property
    def under_way(self) -> Call | None:
        """The call that was said and has no answer yet."""
        return self._waiting[0] if self._waiting and self._said_at is not None else None

    @property
    def waiting(self) -> int:
        """Calls nobody has acknowledged yet."""
        return len(self._waiting)

    @property
    def again_at(self) -> datetime | None:
        """When the call under way is to be said once more."""
        if self.under_way is None or self._again_after is None or self._said_at is None:
            return None
        return self._said_at if self._at_once else self._said_at + self._again_after

    def due(self, now: datetime) -> Call | None:
        """The oldest call, if it is to be said now; it counts as said then."""
        if not self._waiting:
            return None
        again_at = self.again_at
        if self._said_at is not None and not self._at_once and (again_at is None or now < again_at):
            return None
        self._said_at, self._at_once = now, False
        return self._waiting[0]

    def took(self) -> None:
        """The call under way has its protocol's acknowledgement."""
        assert self.under_way is not None, "an answer to nothing"
        self._taken.append(self._waiting.popleft())
        self._said_at, self._at_once = None, False

    def again(self) -> None:
        """Say the call under way again at once: it was refused, or its connection is gone."""
        self._at_once = self._said_at is not None

    def taken(self) -> Sequence[Call]:
        """What has been acknowledged since the last call."""
        taken, self._taken = self._taken, []
        return taken


class Unanswered(Calls):
    """What is said once, on a wire that answers nobody: radio, and a line we only listen to."""

    def due(self, now: datetime) -> Call | None:
        return self._waiting.popleft() if self._waiting else None


def first(*moments: datetime | None) -> datetime | None:
    """The earliest of the moments there are."""
    return min((moment for moment in moments if moment is not None), default=None)
