"""A log whose reader has fallen asleep: the world says every event into it and must not notice."""

from __future__ import annotations

import os

from core.outlet import Outlet


class UnreadLog:
    """A full pipe behind the real way out; whoever waited for its reader would wait for ever."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        _fill(self._writer)
        self._outlet = Outlet(self._writer, lambda count: f"{count} lines were not written")
        self._outlet.release()

    def say(self, line: str) -> None:
        self._outlet.put(line)

    @property
    def lost(self) -> int:
        """Lines there was no room for."""
        return self._outlet.lost

    def close(self) -> None:
        """The reader is gone: what hangs in a write comes back."""
        os.close(self._reader)
        self._outlet.close()
        os.close(self._writer)


def _fill(writer: int) -> None:
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\n" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
