"""Taking blocks in and answering them: what every role that receives calls shares.

**Its law: `<ACK>` is written only by `stored(ticket, True)`.** A block with a wrong check character
gets `1<NAK>` at once, one that could not be kept `2<NAK>` (busy: the sender repeats), one without
a header `3<NAK>`. One block is answered at a time, as the line works; whatever moves the line on
(EOT, an enquiry) takes the right to answer away, for a late ACK would be taken for another answer.
The sender then repeats, the copy has the number of its press, and is acknowledged at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.signals import Reading
from devices.callsystems.espa444.codec import ACK, Block, nak
from devices.callsystems.espa444.copies import Copies
from devices.callsystems.espa444.meanings import Header, Prefix
from devices.callsystems.espa444.settings import ANSWER_WITHIN, EspaLine
from devices.doubts import Doubts
from devices.session import Heard

TICKETS_MAX = 64
"""Blocks of one line under way to the store; of more the oldest gets no answer."""


@dataclass(frozen=True, slots=True)
class _Awaited:
    """The block the sender waits for an answer to."""

    ticket: int
    seq: int
    until: datetime


class Reception:
    """The receiving half of one station."""

    def __init__(self, line: EspaLine, doubts: Doubts | None = None) -> None:
        self._copies = Copies(line, doubts=doubts)
        self._tickets: dict[int, int] = {}
        self._ticket = 0
        self._awaited: _Awaited | None = None
        self._out: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        moments = [self._copies.wake_at, self._awaited.until if self._awaited else None]
        return min((moment for moment in moments if moment is not None), default=None)

    def take(self, block: Block, now: datetime) -> Heard:
        """One block that was sent to us."""
        self._awaited = None
        if block.fault:
            said = self._copies.refused(block, now)
            if said is not None:
                return self._handed_out(said, block, now)
            self._out.append(nak(Prefix.TRANSMISSION_ERROR))
            return Heard(error=block.fault, raw=block.raw)
        if not block.header:
            self._out.append(nak(Prefix.INVALID))
            return Heard(error="a block without a header", raw=block.raw)
        reading = self._copies.good(block, now)
        if reading is None:
            self._out.append(ACK)
            asks = block.header == Header.STATUS_REQUEST
            return Heard(error="" if asks else "a block that says nothing", raw=block.raw)
        return self._handed_out(reading, block, now)

    def _handed_out(self, reading: Reading, block: Block, now: datetime) -> Heard:
        assert reading.seq is not None
        ticket = self._issue(reading.seq)
        self._awaited = _Awaited(ticket, reading.seq, now + ANSWER_WITHIN)
        return Heard(reading, block.fault, ticket, block.raw)

    def stored(self, ticket: int, kept: bool, now: datetime) -> bool:
        """Answer the block of this ticket if the sender still waits; true when it was kept now."""
        seq = self._tickets.pop(ticket, None)
        if seq is None:
            return False
        if kept:
            self._copies.acknowledged(seq, now)
        awaited = self._awaited
        # An earlier copy that is kept answers for the one that is still under way.
        if awaited is not None and awaited.seq == seq and (kept or awaited.ticket == ticket):
            self._out.append(ACK if kept else nak(Prefix.BUSY))
            self._awaited = None
        return kept

    def ended(self, now: datetime) -> Sequence[Heard]:
        """The line is gone: what came wrong comes no more."""
        return [Heard(reading, raw=reading.raw) for reading in self._copies.ended(now)]

    def moved_on(self) -> None:
        """The line is somewhere else now: what was awaited is answered no more."""
        self._awaited = None

    def wake(self, now: datetime) -> Sequence[Heard]:
        if self._awaited is not None and self._awaited.until <= now:
            self._awaited = None
            self._out.append(nak(Prefix.BUSY))
        # Nothing is owed for a block that was refused: its sender waits no more.
        return [Heard(reading, raw=reading.raw) for reading in self._copies.due(now)]

    def standing(self, called: bytes) -> bool:
        return self._copies.standing(called)

    def to_send(self) -> bytes:
        sending = b"".join(self._out)
        self._out.clear()
        return sending

    def _issue(self, seq: int) -> int:
        self._ticket += 1
        self._tickets[self._ticket] = seq
        if len(self._tickets) > TICKETS_MAX:
            del self._tickets[next(iter(self._tickets))]
        return self._ticket
