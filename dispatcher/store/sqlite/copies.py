"""Copies of the database while it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from dispatcher.store.sqlite.connection import make_private, sync_folder


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """A whole, checked copy in one file (0600), whatever is being written meanwhile.

    It gets its name only when it is complete. Raises sqlite3.Error and OSError.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    make_private(partial)
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        found = copy.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
    os.replace(partial, target)
    sync_folder(target.parent)


def stamp(wall: datetime) -> str:
    """A time as part of a file's name."""
    return wall.strftime("%Y%m%dT%H%M%SZ")
