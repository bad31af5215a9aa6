"""Strangers at the HTTP ports, over real sockets: half-sent, trickling, never reading."""

from __future__ import annotations

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from httpx import AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.clock import sleep
from dispatcher.web.http_connection import HttpLimits
from dispatcher.web.public import public_app
from dispatcher.web.server import WebServer, serve
from dispatcher.web.staff import staff_app
from tests.support.lindehuset import Lindehuset
from tests.support.web import Hooks, web_deps

pytestmark = pytest.mark.shell
SOON_S = 5.0
IMPATIENT = HttpLimits(head_within_s=0.2, body_within_s=0.4, taken_within_s=0.4)
HALF_HEAD = b"POST /hooks/twilio/sms HTTP/1.1\r\nHost: x\r\nX-a: "
HALF_BODY = b"POST /hooks/twilio/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nBody="


@pytest.mark.parametrize("half", [b"", HALF_HEAD, HALF_BODY])
async def test_more_half_sent_requests_than_places_keep_out_no_answer_by_sms_and_no_link(
    house: Lindehuset,
    half: bytes,
) -> None:
    hooks = Hooks()
    await house.press()
    async with serving(public_app(web_deps(house, hooks=hooks)), connections=20) as server:
        for _ in range(60):
            await half_sent(server, half)
        async with AsyncClient(base_url=server.url) as client:
            signed = {"x-twilio-signature": "right"}
            answer = await client.post("/hooks/twilio/sms", data={"Body": "1"}, headers=signed)
            assert answer.status_code == 200
            assert (await client.get(house.link_of("bo"))).status_code == 200
            assert (await client.get("/healthz")).status_code == 200
    assert [came[2] for came in hooks.came] == [{"Body": "1"}]


async def test_more_half_sent_requests_than_places_keep_nobody_from_the_board(
    house: Lindehuset,
) -> None:
    async with serving(staff_app(web_deps(house)), connections=20) as server:
        for _ in range(60):
            await half_sent(server, b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ")
        bearer = {"authorization": "Bearer token-of-per"}
        async with AsyncClient(base_url=server.url, headers=bearer) as client:
            assert (await client.get("/")).status_code == 200


@pytest.mark.parametrize("half", [b"", HALF_HEAD, HALF_BODY])
async def test_a_half_sent_request_is_ended_in_time(house: Lindehuset, half: bytes) -> None:
    async with serving(public_app(web_deps(house))) as server:
        reader, _ = await half_sent(server, half)
        await ended(reader)


async def test_a_byte_now_and_then_buys_no_time(house: Lindehuset) -> None:
    """Neither in a head nor in a body nobody reads."""
    unread = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n"
    async with serving(public_app(web_deps(house))) as server:
        for half in (HALF_HEAD, unread):
            reader, writer = await half_sent(server, half)
            trickle = asyncio.create_task(trickling(writer))
            await ended(reader)
            trickle.cancel()


async def test_a_connection_is_kept_for_the_next_request_and_its_half_sent_one_is_ended() -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving(Starlette(routes=[Route("/healthz", small)])) as server:
        reader, writer = await half_sent(server, whole)
        for _ in range(3):
            assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"well"), SOON_S)
            writer.write(whole)
        await asyncio.wait_for(reader.readuntil(b"well"), SOON_S)
        writer.write(b"GET /hea")
        await ended(reader)


async def test_an_answer_that_nobody_takes_is_taken_back() -> None:
    """It is more than the system holds for a peer that does not read."""
    asked = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving(Starlette(routes=[Route("/large", large)])) as server:
        await half_sent(server, asked)
        await until(lambda: server.connections == 1)
        await until(lambda: server.connections == 0)


async def test_what_a_stranger_sends_wrong_is_no_line_of_the_log(
    house: Lindehuset,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(public_app(web_deps(house))) as server:
        logging.getLogger("uvicorn").propagate = True
        for wrong in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\n\r\n"):
            reader, _ = await half_sent(server, wrong)
            assert await asyncio.wait_for(reader.read(64), SOON_S)
    assert [one for one in caplog.records if one.name.startswith("uvicorn")] == []


LARGE = 64 * 1024 * 1024


async def small(request: Request) -> Response:
    return PlainTextResponse("well")


async def large(request: Request) -> Response:
    return Response(bytes(LARGE))


@asynccontextmanager
async def serving(app: Starlette, connections: int | None = None) -> AsyncIterator[WebServer]:
    limits = HttpLimits() if connections else IMPATIENT
    server = await serve(app, port=0, limits=limits, connections=connections)
    try:
        yield server
    finally:
        while strangers:
            strangers.pop().close()
        await server.stop()


strangers: list[StreamWriter] = []


async def half_sent(server: WebServer, half: bytes) -> tuple[StreamReader, StreamWriter]:
    """A stranger; whoever is not read from takes no more than the system holds for them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    strangers.append(writer)
    writer.write(half)
    return reader, writer


async def ended(reader: StreamReader) -> None:
    """The other side has closed; what it said before does not matter."""
    try:
        while await asyncio.wait_for(reader.read(4_096), SOON_S):
            pass
    except ConnectionError:
        return


async def trickling(writer: StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"x")
        await sleep(0.05)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await sleep(0.01)
