"""Folds the write-ahead log into the database beside the writer, so that no press waits for it.

SQLite would do it inside every hundredth commit or so, which is where its slowest commits come
from. It still does when this falls behind: the log never grows past `LOG_PAGES_MAX`.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future

from core.beside import Beside
from dispatcher.store.sqlite.connection import DatabaseFile

FOLD_EVERY = 100
"""Units after which the log is folded: some 6 MB of it."""


class LogFolding:
    """One thread that folds the log each time enough was written."""

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._thread = Beside("store-folding")
        self._under_way: Future[None] | None = None
        self._written = 0

    def written(self, pieces: int) -> None:
        """The writer committed so many."""
        self._written += pieces
        if self._written >= FOLD_EVERY:
            self.fold()

    def fold(self) -> None:
        """Fold now, unless that is under way: a full disk gets room that way."""
        if self._under_way is None or self._under_way.done():
            self._written = 0
            self._under_way = self._thread.soon(self._fold)

    def close(self) -> None:
        """Finish what is under way. Blocks until then."""
        self._thread.close()

    def _fold(self) -> None:
        try:
            connection = self._file.writing()
        except sqlite3.Error:
            return  # the writer meets the same fault, and it is the one that tells
        try:
            # Passive: it never waits for the writer or a reader, and neither waits for it.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            return
        finally:
            connection.close()
