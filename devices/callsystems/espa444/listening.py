"""The third party on an ESPA 4.4.4 line: it hears the calls and never sends a byte.

It sits beside a call system and a paging system that answer each other, so nothing is owed and
every block is read, whoever it was sent to. It cannot ask for a repeat either: a block that came
wrong here may have come right there, so one that is not repeated within 3 s is a call in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from devices.callsystems.espa444.codec import Block, Enquiry, Scanner
from devices.callsystems.espa444.copies import Copies
from devices.callsystems.espa444.meanings import Header
from devices.callsystems.espa444.session import said_of_line
from devices.callsystems.espa444.settings import BLOCK_WITHIN, EspaLine
from devices.callsystems.espa444.silence import LINE_BACK, LINE_SILENT, Silence
from devices.doubts import Doubts
from devices.session import Heard


class ListeningSession:
    """One line we only listen to. Open it with `receive(b"", …)`."""

    def __init__(self, line: EspaLine | None = None, doubts: Doubts | None = None) -> None:
        self._line = line or EspaLine()
        self._scanner = Scanner(seven_bits=self._line.seven_bits)
        self._copies = Copies(self._line, doubt_for=BLOCK_WITHIN, doubts=doubts)
        self._silence = Silence(self._line.silent_after)
        self._block_until: datetime | None = None

    @property
    def wake_at(self) -> datetime | None:
        moments = (self._silence.wake_at, self._copies.wake_at, self._block_until)
        return min((moment for moment in moments if moment is not None), default=None)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        self._silence.began(now)
        heard: list[Heard] = []
        for token in self._scanner.feed(data):
            match token:
                case Block():
                    heard += self._block(token, now)
                case Enquiry(address) if address:
                    heard += self._alive(now)
                case _:
                    pass
        self._block_until = now + BLOCK_WITHIN if self._scanner.in_block else None
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        self._silence.began(now)
        heard: list[Heard] = []
        if self._block_until is not None and self._block_until <= now:
            self._block_until = None
            part = self._scanner.give_up()
            if part is not None:
                heard += self._block(part, now)
        heard += [Heard(reading, raw=reading.raw) for reading in self._copies.due(now)]
        if self._silence.due(now):
            heard.append(Heard(said_of_line(self._line, LINE_SILENT)))
        return heard

    def ended(self, now: datetime) -> Sequence[Heard]:
        part = self._scanner.give_up()
        heard = self._block(part, now) if part is not None else ()
        late = self._copies.ended(now)
        return [*heard, *(Heard(reading, raw=reading.raw) for reading in late)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """Nothing is owed on a line we do not speak on."""

    def to_send(self) -> bytes:
        return b""

    def _block(self, block: Block, now: datetime) -> Sequence[Heard]:
        if block.fault:
            again = self._copies.refused(block, now)
            return (Heard(again, error=block.fault, raw=block.raw),)
        reading = self._copies.good(block, now)
        silent = reading is None and block.header != Header.STATUS_REQUEST
        error = "a block that says nothing" if silent else ""
        return (*self._alive(now), Heard(reading, error=error, raw=block.raw))

    def _alive(self, now: datetime) -> Sequence[Heard]:
        back = self._silence.heard(now)
        return (Heard(said_of_line(self._line, LINE_BACK)),) if back else ()
