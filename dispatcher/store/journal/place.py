"""One place of the emergency journal: a file on one disk, and the thread that alone touches it.

The room in the file is reserved beforehand, so that a full disk does not take it too. Lines that
wait share one sync. A line torn by a crash was never answered for and is left out; zeros that a
power cut left between lines cost the lines they stand in, never those behind them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TypeVar

from core.beside import Beside
from core.errors import StoreUnavailable
from dispatcher.store.sqlite.connection import make_private, sync_folder
from dispatcher.store.sqlite.copies import stamp

APPENDS_MAX = 1_000
"""Lines that may wait for one place's disk."""

READ_WITHIN_S = 10.0
"""Reading a whole journal back takes far less; a place that does not answer is left as it is."""

REPLAYED_MAX = 10
"""Journals kept after their replay; the oldest go first."""

_EMPTY = b"\x00"
_T = TypeVar("_T")


@dataclass(slots=True)
class _Waiting:
    line: bytes
    future: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop


class JournalPlace:
    """One file. Opening never fails: a place that cannot work says so on `append`.

    `reserves`: its room is taken at once; else the file is made when it is first needed.
    """

    def __init__(self, path: Path, size_max_bytes: int, *, reserves: bool) -> None:
        self.path = path
        self._size_max_bytes = size_max_bytes
        self._reserves = reserves
        self._file: int | None = None
        self._end = 0
        self._lock = Lock()
        self._waiting: list[_Waiting] = []
        self._thread = Beside(f"journal-{path.parent.name}")
        self._thread.soon(self._open_at_start)

    def append(self, line: bytes) -> asyncio.Future[None]:
        """Done once the line is on the disk. Fails with StoreUnavailable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        future.add_done_callback(_heard)  # another place may have been faster
        with self._lock:
            if len(self._waiting) >= APPENDS_MAX:
                future.set_exception(self._failed(f"{APPENDS_MAX} units wait for its disk"))
                return future
            self._waiting.append(_Waiting(line, future, loop))
        self._thread.soon(self._write_what_waits)
        return future

    async def read(self, start: int) -> Sequence[bytes]:
        """The whole lines from there on. Raises StoreUnavailable."""
        return await self._ask(self._lines, start)

    async def put_aside(
        self, read_to: int, wall: datetime, *, keep: bool
    ) -> tuple[bool, Path | None]:
        """Whether nothing was appended since `read_to`; and where the file was put, if it is kept.

        Raises StoreUnavailable.
        """
        return await self._ask(self._put_aside, read_to, wall, keep)

    def close(self, within_s: float | None) -> bool:
        """Finish what waits and let go of the file; false when the disk hangs."""
        self._thread.soon(self._let_go)
        return self._thread.close(within_s)

    async def _ask(self, work: Callable[..., _T], *arguments: object) -> _T:
        try:
            return await self._thread.ask(work, *arguments, within_s=READ_WITHIN_S)
        except TimeoutError:
            raise self._failed("its disk does not answer") from None

    # On the thread

    def _open_at_start(self) -> None:
        with suppress(OSError):
            if self._reserves or self.path.exists():
                self._open()

    def _open(self) -> None:
        make_private(self.path)
        file = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            self._end = self._made_ready(file)
        except OSError:
            os.close(file)
            raise
        self._file = file

    def _made_ready(self, file: int) -> int:
        """Reserve the room; returns where the last whole line ends."""
        written = os.pread(file, self._size_max_bytes, 0).rstrip(_EMPTY)
        end = written.rfind(b"\n") + 1
        # What follows was torn by a crash before anybody relied on it.
        os.ftruncate(file, end)
        if self._reserves:
            with suppress(OSError):  # already full: then it goes as far as it goes
                os.posix_fallocate(file, 0, self._size_max_bytes)
        os.fsync(file)
        return end

    def _write_what_waits(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            if self._file is None:
                self._open()
            fitting = self._fitting(batch)
            self._write(b"".join(one.line for one in fitting))
        except OSError as problem:
            _settle(batch, self._failed(problem.strerror or str(problem)))
            return
        full = f"it holds {self._end} bytes and no more fit"
        _settle(fitting, None)
        _settle(batch[len(fitting) :], self._failed(full))

    def _fitting(self, batch: Sequence[_Waiting]) -> Sequence[_Waiting]:
        """The first of them, as far as there is room."""
        room = self._size_max_bytes - self._end
        for number, one in enumerate(batch):
            room -= len(one.line)
            if room < 0:
                return batch[:number]
        return batch

    def _write(self, content: bytes) -> None:
        assert self._file is not None, "opened just before"
        position = self._end
        while content:
            count = os.pwrite(self._file, content, position)
            position, content = position + count, content[count:]
        os.fsync(self._file)
        self._end = position

    def _lines(self, start: int) -> Sequence[bytes]:
        if self._file is None or self._end <= start:
            return []
        return os.pread(self._file, self._end - start, start).split(b"\n")[:-1]

    def _put_aside(self, read_to: int, wall: datetime, keep: bool) -> tuple[bool, Path | None]:
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
            if self._reserves:
                self._open()
            for old in self._replayed()[: -REPLAYED_MAX if keep else None]:
                old.unlink(missing_ok=True)
        except OSError as problem:
            raise self._failed(problem.strerror or str(problem)) from None
        return True, kept if keep else None

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
            f"The emergency journal {self.path} cannot be used: {why}. To do: look at its disk."
        )


def _heard(done: asyncio.Future[None]) -> None:
    if not done.cancelled():
        done.exception()


def _settle(batch: Sequence[_Waiting], problem: StoreUnavailable | None) -> None:
    for one in batch:
        with suppress(RuntimeError):  # its loop is closed: nobody waits there any more
            one.loop.call_soon_threadsafe(_resolve, one.future, problem)


def _resolve(future: asyncio.Future[None], problem: StoreUnavailable | None) -> None:
    if future.done():
        return
    if problem is None:
        future.set_result(None)
    else:
        future.set_exception(problem)
