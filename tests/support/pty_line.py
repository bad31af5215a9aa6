"""A serial cable in memory: a pty whose far end writes a byte at a time, as fast as its baud rate.

Real lines give a reader one byte now and the next a millisecond later; a codec that only ever saw
whole frames is not proven. The far end has a thread of its own, so the loop under test is free.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path

BITS_PER_BYTE = 10
"""Start, eight bits (or seven and parity), stop."""

READ_LOOKS_S = 0.05
SOON_S = 10.0


class PtyCable:
    """Both ends of a cable. `path` is what the service opens; it stays the same when the cable is

    unplugged and plugged in again, as `/dev/serial/by-id/…` does."""

    def __init__(self, path: Path, speed_bd: int = 9_600) -> None:
        self.path = path
        self._byte_s = BITS_PER_BYTE / speed_bd
        self._master: int | None = None
        self._said = bytearray()
        self._changed = threading.Condition()
        self._reader: threading.Thread | None = None

    def plug_in(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._reader = threading.Thread(target=self._read, args=(self._master,), daemon=True)
        self._reader.start()

    def unplug(self) -> None:
        master, self._master = self._master, None
        self.path.unlink(missing_ok=True)
        if self._reader is not None:
            self._reader.join(SOON_S)
        if master is not None:
            os.close(master)

    def write(self, content: bytes) -> None:
        """At the line's speed, byte by byte. Blocks: to be called in a thread."""
        pause = threading.Event()
        for number in content:
            assert self._master is not None, "the cable is unplugged"
            os.write(self._master, bytes((number,)))
            pause.wait(self._byte_s)

    def until_said(self, true: Callable[[bytes], bool]) -> bytes:
        """Wait for what the service writes; takes it. Blocks: to be called in a thread."""
        with self._changed:
            came = self._changed.wait_for(lambda: true(bytes(self._said)), SOON_S)
            assert came, f"the service said only {bytes(self._said)!r}"
            said, self._said = bytes(self._said), bytearray()
        return said

    def _read(self, master: int) -> None:
        """Until unplugged. A pty nobody has open reads as an error: that is a cable in a drawer."""
        pause = threading.Event()
        while self._master == master:
            ready, _, _ = select.select([master], [], [], READ_LOOKS_S)
            if not ready:
                continue
            try:
                said = os.read(master, 4_096)
            except OSError:
                pause.wait(READ_LOOKS_S)
                continue
            with self._changed:
                self._said += said
                self._changed.notify_all()
