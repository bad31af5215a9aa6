"""Pages that follow changes: one bounded queue each; a slow page is told to load again."""

from __future__ import annotations

from asyncio import Queue
from collections import deque

from dispatcher.engine.ports import Change

CHANGES_WAITING_MOST = 256


class Followers:
    """The pages that follow changes; none of them can hold anything up."""

    def __init__(self) -> None:
        self._number = 0
        self._queues: list[_Following] = []

    def follow(self) -> Queue[Change]:
        queue = _Following(CHANGES_WAITING_MOST)
        self._queues.append(queue)
        return queue

    def unfollow(self, queue: Queue[Change]) -> None:
        self._queues = [each for each in self._queues if each is not queue]

    def changed(self, what: str, alarm: str | None = None) -> None:
        self._number += 1
        change = Change(self._number, what, alarm)
        for queue in self._queues:
            if queue.full():
                queue.forget()
                queue.put_nowait(Change(self._number, "resync"))
            else:
                queue.put_nowait(change)


class _Following(Queue[Change]):
    """Forgets all that waits in one move: hundreds of pages that do not read cost nothing."""

    def _init(self, maxsize: int) -> None:
        self._queue: deque[Change] = deque()

    def forget(self) -> None:
        self._queue.clear()
