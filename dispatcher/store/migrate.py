"""Brings a database to this release's schema: made new, migrated after a copy, or refused."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from core.errors import ConfigError, StoreUnavailable
from dispatcher.store.sqlite.connection import DatabaseFile, make_private
from dispatcher.store.sqlite.copies import copy_database, stamp

REVISION = "0004"
"""The newest migration: they make exactly the tables of `schema.py`."""

_SHARED_PAGE_BYTES = 4096
_SCRIPTS = Path(__file__).parent / "migrations"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_HERE = (_SCRIPTS / "versions",)


def bring_up(
    file: DatabaseFile,
    wall: datetime,
    *,
    copy_first: bool = True,
    versions: Sequence[Path] = _HERE,
    revision: str = REVISION,
) -> Path | None:
    """Make or migrate the database; returns where the copy made before a migration lies, if any.

    Blocks. Raises ConfigError when the file is newer than this release or not ours, and
    StoreUnavailable when it cannot be read or changed.
    """
    try:
        new = not file.path.exists()
        make_private(file.path)
        if new:
            _require_whole_pages(file.path)
        with closing(file.reading()) as connection:
            current = _revision(connection, file)
        if current == revision:
            return None
        _require_known(file, current, versions)
        copy = _copy_before(file, current, wall) if current and copy_first else None
        _upgrade(file, versions)
        return copy
    except sqlite3.Error as problem:
        raise file.unavailable(problem) from None
    except OSError as problem:
        line = f"The database {file.path} cannot be made: {problem.strerror}."
        raise StoreUnavailable(line) from None


def require_revision(connection: sqlite3.Connection, file: DatabaseFile) -> None:
    """A file that was put in place under us must be of this release. Raises StoreUnavailable."""
    try:
        found = _revision(connection, file)
    except ConfigError as problem:
        raise StoreUnavailable(str(problem)) from None
    if found != REVISION:
        raise StoreUnavailable(
            f"The database {file.path} was replaced by one at revision {found or 'none'};"
            f" this release needs {REVISION}. To do: start the service again."
        )


def _require_whole_pages(path: Path) -> None:
    """Refuse a disk that would end the process when it fills, while it is still easy to move.

    SQLite maps its index of the log page by page and reserves one byte of each. On smaller blocks
    the rest of the page has no room yet, and writing there on a full disk is a SIGBUS.
    """
    block_bytes = os.statvfs(path).f_frsize
    if block_bytes < _SHARED_PAGE_BYTES:
        path.unlink()
        raise ConfigError(
            f"The disk of {path} has blocks of {block_bytes} bytes, and Tilkald needs"
            f" {_SHARED_PAGE_BYTES}: smaller ones end the service when the disk is full."
            f" Name a folder on another disk in TILKALD_DATA_DIR, or format it anew,"
            f" e.g. mkfs.ext4 -b {_SHARED_PAGE_BYTES}"
        )


def _revision(connection: sqlite3.Connection, file: DatabaseFile) -> str | None:
    tables = [row[0] for row in connection.execute(_TABLES)]
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise ConfigError(
            f"{file.path} is a database, but not one of Tilkald."
            " Name another file in TILKALD_DATABASE_URL, e.g. sqlite:///var/tilkald.db"
        )
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _require_known(file: DatabaseFile, current: str | None, versions: Sequence[Path]) -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_SCRIPTS), version_locations=[str(path) for path in versions])
    known = [script.revision for script in scripts.walk_revisions()]
    if current is not None and current not in known:
        raise ConfigError(
            f"The database {file.path} is at revision {current}, which this release does not know:"
            " a newer one wrote it. Install that release again, or restore the copy"
            f" {file.path.stem}.before-… that was made before its migration."
        )


def _copy_before(file: DatabaseFile, current: str, wall: datetime) -> Path:
    name = f"{file.path.stem}.before-migration-from-{current}-{stamp(wall)}{file.path.suffix}"
    target = file.path.with_name(name)
    with closing(file.reading()) as connection:
        copy_database(connection, target)
    return target


def _upgrade(file: DatabaseFile, versions: Sequence[Path]) -> None:
    # Only a start that has something to migrate pays for loading Alembic.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import StaticPool

    with closing(file.writing()) as driver:
        driver.row_factory = None
        # Rebuilding a table would else break the references to it; they are checked at the end.
        driver.execute("PRAGMA foreign_keys=OFF")
        engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)
        event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", "\n".join(str(path) for path in versions))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            assert not broken, f"a migration broke references: {broken[:3]}"
