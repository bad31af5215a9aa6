"""Which blocks are copies of one press, and which refused ones were never repeated.

ESPA 4.4.4 numbers nothing, so the identity of a press is made here. A block is a copy of one heard
before when it says the same, the earlier one is not older than one transaction (15 s, counted
from our acknowledgement, or from its last copy while we gave none), and the same caller has said
nothing of another kind in between: call, reset, call are two presses. A copy carries the `seq` of
the first; everything else is new, and everything forgotten is new.

A refused block is repeated by its sender. When no block with the same address or the same text
follows in time, what came of it is handed out as a call in doubt: the sender may have given up or
been unplugged in the middle of a press. The very same refused block a third time is no noise
(`doubts`): it is taken as it stands, so that nothing waits behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.signals import Reading
from core.values import replace
from devices.callsystems.espa444.codec import Block
from devices.callsystems.espa444.meanings import Record
from devices.callsystems.espa444.reading import as_it_stands, in_doubt, read
from devices.callsystems.espa444.settings import TRANSACTION_WITHIN, EspaLine
from devices.doubts import Doubts

CALLS_MAX = 64
"""Blocks remembered of one line; more rooms calling within 15 s are each a press."""

DOUBTS_MAX = 4
"""Refused blocks that wait for their repeat."""

_Said = tuple[str, tuple[tuple[str, bytes], ...]]


@dataclass(slots=True)
class _Call:
    """One press: its number, when it was last heard or acknowledged, and what it was about."""

    seq: int
    at: datetime
    reading: Reading
    kept: bool = False


@dataclass(frozen=True, slots=True)
class _Doubt:
    block: Block
    due: datetime


class Copies:
    """What one line has said lately."""

    def __init__(
        self,
        line: EspaLine,
        doubt_for: timedelta = TRANSACTION_WITHIN,
        doubts: Doubts | None = None,
    ) -> None:
        self._line = line
        self._doubt_for = doubt_for
        self._calls: dict[_Said, _Call] = {}
        self._doubts: list[_Doubt] = []
        self._same = doubts or Doubts()
        self._seq = 0

    @property
    def wake_at(self) -> datetime | None:
        return min((doubt.due for doubt in self._doubts), default=None)

    def good(self, block: Block, now: datetime) -> Reading | None:
        """What a block says, with the number of its press; None when it says nothing."""
        self._doubts = [doubt for doubt in self._doubts if not _alike(doubt.block, block)]
        reading = read(block, self._line)
        return None if reading is None else self._numbered(block, reading, now)

    def refused(self, block: Block, now: datetime) -> Reading | None:
        """A block that came wrong: its repeat must follow. The very same a third time is read."""
        if self._same.again(now, block.raw):
            self._doubts = [doubt for doubt in self._doubts if not _alike(doubt.block, block)]
            again = as_it_stands(block, self._line)
            return None if again is None else self._numbered(block, again, now)
        if in_doubt(block, self._line) is None:
            return None
        others = [doubt for doubt in self._doubts if not _alike(doubt.block, block)]
        self._doubts = [*others, _Doubt(block, now + self._doubt_for)][-DOUBTS_MAX:]
        return None

    def ended(self, now: datetime) -> Sequence[Reading]:
        """The line is gone: no repeat can come on it."""
        return self._late(self._doubts, now)

    def due(self, now: datetime) -> Sequence[Reading]:
        """The refused blocks whose repeat did not come."""
        return self._late([doubt for doubt in self._doubts if doubt.due <= now], now)

    def _late(self, late: list[_Doubt], now: datetime) -> Sequence[Reading]:
        self._doubts = [doubt for doubt in self._doubts if doubt not in late]
        readings = []
        for doubt in late:
            reading = in_doubt(doubt.block, self._line)
            if reading is not None:
                readings.append(self._numbered(doubt.block, reading, now))
        return readings

    def acknowledged(self, seq: int, now: datetime) -> None:
        """From here its copies can only come of a lost ACK."""
        for call in self._calls.values():
            if call.seq == seq and not call.kept:
                call.kept, call.at = True, now

    def standing(self, called: bytes) -> bool:
        """Whether a call to this address is remembered, and no reset since."""
        address = (Record.ADDRESS.value, called)
        return any(address in records for _, records in self._calls)

    def _numbered(self, block: Block, reading: Reading, now: datetime) -> Reading:
        said = (block.header, block.records)
        call = self._calls.get(said)
        if call is None or now - call.at > TRANSACTION_WITHIN:
            call = self._new(said, reading, now)
        elif not call.kept:
            call.at = now
        return replace(reading, seq=call.seq)

    def _new(self, said: _Said, reading: Reading, now: datetime) -> _Call:
        self._calls.pop(said, None)
        for other, call in list(self._calls.items()):
            if call.reading.device == reading.device and call.reading.type is not reading.type:
                del self._calls[other]
        while len(self._calls) >= CALLS_MAX:
            del self._calls[next(iter(self._calls))]
        # Never twice the same, not over a restart either: service time does not go back.
        self._seq = max(self._seq + 1, int(now.timestamp() * 1_000))
        call = _Call(self._seq, now, reading)
        self._calls[said] = call
        return call


def _alike(one: Block, other: Block) -> bool:
    """Whether one may be the repeat of the other: the address or the message came through."""
    return one.header == other.header and any(
        one.values(record) and one.values(record) == other.values(record)
        for record in (Record.ADDRESS, Record.MESSAGE)
    )
