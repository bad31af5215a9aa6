"""What is read from the database, one function per question; run by a reader's thread."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import TypeVar

from alarms.model import Alarm, Notice
from core.errors import ConfigError, DomainError
from dispatcher.roster.organisation import Organisation
from dispatcher.store.chain import Head, Kept, breaks, checkpoint_hash
from dispatcher.store.cursor import cursor_of, not_ours
from dispatcher.store.instants import instant
from dispatcher.store.ports import AlarmPage, Checkpoint
from dispatcher.store.sqlite import statements as sql
from dispatcher.store.sqlite.rows import alarm_of, chain_of, head_of, noted_head_of, notice_of
from dispatcher.store.states import Unreadable, read_organisation

_BEYOND_THE_NEWEST = 2**63 - 1
_NOTHING: Mapping[str, object] = {}

Connection = sqlite3.Connection
_T = TypeVar("_T")


def open_alarms(connection: Connection) -> Sequence[Alarm]:
    with _nothing_collected():
        return list(_readable(connection.execute(sql.OPEN_ALARMS), alarm_of))


def unreadable_alarms(
    connection: Connection, read: Mapping[str, object]
) -> Sequence[tuple[str, str]]:
    """Open alarms whose own state, or one of whose unfinished notices, cannot be read."""
    alarms = [
        (row["id"], f"The stored alarm {row['id']} cannot be read: {why}.")
        for row, why in _unreadable(connection.execute(sql.OPEN_ALARMS), alarm_of, read)
    ]
    notices = [
        (row["alarm"], f"Notice {row['id']} of alarm {row['alarm']} cannot be read: {why}.")
        for row, why in _unreadable(connection.execute(sql.UNFINISHED_NOTICES), notice_of, read)
    ]
    return alarms + notices


def alarms(connection: Connection, before: str | None, limit: int) -> AlarmPage:
    """One page after alarm `before`. Raises DomainError `invalid` when that is not stored.

    An alarm that cannot be read is left out here, and named by `verify`.
    """
    asked = {"before": _number_of(connection, before), "most": limit + 1}
    rows = connection.execute(sql.ALARMS_BEFORE, asked).fetchall()
    shown = rows[:limit]
    following = cursor_of(shown[-1]["id"]) if len(rows) > limit else None
    return AlarmPage(tuple(_readable(shown, alarm_of)), following)


def notices(connection: Connection, alarm_id: str) -> Sequence[Notice]:
    rows = connection.execute(sql.NOTICES_OF_ALARM, {"alarm": alarm_id})
    return list(_readable(rows, notice_of))


def unfinished_notices(connection: Connection) -> Sequence[Notice]:
    with _nothing_collected():
        return list(_readable(connection.execute(sql.UNFINISHED_NOTICES), notice_of))


def open_notices(connection: Connection, alarms: Sequence[str] | None) -> Sequence[Notice]:
    """Of all open alarms, or of these; they come alarm by alarm, along an index."""
    if alarms is None:
        rows = connection.execute(sql.NOTICES_OF_OPEN_ALARMS).fetchall()
    else:
        one_by_one = (connection.execute(sql.NOTICES_OF_ALARM, {"alarm": one}) for one in alarms)
        rows = list(chain.from_iterable(one_by_one))
    rows.sort(key=itemgetter("number"))
    with _nothing_collected():
        return list(_readable(rows, notice_of))


def one(
    connection: Connection,
    statement: str,
    asked: dict[str, str | int],
    value_of: Callable[[sqlite3.Row], _T],
) -> _T | None:
    """The value of the one row there is at most.

    Raises DomainError `gone` when it is stored and cannot be read.
    """
    row = connection.execute(statement, asked).fetchone()
    try:
        return None if row is None else value_of(row)
    except Unreadable as why:
        raise DomainError("gone", f"{row['id']} is stored, but cannot be read: {why}.") from None


def every(
    connection: Connection,
    statement: str,
    asked: dict[str, int],
    value_of: Callable[[sqlite3.Row], _T],
) -> Sequence[_T]:
    return [value_of(row) for row in connection.execute(statement, asked)]


def organisation(connection: Connection, version: int | None) -> Organisation | None:
    """Raises ConfigError when it is stored and cannot be read."""
    if version is None:
        row = connection.execute(sql.NEWEST_ORGANISATION).fetchone()
    else:
        row = connection.execute(sql.ORGANISATION, {"version": version}).fetchone()
    if row is None:
        return None
    try:
        return read_organisation(row["state_version"], row["state"])
    except Unreadable as why:
        raise ConfigError(
            f"Version {row['version']} of the stored configuration cannot be read: {why}."
            " Apply the site's files again: tilkald apply DIR"
        ) from None


def organisation_versions(connection: Connection) -> Sequence[tuple[int, datetime, str]]:
    rows = connection.execute(sql.ORGANISATION_VERSIONS)
    return [(row["version"], instant(row["at_us"]), row["by"]) for row in rows]


def timeline(connection: Connection, alarm_id: str) -> Sequence[Kept]:
    return list(chain_of(connection.execute(sql.TIMELINE, {"alarm": alarm_id})))


def checkpoint(connection: Connection) -> Checkpoint:
    return _checkpoint_at(connection, connection.execute(sql.NEWEST_ENTRY).fetchone()[0])


def verify(connection: Connection, checkpoints: Sequence[Checkpoint]) -> Sequence[str]:
    """Every break of every chain, every checkpoint that no longer holds, every unreadable state."""
    return [
        *_chain_breaks(connection),
        *_checkpoint_breaks(connection, checkpoints),
        *(
            f"alarm {row['id']}: its stored state cannot be read: {why}"
            for row, why in _unreadable(connection.execute(sql.ALL_ALARMS), alarm_of)
        ),
    ]


def restored_at(connection: Connection) -> datetime | None:
    at_us = connection.execute(sql.RESTORED_AT).fetchone()[0]
    return None if at_us is None else instant(at_us)


def _number_of(connection: Connection, alarm: str | None) -> int:
    """An alarm's place in the order they were stored in; beyond the newest for None."""
    if alarm is None:
        return _BEYOND_THE_NEWEST
    row = connection.execute(sql.ALARM_NUMBER, {"id": alarm}).fetchone()
    if row is None:
        raise not_ours()
    number: int = row["number"]
    return number


def _chain_breaks(connection: Connection) -> Iterator[str]:
    heads = {row["id"]: row for row in connection.execute(sql.HEADS)}
    entries = connection.execute(sql.ALL_TIMELINES)
    for alarm_id, rows in groupby(entries, key=itemgetter("alarm")):
        row = heads.pop(alarm_id, None)
        noted = None if row is None else noted_head_of(row)
        yield from breaks(alarm_id, list(chain_of(rows)), noted, is_open=bool(row and row["open"]))
    for alarm_id, row in heads.items():
        yield from breaks(alarm_id, [], noted_head_of(row), is_open=bool(row["open"]))


def _checkpoint_breaks(connection: Connection, checkpoints: Sequence[Checkpoint]) -> Iterator[str]:
    for kept in checkpoints:
        now = _checkpoint_at(connection, kept.entries)
        if now != kept:
            yield (
                f"checkpoint {kept.hash[:12]} over {kept.heads} timelines does not hold:"
                f" up to entry {kept.entries} there are {now.heads} now, with hash {now.hash[:12]}"
            )


def _checkpoint_at(connection: Connection, entries: int) -> Checkpoint:
    heads: list[tuple[str, Head]] = [
        (row["alarm"], head_of(row))
        for row in connection.execute(sql.HEADS_UPTO, {"entries": entries})
    ]
    return Checkpoint(entries, len(heads), checkpoint_hash(heads))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Half the time of a start with 10,000 open alarms went into looking for garbage in them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _readable(
    rows: sqlite3.Cursor | Sequence[sqlite3.Row], value_of: Callable[[sqlite3.Row], _T]
) -> Iterator[_T]:
    """What can be read; what cannot is raised to a person by `unreadable_alarms` and `verify`."""
    for row in rows:
        try:
            yield value_of(row)
        except Unreadable:
            continue


def _unreadable(
    rows: sqlite3.Cursor,
    value_of: Callable[[sqlite3.Row], object],
    read: Mapping[str, object] = _NOTHING,
) -> Iterator[tuple[sqlite3.Row, str]]:
    for row in rows:
        if row["id"] in read:
            continue
        try:
            value_of(row)
        except Unreadable as why:
            yield row, str(why)
