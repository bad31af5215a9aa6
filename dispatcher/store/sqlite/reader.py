"""A thread that reads with a connection of its own, so that no query ever blocks the event loop.

A disk that does not answer costs a page `READ_WITHIN_S`, and the next page nothing: pages and
sign-in then show what memory has.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from core.beside import Beside
from core.errors import StoreUnavailable
from dispatcher.store.sqlite.connection import DatabaseFile

READS_MAX = 1_000
"""Queries that may wait for one reader."""

READ_WITHIN_S = 2.0
"""How long a page waits for the disk: people look at it because something is wrong."""

_T = TypeVar("_T")


class Reader:
    """One thread, one connection, queries in the order they were asked."""

    def __init__(self, file: DatabaseFile, name: str, within_s: float | None = None) -> None:
        """`within_s`: how long a query may take; None: as long as it takes."""
        self._file = file
        self._within_s = within_s
        self._thread = Beside(f"store-{name}")
        self._waiting = 0
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None

    async def read(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """Raises StoreUnavailable."""
        if self._closed:
            raise StoreUnavailable("The store is closed: nothing was read.")
        if self._waiting >= READS_MAX:
            raise StoreUnavailable(f"The store is behind: {READS_MAX} queries wait for one reader.")
        self._waiting += 1
        try:
            return await self._thread.ask(self._answer, query, within_s=self._within_s)
        except TimeoutError:
            raise self._file.silent() from None
        finally:
            self._waiting -= 1

    def let_go(self) -> None:
        """Open anew for the next query; any thread may ask.

        Connections of one process share what they found when the first of them opened (a log that
        may only be read, say), so after a fault all of them have to go.
        """
        self._thread.soon(self._drop_connection)

    def close(self, within_s: float | None = None) -> bool:
        """Answer what waits, then stop. Blocks at most so long; false when the disk hangs."""
        self._closed = True
        self._thread.soon(self._drop_connection)
        return self._thread.close(within_s)

    def _answer(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            connection = self._ready_connection()
            # One transaction: all parts of an answer are of the same moment.
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except sqlite3.Error as problem:
            self._drop_connection()
            raise self._file.unavailable(problem) from None

    def _ready_connection(self) -> sqlite3.Connection:
        now = self._file.identity()
        if self._connection is None or now != self._opened:
            self._drop_connection()
            self._opened = now
            self._connection = self._file.reading()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
