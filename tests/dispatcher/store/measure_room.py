"""Measures what an alarm costs the database from press to closed: bytes, log pages, statements.

Not a test: run by hand, `python -m tests.dispatcher.store.measure_room [ALARMS]`. The example
site's own deciding fills it, one transaction after the other, so figures repeat to the byte.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alarms.model import Cause, Notice
from core.ids import derived
from core.signals import AnswerKind, Level, Reading, ReceiptState, Signal, SignalType, Standing
from devices.findings import State
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.channels.rows import CHANNELS
from dispatcher.engine.core import Core
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import read_directory
from dispatcher.store.ports import Transaction
from dispatcher.store.sqlite import checkpoints, connection
from dispatcher.store.sqlite.connection import DatabaseFile
from dispatcher.store.sqlite.store import SqliteStore, open_sqlite

ALARMS = 300
EXAMPLE = Path(__file__).parents[3] / "config" / "example"
BEGAN = datetime(2026, 11, 21, 19, tzinfo=UTC)
APART = timedelta(minutes=2)
LOG_FRAME_BYTES = 4096 + 24
LOG_PAGES_MOST = 2**31 - 1


@dataclass(slots=True)
class _Counted:
    """Everything in all, until it is divided by the alarms."""

    transactions: int = 0
    notices: int = 0
    statements: list[str] = field(default_factory=list)


class _Life:
    """Alarms of the example site, one after the other, from press to closed."""

    def __init__(self, store: SqliteStore, made: Organisation, counted: _Counted) -> None:
        pictures = SitePictures(made, (), _NoStates())
        self._core = Core(pictures, CHANNELS)
        pictures.watch_over(self._core.open_alarms)
        self._store, self._made, self._counted = store, made, counted
        self._badges = [device for device in made.devices if device.id.startswith("badge-")]
        self._sequence = itertools.count(1)

    async def lived(self, number: int) -> None:
        began = BEGAN + number * APART
        badge = self._badges[number % len(self._badges)].id
        opened = self._core.signal(self._signal(badge, SignalType.ALARM, began), _at(began))
        alarm_id = opened.transaction.alarms[-1].alarm.id
        await self._kept(opened, began)
        called = _on_a_badge(opened)
        while called is None:
            due = self._core.next_moment()
            assert due is not None, "an open alarm has a next moment"
            step = self._core.due(_at(due))
            await self._kept(step, due)
            called = _on_a_badge(step)
        for later_s, answer in ((8, AnswerKind.ACCEPT), (40, AnswerKind.ARRIVED)):
            await self._answered(called, answer, began + timedelta(seconds=later_s))
        alarm = self._core.open_alarms.get(alarm_id)
        assert alarm is not None
        ended = began + timedelta(seconds=100)
        closing_ = self._core.close(
            alarm_id, alarm.rev, called.person, Cause.CALMED_DOWN, "", _at(ended)
        )
        await self._kept(closing_, ended)

    async def _answered(self, notice: Notice, answer: AnswerKind, when: datetime) -> None:
        said = self._core.keep_signal(
            self._signal(notice.address, SignalType.ANSWER, when), _at(when)
        )
        source = Source(SourceKind.DEVICE, notice.address)
        _, counted = self._core.answer_from(notice, answer, source, _at(when))
        await self._kept(said.and_then(counted), when)

    async def _kept(self, work: Outcome, when: datetime) -> None:
        """Stored, and what it sends is handed over and received."""
        if work.transaction != Transaction():
            self._counted.transactions += 1
            await self._store.submit(work.transaction)
        for notice in work.transaction.notices:
            self._counted.notices += 1
            for state in (ReceiptState.SENT, ReceiptState.DELIVERED):
                receipt = self._core.receipt(notice.id, state, "", "", _at(when))
                await self._kept(receipt, when)

    def _signal(self, device: str, kind: SignalType, when: datetime) -> Signal:
        number = next(self._sequence)
        level = Level.RED if kind is SignalType.ALARM else None
        zone = self._made.zones[number % len(self._made.zones)].id
        return Signal(
            id=derived("s", str(number)),
            identity=f"{device}|7|{number}",
            reading=Reading(
                "native", device, kind, level=level, seq=number, boot="7", battery=0.87
            ),
            site=self._made.sites[0].id,
            device=device,
            standing=Standing.ASSIGNED,
            at=when,
            wall=when,
            person=device.removeprefix("badge-"),
            zone=zone,
            level=level,
        )


class _NoStates:
    def state_of(self, device: str) -> tuple[State, float | None, float | None]:
        return State.UNKNOWN, None, None


class _Traced(DatabaseFile):
    """The database file, every statement of whose writer is counted."""

    def __init__(self, path: Path, counted: _Counted) -> None:
        super().__init__(path)
        self._counted = counted

    def writing(self) -> sqlite3.Connection:
        writing = super().writing()
        writing.set_trace_callback(self._counted.statements.append)
        return writing


async def main(alarms: int, folder: Path) -> None:
    # So that the log's length is all that was ever written to it.
    checkpoints.FOLD_EVERY, connection.LOG_PAGES_MAX = sys.maxsize, LOG_PAGES_MOST
    counted, path = _Counted(), folder / "tilkald.db"
    made = read_directory(EXAMPLE)
    await open_sqlite(path, clock_wall=BEGAN).close()
    salts = itertools.count()
    salt = lambda: f"{next(salts):016}".encode()  # noqa: E731
    store = SqliteStore(_Traced(path, counted), queue_max=1_000, salt=salt)
    life = _Life(store, made, counted)
    for number in range(alarms):
        await life.lived(number)
    log_bytes = path.with_name(path.name + "-wal").stat().st_size
    await store.close()
    figures = {
        "transactions": counted.transactions,
        "notices": counted.notices,
        "statements": len(counted.statements),
        "pages of the log": log_bytes // LOG_FRAME_BYTES,
        "bytes of the file": path.stat().st_size,
        **_by_table(path),
    }
    for name, total in figures.items():
        print(f"{name:28} {total / alarms:10,.1f} an alarm")


def _by_table(path: Path) -> dict[str, int]:
    """Bytes of each table and index that takes more than a page."""
    sized = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING count(*) > 1 ORDER BY 2 DESC"
    with closing(sqlite3.connect(path)) as reading:
        return {f"  {name}": taken for name, taken in reading.execute(sized)}


def _at(when: datetime) -> Moment:
    return Moment(when, when)


def _on_a_badge(work: Outcome) -> Notice | None:
    return next((one for one in work.transaction.notices if one.channel == "wearable"), None)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else ALARMS, Path(name)))
