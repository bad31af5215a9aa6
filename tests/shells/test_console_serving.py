"""The listener: port 0, a taken port in one line, a stop streams cannot hold up, quiet logs."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from httpx import AsyncClient

from core.clock import monotonic_s
from core.errors import ConfigError
from core.signals import AnswerKind
from dispatcher.web.notice.routes import form_token
from dispatcher.web.public import public_app
from dispatcher.web.server import WithoutTokens, log_config, serve
from dispatcher.web.staff import staff_app
from tests.support.lindehuset import Lindehuset
from tests.support.web import web_deps

pytestmark = pytest.mark.shell
BEARER = {"authorization": "Bearer token-of-per"}
SOON_S = 5.0


async def test_port_0_takes_a_free_one_and_serves_on_it(house: Lindehuset) -> None:
    server = await serve(public_app(web_deps(house)), port=0)
    try:
        async with AsyncClient(base_url=server.url) as client:
            answer = await client.get("/healthz")
        assert answer.json() == {"status": "ok"}
        assert "server" not in answer.headers
    finally:
        await server.stop()


async def test_a_taken_port_is_one_clear_line_that_names_the_setting(house: Lindehuset) -> None:
    app = public_app(web_deps(house))
    first = await serve(app, port=0)
    try:
        with pytest.raises(ConfigError) as refused:
            await serve(app, port=first.port, setting="PUBLIC_PORT")
        assert str(refused.value).startswith(f"PUBLIC_PORT={first.port}: cannot listen on")
        assert "\n" not in str(refused.value)
    finally:
        await first.stop()


@pytest.mark.parametrize("port", [-1, 70_000])
async def test_a_port_that_is_none_is_refused_the_same_way(house: Lindehuset, port: int) -> None:
    with pytest.raises(ConfigError):
        await serve(public_app(web_deps(house)), port=port)


async def test_a_stop_with_open_streams_takes_less_than_two_seconds(house: Lindehuset) -> None:
    server = await serve(staff_app(web_deps(house)), port=0)
    async with AsyncClient(base_url=server.url, headers=BEARER) as client:
        streams = [asyncio.create_task(read_all(client)) for _ in range(5)]
        await asyncio.wait_for(house.engine.until_following(5), SOON_S)
        began = monotonic_s()
        await server.stop()
        assert monotonic_s() - began < 2.0
        for text in await asyncio.gather(*streams):
            assert "event: hello" in text
    assert not house.engine.following
    with socket.socket() as knock:
        assert knock.connect_ex(("127.0.0.1", server.port)) != 0


async def test_a_change_reaches_the_stream_over_the_real_transport(house: Lindehuset) -> None:
    server = await serve(staff_app(web_deps(house, heartbeat=timedelta(milliseconds=50))), port=0)
    try:
        async with (
            AsyncClient(base_url=server.url, headers={**BEARER, "last-event-id": "9"}) as client,
            client.stream("GET", "/api/v1/events") as stream,
        ):
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            await line_with(lines, "event: resync")
            await line_with(lines, ": beat")
            await house.press()
            await line_with(lines, "event: alarm")
    finally:
        await server.stop()


async def test_a_page_that_closes_its_stream_is_forgotten(house: Lindehuset) -> None:
    server = await serve(staff_app(web_deps(house)), port=0)
    try:
        async with AsyncClient(base_url=server.url, headers=BEARER) as client:
            async with client.stream("GET", "/api/v1/events"):
                await asyncio.wait_for(house.engine.until_following(1), SOON_S)
            await asyncio.wait_for(house.engine.until_following(0), SOON_S)
    finally:
        await server.stop()


async def test_no_log_line_ever_holds_a_link_or_a_code(
    house: Lindehuset, caplog: pytest.LogCaptureFixture
) -> None:
    for client_log in ("httpx", "httpcore"):  # the test's own client, not ours
        caplog.set_level(logging.CRITICAL, logger=client_log)
    caplog.set_level(logging.DEBUG)
    await house.press()
    link, token = house.link_of("bo"), house.token_of("bo")

    async def broken(notice: str, answer: AnswerKind, source: object) -> object:
        raise KeyError("a fault of ours")

    app = public_app(web_deps(house))
    server = await serve(app, port=0)
    logging.getLogger("uvicorn").propagate = True
    try:
        async with AsyncClient(base_url=server.url) as client:
            await client.get(link)
            house.engine.answer = broken  # type: ignore[assignment, method-assign]
            form = {"form": form_token(token), "answer": "accept"}
            fault = await client.post(link, data=form)
            assert fault.status_code == 500
            await client.request("BREW", link)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {link} NONSENSE\r\n\r\n".encode())
        await asyncio.wait_for(reader.read(), SOON_S)
        writer.close()
    finally:
        await server.stop()
    assert "a fault of ours" in caplog.text
    assert token not in caplog.text


def test_the_log_filter_takes_tokens_out_and_leaves_the_rest() -> None:
    record = logging.LogRecord(
        "uvicorn",
        logging.ERROR,
        "",
        0,
        'GET "%s" and /enter/%s',
        ("/n/Zm9y?x=1", "abc"),
        None,
    )
    assert WithoutTokens().filter(record)
    assert record.getMessage() == 'GET "/n/…?x=1" and /enter/…'
    assert log_config()["loggers"]["uvicorn.access"]["handlers"] == []


async def read_all(client: AsyncClient) -> str:
    async with client.stream("GET", "/api/v1/events", timeout=None) as stream:
        return "".join([chunk async for chunk in stream.aiter_text()])


async def line_with(lines: AsyncIterator[str], wanted: str) -> None:
    async def look() -> None:
        async for line in lines:
            if line.startswith(wanted):
                return
        raise AssertionError(f"the stream ended before {wanted!r}")

    await asyncio.wait_for(look(), SOON_S)
