"""The input boards of one line: asked in turn, without end; what their inputs do comes out.

**Its law: a press that lasts one round is heard, and a board that does not answer is said.** Each
read is asked every `poll_every`, or as often as the line allows (`asking`). Whatever answers a read
counts, also when it comes late: it shows what the inputs were a moment ago, and a press then is
still a press. A read not answered for `silent_after`, or refused all that time, makes its board
silent: a technical reading, once, and its contacts begin anew (`contact`), for what they do
meanwhile nobody sees.

Nothing is ever written to a board. An output of one (function 5) would be one more request that
takes its turn: `frames.framed` makes any body a frame.

The caller's round: `receive(b"", …)` once, `wake(now)` at `wake_at`, `receive` what comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from core.signals import AlarmKind, Reading, SignalType
from devices.contacts.asking import Asked, Turns
from devices.contacts.board import PROTOCOL, Board, reads_of
from devices.contacts.frames import Answer, Noise, Reader, request
from devices.contacts.meanings import EXCEPTIONS
from devices.contacts.watching import Watching
from devices.session import Heard

UNIT_SILENT = "unit_silent"
"""`Reading.code` of a board of the line that does not answer, and of its return."""


class ModbusSession:
    """One line, or one connection to a board. `watching` outlives it: a line is opened again."""

    def __init__(self, board: Board | None = None, watching: Watching | None = None) -> None:
        self._board = board or Board()
        self._reader = Reader(self._board.framing, reads_of(self._board))
        self._watching = watching or Watching(self._board)
        self._watching.begin_anew()
        self._silent: dict[int, None] = {}
        self._turns: Turns | None = None
        self._number = 0
        self._out = b""

    @property
    def wake_at(self) -> datetime | None:
        return None if self._turns is None else self._turns.wake_at

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        turns = self._begun(now)
        heard: list[Heard] = []
        for found in self._reader.feed(data):
            match found:
                case Noise(why, raw):
                    heard.append(Heard(error=why, raw=raw))
                case Answer(read, content, None, raw):
                    asked = turns.answered(read, now)
                    heard += self._answered(asked, content, raw, now)
                case Answer(read, _, int(exception), raw):
                    heard += self._refused(turns.answered(read, now), exception, raw)
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        turns = self._begun(now)
        heard = [heard for lost in turns.newly_lost(now) for heard in self._lost(lost)]
        read = turns.next(now)
        if read is None:
            return heard
        self._number += 1
        self._out = request(self._board.framing, read, self._number)
        left = self._reader.asks(self._out)
        return heard if left is None else [*heard, Heard(error=left.why, raw=left.raw)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """A contact waits for no answer: no ticket is ever given."""

    def to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def _begun(self, now: datetime) -> Turns:
        if self._turns is None:
            self._turns = Turns(self._board, now)
        return self._turns

    def _answered(self, asked: Asked, content: bytes, raw: bytes, now: datetime) -> Iterator[Heard]:
        asked.missed_since, asked.lost, asked.refused = now, False, None
        yield from self._back(asked.read.unit)
        for reading in self._watching.look(asked.read, content, now):
            yield Heard(replace(reading, raw=raw), raw=raw)

    def _refused(self, asked: Asked, exception: int, raw: bytes) -> Iterator[Heard]:
        """Said once; if it goes on, the board counts as silent."""
        if asked.refused != exception:
            asked.refused = exception
            why = EXCEPTIONS.get(exception, "it says nothing that is known")
            yield Heard(error=f"{_what(asked)} refused, exception {exception}: {why}", raw=raw)

    # Silence

    def _lost(self, asked: Asked) -> Iterator[Heard]:
        unit = asked.read.unit
        self._watching.forget(asked.read)
        if unit not in self._silent:
            self._silent[unit] = None
            why = "not answered" if asked.refused is None else f"exception {asked.refused}"
            text = f"{_what(asked)}: {why}. Look at its power, its cable, its number."
            yield Heard(self._of_unit(unit, SignalType.TECHNICAL, text))

    def _back(self, unit: int) -> Iterator[Heard]:
        assert self._turns is not None
        lost = [one for one in self._turns.all.values() if one.lost and one.read.unit == unit]
        if unit in self._silent and not lost:
            del self._silent[unit]
            yield Heard(self._of_unit(unit, SignalType.RESTORE, f"unit {unit} answers again"))

    def _of_unit(self, unit: int, type_: SignalType, text: str) -> Reading:
        name, kind = f"{self._board.name}/{unit}", AlarmKind.TECHNICAL
        return Reading(PROTOCOL, name, type_, kind, text=text, code=UNIT_SILENT)


def _what(asked: Asked) -> str:
    read = asked.read
    last = read.first + read.count - 1
    return f"unit {read.unit}, {read.table.title} {read.first} to {last}"
