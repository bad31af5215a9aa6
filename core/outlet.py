"""One way out of the process: lines wait in a queue, and a thread of its own writes them.

The law kept here: *nothing that only watches may delay, stop or fail what helps* (law 12). Whoever
says something neither waits for whoever reads it nor hears that nobody could. A line too many is
dropped and counted; how many were is the first thing written when something can be written again.

There is no lock on the way in: a line may be said by any thread, in a signal handler, or while the
interpreter clears objects away in the middle of another line.
"""

from __future__ import annotations

import itertools
import os
import select
import threading
from collections.abc import Callable
from io import TextIOBase
from queue import Empty, SimpleQueue

from core.clock import monotonic_s

LINES_MAX = 4_000
"""Lines that wait; with `LINE_BYTES_MAX` at most some tens of megabytes, a minute of a busy day."""

LINE_BYTES_MAX = 8_192
"""Of one line; what is longer is cut."""

AGAIN_S = 1.0
"""How soon it is tried again to say what was lost, when nobody says anything new."""

STUCK_AFTER_S = 2.0
"""A write that takes longer than this waits for a reader who does not read."""

CLOSE_WITHIN_S = 1.0
"""How long a stop waits for what is still to be written: a service must end within ten seconds."""

Line = str | Callable[[], str]
"""A line, or what makes one: that is then done by the writing thread."""

NOBODY_READS = "nobody reads it"


class Outlet:
    """One descriptor and its thread. Nothing is written before `release`."""

    def __init__(
        self,
        descriptor: int,
        say_lost: Callable[[int], str],
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        """`say_lost` makes the line about lost ones; `on_tick` is called about once a second."""
        self._descriptor = descriptor
        self._say_lost = say_lost
        self._on_tick = on_tick
        self._waiting: SimpleQueue[Line | None] = SimpleQueue()
        self._dropped = _Tally()
        self._failed = 0
        self._told = 0
        self._why = ""
        self._half = False
        self._writing_since: float | None = None
        self._ticked_at = monotonic_s()
        self._first = ""
        self._closed = False
        self._thread: threading.Thread | None = None

    def put(self, line: Line) -> None:
        """Queue a line; never waits, never raises."""
        if self._waiting.qsize() >= LINES_MAX:
            self._dropped.add()
        else:
            self._waiting.put(line)

    def release(self, first: str = "") -> None:
        """Begin to write: this line, then what has been said until now."""
        if self._thread is None:
            self._first = first
            self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)
            self._thread.start()

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Write what waits, unless that takes too long: then the process ends without it."""
        self.release()
        self._closed = True
        self._waiting.put(None)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(within_s)

    @property
    def lost(self) -> int:
        """Lines that were not written, since the start."""
        return self._dropped.count + self._failed

    @property
    def trouble(self) -> str:
        """Why nothing can be written now; empty when all is well."""
        if self._thread is not None and not self._thread.is_alive() and not self._closed:
            return "its thread ended"
        since = self._writing_since
        if since is not None and monotonic_s() - since > STUCK_AFTER_S:
            return NOBODY_READS
        return self._why

    # The thread

    def _write_on(self) -> None:
        if self._first and not self._write(self._first):
            self._failed += 1
        while True:
            try:
                line = self._waiting.get(timeout=AGAIN_S)
            except Empty:
                line = ""
            if line is None:
                return
            self._one(line)

    def _one(self, line: Line) -> None:
        if monotonic_s() - self._ticked_at >= AGAIN_S:
            self._ticked_at = monotonic_s()
            self._tick()
        if not self._confessed():
            self._failed += bool(line)
        elif line and not self._write(_made(line)):
            self._failed += 1

    def _tick(self) -> None:
        try:
            self._on_tick()
        except Exception as error:  # another line, and the next second, are worth more
            self._write(f"what was due could not be said: {type(error).__name__}")

    def _confessed(self) -> bool:
        """Say how many lines were lost since it was said last; False when that is lost too."""
        lost = self.lost - self._told
        if lost <= 0:
            return True
        if not self._write(self._say_lost(lost)):
            return False
        self._told += lost
        return True

    def _write(self, text: str) -> bool:
        content = text.encode("utf-8", "backslashreplace")[:LINE_BYTES_MAX] + b"\n"
        if self._half:  # the disk filled up in the middle of a line
            content = b"\n" + content
        whole, self._writing_since = len(content), monotonic_s()
        try:
            while content:
                content = content[self._some(content) :]
        except OSError as error:
            self._why = error.strerror or type(error).__name__
            self._half = self._half or len(content) < whole
            return False
        finally:
            self._writing_since = None
        self._why, self._half = "", False
        return True

    def _some(self, content: bytes) -> int:
        try:
            return os.write(self._descriptor, content)
        except BlockingIOError:  # whoever shares the descriptor asked for this
            door = select.poll()
            door.register(self._descriptor, select.POLLOUT)
            door.poll()
            return 0


class Spoken(TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr`, so that `print` and every library waits no more
    than we do."""

    def __init__(self, outlet: Outlet, descriptor: int) -> None:
        self._outlet = outlet
        self._descriptor = descriptor
        self._begun = threading.local()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def write(self, text: str) -> int:
        *whole, rest = (getattr(self._begun, "text", "") + text).split("\n")
        for line in whole:
            self._outlet.put(line)
        self._begun.text = rest[-LINE_BYTES_MAX:]
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor


class _Tally:
    """Counts from any thread, without a lock."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.count = 0

    def add(self) -> None:
        self.count = next(self._numbers)


def _made(line: Line) -> str:
    if isinstance(line, str):
        return line
    try:
        return line()
    except Exception as error:  # the log is the last to hear of a mistake; it must go on writing
        return f"a line could not be made: {type(error).__name__}"
