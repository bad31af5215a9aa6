"""One thread beside the event loop, for what may take long or never come back: a disk, mostly.

Whoever asks waits as long as they said, and whoever asks while a call hangs is told so at once. The
thread is a daemon: a call that never comes back does not keep the process from ending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from core.clock import monotonic_s

_Job = tuple[Callable[..., Any], tuple[Any, ...], "Future[Any]"]
_T = TypeVar("_T")


class Beside:
    """Calls run in the order they were asked for; one nobody waits for any more is left out."""

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._since_s: float | None = None
        self._closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def ask(
        self, work: Callable[..., _T], *arguments: Any, within_s: float | None = None
    ) -> _T:
        """What `work` returns or raises. Raises TimeoutError when it takes longer than that."""
        if within_s is not None and self.hangs(within_s):
            raise TimeoutError
        future = asyncio.wrap_future(self.soon(work, *arguments))
        async with asyncio.timeout(within_s):
            return await future

    def soon(self, work: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Ask from any thread. After `close` nothing is run any more."""
        future: Future[_T] = Future()
        if self._closed:
            future.cancel()
        else:
            self._queue.put((work, arguments, future))
        return future

    def hangs(self, within_s: float) -> bool:
        """Whether the call under way has taken longer than that."""
        since_s = self._since_s
        return since_s is not None and monotonic_s() - since_s > within_s

    def close(self, within_s: float | None = None) -> bool:
        """Run what waits, then stop. Blocks at most so long; false when a call still hangs."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            work, arguments, future = job
            if not future.set_running_or_notify_cancel():
                continue
            self._since_s = monotonic_s()
            try:
                future.set_result(work(*arguments))
            # Not swallowed: it is handed to whoever asked.
            except BaseException as problem:
                future.set_exception(problem)
            finally:
                self._since_s = None
