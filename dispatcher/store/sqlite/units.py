"""Writes one unit inside a transaction that is already open."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from core.errors import Conflict
from dispatcher.store.chain import BEGINNING, ERASED, Head, link
from dispatcher.store.instants import microseconds
from dispatcher.store.limits import RAW_MAX, RAW_MAX_PER_SENDER
from dispatcher.store.ports import (
    AlarmWrite,
    CaseWrite,
    NoticeMove,
    RawBytes,
    StoredCase,
    TimelineEntry,
    Transaction,
)
from dispatcher.store.sqlite import statements as sql
from dispatcher.store.sqlite.rows import (
    Row,
    alarm_row,
    body_row,
    case_row,
    clock_row,
    entry_row,
    head_of,
    link_row,
    notice_row,
    presence_row,
    raw_row,
    signal_row,
)
from dispatcher.store.states import storable, written

SAVEPOINT = "job"
"""Work may roll back to here and start over."""

Salt = Callable[[], bytes]


def write_unit(connection: sqlite3.Connection, unit: Transaction, salt: Salt) -> None:
    """All of the unit inside the writer's savepoint, which takes it back when this raises Conflict.

    What no database can hold is written without that part: an odd press is still a press.
    """
    try:
        if unit.once and not _is_first(connection, unit.once):
            return
        try:
            _write(connection, unit, salt)
        except (UnicodeEncodeError, OverflowError):
            connection.execute(f"ROLLBACK TO {SAVEPOINT}")
            write_unit(connection, storable(unit), salt)
    except sqlite3.IntegrityError as broken:
        raise Conflict(f"The unit names something that is not stored ({broken}).") from None


def write_erasure(
    connection: sqlite3.Connection,
    alarm: str,
    at: datetime,
    wall: datetime,
    reason: str,
    salt: Salt,
) -> int:
    """Remove every body of one alarm's timeline, then say so in it; how many were removed."""
    erased = connection.execute(sql.ERASE_BODIES, {"alarm": alarm}).rowcount
    body = written({"reason": reason, "erased": erased}).decode()
    _append(connection, [TimelineEntry(alarm, at, wall, ERASED, body)], salt)
    return erased


def _is_first(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute(sql.INSERT_ONCE, {"name": name}).rowcount == 1


def _write(connection: sqlite3.Connection, unit: Transaction, salt: Salt) -> None:
    _insert(connection, sql.INSERT_SIGNAL, map(signal_row, unit.signals))
    for alarm in unit.alarms:
        _write_alarm(connection, alarm)
    for case in unit.cases:
        _write_case(connection, case)
    _insert(connection, sql.INSERT_NOTICE, map(notice_row, unit.notices))
    for move in unit.moves:
        _move(connection, move)
    if unit.timeline:
        _append(connection, unit.timeline, salt)
    _insert(connection, sql.INSERT_LINK, map(link_row, unit.links))
    if unit.raw:
        _keep_raw(connection, unit.raw)
    _insert(connection, sql.WRITE_PRESENCE, map(presence_row, unit.presence))
    if unit.clock is not None:
        connection.execute(sql.WRITE_CLOCK, clock_row(unit.clock))


def _insert(connection: sqlite3.Connection, statement: str, rows: Iterable[Row]) -> None:
    for row in rows:
        connection.execute(statement, row)


def _write_alarm(connection: sqlite3.Connection, write: AlarmWrite) -> None:
    alarm, row = write.alarm, alarm_row(write.alarm)
    if write.seen_rev == 0:
        done = connection.execute(sql.INSERT_ALARM, row)
    else:
        seen = {"seen_id": alarm.id, "seen_rev": write.seen_rev}
        done = connection.execute(sql.UPDATE_ALARM, row | seen)
    if done.rowcount != 1:
        stored = connection.execute(sql.ALARM_REV, {"id": alarm.id}).fetchone()
        raise conflict(alarm_name(alarm.id), write.seen_rev, stored["rev"] if stored else 0)


def _write_case(connection: sqlite3.Connection, write: CaseWrite) -> None:
    case, row = write.case, case_row(write.case)
    if write.seen_rev == 0:
        done = connection.execute(sql.INSERT_CASE, row)
    else:
        seen = {"seen_kind": case.kind, "seen_id": case.id, "seen_rev": write.seen_rev}
        done = connection.execute(sql.UPDATE_CASE, row | seen)
    if done.rowcount != 1:
        stored = connection.execute(sql.CASE, {"kind": case.kind, "id": case.id}).fetchone()
        raise conflict(case_name(case), write.seen_rev, stored["rev"] if stored else 0)


def alarm_name(alarm: str) -> str:
    """What a person is told an alarm is called."""
    return f"Alarm {alarm}"


def case_name(case: StoredCase) -> str:
    """What a person is told a case is called."""
    return f"Case {case.id} ({case.kind})"


def conflict(name: str, seen_rev: int, stored_rev: int) -> Conflict:
    """Compare-and-set failed; both stores say it in the same words."""
    return Conflict(
        f"{name} is stored at rev {stored_rev} and was seen at rev {seen_rev}:"
        " load it again and decide."
    )


def _move(connection: sqlite3.Connection, move: NoticeMove) -> None:
    connection.execute(
        sql.MOVE_NOTICE[move.state],
        {
            "notice": move.notice,
            "receipt": move.state.value,
            "moved_at_us": microseconds(move.at),
            "detail": move.detail,
        },
    )
    if move.provider_ref:
        named = {"notice": move.notice, "provider_ref": move.provider_ref}
        connection.execute(sql.NOTE_PROVIDER_REF, named)


def _append(connection: sqlite3.Connection, entries: Sequence[TimelineEntry], salt: Salt) -> None:
    heads: dict[str, Head] = {}
    for entry in entries:
        head = heads.get(entry.alarm) or _head(connection, entry.alarm)
        own_salt = salt()
        chained = link(head, entry, own_salt)
        key = connection.execute(sql.INSERT_ENTRY, entry_row(chained)).lastrowid
        connection.execute(sql.INSERT_BODY, body_row(key, entry.body, own_salt))
        heads[entry.alarm] = Head(chained.number, chained.hash)
    for alarm, head in heads.items():
        row = {"alarm": alarm, "entries": head.number, "head": head.hash}
        connection.execute(sql.NOTE_HEAD, row)


def _head(connection: sqlite3.Connection, alarm: str) -> Head:
    row = connection.execute(sql.HEAD, {"alarm": alarm}).fetchone()
    return BEGINNING if row is None else head_of(row)


def _keep_raw(connection: sqlite3.Connection, raws: Sequence[RawBytes]) -> None:
    _insert(connection, sql.INSERT_RAW, map(raw_row, raws))
    for protocol, sender in dict.fromkeys((raw.protocol, raw.sender) for raw in raws):
        of_sender = {"protocol": protocol, "sender": sender, "most": RAW_MAX_PER_SENDER}
        connection.execute(sql.TRIM_RAW_OF_SENDER, of_sender)
    surplus = connection.execute(sql.COUNT_RAW).fetchone()[0] - RAW_MAX
    if surplus > 0:
        connection.execute(sql.TRIM_RAW, {"surplus": surplus})
