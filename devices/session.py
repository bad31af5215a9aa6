"""The shape every device protocol has: a session without a socket.

One pump drives every session with `(bytes, now, wall)` and with nothing else; what it heard comes
out as values, what it must say stands in `to_send`. The protocol's own acknowledgement is owed per
`ticket` and given by `stored`, never before (law 1): the session knows the byte its protocol asks
for when the message is kept, when it is not, and when it could not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.signals import Reading
from core.values import value


@value(frozen=True)
class Heard:
    """One message of the peer. `error` says what it did wrong; a message may be odd and readable.

    `ticket` is above zero when an answer is owed: tell it to `stored`. `raw` is cut at the
    protocol's limit.
    """

    reading: Reading | None = None
    error: str = ""
    ticket: int = 0
    raw: bytes = b""


class DeviceSession(Protocol):
    """One line or connection. `now` is service time, `wall` the wall clock; both only go in."""

    @property
    def wake_at(self) -> datetime | None:
        """When `wake` must be called: a timer of the protocol, or a silent line."""
        ...

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        """Any split of the bytes gives the same messages. Never raises for what the peer sent."""
        ...

    def wake(self, now: datetime) -> Sequence[Heard]: ...

    def ended(self, now: datetime) -> Sequence[Heard]:
        """Nothing more will come: what stands half is read as far as it goes.

        A peer that pauses in the middle is read the same way, by `wake`, after the family's time.
        """
        ...

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """The message of this ticket is committed, or it could not be."""
        ...

    def to_send(self) -> bytes:
        """What is to be written now; empty when nothing is. Taking it empties it."""
        ...
