"""A serial cable between the service and an outside program, both with a port of their own.

Bytes take the time their speed takes, one after the other. The service's end can be unplugged and
plugged in again under the same path, as `/dev/serial/by-id/…` is.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from pathlib import Path

from tests.support.pty_line import BITS_PER_BYTE, READ_LOOKS_S, SOON_S


class Rs485:
    """`ours` is what the service opens, `theirs` what the other program opens."""

    def __init__(self, folder: Path, speed_bd: int) -> None:
        self.ours, self.theirs = folder / "ours", folder / "theirs"
        self._byte_s = BITS_PER_BYTE / speed_bd
        self._masters: dict[Path, int] = {}
        self._ended = threading.Event()
        self._carriers: list[threading.Thread] = []

    def __enter__(self) -> Rs485:
        self._plug(self.theirs)
        self.plug_in()
        for ends in ((self.ours, self.theirs), (self.theirs, self.ours)):
            carrier = threading.Thread(target=self._carry, args=ends, daemon=True)
            carrier.start()
            self._carriers.append(carrier)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for carrier in self._carriers:
            carrier.join(SOON_S)
        for master in self._masters.values():
            os.close(master)

    def plug_in(self) -> None:
        self._plug(self.ours)

    def unplug(self) -> None:
        """The service's end is pulled: its port is gone."""
        self.ours.unlink()
        os.close(self._masters.pop(self.ours))

    def _plug(self, path: Path) -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        path.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._masters[path] = master

    def _carry(self, come: Path, go: Path) -> None:
        while not self._ended.is_set():
            try:
                said = self._read(self._masters.get(come))
                for number in said:
                    self._ended.wait(self._byte_s)
                    other = self._masters.get(go)
                    if other is not None:
                        os.write(other, bytes((number,)))
            except (OSError, ValueError):  # an end is in nobody's hands, or just pulled
                self._ended.wait(READ_LOOKS_S)

    def _read(self, master: int | None) -> bytes:
        if master is None or not select.select([master], [], [], READ_LOOKS_S)[0]:
            self._ended.wait(0 if master is not None else READ_LOOKS_S)
            return b""
        return os.read(master, 4_096)
