"""The durable spool of a gateway on another machine: what was accepted and not yet handed over.

The law kept here: *acknowledge after durable* (law 1). `append` returns once its record is on the
disk; whatever waits shares one sync. Records have numbers that only rise, and leave when the
dispatcher has them. What has left is remembered without hurry: after a crash a few records may be
handed over again, never is one left out. A line torn by a crash was never acknowledged.

No disk holds the loop: what is new stands in memory too, what does not is read by a thread.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from core.beside import Beside
from core.errors import StoreUnavailable

SEGMENT_BYTES = 4 * 1024 * 1024
BYTES_MAX = 512 * 1024 * 1024
"""Some half a million presses: months of a house that is cut off."""

RECORD_BYTES_MAX = 256 * 1024
WAITING_MAX = 10_000
"""Pieces of work that may wait for the disk."""

IN_MEMORY_BYTES_MAX = 16 * 1024 * 1024
"""Records that need no disk to be handed over: some ten thousand presses."""

READ_AT_START = 1_000
"""Records that are in memory from the start on."""

READ_WITHIN_S = 1.0
CLOSE_WITHIN_S = 2.0
"""A disk that takes longer is left alone: what is new is handed over without it."""

BATCH_MAX = 256
LEFT_SHARE = 16
"""The numbers that have left are written anew when they take this share of a segment."""

_SUFFIX, _DIGITS = ".spool", 20
_LEFT = "left"


@dataclass(frozen=True, slots=True)
class Kept:
    """One record that waits to be handed over. `old`: it may have been handed over before."""

    number: int
    content: bytes
    old: bool


@dataclass(frozen=True, slots=True)
class _Where:
    path: Path
    begin: int
    length: int
    old: bool


@dataclass(frozen=True, slots=True)
class _Job:
    """Work of the thread: a record to be kept, or numbers that have left."""

    content: bytes = b""
    left: tuple[int, ...] = ()
    done: Callable[[int, _Where | None, StoreUnavailable | None], None] | None = None


class Spool:
    """One folder of one process. Its constructor raises StoreUnavailable.

    The loop knows where each record stands; the files belong to the thread alone. `unreadable`
    counts records that were kept and cannot be read back: they hold no other up.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        bytes_max: int = BYTES_MAX,
        in_memory_bytes_max: int = IN_MEMORY_BYTES_MAX,
    ) -> None:
        self._folder = folder
        self._unreadable: dict[int, None] = {}
        self._contents: dict[int, bytes] = {}
        self._in_memory_bytes = 0
        self._in_memory_bytes_max = in_memory_bytes_max
        self._reading = Beside("spool-reading")
        try:
            self._files = _Files(folder, segment_bytes, bytes_max)
            self._waiting = self._files.take_up()
        except OSError as problem:
            raise _failed(folder, problem) from None
        self._take_in(_read_all(dict(islice(self._waiting.items(), READ_AT_START))))
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Records not yet handed over."""
        return len(self._waiting)

    @property
    def size_bytes(self) -> int:
        """What the spool takes on the disk."""
        return self._files.size

    @property
    def damaged(self) -> int:
        """Lines found at the start that cannot be read, the torn one of a crash left out."""
        return self._files.damaged

    @property
    def unreadable(self) -> int:
        """Records that cannot be read any more. Their files stay."""
        return len(self._unreadable)

    def append(self, content: bytes) -> asyncio.Future[int]:
        """The number of a record once it is on the disk. The future fails with StoreUnavailable."""
        loop = asyncio.get_running_loop()
        promised: asyncio.Future[int] = loop.create_future()
        if self._queue.qsize() >= WAITING_MAX:
            promised.set_exception(_failed(self._folder, f"{WAITING_MAX} records wait for it"))
            return promised
        if len(content) > RECORD_BYTES_MAX:
            promised.set_exception(_failed(self._folder, f"{len(content)} bytes are too many"))
            return promised

        def settle(number: int, where: _Where | None, problem: StoreUnavailable | None) -> None:
            if where is not None:
                self._waiting[number] = where
                self._remember(number, content)
            if promised.done():
                return
            if problem is None:
                promised.set_result(number)
            else:
                promised.set_exception(problem)

        def done(number: int, where: _Where | None, problem: StoreUnavailable | None) -> None:
            loop.call_soon_threadsafe(settle, number, where, problem)

        self._queue.put(_Job(content, done=done))
        return promised

    async def fetch(self, most: int, without: Collection[int] = ()) -> bool:
        """Bring the oldest records into memory; false when the disk does not answer in time."""
        oldest = islice((number for number in self._waiting if number not in without), most)
        wanted = {n: self._waiting[n] for n in oldest if n not in self._contents}
        if not wanted:
            return True
        try:
            found = await self._reading.ask(_read_all, wanted, within_s=READ_WITHIN_S)
        except TimeoutError:
            return False
        self._take_in(found)
        return True

    def waiting(self, most: int, without: Collection[int] = ()) -> Sequence[Kept]:
        """The oldest records in memory, leaving out `without`: `fetch` brings them there."""
        return self.these(islice((n for n in self._contents_in_order if n not in without), most))

    def newest(self, most: int) -> Sequence[Kept]:
        """The newest records, in their order, from the disk too: at a start, before all else."""
        numbers = list(islice(reversed(self._waiting), most))[::-1]
        self._take_in(_read_all({n: self._waiting[n] for n in numbers if n not in self._contents}))
        return self.these(numbers)

    def these(self, numbers: Iterable[int]) -> Sequence[Kept]:
        """Those of these records that wait and are in memory, in the order asked for."""
        return [
            Kept(number, self._contents[number], self._waiting[number].old)
            for number in numbers
            if number in self._contents
        ]

    def left(self, numbers: Collection[int]) -> None:
        """Drop the records the dispatcher has; a number nobody knows is passed over."""
        known = tuple(n for n in numbers if self._waiting.pop(n, None) is not None)
        for number in known:
            self._forget(number)
        if known:
            self._queue.put(_Job(left=known))

    def close(self) -> None:
        """Write what waits, then stop: blocks until that is done, or the disk hangs."""
        self._queue.put(None)
        self._thread.join(CLOSE_WITHIN_S)
        if self._reading.close(CLOSE_WITHIN_S) and not self._thread.is_alive():
            self._files.close()

    @property
    def _contents_in_order(self) -> Iterator[int]:
        return (number for number in list(self._waiting) if number in self._contents)

    def _take_in(self, found: Mapping[int, bytes | None]) -> None:
        """What the disk gave back; what it did not stays there, and waits no longer."""
        for number, content in found.items():
            if number not in self._waiting:
                continue
            if content is None:
                del self._waiting[number]
                self._unreadable[number] = None
            else:
                self._remember(number, content)

    def _remember(self, number: int, content: bytes) -> None:
        self._contents[number] = content
        self._in_memory_bytes += len(content)
        # What came first goes first: what is new must not wait for the disk.
        while self._in_memory_bytes > self._in_memory_bytes_max and len(self._contents) > 1:
            self._forget(next(iter(self._contents)))

    def _forget(self, number: int) -> None:
        self._in_memory_bytes -= len(self._contents.pop(number, b""))

    # On the thread

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._next_batch()
            self._files.forget(number for job in batch for number in job.left)
            self._keep([job for job in batch if job.done is not None])

    def _next_batch(self) -> tuple[list[_Job], bool]:
        job = self._queue.get()
        batch: list[_Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH_MAX:
                return batch, True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _keep(self, jobs: Sequence[_Job]) -> None:
        if not jobs:
            return
        try:
            kept = self._files.append([job.content for job in jobs])
        except OSError as problem:
            failed = _failed(self._folder, problem)
            for job in jobs:
                assert job.done is not None
                job.done(0, None, failed)
            return
        for job, (number, where) in zip(jobs, kept, strict=True):
            assert job.done is not None
            job.done(number, where, None)


def _read_all(wanted: Mapping[int, _Where]) -> dict[int, bytes | None]:
    """The contents of these records; None for one the disk does not give back."""
    return {number: _read(number, where) for number, where in wanted.items()}


def _read(number: int, where: _Where) -> bytes | None:
    try:
        with where.path.open("rb") as file:
            line = os.pread(file.fileno(), where.length, where.begin).removesuffix(b"\n")
    except OSError:
        return None
    return line.split(b" ", 2)[2] if _number_of(line) == number else None


@dataclass(slots=True)
class _Segment:
    """One file: its size in bytes, and which of its records have not left, and which have."""

    path: Path
    size: int = 0
    numbers: set[int] = field(default_factory=set)
    left: list[int] = field(default_factory=list)


class _Files:
    """The folder: segments of `CRC32 NUMBER CONTENT` lines, and the numbers that have left."""

    def __init__(self, folder: Path, segment_bytes: int, bytes_max: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.size = 0
        self.damaged = 0
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._bytes_max = bytes_max
        self._segments: dict[Path, _Segment] = {}
        self._of: dict[int, _Segment] = {}
        self._last = 0
        self._growing: _Segment | None = None
        self._file = -1
        self._left_file = self._open_left()
        self._left_size = os.fstat(self._left_file).st_size
        self._highest_left = 0

    def take_up(self) -> dict[int, _Where]:
        """What waits since the last start, in the order of the numbers."""
        left = {int(line) for line in self._left_lines() if line.isdigit()}
        self._highest_left = max(left, default=0)
        waiting: dict[int, _Where] = {}
        for path in sorted(self._folder.glob(f"{'[0-9]' * _DIGITS}{_SUFFIX}")):
            segment = self._segments[path] = _Segment(path)
            for number, where in self._records(segment):
                if number in left:
                    segment.left.append(number)
                    continue
                waiting[number] = where
                segment.numbers.add(number)
                self._of[number] = segment
        self._last = max(self._last, self._highest_left)
        self._drop_empty()
        return waiting

    def append(self, contents: Sequence[bytes]) -> list[tuple[int, _Where]]:
        """Write all of these records to the disk; OSError: none is written."""
        segment = self._current()
        kept, lines, begin = [], [], segment.size
        for number, content in enumerate(contents, start=self._last + 1):
            line = _line(number, content)
            kept.append((number, _Where(segment.path, begin, len(line), old=False)))
            lines.append(line)
            begin += len(line)
        if self.size + begin - segment.size > self._bytes_max:
            raise OSError(f"it holds {self.size} bytes, no more may be kept")
        try:
            _write_all(self._file, b"".join(lines), segment.size)
            os.fdatasync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, segment.size)
            raise
        self.size += begin - segment.size
        segment.size = begin
        for number, _ in kept:
            segment.numbers.add(number)
            self._of[number] = segment
        self._last += len(kept)
        return kept

    def forget(self, numbers: Iterator[int]) -> None:
        """Write which records have left, without a sync: a crash hands them over again."""
        gone = [number for number in numbers if number in self._of]
        if not gone:
            return
        for number in gone:
            segment = self._of.pop(number)
            segment.numbers.discard(number)
            segment.left.append(number)
        self._highest_left = max(self._highest_left, *gone)
        with suppress(OSError):
            self._left_size += os.write(self._left_file, _lines(gone))
            self._drop_empty()
            self._shorten_left()

    def close(self) -> None:
        for file in (self._file, self._left_file):
            if file >= 0:
                os.close(file)

    def _current(self) -> _Segment:
        """The segment that grows; a new one when it is full, and after every start."""
        if self._growing is not None and self._growing.size < self._segment_bytes:
            return self._growing
        path = self._folder / f"{self._last + 1:0{_DIGITS}}{_SUFFIX}"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _sync(self._folder)
        except OSError:
            os.close(file)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file = file
        self._growing = self._segments[path] = _Segment(path)
        return self._growing

    def _drop_empty(self) -> None:
        """Delete the files all of whose records have left; empty the one that grows, too."""
        for path, segment in list(self._segments.items()):
            if not segment.numbers and segment is not self._growing:
                path.unlink(missing_ok=True)
                del self._segments[path]
                self.size -= segment.size
        if not self._of:
            if self._growing is not None:
                os.ftruncate(self._file, 0)
                self.size -= self._growing.size
                self._growing.size = 0
            # Nothing else is left to be told apart: one number is enough to go on counting from.
            os.ftruncate(self._left_file, 0)
            self._left_size = os.write(self._left_file, b"%d\n" % self._last)

    def _shorten_left(self) -> None:
        """One record that stays keeps its file, never the numbers of all that left after it."""
        if self._left_size <= self._segment_bytes // LEFT_SHARE:
            return
        needed = [number for segment in self._segments.values() for number in segment.left]
        content = _lines([*needed, self._highest_left])
        beside = self._folder / f"{_LEFT}.new"
        file = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write_all(file, content, 0)
            os.fdatasync(file)
            beside.replace(self._folder / _LEFT)
        except OSError:
            os.close(file)
            raise
        os.close(self._left_file)
        self._left_file, self._left_size = file, len(content)

    def _open_left(self) -> int:
        """A number torn by a crash is cut off: else it, or it and the next, is another number."""
        file = os.open(self._folder / _LEFT, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        content = os.pread(file, os.fstat(file).st_size, 0)
        os.ftruncate(file, content.rfind(b"\n") + 1)
        return file

    def _left_lines(self) -> list[bytes]:
        return os.pread(self._left_file, self._left_size, 0).split(b"\n")

    def _records(self, segment: _Segment) -> Iterator[tuple[int, _Where]]:
        """Every whole record of one file. Whatever else stands there is counted, not deleted."""
        content, begin = segment.path.read_bytes(), 0
        self._last = max(self._last, int(segment.path.stem) - 1)
        while (end := content.find(b"\n", begin)) >= 0:
            number = _number_of(content[begin:end])
            self._last = max(self._last + 1, number or 0)
            if number is None:
                self.damaged += 1
            else:
                yield number, _Where(segment.path, begin, end + 1 - begin, old=True)
            begin = end + 1
        segment.size = len(content)
        self.size += len(content)


def _lines(numbers: Iterable[int]) -> bytes:
    return b"".join(b"%d\n" % number for number in numbers)


def _line(number: int, content: bytes) -> bytes:
    """The content holds no line feed (it is JSON)."""
    assert b"\n" not in content, "a record is one line"
    body = b"%d %b" % (number, content)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def _number_of(line: bytes) -> int | None:
    """None where the line is damaged."""
    checksum, _, body = line.partition(b" ")
    number = body.partition(b" ")[0]
    whole = checksum == b"%08x" % zlib.crc32(body) and number.isdigit()
    return int(number) if whole else None


def _write_all(file: int, content: bytes, position: int) -> None:
    while content:
        count = os.pwrite(file, content, position)
        position, content = position + count, content[count:]


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _failed(folder: Path, why: object) -> StoreUnavailable:
    said = (why.strerror or str(why)) if isinstance(why, OSError) else str(why)
    return StoreUnavailable(
        f"The spool {folder} cannot be used: {said}. A press is handed over from memory and not "
        "acknowledged. To do: free space on its disk."
    )
