"""Where else the emergency journal can stand: on other disks than the data and the database.

A disk that hangs takes the journal beside it along. So a machine that has another file system its
service may write to gets a second journal there, without a setting: the folder systemd made for it
or the one of its session, `/var/tmp`, and the machine's memory, which outlives the process but no
power cut.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.ids import derived

BESIDE_MAX = 2
"""One that a power cut spares, and one in memory, where there are both."""

_NAME = "tilkald"


def places_beside(
    data_dir: Path, database: Path, environment: Mapping[str, str], roots: Sequence[Path] = ()
) -> tuple[Path, ...]:
    """Files for more journals, each on a disk of its own. None where the machine has one disk.

    `roots`: where to look, instead of what this machine has.
    """
    taken = [_device(data_dir), _device(database)]
    name = f"{derived('journal', data_dir.resolve())}.journal"
    found: list[Path] = []
    for folder in roots or _folders(environment):
        device = _device(folder)
        if device in taken or len(found) == BESIDE_MAX:
            continue
        with suppress(OSError):
            if _made_ours(folder):
                taken.append(device)
                found.append(folder / name)
    return tuple(found)


def _folders(environment: Mapping[str, str]) -> list[Path]:
    own = f"{_NAME}-{os.geteuid()}"
    given = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
    session = environment.get("XDG_RUNTIME_DIR", "")
    return [
        Path("/var/tmp", own),
        *([Path(given)] if given else []),
        *([Path(session, _NAME)] if session else []),
        Path("/run", _NAME),
        Path("/dev/shm", own),
    ]


def _device(path: Path) -> int | None:
    """The file system a path is on, or will be."""
    for existing in (path.absolute(), *path.absolute().parents):
        with suppress(OSError):
            return os.stat(existing).st_dev
    return None


def _made_ours(folder: Path) -> bool:
    """Whether the folder is ours alone: others may have put one of that name there before us.

    Raises OSError where it cannot be made.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = os.lstat(folder)
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    private = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return ours and private and os.access(folder, os.W_OK | os.X_OK)
