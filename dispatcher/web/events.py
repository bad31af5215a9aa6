"""Server-sent events: every change a page should show, and a sign of life when there is none.

A stream keeps no history. `Last-Event-ID` is answered by `resync`: load again what you show. The
heartbeat is a comment for proxies and an event `beat` for pages, which cannot see comments.
"""

from __future__ import annotations

import asyncio
import json
from asyncio import Event, Queue, Task
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from core.errors import DomainError
from dispatcher.engine.ports import Change, Desk
from dispatcher.web.moments import rfc3339

STREAMS_PER_PERSON_MAX = 12
STREAMS_MAX = 500
RETRY_MS = 1_000


class Streams:
    """The open streams of one listener."""

    def __init__(self, desk: Desk, heartbeat: timedelta, closing: Event) -> None:
        self._desk = desk
        self._heartbeat = heartbeat
        self._closing = closing
        self._open: Counter[str] = Counter()

    def open(self, person: str, last_event_id: str | None) -> AsyncGenerator[bytes]:
        """A new stream. Raises DomainError `too_many`, before anything is sent."""
        if self._open[person] >= STREAMS_PER_PERSON_MAX or self._open.total() >= STREAMS_MAX:
            raise DomainError("too_many", "Too many open streams. Close a page and try again.")
        return self._stream(person, last_event_id)

    def is_watching(self, person: str) -> bool:
        """Whether a page signed in as this person follows the stream now."""
        return self._open[person] > 0

    def watching(self) -> tuple[str, ...]:
        """Everybody who has a page open that follows the stream."""
        return tuple(sorted(person for person, pages in self._open.items() if pages > 0))

    async def _stream(self, person: str, last_event_id: str | None) -> AsyncGenerator[bytes]:
        self._open[person] += 1
        queue = self._desk.follow()
        closing = asyncio.create_task(self._closing.wait())
        try:
            yield self._first(resync=bool(last_event_id))
            async with aclosing(self._changes(queue, closing)) as changes:
                async for chunk in changes:
                    yield chunk
        finally:
            closing.cancel()
            self._desk.unfollow(queue)
            self._open[person] -= 1
            self._open += Counter()  # forget people with none: `+=` keeps positive counts only

    async def _changes(self, queue: Queue[Change], closing: Task[bool]) -> AsyncGenerator[bytes]:
        getting: Task[Change] | None = None
        try:
            while not closing.done():
                getting = getting or asyncio.create_task(queue.get())
                wait_s = self._heartbeat.total_seconds()
                await asyncio.wait(
                    (getting, closing), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
                )
                if getting.done():
                    yield _event(getting.result())
                    getting = None
                elif not closing.done():
                    yield self._beat()
        finally:
            if getting is not None:
                getting.cancel()

    def _first(self, *, resync: bool) -> bytes:
        name = "resync" if resync else "hello"
        return f"retry: {RETRY_MS}\nevent: {name}\ndata: {self._now()}\n\n".encode()

    def _beat(self) -> bytes:
        return f": beat\nevent: beat\ndata: {self._now()}\n\n".encode()

    def _now(self) -> str:
        return json.dumps({"now": rfc3339(self._desk.wall())})


def _event(change: Change) -> bytes:
    body = json.dumps({"what": change.what, "alarm": change.alarm})
    # The name is ours, but a line break in it would forge the next event.
    name = "".join(change.what.split()) or "change"
    return f"id: {change.number}\nevent: {name}\ndata: {body}\n\n".encode()
