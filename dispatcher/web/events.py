"""Server-sent events: every change a page should show, and a sign of life when there is none.

A stream keeps no history. `Last-Event-ID` is answered by `resync`: load again what you show. The
heartbeat is a comment for proxies and an event `beat` for pages, which cannot see comments.

A stream may stand long after its page is gone: a proxy in between goes on taking what nobody reads.
So no place is held for ever: a page that opens anew takes the place of its own older stream, a
stream lives for a while and is opened anew, and a person's oldest one makes room for a new one.
"""

from __future__ import annotations

import asyncio
import json
from asyncio import Event, Task
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from core.clock import monotonic_s
from core.errors import DomainError
from dispatcher.engine.ports import Change, Desk
from dispatcher.web.moments import rfc3339

STREAMS_PER_PERSON_MAX = 12
"""More pages than one person has open at once, wall screens included."""

STREAMS_MAX = 500
"""Of one port: a quarter of its connections. A page that gets none asks every few seconds."""

REPLACED_AFTER_S = 30.0
"""A person's oldest stream makes room when it is older than this; younger ones are not dead yet,
and a script that opens many at once must not push a wall board out."""

LIVES_S = 600.0
"""Then a stream ends and its page opens it anew: one that nobody reads any more is gone by then."""

RETRY_MS = 1_000


class Stream:
    """What one page follows, from `Streams.open` until `end`."""

    def __init__(self, streams: Streams, person: str, page: str, *, resync: bool) -> None:
        self.person = person
        self.page = page
        self.since_s = streams.clock_s()
        self._streams = streams
        self._queue = streams.desk.follow()
        self._first: str | None = "resync" if resync else "hello"
        self._over = asyncio.create_task(streams.closing.wait())
        self._getting: Task[Change] | None = None
        self._ended = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._first is not None:
            said, self._first = _first(self._first, self._now()), None
            return said
        if self._streams.clock_s() - self.since_s >= LIVES_S:
            self.end()
        change = await self._change_within(self._streams.heartbeat.total_seconds())
        if self._over.done():
            self.end()
        if self._ended:
            raise StopAsyncIteration
        return _beat(self._now()) if change is None else _event(change)

    async def aclose(self) -> None:
        self.end()

    def end(self) -> None:
        """Give the place back at once; whoever waits for the next event learns of the end."""
        self._ended = True
        self._streams.left(self)
        self._streams.desk.unfollow(self._queue)
        self._over.cancel()
        if self._getting is not None:
            self._getting.cancel()

    async def _change_within(self, seconds: float) -> Change | None:
        if self._ended:
            return None
        getting = self._getting = self._getting or asyncio.create_task(self._queue.get())
        await asyncio.wait(
            (getting, self._over), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if not getting.done() or getting.cancelled():
            return None
        self._getting = None
        return getting.result()

    def _now(self) -> str:
        return json.dumps({"now": rfc3339(self._streams.desk.wall())})


class Streams:
    """The open streams of one listener."""

    def __init__(
        self,
        desk: Desk,
        heartbeat: timedelta,
        closing: Event,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self.desk = desk
        self.heartbeat = heartbeat
        self.closing = closing
        self.clock_s = clock_s
        self._open: dict[str, dict[Stream, None]] = {}

    def open(self, person: str, last_event_id: str | None, page: str = "") -> Stream:
        """A new stream; its place is taken now. Raises DomainError `too_many`.

        `page` names the page that opens it: an older stream of the same page has lost its reader.
        """
        own = self._open.get(person, {})
        if page:
            for older in [one for one in own if one.page == page]:
                older.end()
        if len(own) >= STREAMS_PER_PERSON_MAX:
            self._replace_oldest(own)
        if sum(map(len, self._open.values())) >= STREAMS_MAX:
            raise DomainError("too_many", "Too many pages follow. Ask again every few seconds.")
        stream = Stream(self, person, page, resync=bool(last_event_id))
        self._open.setdefault(person, {})[stream] = None
        return stream

    def left(self, stream: Stream) -> None:
        own = self._open.get(stream.person, {})
        own.pop(stream, None)
        if not own:
            self._open.pop(stream.person, None)

    def is_watching(self, person: str) -> bool:
        """Whether a page signed in as this person follows the stream now."""
        return person in self._open

    def watching(self) -> tuple[str, ...]:
        """Everybody who has a page open that follows the stream."""
        return tuple(sorted(self._open))

    def _replace_oldest(self, own: dict[Stream, None]) -> None:
        oldest = next(iter(own))
        if self.clock_s() - oldest.since_s < REPLACED_AFTER_S:
            text = f"You have {len(own)} pages that follow. Close one, or ask every few seconds."
            raise DomainError("too_many", text)
        oldest.end()


class StreamAnswer(StreamingResponse):
    """Gives the stream's place back however the answer ends, also when it never began."""

    def __init__(self, stream: Stream) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(stream, media_type="text/event-stream", headers=headers)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._stream.end()


def _first(name: str, now: str) -> bytes:
    return f"retry: {RETRY_MS}\nevent: {name}\ndata: {now}\n\n".encode()


def _beat(now: str) -> bytes:
    return f": beat\nevent: beat\ndata: {now}\n\n".encode()


def _event(change: Change) -> bytes:
    body = json.dumps({"what": change.what, "alarm": change.alarm})
    # The name is ours, but a line break in it would forge the next event.
    name = "".join(change.what.split()) or "change"
    return f"id: {change.number}\nevent: {name}\ndata: {body}\n\n".encode()
