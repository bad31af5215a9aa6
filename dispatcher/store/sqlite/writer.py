"""The one thread that writes: whatever waits goes into one transaction and one sync of the disk.

A savepoint around each piece of work lets one fail by itself; one that is alone needs none. What
the file, the disk or a lock does fails everything that waits, at once: help goes on from memory and
must not wait out the same fault again. The next work tries anew, with a new connection where that
may help.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from core.errors import StoreUnavailable, Unstorable
from dispatcher.store.migrate import require_revision
from dispatcher.store.sqlite.checkpoints import LogFolding
from dispatcher.store.sqlite.connection import DatabaseFile, is_of_the_value

QUEUE_MAX = 20_000
"""Pieces of work that may wait. More, and the store is not keeping up: that is degraded."""

BATCH_MAX = 64
"""Pieces of work in one transaction: enough to share a sync, few enough that none waits long."""

_T = TypeVar("_T")
_Work = Callable[[sqlite3.Connection], Any]

_TO_THE_SAVEPOINT = ("ROLLBACK TO job",)
_TO_THE_BEGINNING = ("ROLLBACK", "BEGIN IMMEDIATE")


class StartOver(Exception):
    """Work asks to be taken back and done in this other way; once."""

    def __init__(self, other: _Work) -> None:
        super().__init__("start over")
        self.other = other


@dataclass(slots=True)
class _Job:
    """One piece of work, who waits for it, and what became of it."""

    work: _Work
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    problem: BaseException | None = None


class Writer:
    """Work goes in on the event loop; futures are resolved there, in the order of submission."""

    def __init__(
        self, file: DatabaseFile, on_fault: Callable[[], None], queue_max: int = QUEUE_MAX
    ) -> None:
        """`on_fault` is called on the writer's thread when the file could not be written."""
        self._file = file
        self._on_fault = on_fault
        self._queue_max = queue_max
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._known: tuple[int, int] | None = None
        self._closed = False
        self._folding = LogFolding(file)
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], _T]) -> asyncio.Future[_T]:
        """Queue work for the next transaction; if it raises, it alone is taken back."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        if self._closed or not self._thread.is_alive():
            future.set_exception(StoreUnavailable("The store is closed: nothing was written."))
        elif self._queue.qsize() >= self._queue_max:
            line = f"The store is behind: {self._queue_max} writes wait. Look at the disk's load."
            future.set_exception(StoreUnavailable(line))
        else:
            self._queue.put(_Job(work, future, loop))
        return future

    def close(self, within_s: float | None = None) -> bool:
        """Write what waits, then stop. Blocks at most so long; false when the disk hangs."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch, going_on = self._next_batch()
            if batch:
                self._commit(batch)
        self._folding.close()
        self._drop_connection()

    def _next_batch(self) -> tuple[list[_Job], bool]:
        waiting: _Job | None = self._queue.get()
        batch: list[_Job] = []
        while waiting is not None:
            batch.append(waiting)
            if len(batch) == BATCH_MAX:
                return batch, True
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._in_one_transaction(batch)
        except sqlite3.Error as problem:
            self._fail(batch, self._file.unavailable(problem))
        except StoreUnavailable as problem:
            self._fail(batch, problem)
        else:
            _resolve(batch)

    def _in_one_transaction(self, batch: Sequence[_Job]) -> None:
        connection = self._ready_connection()
        connection.execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            # A savepoint would copy every page that is written.
            _attempt(connection, batch[0], _TO_THE_BEGINNING)
        else:
            for job in batch:
                connection.execute("SAVEPOINT job")
                _attempt(connection, job, _TO_THE_SAVEPOINT)
                connection.execute("RELEASE job")
        connection.execute("COMMIT")
        if not self._is_same_file() or not self._file.log_there():
            raise self._file.gone()
        self._folding.written(len(batch))

    def _ready_connection(self) -> sqlite3.Connection:
        if self._connection is not None and self._is_same_file():
            return self._connection
        self._drop_connection()
        self._opened = self._file.identity()
        self._connection = self._file.writing()
        require_revision(self._connection, self._file)
        known, self._known = self._known, self._opened
        if known not in (None, self._opened):
            # What memory holds must come into it first: so this once it counts as a fault.
            raise self._file.replaced()
        return self._connection

    def _is_same_file(self) -> bool:
        return self._opened is not None and self._file.identity() == self._opened

    def _fail(self, batch: list[_Job], problem: StoreUnavailable) -> None:
        self._drop_connection()
        self._folding.fold()
        self._on_fault()
        for _ in range(self._queue.qsize()):
            waiting = self._queue.get_nowait()
            if waiting is None:
                self._queue.put(None)
            else:
                batch.append(waiting)
        for job in batch:
            job.result, job.problem = None, problem
        _resolve(batch)

    def _drop_connection(self) -> None:
        connection, self._connection, self._opened = self._connection, None, None
        if connection is not None:
            connection.close()


def _attempt(connection: sqlite3.Connection, job: _Job, take_back: Sequence[str]) -> None:
    """Do the work, or leave nothing of it."""
    try:
        job.result = _done(connection, job.work, take_back)
    except sqlite3.Error as problem:
        if not is_of_the_value(problem):
            raise
        job.problem = Unstorable(f"The store cannot hold this: {problem}.")
    # Not swallowed: it is handed to whoever waits, and the others' work goes on.
    except BaseException as problem:
        job.problem = problem
    if job.problem is not None:
        _execute(connection, take_back)


def _done(connection: sqlite3.Connection, work: _Work, take_back: Sequence[str]) -> Any:
    try:
        return work(connection)
    except StartOver as again:
        _execute(connection, take_back)
        return again.other(connection)


def _execute(connection: sqlite3.Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.execute(statement)


def _resolve(batch: Sequence[_Job]) -> None:
    """Wake each event loop once for the whole batch."""
    for loop in dict.fromkeys(job.loop for job in batch):
        mine = [job for job in batch if job.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, mine)
        except RuntimeError:
            continue  # that loop is closed: nobody waits there any more


def _settle(batch: Sequence[_Job]) -> None:
    for job in batch:
        if job.future.done():
            continue  # cancelled while it was written
        if job.problem is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.problem)
