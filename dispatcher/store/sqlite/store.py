"""The store of one machine: SQLite with a write-ahead log, one writer thread, readers beside it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from alarms.model import Alarm, Notice
from core import log
from core.beside import Beside
from core.clock import ClockMark, monotonic_s
from core.ids import salt as new_salt
from core.values import replace
from dispatcher.roster.model import Presence
from dispatcher.roster.organisation import Organisation
from dispatcher.safety.timed_case import TimedCase
from dispatcher.store.cursor import alarm_of as alarm_of_cursor
from dispatcher.store.cursor import page_size
from dispatcher.store.instants import microseconds
from dispatcher.store.limits import HEARD_MAX_PER_DEVICE
from dispatcher.store.migrate import bring_up
from dispatcher.store.ports import (
    AlarmPage,
    ChainedEntry,
    Checkpoint,
    LastHeard,
    LinkWrite,
    RawBytes,
    Transaction,
)
from dispatcher.store.sqlite import queries
from dispatcher.store.sqlite import statements as sql
from dispatcher.store.sqlite.connection import DatabaseFile
from dispatcher.store.sqlite.reader import READ_WITHIN_S, Reader
from dispatcher.store.sqlite.rows import (
    Row,
    alarm_of,
    case_of,
    clock_of,
    heard_of,
    link_of,
    notice_of,
    presence_of,
    raw_of,
)
from dispatcher.store.sqlite.transactions import Salt, write_erasure, write_transaction
from dispatcher.store.sqlite.writer import QUEUE_MAX, Writer
from dispatcher.store.states import ORGANISATION_VERSION, written

CLOSE_WITHIN_S = 2.0
"""A disk that hangs keeps no service from ending: what it had not committed is journalled."""

_T = TypeVar("_T")
_log = log.logger("dispatcher.store")


def open_sqlite(
    path: Path,
    *,
    clock_wall: datetime,
    size_max_bytes: int | None = None,
    queue_max: int = QUEUE_MAX,
    salt: Salt = new_salt,
) -> SqliteStore:
    """Open the database, made or migrated where needed. Blocks: call it before serving.

    `clock_wall` names the copy made before a migration. Raises ConfigError for a file that is
    newer than this release or not ours, and StoreUnavailable for one that cannot be read. A file
    that can be read but not written opens: then `submit` fails until it can be written.
    """
    file = DatabaseFile(path, size_max_bytes)
    bring_up(file, clock_wall)
    return SqliteStore(file, queue_max, salt)


class SqliteStore:
    """`Store` over one file. Made by `open_sqlite`."""

    def __init__(self, file: DatabaseFile, queue_max: int, salt: Salt) -> None:
        self._salt = salt
        self._reader = Reader(file, "reader", READ_WITHIN_S)
        # Checking every chain takes seconds on a full store, and so does what a start reads: an
        # alarm's page must not wait for it.
        self._patient_reader = Reader(file, "patient-reader")
        self._writer = Writer(file, self._reopen, queue_max)

    def submit(self, transaction: Transaction) -> asyncio.Future[None]:
        write = partial(write_transaction, transaction=transaction, salt=self._salt)
        return self._writer.submit(write)

    async def open_alarms(self) -> Sequence[Alarm]:
        return await self._patient_reader.read(queries.open_alarms)

    async def open_cases(self) -> Sequence[TimedCase]:
        return await self._every_at_start(sql.OPEN_CASES, case_of)

    async def case(self, kind: str, case_id: str) -> TimedCase | None:
        return await self._one(sql.CASE, case_of, kind=kind, id=case_id)

    async def unreadable_alarms(
        self, read: Mapping[str, object] | None = None
    ) -> Sequence[tuple[str, str]]:
        query = partial(queries.unreadable_alarms, read=read or {})
        return await self._patient_reader.read(query)

    async def unfinished_notices(self) -> Sequence[Notice]:
        return await self._patient_reader.read(queries.unfinished_notices)

    async def open_notices(self, alarms: Sequence[str] | None = None) -> Sequence[Notice]:
        return await self._patient_reader.read(partial(queries.open_notices, alarms=alarms))

    async def open_links(self) -> Sequence[LinkWrite]:
        return await self._every_at_start(sql.LINKS_OF_OPEN_ALARMS, link_of)

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return await self._one(sql.ALARM, alarm_of, id=alarm_id)

    async def alarms(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        page = partial(queries.alarms, before=alarm_of_cursor(cursor), limit=page_size(limit))
        return await self._reader.read(page)

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        return await self._reader.read(partial(queries.notices, alarm_id=alarm_id))

    async def notice(self, notice_id: str) -> Notice | None:
        return await self._one(sql.NOTICE, notice_of, id=notice_id)

    async def notice_by_provider(self, channel: str, provider_ref: str) -> Notice | None:
        return await self._one(
            sql.NOTICE_BY_PROVIDER, notice_of, channel=channel, provider_ref=provider_ref
        )

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        kept = await self._reader.read(partial(queries.timeline, alarm_id=alarm_id))
        return [one.entry for one in kept]

    async def link(self, token_hash: str) -> LinkWrite | None:
        return await self._one(sql.LINK, link_of, token_hash=token_hash)

    async def last_heard(self) -> Sequence[LastHeard]:
        return await self._every_at_start(sql.LAST_HEARD, heard_of, most=HEARD_MAX_PER_DEVICE)

    async def has_signal(self, identity: str) -> bool:
        return await self._one(sql.HAS_SIGNAL, bool, identity=identity) is not None

    async def presence(self) -> Sequence[Presence]:
        return await self._every(sql.PRESENCE, presence_of)

    async def clock_mark(self) -> ClockMark | None:
        return await self._one(sql.CLOCK, clock_of)

    async def organisation(self, version: int | None = None) -> Organisation | None:
        return await self._reader.read(partial(queries.organisation, version=version))

    async def write_organisation(self, organisation: Organisation, by: str, at: datetime) -> int:
        return await self._writer.submit(
            partial(_write_organisation, organisation=organisation, by=by, at=at)
        )

    async def organisation_versions(self) -> Sequence[tuple[int, datetime, str]]:
        return await self._reader.read(queries.organisation_versions)

    async def staff_token(self, token_hash: str) -> str | None:
        return await self._one(sql.STAFF_TOKEN, _person_of, token_hash=token_hash)

    async def staff_tokens(self) -> Sequence[tuple[str, str]]:
        return await self._every(sql.STAFF_TOKENS, _token_of)

    async def write_staff_token(self, token_hash: str, person: str, at: datetime) -> None:
        row: Row = {"token_hash": token_hash, "person": person, "at_us": microseconds(at)}
        await self._execute(sql.WRITE_STAFF_TOKEN, row)

    async def raw(self, *, limit: int = 100) -> Sequence[RawBytes]:
        newest_first = await self._every(sql.RAW_NEWEST, raw_of, most=limit)
        return list(reversed(newest_first))

    async def verify(self, checkpoints: Sequence[Checkpoint] = ()) -> Sequence[str]:
        return await self._patient_reader.read(partial(queries.verify, checkpoints=checkpoints))

    async def checkpoint(self) -> Checkpoint:
        return await self._patient_reader.read(queries.checkpoint)

    async def erase(self, alarm_id: str, at: datetime, wall: datetime, reason: str) -> int:
        return await self._writer.submit(
            partial(write_erasure, alarm=alarm_id, at=at, wall=wall, reason=reason, salt=self._salt)
        )

    async def restored_at(self) -> datetime | None:
        return await self._patient_reader.read(queries.restored_at)

    async def confirm_restored(self, by: str, at: datetime) -> None:
        await self._execute(sql.CONFIRM_RESTORE, {"by": by, "at_us": microseconds(at)})

    async def close(self) -> None:
        """Commit what was submitted, then let go of the file, unless its disk hangs."""
        if not await Beside("store-closing").ask(self._close, monotonic_s() + CLOSE_WITHIN_S):
            _log.error("the store was left open: its disk does not answer")

    def _close(self, until_s: float) -> bool:
        # The writer last: the last connection to close folds the log into the file.
        parts = (self._reader, self._patient_reader, self._writer)
        return all([part.close(max(until_s - monotonic_s(), 0.0)) for part in parts])

    def _reopen(self) -> None:
        self._reader.let_go()
        self._patient_reader.let_go()

    async def _one(
        self, statement: str, value_of: Callable[[sqlite3.Row], _T], **asked: str | int
    ) -> _T | None:
        query = partial(queries.one, statement=statement, asked=asked, value_of=value_of)
        return await self._reader.read(query)

    async def _every(
        self, statement: str, value_of: Callable[[sqlite3.Row], _T], **asked: int
    ) -> Sequence[_T]:
        query = partial(queries.every, statement=statement, asked=asked, value_of=value_of)
        return await self._reader.read(query)

    async def _every_at_start(
        self, statement: str, value_of: Callable[[sqlite3.Row], _T], **asked: int
    ) -> Sequence[_T]:
        query = partial(queries.every, statement=statement, asked=asked, value_of=value_of)
        return await self._patient_reader.read(query)

    async def _execute(self, statement: str, row: Row) -> None:
        await self._writer.submit(partial(_execute, statement=statement, row=row))


def _execute(connection: sqlite3.Connection, statement: str, row: Row) -> None:
    connection.execute(statement, row)


def _write_organisation(
    connection: sqlite3.Connection, organisation: Organisation, by: str, at: datetime
) -> int:
    newest = connection.execute(sql.NEWEST_ORGANISATION_VERSION).fetchone()[0]
    version: int = (newest or 0) + 1
    row = {
        "version": version,
        "at_us": microseconds(at),
        "by": by,
        "state_version": ORGANISATION_VERSION,
        "state": written(replace(organisation, version=version)),
    }
    connection.execute(sql.INSERT_ORGANISATION, row)
    return version


def _person_of(row: sqlite3.Row) -> str:
    person: str = row["person"]
    return person


def _token_of(row: sqlite3.Row) -> tuple[str, str]:
    return row["token_hash"], row["person"]
