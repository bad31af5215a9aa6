"""What a remote gateway keeps over a restart, beside its spool: configuration, clock, its status.

Each file is written whole or not at all, and readable by this user alone: devices' passwords are
in it. One that cannot be read is as none: the gateway says so and asks for another. A thread of its
own writes, so that a press never waits for a disk that hangs; of each file only the newest waits.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from threading import Event, Thread
from typing import IO, TypeVar

import msgspec

from core.clock import ClockMark
from core.errors import ConfigError
from core.log import logger
from gateway.handover import Part

Value = TypeVar("Value")

CLOSE_WITHIN_S = 1.0
"""How long a stop waits for the disk; it ends all the same."""


class Status(msgspec.Struct, frozen=True):
    """How the gateway stands, for a person at its machine: `tilkald gateway --status`.

    `unreachable`: why the dispatcher is not reached; None: it is.
    """

    gateway: str
    mqtt: str = ""
    configuration: int = 0
    unreachable: str | None = None
    backlog: int = 0
    oldest_s: float = 0.0
    ringing: int = 0
    lines: dict[str, bool] = {}
    problems: dict[str, str] = {}


class StateFiles:
    """One data directory, of one process. Raises ConfigError when another one runs on it."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _locked(folder)
        except OSError as error:
            raise ConfigError(
                f"TILKALD_DATA_DIR={folder} cannot be written: {error.strerror}. "
                "Name a folder of the gateway's own user, for example /var/lib/tilkald."
            ) from None
        self._folder = folder
        self._failing: dict[str, None] = {}
        self._log = logger("gateway.remote")
        self._waiting: dict[str, tuple[object, bool]] = {}
        self._more, self._over = Event(), False
        self._thread = Thread(target=self._write_on, name="kept", daemon=True)
        self._thread.start()

    @property
    def spool_folder(self) -> Path:
        return self._folder / "spool"

    def part(self) -> Part:
        return _read(self._folder / "part.json", Part) or Part()

    def keep(self, part: Part) -> None:
        """Sync it to the disk, soon: without it nobody can log in after a power cut."""
        self._later("part.json", part, sync=True)

    def clock_mark(self) -> ClockMark | None:
        return _read(self._folder / "clock.json", ClockMark)

    def mark(self, mark: ClockMark) -> None:
        self._later("clock.json", mark)

    def status(self, status: Status) -> None:
        self._later("status.json", status)

    def close(self) -> None:
        """Write what waits, unless the disk hangs."""
        self._over = True
        self._more.set()
        self._thread.join(CLOSE_WITHIN_S)
        self._lock.close()

    def _later(self, name: str, value: object, *, sync: bool = False) -> None:
        self._waiting[name] = (value, sync)
        self._more.set()

    def _write_on(self) -> None:
        while self._waiting or not self._over:
            self._more.wait()
            self._more.clear()
            while self._waiting:
                name, (value, sync) = self._waiting.popitem()
                self._write(name, value, sync=sync)

    def _write(self, name: str, value: object, *, sync: bool) -> None:
        """A disk that is full stops nothing: the spool says so where it matters."""
        beside = self._folder / f".{name}.new"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                file.write(msgspec.json.encode(value))
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            beside.replace(self._folder / name)
        except OSError as error:
            if name not in self._failing:
                self._log.error("not kept", file=name, why=error.strerror, done="goes on without")
            self._failing[name] = None
            return
        self._failing.pop(name, None)


def read_status(folder: Path) -> Status | None:
    """What the gateway of a data directory said last."""
    return _read(folder / "status.json", Status)


def _read(path: Path, shape: type[Value]) -> Value | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        logger("gateway.remote").error("cannot be read", file=path.name, error=error)
        return None


def _locked(folder: Path) -> IO[bytes]:
    file = (folder / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError(
            f"A gateway runs on {folder} already. Stop it, or set another TILKALD_DATA_DIR."
        ) from None
    return file
