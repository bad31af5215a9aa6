"""The emergency journal: where a press is kept when the store cannot commit (law 1).

One file, its room on the disk reserved beforehand so that a full disk does not take it too; one
JSON line per unit, on the disk before `append` returns. What it holds goes into the store when that
works again, each unit once. A line torn by a crash was never answered for and is left out.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from core.errors import Conflict, StoreUnavailable
from core.ids import derived
from dispatcher.store.connection import make_private, sync_folder
from dispatcher.store.copies import stamp
from dispatcher.store.ports import Store, Unit
from dispatcher.store.states import storable

JOURNAL_BYTES_MAX = 16 * 1024 * 1024
"""Room for some four thousand units: hours of alarms in a house whose disk is full."""

APPENDS_MAX = 1_000
"""Units that may wait for the journal's own disk."""

REPLAYED_MAX = 10
"""Journals kept after their replay; the oldest go first."""

_UNITS = msgspec.json.Decoder(Unit)
_EMPTY = b"\x00"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a journal.

    `superseded` are alarms whose stored state had gone on: of those units the signals, the raw
    bytes and the timeline were stored, not the old decision. `unreadable` are lines for a person;
    `kept` is where the journal lies now, None when it was empty.
    """

    stored: int = 0
    superseded: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    kept: Path | None = None


class EmergencyJournal:
    """One journal file. Opening never fails: a journal that cannot work says so on `append`."""

    def __init__(self, path: Path, size_max_bytes: int = JOURNAL_BYTES_MAX) -> None:
        self.path = path
        self._size_max_bytes = size_max_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-journal")
        self._waiting = 0
        self._file: int | None = None
        self._end = 0
        with suppress(OSError):
            self._open()

    async def append(self, unit: Unit) -> Unit:
        """On the disk when it returns. Submit what it returns when trying again: it counts once.

        Raises StoreUnavailable in one clear line when the journal cannot keep it either.
        """
        if self._waiting >= APPENDS_MAX:
            raise self._failed(f"{APPENDS_MAX} units wait for its disk")
        self._waiting += 1
        try:
            return await self._in_thread(self.append_now, unit)
        finally:
            self._waiting -= 1

    def append_now(self, unit: Unit) -> Unit:
        """`append`, blocking for as long as the disk takes."""
        named, line = _named(storable(unit))
        try:
            if self._file is None:
                self._open()
            self._write(line)
        except OSError as problem:
            raise self._failed(problem.strerror or str(problem)) from None
        return named

    def empty(self) -> bool:
        """Whether there is nothing to replay."""
        return self._end == 0

    async def replay(self, store: Store, wall: datetime) -> Replay:
        """Bring everything into the store, then put the file aside under the time `wall`.

        At start, and again whenever the store works again. Raises StoreUnavailable when the store
        (or the journal's disk) does not work yet: then the journal stays, to be replayed whole.
        """
        done, read_to = Replay(), 0
        while True:
            lines = await self._in_thread(self._lines, read_to)
            for number, line in enumerate(lines, start=1):
                done = await _replay_one(store, line, number, done)
            read_to += sum(len(line) + 1 for line in lines)
            settled, kept = await self._in_thread(self._put_aside, read_to, wall)
            if settled:
                return replace(done, kept=kept)

    def close(self) -> None:
        """Finish what waits and let go of the file."""
        self._thread.shutdown(wait=True)
        self._let_go()

    async def _in_thread(self, work: Callable[..., _T], *arguments: object) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)

    def _open(self) -> None:
        make_private(self.path)
        file = os.open(self.path, os.O_RDWR)
        try:
            self._end = _made_ready(file, self._size_max_bytes)
        except OSError:
            os.close(file)
            raise
        self._file = file

    def _write(self, line: bytes) -> None:
        assert self._file is not None, "opened just before"
        if self._end + len(line) > self._size_max_bytes:
            raise self._failed(f"it holds {self._end} bytes and no more fit")
        position = self._end
        while line:
            count = os.pwrite(self._file, line, position)
            position, line = position + count, line[count:]
        os.fsync(self._file)
        self._end = position

    def _lines(self, start: int) -> Sequence[bytes]:
        if self._file is None:
            return []
        return os.pread(self._file, self._end - start, start).split(b"\n")[:-1]

    def _put_aside(self, read_to: int, wall: datetime) -> tuple[bool, Path | None]:
        """Whether nothing was appended since `read_to`; and where the journal was put."""
        if self._file is None or self._end != read_to:
            return self._file is None, None
        if self._end == 0:
            return True, None
        kept = self._free_name(wall)
        try:
            os.ftruncate(self._file, self._end)
            os.replace(self.path, kept)
            self._let_go()
            sync_folder(self.path.parent)
            self._open()
        except OSError as problem:
            raise self._failed(problem.strerror or str(problem)) from None
        for old in self._replayed()[:-REPLAYED_MAX]:
            old.unlink(missing_ok=True)
        return True, kept

    def _free_name(self, wall: datetime) -> Path:
        name = f"{self.path.stem}.replayed-{stamp(wall)}"
        number = sum(one.name.startswith(name) for one in self._replayed())
        return self.path.with_name(f"{name}-{number:03}{self.path.suffix}")

    def _replayed(self) -> Sequence[Path]:
        return sorted(self.path.parent.glob(f"{self.path.stem}.replayed-*{self.path.suffix}"))

    def _let_go(self) -> None:
        file, self._file, self._end = self._file, None, 0
        if file is not None:
            os.close(file)

    def _failed(self, why: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"The emergency journal {self.path} cannot be used: {why}."
            " Alarms are kept in memory alone. To do: free space on its disk."
        )


def _made_ready(file: int, size_max_bytes: int) -> int:
    """Reserve the room; returns where the last whole line ends."""
    written = os.pread(file, size_max_bytes, 0).split(_EMPTY, 1)[0]
    end = written.rfind(b"\n") + 1
    # What follows was torn by a crash before anybody relied on it.
    os.ftruncate(file, end)
    with suppress(OSError):  # already full: then it goes as far as it goes
        os.posix_fallocate(file, 0, size_max_bytes)
    os.fsync(file)
    return end


async def _replay_one(store: Store, line: bytes, number: int, done: Replay) -> Replay:
    try:
        unit = _UNITS.decode(line)
    except (msgspec.MsgspecError, ValueError) as why:
        told = (
            f"Line {number} of the emergency journal cannot be read ({why}): look at it yourself."
        )
        return replace(done, unreadable=(*done.unreadable, told))
    try:
        await store.submit(unit)
        return replace(done, stored=done.stored + 1)
    except Conflict:
        # The alarm went on without this decision: keep what happened, not what was decided then.
        await store.submit(replace(unit, alarms=(), notices=(), links=()))
        alarms = tuple(write.alarm.id for write in unit.alarms)
        return replace(done, superseded=tuple(dict.fromkeys((*done.superseded, *alarms))))


def _named(unit: Unit) -> tuple[Unit, bytes]:
    if not unit.once:
        unit = replace(unit, once=derived("unit", msgspec.json.encode(unit).decode()))
    return unit, msgspec.json.encode(unit) + b"\n"
