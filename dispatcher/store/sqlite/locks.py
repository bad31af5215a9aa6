"""One service a data directory, and one a database, by whatever name it is reached.

The locks are advisory (flock) and go with the process. A database is held twice: by a file beside
it, which outlives a database put in its place, and by its inode, which a link under another name
shares. SQLite's own locks are of another kind and are not touched.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from core.errors import ConfigError


def hold_folder(folder: Path, held: ExitStack) -> None:
    """The data directory, until `held` is closed. Raises ConfigError."""
    line = f"A service runs on {folder} already. Stop it, or set another TILKALD_DATA_DIR."
    try:
        _hold(folder / "lock", os.O_WRONLY | os.O_CREAT, line, held)
    except OSError:
        # The folder itself can be held: on a disk that has become read-only the store says why.
        _hold(folder, os.O_RDONLY, line, held)


def hold_database(database: Path, held: ExitStack) -> Callable[[], None]:
    """The database, until `held` is closed. Call what it returns once the file is there.

    Both raise ConfigError.
    """
    line = (
        f"A service runs on the database {database} already."
        " Stop it, or name another one in TILKALD_DATABASE_URL."
    )
    real = database.resolve()
    # A folder that may not be written is no reason not to start: the inode is held all the same.
    with suppress(OSError):
        _hold(real.with_name(real.name + ".lock"), os.O_WRONLY | os.O_CREAT, line, held)
    if not real.exists():
        return lambda: _hold(real, os.O_RDONLY, line, held)
    with suppress(OSError):
        _hold(real, os.O_RDONLY, line, held)
    return lambda: None


def _hold(path: Path, flags: int, refusal: str, held: ExitStack) -> None:
    """Raises OSError when the file cannot be opened, ConfigError when another process holds it."""
    file = os.open(path, flags, 0o600)
    held.callback(os.close, file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(refusal) from None
