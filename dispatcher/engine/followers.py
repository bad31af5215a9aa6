"""Pages that follow changes: one bounded queue each; a slow page is told to load again."""

from __future__ import annotations

from asyncio import Queue, QueueFull

from dispatcher.engine.ports import Change

CHANGES_WAITING_MOST = 256


class Followers:
    """Everybody who watches. Nobody who watches can hold anything up."""

    def __init__(self) -> None:
        self._number = 0
        self._queues: list[Queue[Change]] = []

    def follow(self) -> Queue[Change]:
        queue: Queue[Change] = Queue(CHANGES_WAITING_MOST)
        self._queues.append(queue)
        return queue

    def unfollow(self, queue: Queue[Change]) -> None:
        if queue in self._queues:
            self._queues.remove(queue)

    def changed(self, what: str, alarm: str | None = None) -> None:
        self._number += 1
        change = Change(self._number, what, alarm)
        for queue in self._queues:
            try:
                queue.put_nowait(change)
            except QueueFull:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Change(self._number, "resync"))
