"""Connections to the one database file, and one clear line for each way it can fail."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from core.errors import StoreUnavailable

BUSY_WAIT = timedelta(milliseconds=250)
"""How long a statement waits for a lock another program holds: longer, and help would wait."""

LOG_PAGES_MAX = 16_384
"""Pages (of 4 KiB) in the write-ahead log after which a commit itself folds it."""

_STATEMENTS_CACHED = 256
_CACHE_KIB = 16 * 1024
_PRIMARY = 0xFF
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_LINES: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: ("the disk, or the size it may have, is full", "free space"),
    sqlite3.SQLITE_READONLY: (
        "it is read-only",
        "let the service write to it, to the -wal and -shm beside it, and to its folder",
    ),
    sqlite3.SQLITE_BUSY: ("another program holds its lock", "close that program"),
    sqlite3.SQLITE_LOCKED: ("another program holds its lock", "close that program"),
    sqlite3.SQLITE_CANTOPEN: ("it is gone or cannot be opened", "put it back, or restore a backup"),
    sqlite3.SQLITE_PERM: ("it may not be opened", "let the service read and write it"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "restore the newest backup"),
    sqlite3.SQLITE_NOTADB: ("it is no database, or damaged", "restore the newest backup"),
    sqlite3.SQLITE_IOERR: ("the disk does not read or write", "look at the disk"),
    sqlite3.SQLITE_NOMEM: ("there is no memory left", "free memory"),
}

_OF_THE_VALUE = (
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
)


class DatabaseFile:
    """One SQLite file that others may move, delete, lock or fill under us.

    `size_max_bytes` keeps the file from filling a disk it shares; None: as large as the disk.
    """

    def __init__(self, path: Path, size_max_bytes: int | None = None) -> None:
        self.path = path
        self._size_max_bytes = size_max_bytes
        self._wal = path.with_name(path.name + "-wal")

    def reading(self) -> sqlite3.Connection:
        """A connection that cannot write. Raises sqlite3.Error."""
        return self._connected("ro")

    def writing(self) -> sqlite3.Connection:
        """A connection whose commits are on the disk when they return.

        Raises sqlite3.Error, and StoreUnavailable where the disk allows no write-ahead log.
        """
        connection = self._connected("rw")
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def identity(self) -> tuple[int, int] | None:
        """Which file stands at the path now; None when there is none."""
        try:
            now = os.stat(self.path)
        except OSError:
            return None
        return now.st_dev, now.st_ino

    def log_there(self) -> bool:
        """Whether the write-ahead log has a name: without one, a commit ends with the process."""
        return self._wal.exists()

    def unavailable(self, problem: sqlite3.Error) -> StoreUnavailable:
        """What happened to the file, in one line for a person."""
        unforeseen = (str(problem), "look at the disk, else restore the newest backup")
        return self._cannot_be_used(*_LINES.get(_code(problem) or 0, unforeseen))

    def gone(self) -> StoreUnavailable:
        """The file we had open no longer stands at its path."""
        return self._cannot_be_used(*_LINES[sqlite3.SQLITE_CANTOPEN])

    def replaced(self) -> StoreUnavailable:
        """Another file stands at its path than the one we had open."""
        return self._cannot_be_used("another one was put in its place", "nothing, if you did that")

    def silent(self) -> StoreUnavailable:
        """The disk has not answered for as long as somebody could wait."""
        return self._cannot_be_used("its disk does not answer", "look at the disk")

    def _set_up(self, connection: sqlite3.Connection) -> None:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise self._cannot_be_used("its disk allows no write-ahead log", "use a local disk")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES_MAX}")
        connection.execute("PRAGMA foreign_keys=ON")
        if self._size_max_bytes is not None:
            page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={self._size_max_bytes // page_bytes}")

    def _cannot_be_used(self, what: str, to_do: str) -> StoreUnavailable:
        return StoreUnavailable(f"The database {self.path} cannot be used: {what}. To do: {to_do}.")

    def _connected(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=BUSY_WAIT.total_seconds(),
            check_same_thread=False,
            cached_statements=_STATEMENTS_CACHED,
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def is_of_the_value(problem: sqlite3.Error) -> bool:
    """Whether one value is at fault, and not the file, the disk or a lock."""
    return _code(problem) in (None, *_OF_THE_VALUE)


def make_private(path: Path) -> None:
    """Create the file (0600) and its folder (0700) where they are missing; others may not read it.

    Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_CREAT | os.O_RDONLY, 0o600)
    try:
        mode = stat.S_IMODE(os.fstat(file).st_mode)
        if mode & _OF_OTHERS:
            with suppress(PermissionError):  # of another owner: then it is theirs to guard
                os.fchmod(file, mode & ~_OF_OTHERS)
    finally:
        os.close(file)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a name in a folder as durable as what stands in the file. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _code(problem: sqlite3.Error) -> int | None:
    code: int | None = getattr(problem, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
