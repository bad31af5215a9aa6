"""Whose turn it is on the line: one request at a time, and the read that has waited longest next.

    free ──one is due, the gap is over──▶ its request leaves ──its answer──▶ free
                                               └──its time is over──▶ free

A read that is lost is asked at a slower pace, so that it delays no other. An output that is to be
written goes before the next read, and never twice in a row: whoever presses is heard meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.contacts.board import Board, Framing, Output, Read, Write, reads_of
from devices.contacts.sounder import Sounder

SILENT_EVERY = timedelta(seconds=5)
"""The pace of a lost read: each attempt may keep the line for the whole of its answer's time."""

POLL_LEAST, POLL_MOST = timedelta(seconds=0.02), timedelta(seconds=1)
"""How often inputs may be asked for. Nobody holds a button for more than a second on purpose."""

ANSWER_LEAST, ANSWER_MOST = timedelta(seconds=0.02), timedelta(seconds=5)
TCP_ANSWER_WITHIN = timedelta(seconds=1)
"""A lost packet is sent again after a few hundred milliseconds."""

SILENT_LEAST, SILENT_MOST = timedelta(seconds=1), timedelta(seconds=90)
"""A gateway's line may be silent for 90 s, as EN 50136-1 DP4."""

_QUIET_BYTES = 3.5
_QUIET_LEAST = timedelta(microseconds=1_750)
"""Between two frames on the wire [serial line V1.02, 2.5.1.1]."""

_BITS_A_BYTE = 11
"""Start, eight bits, parity, stop [serial line V1.02, 2.5.1]."""

_AROUND_BYTES = 8 + 5
"""A request, and what stands around the content of its answer."""

_WRITTEN_BYTES = 3
"""What stands in the answer to a write beside that."""


def quiet_between(speed_bd: int) -> timedelta:
    """What must pass on a serial line before the next frame."""
    return max(timedelta(seconds=_QUIET_BYTES * _BITS_A_BYTE / speed_bd), _QUIET_LEAST)


@dataclass(slots=True)
class Asked:
    """One read: when it is asked next, and since when its answer is missed.

    `lost`: for too long. `refused`: the exception its board answered last.
    """

    read: Read
    due: datetime
    missed_since: datetime
    lost: bool = False
    refused: int | None = None


class PollCycle:
    """The reads of one line, and the writes of its `sounder`. The first turn is a read's."""

    def __init__(self, board: Board, now: datetime, sounder: Sounder) -> None:
        self._board = board
        self._sounder = sounder
        self.all = {read: Asked(read, now, now) for read in reads_of(board)}
        self._under_way: Read | Write | None = None
        self._has_written = True
        self._until = self._free_at = now

    @property
    def wake_at(self) -> datetime:
        if self._under_way is not None:
            return self._until
        due, write_due = self._next_read.due, self._sounder.wake_at
        return max(self._free_at, due if write_due is None else min(due, write_due))

    def next(self, now: datetime) -> Read | Write | None:
        """The read or write whose request is to leave now, if it is somebody's turn."""
        if self._under_way is not None and now >= self._until:
            self._free(now)
        if self._under_way is not None or now < self._free_at:
            return None
        turn = self._write(now) or self._read(now)
        if turn is not None:
            self._under_way, self._until = turn, now + self._answer_within(turn)
        return turn

    def written(self, output: Output, now: datetime) -> None:
        """The answer to a write came, asked for just now or long ago."""
        if isinstance(self._under_way, Write) and self._under_way.output == output:
            self._free(now)

    def answered(self, read: Read, now: datetime) -> Asked:
        """Its answer came, asked for just now or long ago."""
        if self._under_way == read:
            self._free(now)
        return self.all[read]

    def newly_lost(self, now: datetime) -> list[Asked]:
        """Those whose answer is missed for too long; each is told once."""
        since = now - self._board.silent_after
        lost = [one for one in self.all.values() if not one.lost and one.missed_since <= since]
        for one in lost:
            one.lost = True
        return lost

    @property
    def _next_read(self) -> Asked:
        return min(self.all.values(), key=lambda one: one.due)

    def _read(self, now: datetime) -> Read | None:
        asked = self._next_read
        if now < asked.due:
            return None
        self._has_written = False
        asked.due = now + (SILENT_EVERY if asked.lost else self._board.poll_every)
        return asked.read

    def _write(self, now: datetime) -> Write | None:
        if self._has_written and self._next_read.due <= now:
            return None
        write = self._sounder.next(now)
        self._has_written = write is not None
        return write

    def _free(self, now: datetime) -> None:
        self._under_way = None
        self._free_at = now + self._board.gap

    def _answer_within(self, turn: Read | Write) -> timedelta:
        if self._board.framing is Framing.TCP:
            return self._board.answer_within
        content_bytes = turn.content_bytes if isinstance(turn, Read) else _WRITTEN_BYTES
        on_the_wire = (_AROUND_BYTES + content_bytes) * _BITS_A_BYTE * self._board.bit
        return self._board.answer_within + on_the_wire
