"""So much and no more in one turn of the event loop, so that it reads its lines in between.

A thousand presses at once are a thousand tasks that are ready together, each some milliseconds of
deciding: without this the loop does all of them before it looks at a socket again. A call system
waits 2.5 s for the answer to its select (ESPA), then it gives its pager up.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """One door for one kind of work. `most` may pass in each turn of the loop, in their order."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._passed = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        """Wait until it is my turn: mostly not at all."""
        if self._waiting or self._passed >= self._most:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        else:
            self._pass()

    def _pass(self) -> None:
        if not self._passed:
            asyncio.get_running_loop().call_soon(self._next)
        self._passed += 1

    def _next(self) -> None:
        """The loop has been everywhere; whoever waited longest goes on."""
        self._passed = 0
        while self._waiting and self._passed < self._most:
            turn = self._waiting.popleft()
            if not turn.done():  # its task may have been cancelled meanwhile
                self._pass()
                turn.set_result(None)
