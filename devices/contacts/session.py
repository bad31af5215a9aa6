"""The boards of one line: asked in turn, without end; what their inputs do comes out.

**Its law: a press that lasts one round is heard, and a board that does not answer is said.** Each
read is asked every `poll_every`, or as often as the line allows (`asking`). Whatever answers a read
counts, also when it comes late: it shows what the inputs were a moment ago, and a press then is
still a press. A read not answered for `silent_after`, or refused all that time, makes its board
silent: a technical reading, once, and its contacts begin anew (`contact`), for what they do
meanwhile nobody sees.

Nothing is written to a board but the outputs a site calls its sounders (`sounder`). One that did
not do what it is told for `silent_after`, silent or refused, is a technical reading, once.

The caller's round: `receive(b"", …)` once, `wake(now)` at `wake_at`, `receive` what comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.contacts.asking import Asked, PollCycle
from devices.contacts.board import PROTOCOL, Board, Read, Write, reads_of
from devices.contacts.frames import Answer, Noise, Reader, Written, request, write_request
from devices.contacts.meanings import EXCEPTIONS, WRITE_EXCEPTIONS
from devices.contacts.sounder import SOUNDER_SILENT, Sounder, Sounding
from devices.contacts.watching import Watching
from devices.session import Heard

UNIT_SILENT = "unit_silent"
"""`Reading.code` of a board of the line that does not answer, and of its return."""

LOOK_EVERY = timedelta(seconds=0.5)
"""A line with sounders looks at them so often: somebody may have called them meanwhile."""


class ModbusSession:
    """One line, or one connection to a board. `watching` and `sounder` outlive it."""

    def __init__(
        self,
        board: Board | None = None,
        watching: Watching | None = None,
        sounder: Sounder | None = None,
    ) -> None:
        self._board = board or Board()
        self._reader = Reader(self._board.framing, reads_of(self._board), self._board.sounders)
        self._watching = watching or Watching(self._board)
        self._sounder = sounder or Sounder(self._board)
        self._watching.begin_anew()
        self._silent: dict[int, None] = {}
        self._cycle: PollCycle | None = None
        self._look_at: datetime | None = None
        self._number = 0
        self._out = b""

    @property
    def wake_at(self) -> datetime | None:
        if self._cycle is None:
            return None
        turn = self._cycle.wake_at
        return turn if self._look_at is None else min(turn, self._look_at)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        cycle = self._begun(now)
        heard: list[Heard] = []
        for found in self._reader.feed(data):
            match found:
                case Noise(why, raw):
                    heard.append(Heard(error=why, raw=raw))
                case Answer(read, content, None, raw):
                    asked = cycle.answered(read, now)
                    heard += self._answered(asked, content, raw, now)
                case Answer(read, _, int(exception), raw):
                    heard += self._refused(cycle.answered(read, now), exception, raw)
                case Written(write, exception, raw):
                    cycle.written(write.output, now)
                    heard += self._written(write, exception, raw, now)
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        cycle = self._begun(now)
        heard = [heard for lost in cycle.newly_lost(now) for heard in self._lost(lost)]
        since = now - self._board.silent_after
        heard += [self._lost_sounder(one) for one in self._sounder.newly_lost(since)]
        turn = cycle.next(now)
        left = None if turn is None else self._asks(turn)
        return heard if left is None else [*heard, Heard(error=left.why, raw=left.raw)]

    def ended(self, now: datetime) -> Sequence[Heard]:
        """Half an answer says nothing: its inputs are asked again, or their board is silent."""
        return ()

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """A contact waits for no answer: no ticket is ever given."""

    def to_send(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def _begun(self, now: datetime) -> PollCycle:
        if self._cycle is None:
            self._sounder.begin_anew(now)
            self._cycle = PollCycle(self._board, now, self._sounder)
        if self._sounder.has_outputs:
            self._look_at = now + LOOK_EVERY
        return self._cycle

    def _asks(self, turn: Read | Write) -> Noise | None:
        """Its request leaves; what came before it and is no answer."""
        self._number += 1
        if isinstance(turn, Read):
            self._out = request(self._board.framing, turn, self._number)
            return self._reader.asks(self._out)
        self._out = write_request(self._board.framing, turn, self._number)
        return self._reader.asks(self._out, turn)

    def _answered(self, asked: Asked, content: bytes, raw: bytes, now: datetime) -> Iterator[Heard]:
        asked.missed_since, asked.lost, asked.refused = now, False, None
        yield from self._back(asked.read.unit, now)
        for reading in self._watching.look(asked.read, content, now):
            yield Heard(replace(reading, raw=raw), raw=raw)

    def _refused(self, asked: Asked, exception: int, raw: bytes) -> Iterator[Heard]:
        """Said once; if it goes on, the board counts as silent."""
        if asked.refused != exception:
            asked.refused = exception
            why = EXCEPTIONS.get(exception, "it says nothing that is known")
            yield Heard(error=f"{_what(asked)} refused, exception {exception}: {why}", raw=raw)

    # Sounders

    def _written(
        self, write: Write, exception: int | None, raw: bytes, now: datetime
    ) -> Iterator[Heard]:
        if exception is not None:
            self._sounder.refused(write, exception)
            return
        back = self._sounder.written(write, now)
        if back is not None:
            text = f"{_sounder(back)} answers again"
            yield Heard(self._of_sounder(back, SignalType.RESTORE, text), raw=raw)

    def _lost_sounder(self, one: Sounding) -> Heard:
        """Said once; it is told again and again all the same."""
        why = "not answered" if one.refused is None else _refusal(one.refused)
        may = "It may sound on." if one.is_on else "It will not sound."
        text = f"{_sounder(one)}: {why}. {may} Look at its board and its number."
        return Heard(self._of_sounder(one, SignalType.TECHNICAL, text))

    def _of_sounder(self, one: Sounding, type_: SignalType, text: str) -> Reading:
        name, kind = f"{self._board.name}/{one.output.name}", AlarmKind.TECHNICAL
        return Reading(PROTOCOL, name, type_, kind, text=text, code=SOUNDER_SILENT)

    # Silence

    def _lost(self, asked: Asked) -> Iterator[Heard]:
        unit = asked.read.unit
        self._watching.forget(asked.read)
        if unit not in self._silent:
            self._silent[unit] = None
            self._sounder.unit_is_silent(unit)
            why = "not answered" if asked.refused is None else f"exception {asked.refused}"
            text = f"{_what(asked)}: {why}. Look at its power, its cable, its number."
            yield Heard(self._of_unit(unit, SignalType.TECHNICAL, text))

    def _back(self, unit: int, now: datetime) -> Iterator[Heard]:
        assert self._cycle is not None
        lost = [one for one in self._cycle.all.values() if one.lost and one.read.unit == unit]
        if unit in self._silent and not lost:
            del self._silent[unit]
            self._sounder.unit_is_back(unit, now)
            yield Heard(self._of_unit(unit, SignalType.RESTORE, f"unit {unit} answers again"))

    def _of_unit(self, unit: int, type_: SignalType, text: str) -> Reading:
        name, kind = f"{self._board.name}/{unit}", AlarmKind.TECHNICAL
        return Reading(PROTOCOL, name, type_, kind, text=text, code=UNIT_SILENT)


def _what(asked: Asked) -> str:
    read = asked.read
    last = read.first + read.count - 1
    return f"unit {read.unit}, {read.table.title} {read.first} to {last}"


def _sounder(one: Sounding) -> str:
    return f"the sounder on output {one.output.name}"


def _refusal(exception: int) -> str:
    known = EXCEPTIONS | WRITE_EXCEPTIONS
    return f"exception {exception}, {known.get(exception, 'which says nothing that is known')}"
