"""The spool against a table of SQLite: from a record put to its being on the disk (decision 16).

    python -m tests.gateway.outpost.spool_against_sqlite FOLDER

FOLDER is on the disk to be measured. Both take the same records in turns, one and fifty in flight,
and each record leaves again once it is durable, as when the dispatcher has it.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median, quantiles
from threading import Thread
from typing import Protocol

from core.clock import monotonic_s
from core.signals import Level, Reading, Signal, SignalType, Standing
from gateway.handover import Record
from gateway.outpost.spool import BATCH_MAX, Spool
from gateway.outpost.spooled_record import written
from tests.support.gateway import NOW

TURNS = 10
RECORDS_A_TURN = 400
IN_FLIGHT = (1, 50)


class Durable(Protocol):
    def append(self, content: bytes) -> asyncio.Future[int]: ...

    def left(self, numbers: Collection[int]) -> None: ...

    def close(self) -> None: ...


class Table:
    """One table, one writer thread with group commit: as the dispatcher's store writes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._path = folder / "spool.db"
        self._queue: SimpleQueue[Callable[[sqlite3.Connection], Callable[[], None]] | None]
        self._queue = SimpleQueue()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def append(self, content: bytes) -> asyncio.Future[int]:
        loop = asyncio.get_running_loop()
        promised: asyncio.Future[int] = loop.create_future()

        def write(database: sqlite3.Connection) -> Callable[[], None]:
            row = database.execute("INSERT INTO spool (content) VALUES (?)", (content,))
            number = row.lastrowid or 0

            def settle() -> None:
                loop.call_soon_threadsafe(promised.set_result, number)

            return settle

        self._queue.put(write)
        return promised

    def left(self, numbers: Collection[int]) -> None:
        gone = [(number,) for number in numbers]

        def write(database: sqlite3.Connection) -> Callable[[], None]:
            database.executemany("DELETE FROM spool WHERE number = ?", gone)
            return lambda: None

        self._queue.put(write)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        columns = "number INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB NOT NULL"
        database.execute(f"CREATE TABLE spool ({columns})")
        going_on = True
        while going_on:
            jobs = [self._queue.get()]
            while jobs[-1] is not None and len(jobs) < BATCH_MAX:
                try:
                    jobs.append(self._queue.get_nowait())
                except Empty:
                    break
            going_on = jobs[-1] is not None
            database.execute("BEGIN IMMEDIATE")
            done = [job(database) for job in jobs if job is not None]
            database.execute("COMMIT")
            for one in done:
                one()
        database.close()


async def taken_s(durable: Durable, contents: Sequence[bytes], in_flight: int) -> list[float]:
    """How long each record took to be on the disk."""
    waiting, took = iter(contents), list[float]()

    async def put_one_after_another() -> None:
        for content in waiting:
            began_s = monotonic_s()
            number = await durable.append(content)
            took.append(monotonic_s() - began_s)
            durable.left([number])

    await asyncio.gather(*(put_one_after_another() for _ in range(in_flight)))
    return took


def records(count: int) -> list[bytes]:
    """Presses of a badge, as the spool keeps them."""
    made = []
    for seq in range(count):
        raw = b'{"type":"alarm","seq":%d,"boot":71,"at":"2026-11-21T19:00:00Z"}' % seq
        kind, level = SignalType.ALARM, Level.RED
        reading = Reading("native", "badge-anna", kind, level=level, seq=seq, boot="n:71", raw=raw)
        name = f"native|badge-anna|n:71|{seq}"
        at = (Standing.ASSIGNED, NOW, NOW)
        signal = Signal(f"s_{seq:020}", name, reading, "far", "badge-anna", *at, person="anna")
        made.append(written(Record(signal=signal), NOW))
    return made


async def compare(folder: Path) -> None:
    contents = records(RECORDS_A_TURN)
    print(f"{RECORDS_A_TURN * TURNS} records of {len(contents[0])} bytes each, {TURNS} turns, ms")
    for in_flight in IN_FLIGHT:
        spool, table = Spool(folder / f"spool-{in_flight}"), Table(folder / f"table-{in_flight}")
        sides: tuple[tuple[str, Durable, list[float]], ...]
        sides = (("spool", spool, []), ("SQLite", table, []))
        for turn in range(TURNS):
            for _, durable, took in sides if turn % 2 else sides[::-1]:
                took += await taken_s(durable, contents, in_flight)
        for name, durable, took in sides:
            durable.close()
            p99 = quantiles(took, n=100)[98]
            shown = f"median {median(took) * 1e3:7.3f}   p99 {p99 * 1e3:7.3f}"
            print(f"{in_flight:3} in flight   {name:7} {shown}")


if __name__ == "__main__":
    where = Path(sys.argv[1]) / "spool-against-sqlite"
    shutil.rmtree(where, ignore_errors=True)
    try:
        asyncio.run(compare(where))
    finally:
        shutil.rmtree(where, ignore_errors=True)
