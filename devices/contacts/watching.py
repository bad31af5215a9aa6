"""What the inputs of a line do: each answer of a board becomes what is new about its points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.contacts.board import PROTOCOL, Band, Board, Place, Point, Read, Senses, Table
from devices.contacts.contact import Change, Contact, Sample, Trouble
from devices.contacts.key_switch import KeySwitch
from devices.contacts.meanings import TEST_KEY, TROUBLES, TURNS

BEAT_EVERY = timedelta(seconds=30)
"""A supervised point gives a sign of life: a third of what a fixed button may be silent."""

_COUNTER_MOST = 0xFFFF
_MEASURED: dict[Band, Sample] = {
    Band.NORMAL: Sample(False, Trouble.NONE),
    Band.ALARM: Sample(True, Trouble.NONE),
    Band.CUT: Sample(None, Trouble.CUT),
    Band.SHORT: Sample(None, Trouble.SHORT),
    Band.FAULT: Sample(None, Trouble.FAULT),
}


@dataclass(slots=True)
class _Watched:
    """One point, its contact, and when it gives its next sign of life."""

    point: Point
    contact: Contact
    beat: datetime | None = None


class Watching:
    """The points of one line. It outlives the line's sessions: what was said stays said."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._counts: dict[str, int] = {}
        self._answers: dict[tuple[int, Table], tuple[Read, bytes]] = {}
        self._points = [_Watched(point, Contact(board.settle)) for point in board.points]
        self._key = KeySwitch(board.test.limit, board.settle) if board.test is not None else None

    def look(self, read: Read, content: bytes, now: datetime) -> Iterator[Reading]:
        """A board answered this read."""
        self._answers[read.unit, read.table] = (read, content)
        yield from self._look_at_key(read, now)
        for watched in self._points:
            if _stands_in(watched.point, read):
                yield from self._look_at(watched, now)

    def begin_anew(self) -> None:
        """The line was away: nobody saw what its inputs did."""
        for read, _ in list(self._answers.values()):
            self.forget(read)

    def forget(self, read: Read) -> None:
        """It is not answered any more: what its inputs do is not seen."""
        self._answers.pop((read.unit, read.table), None)
        test = self._board.test
        if self._key is not None and test is not None and test.place.stands_in(read):
            self._key.forget()
        for watched in self._points:
            if _stands_in(watched.point, read):
                watched.contact.forget()

    def _look_at(self, watched: _Watched, now: datetime) -> Iterator[Reading]:
        for change in watched.contact.look(self._sample(watched.point), now):
            yield self._told(watched, change, now)
        if watched.point.supervised and (watched.beat is None or watched.beat <= now):
            watched.beat = now + BEAT_EVERY
            yield _said(self._board, watched.point.name, SignalType.HEARTBEAT, "", "answers")

    def _look_at_key(self, read: Read, now: datetime) -> Iterator[Reading]:
        test = self._board.test
        if self._key is None or test is None or not test.place.stands_in(read):
            return
        turn = self._key.look(self._value(test.place) == test.on, now)
        if turn is not None:
            said = TURNS[turn]
            reading = _said(self._board, test.name, said.type, said.text, TEST_KEY)
            yield replace(reading, kind=AlarmKind.TECHNICAL)

    # What is seen

    def _sample(self, point: Point) -> Sample:
        value, guarded = self._value(point.place), self._guarded(point)
        if value is None:
            return Sample(None, guarded)
        match point.senses:
            case Senses.CLOSES:
                return Sample(value == 1, guarded)
            case Senses.OPENS:
                return Sample(value == 0, guarded)
            case Senses.COUNTS:
                return Sample(self._counted(point, value), guarded)
            case Senses.BANDS:
                measured = _MEASURED[self._board.band(value)]
                return measured if measured.trouble else replace(measured, trouble=guarded)

    def _guarded(self, point: Point) -> Trouble | None:
        if point.guard is None:
            return Trouble.NONE
        value = self._value(point.guard.place)
        if value is None:
            return None
        return Trouble.NONE if value == point.guard.well else Trouble.TAMPER

    def _value(self, place: Place) -> int | None:
        answered = self._answers.get((place.unit, place.table))
        return None if answered is None else answered[0].value(answered[1], place)

    def _counted(self, point: Point, value: int) -> bool:
        """A counter at zero started anew with its board, and has counted nothing since."""
        before = self._counts.get(point.name)
        self._counts[point.name] = value
        if before is None or before == value:
            return False
        return value != 0 or before == _COUNTER_MOST

    # What it means

    def _told(self, watched: _Watched, change: Change, now: datetime) -> Reading:
        point = watched.point
        match change:
            case Change.PRESSED if self._key is not None and self._key.takes(point.name, now):
                return _said(self._board, point.name, SignalType.TEST, "pressed as a test", change)
            case Change.PRESSED | Change.FOUND_PRESSED:
                text = "pressed" if change is Change.PRESSED else "found pressed"
                pressed = _said(self._board, point.name, SignalType.ALARM, text, change)
                return replace(pressed, kind=point.kind)
            case Change.RELEASED:
                type_ = SignalType.RESTORE if point.latching else SignalType.HEARTBEAT
                return _said(self._board, point.name, type_, "let go", change)
            case Change.TROUBLED:
                trouble = watched.contact.trouble
                calls = AlarmKind.TAMPER if self._board.tamper_calls else None
                text, type_ = TROUBLES[trouble], SignalType.TAMPER
                return replace(_said(self._board, point.name, type_, text, trouble), kind=calls)
            case Change.HEALED:
                healed = _said(self._board, point.name, SignalType.RESTORE, "well again", change)
                return replace(healed, kind=AlarmKind.TAMPER)


def _said(board: Board, name: str, type_: SignalType, text: str, code: str) -> Reading:
    return Reading(PROTOCOL, f"{board.name}/{name}", type_, text=text, code=str(code))


def _stands_in(point: Point, read: Read) -> bool:
    return any(place.stands_in(read) for place in point.places)
