"""A thread that reads with a connection of its own, so that no query ever blocks the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from core.errors import StoreUnavailable
from dispatcher.store.connection import DatabaseFile

READS_MAX = 1_000
"""Queries that may wait for one reader."""

_T = TypeVar("_T")


class Reader:
    """One thread, one connection, queries in the order they were asked."""

    def __init__(self, file: DatabaseFile, name: str) -> None:
        self._file = file
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"store-{name}")
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
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, self._answer, query
            )
        finally:
            self._waiting -= 1

    def let_go(self) -> None:
        """Open anew for the next query; any thread may ask.

        Connections of one process share what they found when the first of them opened (a log that
        may only be read, say), so after a fault all of them have to go.
        """
        with suppress(RuntimeError):  # closed meanwhile
            self._executor.submit(self._drop_connection)

    def close(self) -> None:
        """Answer what waits, then stop. Blocks until that is done."""
        self._closed = True
        self._executor.shutdown(wait=True)
        self._drop_connection()

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
