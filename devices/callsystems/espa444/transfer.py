"""Sending blocks as temporary master: select, block, end, for any role that has something to say.

    <to><ENQ>  →  <ACK>   block  →  <ACK>   <EOT>

What the other end refuses as badly transmitted is sent again at once; a busy or silent one is
tried again a second later, in our next turn; an invalid block, or too many tries, is given up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from devices.callsystems.espa444.codec import EOT, enquiry
from devices.callsystems.espa444.meanings import Prefix

OUTBOX_MAX = 32
"""Blocks that wait to be sent on one line."""

TRIES_MAX = 5
"""Tries of one block before it counts as failed."""

RETRY_AFTER = timedelta(seconds=1)
"""Pause before the next try (Ascom Unite's own)."""

SELECT_WITHIN = timedelta(seconds=2.5)
ACK_WITHIN = timedelta(seconds=4)
"""How long the other end may take; we ourselves say "busy" after 2.5 s."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the block `offer` gave this number. `why` is empty when it was taken."""

    number: int
    why: str = ""


class _Stage(StrEnum):
    IDLE = "idle"
    SELECTING = "selecting"
    SENT = "sent"


@dataclass(slots=True)
class _Sending:
    number: int
    to: str
    block: bytes
    tries: int = 0


class Transfer:
    """The sending half of one station. Its owner says when it is our turn."""

    def __init__(self) -> None:
        self._outbox: deque[_Sending] = deque()
        self._outcomes: list[Outcome] = []
        self._stage = _Stage.IDLE
        self._until: datetime | None = None
        self._number = 0
        self.retry_at: datetime | None = None
        """When a block that was not taken may be tried again."""

    def ready(self, now: datetime) -> bool:
        """Something waits to be sent, and the pause before another try is over."""
        if not self._outbox or self.under_way:
            return False
        return self.retry_at is None or self.retry_at <= now

    @property
    def under_way(self) -> bool:
        return self._stage is not _Stage.IDLE

    @property
    def wake_at(self) -> datetime | None:
        return self._until

    def offer(self, block: bytes, to: str) -> int:
        """Queue a block; its number, or 0 when too many wait."""
        if len(self._outbox) >= OUTBOX_MAX:
            return 0
        self._number += 1
        self._outbox.append(_Sending(self._number, to, block))
        return self._number

    def outcomes(self) -> list[Outcome]:
        """What has been taken or given up since the last call."""
        done, self._outcomes = self._outcomes, []
        return done

    def begin(self, now: datetime) -> bytes:
        """It is our turn: select the station."""
        assert self.ready(now)
        self.retry_at = None
        self._stage, self._until = _Stage.SELECTING, now + SELECT_WITHIN
        self._outbox[0].tries += 1
        return enquiry(self._outbox[0].to)

    def acknowledged(self, now: datetime) -> bytes:
        match self._stage:
            case _Stage.SELECTING:
                self._stage, self._until = _Stage.SENT, now + ACK_WITHIN
                return self._outbox[0].block
            case _Stage.SENT:
                return self._ended("")
            case _:
                return b""

    def refused(self, prefix: str, now: datetime) -> bytes:
        if self._stage is _Stage.IDLE:
            return b""
        sending = self._outbox[0]
        if self._stage is _Stage.SENT and prefix == Prefix.INVALID:
            return self._ended("refused as invalid")
        busy = self._stage is _Stage.SELECTING or prefix == Prefix.BUSY
        if busy or sending.tries >= TRIES_MAX:
            return self._later("refused", now)
        sending.tries += 1
        self._until = now + ACK_WITHIN
        return sending.block

    def interrupted(self, now: datetime) -> None:
        """The line was taken back; the block waits for the next turn."""
        if self.under_way:
            self._later("interrupted", now)

    def wake(self, now: datetime) -> bytes:
        if self._until is None or now < self._until:
            return b""
        return self._later("no answer", now)

    def _later(self, why: str, now: datetime) -> bytes:
        if self._outbox[0].tries >= TRIES_MAX:
            return self._ended(why)
        self.retry_at = now + RETRY_AFTER
        self._stage, self._until = _Stage.IDLE, None
        return EOT

    def _ended(self, why: str) -> bytes:
        self._outcomes.append(Outcome(self._outbox.popleft().number, why))
        del self._outcomes[:-OUTBOX_MAX]
        self._stage, self._until = _Stage.IDLE, None
        return EOT
