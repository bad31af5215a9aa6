"""Whose turn it is on the line: one request at a time, and the read that has waited longest next.

    free ──a read is due, the gap is over──▶ its request leaves ──its answer──▶ free
                                                  └──its time is over──▶ free

A read that is lost is asked at a slower pace, so that it delays no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.contacts.board import Board, Framing, Read, reads_of

SILENT_EVERY = timedelta(seconds=5)
"""The pace of a lost read: each attempt may keep the line for the whole of its answer's time."""

POLL_LEAST, POLL_MOST = timedelta(seconds=0.02), timedelta(seconds=1)
"""How often inputs may be asked for. Nobody holds a button for more than a second on purpose."""

ANSWER_LEAST, ANSWER_MOST = timedelta(seconds=0.02), timedelta(seconds=5)
TCP_ANSWER_WITHIN = timedelta(seconds=1)
"""A lost packet is sent again after a few hundred milliseconds."""

SILENT_LEAST, SILENT_MOST = timedelta(seconds=1), timedelta(seconds=90)
"""A gateway's line may be silent for 90 s, as EN 50136-1 DP4 (standards.md row 7)."""

_QUIET_BYTES = 3.5
_QUIET_LEAST = timedelta(microseconds=1_750)
"""Between two frames on the wire [serial line V1.02, 2.5.1.1]."""

_BITS_A_BYTE = 11
"""Start, eight bits, parity, stop [serial line V1.02, 2.5.1]."""

_AROUND_BYTES = 8 + 5
"""A request, and what stands around the content of its answer."""


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


class Turns:
    """The reads of one line."""

    def __init__(self, board: Board, now: datetime) -> None:
        self._board = board
        self.all = {read: Asked(read, now, now) for read in reads_of(board)}
        self._under_way: Read | None = None
        self._until = self._free_at = now

    @property
    def wake_at(self) -> datetime:
        if self._under_way is not None:
            return self._until
        return max(self._free_at, min(asked.due for asked in self.all.values()))

    def next(self, now: datetime) -> Read | None:
        """The read whose request is to leave now, if it is somebody's turn."""
        if self._under_way is not None and now >= self._until:
            self._free(now)
        if self._under_way is not None or now < self.wake_at:
            return None
        asked = min(self.all.values(), key=lambda one: one.due)
        asked.due = now + (SILENT_EVERY if asked.lost else self._board.poll_every)
        self._under_way, self._until = asked.read, now + self._answer_within(asked.read)
        return asked.read

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

    def _free(self, now: datetime) -> None:
        self._under_way = None
        self._free_at = now + self._board.gap

    def _answer_within(self, read: Read) -> timedelta:
        if self._board.framing is Framing.TCP:
            return self._board.answer_within
        on_the_wire = (_AROUND_BYTES + read.content_bytes) * _BITS_A_BYTE * self._board.bit
        return self._board.answer_within + on_the_wire
