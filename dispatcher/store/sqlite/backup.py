"""A copy while the service runs, and its return.

What was open in a backup is old: after a restore the store says `restored_at` until a person has
gone through the open alarms, and nobody is paged for them before that.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from core.errors import StoreUnavailable
from dispatcher.store.instants import microseconds
from dispatcher.store.migrate import bring_up
from dispatcher.store.sqlite import statements as sql
from dispatcher.store.sqlite.connection import DatabaseFile, sync_folder
from dispatcher.store.sqlite.copies import copy_database, stamp

_BESIDE = ("-wal", "-shm")


def back_up(database: Path, target: Path) -> None:
    """One whole, checked file (0600) at `target`, whatever the service writes meanwhile.

    Blocks. Raises StoreUnavailable.
    """
    source = DatabaseFile(database)
    try:
        with closing(source.reading()) as connection:
            copy_database(connection, target)
    except sqlite3.Error as problem:
        raise source.unavailable(problem) from None
    except OSError as problem:
        raise StoreUnavailable(f"The backup {target} cannot be made: {problem.strerror}.") from None


def restore(backup: Path, database: Path, wall: datetime) -> Path | None:
    """Put a backup in the place of the database; returns where what stood there lies now.

    The service must be stopped. Blocks. Raises StoreUnavailable when it is not, or when the backup
    is damaged, and ConfigError for a backup of a newer release; then nothing was changed.
    """
    staged = database.with_name(database.name + ".restoring")
    try:
        _stage(DatabaseFile(backup), staged, wall)
        replaced = _put_aside(DatabaseFile(database), wall)
        os.replace(staged, database)
        sync_folder(database.parent)
        return replaced
    except OSError as problem:
        line = f"The backup {backup} cannot be restored: {problem.strerror}."
        raise StoreUnavailable(line) from None
    finally:
        staged.unlink(missing_ok=True)


def _stage(backup: DatabaseFile, staged: Path, wall: datetime) -> None:
    try:
        with closing(backup.reading()) as connection:
            copy_database(connection, staged)
        file = DatabaseFile(staged)
        bring_up(file, wall, copy_first=False)
        row = {"at_us": microseconds(wall), "confirmed_by": None, "confirmed_at_us": None}
        with closing(file.writing()) as connection:
            connection.execute(sql.INSERT_RESTORE, row)
    except sqlite3.Error as problem:
        raise backup.unavailable(problem) from None


def _put_aside(file: DatabaseFile, wall: datetime) -> Path | None:
    if not file.path.exists():
        return None
    _fold_log(file)
    aside = file.path.with_name(f"{file.path.stem}.replaced-{stamp(wall)}{file.path.suffix}")
    for ending in ("", *_BESIDE):
        part = file.path.with_name(file.path.name + ending)
        if part.exists():
            os.replace(part, aside.with_name(aside.name + ending))
    return aside


def _fold_log(file: DatabaseFile) -> None:
    """Leaving the write-ahead log needs the file alone: so this also finds a running service."""
    try:
        with closing(file.writing()) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as problem:
        if problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            line = f"The database {file.path} is in use: stop the service first."
            raise StoreUnavailable(line) from None
    except sqlite3.DatabaseError:
        # Damaged: that is why a backup is being restored. It is put aside with its log, as it is.
        return
