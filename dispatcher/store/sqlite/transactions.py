"""Writes one transaction inside the database's own, which the writer has begun."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from core.errors import Conflict
from dispatcher.safety.timed_case import TimedCase
from dispatcher.store.chain import BEGINNING, ERASED, Head, link
from dispatcher.store.instants import microseconds
from dispatcher.store.limits import RAW_MAX, RAW_MAX_PER_SENDER
from dispatcher.store.ports import (
    AlarmWrite,
    CaseWrite,
    NoticeMove,
    RawBytes,
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
from dispatcher.store.sqlite.writer import StartOver
from dispatcher.store.states import storable, written, written_plan

Salt = Callable[[], bytes]
_Heads = dict[str, Head]


def write_transaction(connection: sqlite3.Connection, transaction: Transaction, salt: Salt) -> None:
    """All of it; the writer takes it back when this raises.

    What no database can hold is written without that part: an odd press is still a press.
    """
    try:
        if transaction.once and not _is_first(connection, transaction.once):
            return
        _write(connection, transaction, salt)
    except (UnicodeEncodeError, OverflowError):
        cleaned = partial(write_transaction, transaction=storable(transaction), salt=salt)
        raise StartOver(cleaned) from None
    except sqlite3.IntegrityError as broken:
        line = f"The transaction names something that is not stored ({broken})."
        raise Conflict(line) from None


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
    entry = TimelineEntry(alarm, at, wall, ERASED, body)
    _note_heads(connection, _appended(connection, [entry], salt))
    return erased


def alarm_name(alarm: str) -> str:
    """What a person is told an alarm is called."""
    return f"Alarm {alarm}"


def case_name(case: TimedCase) -> str:
    """What a person is told a case is called."""
    return f"Case {case.id} ({case.kind})"


def conflict(name: str, seen_rev: int, stored_rev: int) -> Conflict:
    """Compare-and-set failed; both stores say it in the same words."""
    return Conflict(
        f"{name} is stored at rev {stored_rev} and was seen at rev {seen_rev}:"
        " load it again and decide."
    )


def _is_first(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute(sql.INSERT_ONCE, {"name": name}).rowcount == 1


def _write(connection: sqlite3.Connection, transaction: Transaction, salt: Salt) -> None:
    _insert(connection, sql.INSERT_SIGNAL, map(signal_row, transaction.signals))
    # The row of an alarm carries the end of its timeline, so the entries come first.
    heads = _appended(connection, transaction.timeline, salt)
    for alarm in transaction.alarms:
        _write_alarm(connection, alarm, heads)
    _note_heads(connection, heads)
    for case in transaction.cases:
        _write_case(connection, case)
    _insert(connection, sql.INSERT_NOTICE, map(notice_row, transaction.notices))
    for move in transaction.moves:
        _move(connection, move)
    _insert(connection, sql.INSERT_LINK, map(link_row, transaction.links))
    if transaction.raw:
        _keep_raw(connection, transaction.raw)
    _insert(connection, sql.WRITE_PRESENCE, map(presence_row, transaction.presence))
    if transaction.clock is not None:
        connection.execute(sql.WRITE_CLOCK, clock_row(transaction.clock))


def _insert(connection: sqlite3.Connection, statement: str, rows: Iterable[Row]) -> None:
    for row in rows:
        connection.execute(statement, row)


def _write_alarm(connection: sqlite3.Connection, write: AlarmWrite, heads: _Heads) -> None:
    """Takes the end of its timeline out of `heads`."""
    alarm, head = write.alarm, heads.pop(write.alarm.id, None)
    digest, plan = written_plan(alarm.plan)
    connection.execute(sql.INSERT_PLAN, {"digest": digest, "state": plan})
    row = alarm_row(alarm, head or BEGINNING, digest)
    if write.seen_rev == 0:
        done = connection.execute(sql.INSERT_ALARM, row)
    else:
        statement = sql.UPDATE_ALARM if head is None else sql.UPDATE_ALARM_AND_HEAD
        seen = {"seen_id": alarm.id, "seen_rev": write.seen_rev}
        done = connection.execute(statement, row | seen)
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


def _appended(
    connection: sqlite3.Connection, entries: Sequence[TimelineEntry], salt: Salt
) -> _Heads:
    """Where the timelines end once these entries stand in them."""
    heads: _Heads = {}
    for entry in entries:
        head = heads.get(entry.alarm) or _head(connection, entry.alarm)
        own_salt = salt()
        chained = link(head, entry, own_salt)
        key = connection.execute(sql.INSERT_ENTRY, entry_row(chained)).lastrowid
        connection.execute(sql.INSERT_BODY, body_row(key, entry.body, own_salt))
        heads[entry.alarm] = Head(chained.number, chained.hash)
    return heads


def _head(connection: sqlite3.Connection, alarm: str) -> Head:
    row = connection.execute(sql.HEAD, {"alarm": alarm}).fetchone()
    return BEGINNING if row is None else head_of(row)


def _note_heads(connection: sqlite3.Connection, heads: _Heads) -> None:
    for alarm, head in heads.items():
        row = {"alarm": alarm, "entries": head.number, "head": head.hash}
        connection.execute(sql.NOTE_HEAD, row)


def _keep_raw(connection: sqlite3.Connection, raws: Sequence[RawBytes]) -> None:
    _insert(connection, sql.INSERT_RAW, map(raw_row, raws))
    for protocol, sender in dict.fromkeys((raw.protocol, raw.sender) for raw in raws):
        of_sender = {"protocol": protocol, "sender": sender, "most": RAW_MAX_PER_SENDER}
        connection.execute(sql.TRIM_RAW_OF_SENDER, of_sender)
    surplus = connection.execute(sql.COUNT_RAW).fetchone()[0] - RAW_MAX
    if surplus > 0:
        connection.execute(sql.TRIM_RAW, {"surplus": surplus})
