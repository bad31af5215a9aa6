"""So much and no more in one turn of the event loop, so that it reads its lines in between.

A thousand presses at once are a thousand messages that are ready together, each some milliseconds
of deciding: without this the loop does all of them before it looks at a socket again. A call system
waits 2.5 s for the answer to its select (ESPA), then it gives its pager up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Turnstile:
    """One gate for one kind of work. `most` may pass in each turn of the loop, in their order."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._passed = 0
        self._waiting: deque[Callable[[], None]] = deque()

    def pass_through(self, work: Callable[[], None]) -> None:
        """Do `work` in its turn: mostly now. It does not raise."""
        if self._waiting or self._passed >= self._most:
            self._waiting.append(work)
        else:
            self._count()
            work()

    def _count(self) -> None:
        if not self._passed:
            asyncio.get_running_loop().call_soon(self._next_turn)
        self._passed += 1

    def _next_turn(self) -> None:
        """Let pass whoever waited longest: the loop has been everywhere."""
        self._passed = 0
        while self._waiting and self._passed < self._most:
            self._count()
            self._waiting.popleft()()
