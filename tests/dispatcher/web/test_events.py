"""The event stream: changes, signs of life, an end at a stop, a limit per person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from core.errors import DomainError
from dispatcher.engine.ports import Change
from dispatcher.web.events import STREAMS_PER_PERSON_MAX, Streams
from tests.support.desk import MemoryDesk, lindehuset

SOON_S = 5.0


async def test_a_stream_begins_with_hello_and_tells_each_change_with_its_number() -> None:
    desk = lindehuset()
    async with stream_of(desk) as stream:
        assert b"event: hello" in await following(stream)
        desk.followers.changed("alarm", "a_1")
        told = await following(stream)
        assert told == b'id: 1\nevent: alarm\ndata: {"what": "alarm", "alarm": "a_1"}\n\n'


async def test_a_client_that_comes_back_is_told_to_load_again() -> None:
    async with stream_of(lindehuset(), last_event_id="41") as stream:
        assert b"event: resync" in await following(stream)


async def test_a_quiet_stream_gives_a_sign_of_life_as_comment_and_as_event() -> None:
    async with stream_of(lindehuset(), heartbeat=timedelta(milliseconds=5)) as stream:
        await following(stream)
        beat = await following(stream)
        assert beat.startswith(b": beat\nevent: beat\n")


async def test_an_overflowing_queue_reaches_the_page_as_resync() -> None:
    desk = lindehuset()
    async with stream_of(desk) as stream:
        await following(stream)
        for _ in range(1_000):
            desk.followers.changed("alarm", "a_1")
        names = []
        for _ in range(1_000):
            chunk = await following(stream)
            names.append(chunk.split(b"\n")[1])
            if b"id: 1000\n" in chunk:
                break
        assert names[0] == b"event: resync"


async def test_a_stop_ends_every_stream_at_once_and_leaves_nobody_following() -> None:
    desk = lindehuset()
    closing = asyncio.Event()
    stream = Streams(desk, timedelta(seconds=60), closing).open("per", None)
    await following(stream)
    waiting = asyncio.ensure_future(anext(stream, None))
    closing.set()
    assert await asyncio.wait_for(waiting, SOON_S) is None
    desk.followers.changed("alarm")
    assert still_following(desk) == 0


async def test_a_page_that_goes_away_is_followed_no_more() -> None:
    desk = lindehuset()
    async with stream_of(desk) as stream:
        await following(stream)
        assert still_following(desk) == 1
    assert still_following(desk) == 0


async def test_one_person_has_a_limit_of_streams_and_others_are_not_held_up() -> None:
    streams = Streams(lindehuset(), timedelta(seconds=60), asyncio.Event())
    opened = [streams.open("per", None) for _ in range(STREAMS_PER_PERSON_MAX)]
    for stream in opened:
        await following(stream)
    with pytest.raises(DomainError) as refused:
        streams.open("per", None)
    assert refused.value.code == "too_many"
    other = streams.open("bo", None)
    await following(other)
    await opened[0].aclose()
    await following(streams.open("per", None))


async def test_a_line_break_in_a_name_forges_no_event() -> None:
    desk = lindehuset()
    async with stream_of(desk) as stream:
        await following(stream)
        queue = followed(desk)
        queue.put_nowait(Change(7, "alarm\n\nevent: closed", "a\nb"))
        told = await following(stream)
        assert told.count(b"\n\n") == 1
        assert b"\nevent: closed" not in told


@asynccontextmanager
async def stream_of(
    desk: MemoryDesk,
    *,
    last_event_id: str | None = None,
    heartbeat: timedelta = timedelta(seconds=60),
) -> AsyncIterator[AsyncGenerator[bytes]]:
    stream = Streams(desk, heartbeat, asyncio.Event()).open("per", last_event_id)
    try:
        yield stream
    finally:
        await stream.aclose()


async def following(stream: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream), SOON_S)


def still_following(desk: MemoryDesk) -> int:
    return len(desk.following)


def followed(desk: MemoryDesk) -> asyncio.Queue[Change]:
    return desk.followers._queues[0]
