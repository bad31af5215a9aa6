"""The event stream: changes, signs of life, an end at a stop, a limit per person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from starlette.requests import ClientDisconnect

from core.errors import DomainError
from dispatcher.engine.ports import Change
from dispatcher.web.events import (
    LIVES_S,
    REPLACED_AFTER_S,
    STREAMS_PER_PERSON_MAX,
    Stream,
    StreamAnswer,
    Streams,
)
from tests.support.lindehuset import Lindehuset

SOON_S = 5.0


async def test_a_stream_begins_with_hello_and_tells_each_change_with_its_number(
    house: Lindehuset,
) -> None:
    async with stream_of(house) as stream:
        assert b"event: hello" in await following(stream)
        await house.press()
        told = await following(stream)
        assert told == b'id: 1\nevent: alarm\ndata: {"what": "alarm", "alarm": "a_1"}\n\n'


async def test_a_client_that_comes_back_is_told_to_load_again(house: Lindehuset) -> None:
    async with stream_of(house, last_event_id="41") as stream:
        assert b"event: resync" in await following(stream)


async def test_a_quiet_stream_gives_a_sign_of_life_as_comment_and_as_event(
    house: Lindehuset,
) -> None:
    async with stream_of(house, heartbeat=timedelta(milliseconds=5)) as stream:
        await following(stream)
        beat = await following(stream)
        assert beat.startswith(b": beat\nevent: beat\n")


async def test_an_overflowing_queue_reaches_the_page_as_resync(house: Lindehuset) -> None:
    async with stream_of(house) as stream:
        await following(stream)
        for number in range(1_000):
            house.degrade(f"The store has failed {number} times.")
        names = []
        for _ in range(1_000):
            chunk = await following(stream)
            names.append(chunk.split(b"\n")[1])
            if b"id: 1000\n" in chunk:
                break
        assert names[0] == b"event: resync"


async def test_a_stop_ends_every_stream_at_once_and_leaves_nobody_following(
    house: Lindehuset,
) -> None:
    closing = asyncio.Event()
    stream = Streams(house.engine, timedelta(seconds=60), closing).open("per", None)
    await following(stream)
    waiting = asyncio.ensure_future(anext(stream, None))
    closing.set()
    assert await asyncio.wait_for(waiting, SOON_S) is None
    await house.press()
    assert len(house.engine.following) == 0


async def test_a_page_that_goes_away_is_followed_no_more(house: Lindehuset) -> None:
    async with stream_of(house) as stream:
        await following(stream)
        assert len(house.engine.following) == 1
    assert len(house.engine.following) == 0


async def test_many_streams_asked_for_at_once_are_counted_before_any_of_them_begins(
    house: Lindehuset,
) -> None:
    streams = Streams(house.engine, timedelta(seconds=60), asyncio.Event())
    opened = [streams.open("per", None) for _ in range(STREAMS_PER_PERSON_MAX)]
    with pytest.raises(DomainError) as refused:
        streams.open("per", None)
    assert refused.value.code == "too_many"
    other = streams.open("bo", None)
    await following(other)
    opened[0].end()
    opened.append(streams.open("per", None))
    for one in (*opened, other):
        one.end()


async def test_a_persons_oldest_stream_makes_room_once_it_may_be_dead(house: Lindehuset) -> None:
    """Behind a network that forgets connections every one of them may be."""
    clock = Clock()
    streams = Streams(house.engine, timedelta(seconds=60), asyncio.Event(), clock.s)
    opened = [streams.open("per", None) for _ in range(STREAMS_PER_PERSON_MAX)]
    for one in opened:
        await following(one)
    clock.now += REPLACED_AFTER_S
    opened.append(streams.open("per", None))
    assert b"event: hello" in await following(opened[-1])
    assert await asyncio.wait_for(anext(opened[0], None), SOON_S) is None
    waiting = asyncio.ensure_future(following(opened[1]))
    assert not waiting.done()
    waiting.cancel()
    for one in opened:
        one.end()


async def test_a_page_that_opens_its_stream_anew_takes_its_own_place(house: Lindehuset) -> None:
    streams = Streams(house.engine, timedelta(seconds=60), asyncio.Event())
    for _ in range(STREAMS_PER_PERSON_MAX * 2):
        stream = streams.open("per", None, page="wall")
    assert len(house.engine.following) == 1
    stream.end()
    assert not streams.is_watching("per")


async def test_a_stream_ends_after_a_while_so_that_one_nobody_reads_is_gone(
    house: Lindehuset,
) -> None:
    clock = Clock()
    streams = Streams(house.engine, timedelta(milliseconds=5), asyncio.Event(), clock.s)
    stream = streams.open("per", None)
    await following(stream)
    assert b"beat" in await following(stream)
    clock.now += LIVES_S
    assert await anext(stream, None) is None
    assert streams.watching() == ()
    assert len(house.engine.following) == 0


async def test_an_answer_whose_reader_is_gone_before_it_began_holds_no_place(
    house: Lindehuset,
) -> None:
    streams = Streams(house.engine, timedelta(seconds=60), asyncio.Event())

    async def gone(*message: object) -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise OSError("gone")

    answer = StreamAnswer(streams.open("per", None))
    with pytest.raises((OSError, ExceptionGroup, ClientDisconnect)):
        await answer({"type": "http", "asgi": {"spec_version": "2.4"}}, gone, send)
    assert not streams.is_watching("per")


async def test_a_line_break_in_a_name_forges_no_event(house: Lindehuset) -> None:
    async with stream_of(house) as stream:
        await following(stream)
        queue = house.engine.following[0]
        queue.put_nowait(Change(7, "alarm\n\nevent: closed", "a\nb"))
        told = await following(stream)
        assert told.count(b"\n\n") == 1
        assert b"\nevent: closed" not in told


@dataclass
class Clock:
    now: float = 1_000.0

    def s(self) -> float:
        return self.now


@asynccontextmanager
async def stream_of(
    house: Lindehuset,
    *,
    last_event_id: str | None = None,
    heartbeat: timedelta = timedelta(seconds=60),
) -> AsyncIterator[Stream]:
    stream = Streams(house.engine, heartbeat, asyncio.Event()).open("per", last_event_id)
    try:
        yield stream
    finally:
        await stream.aclose()


async def following(stream: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream), SOON_S)
