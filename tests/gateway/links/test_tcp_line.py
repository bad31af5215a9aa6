"""The TCP port of a line, over loopback: answers, limits, and one peer's flood."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from core.clock import sleep
from gateway.links.peers import PeerLimits
from gateway.links.tcp_line import TcpLine
from tests.support.certificates import certificate
from tests.support.lines import SOON_S, SlowHouse, plain

pytestmark = pytest.mark.shell

T = TypeVar("T")


async def test_a_press_over_tcp_is_answered_after_its_commit() -> None:
    house = SlowHouse()
    house.gate.clear()
    async with serving(house) as line, peer(line) as (reader, writer):
        writer.write(b"!550 he")
        writer.write(b"lp\n")
        await house.until(lambda: house.names == ["550"])
        house.gate.set()
        assert await soon(reader.readline()) == b"+550\n"


async def test_an_encrypted_port_answers_who_speaks_tls_and_nobody_else(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(cert, key)
    trusted = ssl.create_default_context(cafile=cert)
    house = SlowHouse()
    async with serving(house, tls=shown) as line, peer(line) as (plain_reader, plain_writer):
        plain_writer.write(b"!551 help\n")
        assert await soon(closed(plain_reader))
        reader, writer = await asyncio.open_connection("localhost", line.port, ssl=trusted)
        writer.write(b"!550 help\n")
        assert await soon(reader.readline()) == b"+550\n"
        writer.close()
        await soon(writer.wait_closed())
    assert house.names == ["550"]


async def test_a_peer_that_hangs_up_its_side_still_gets_its_answer() -> None:
    house = SlowHouse()
    house.gate.clear()
    async with serving(house) as line, peer(line) as (reader, writer):
        writer.write(b"!550 help\n")
        writer.write_eof()
        await house.until(lambda: house.names == ["550"])
        house.gate.set()
        assert await soon(reader.read()) == b"+550\n"


@pytest.mark.parametrize("end", ["its side", "at all", "hard"])
async def test_a_press_whose_end_is_missing_is_heard_when_its_peer_hangs_up(end: str) -> None:
    house = SlowHouse()
    async with serving(house) as line, peer(line) as (reader, writer):
        writer.write(b"!550 help")
        await writer.drain()
        if end == "hard":
            await until_spoken(house)
        match end:
            case "its side":
                writer.write_eof()
                assert await soon(reader.read()) == b"+550\n"
            case "at all":
                writer.close()
            case _:
                writer.transport.abort()
        await house.until(lambda: house.names == ["550"])


async def test_what_is_too_long_to_be_a_message_is_looked_through_before_it_is_cut_off() -> None:
    house = SlowHouse()
    limits = PeerLimits(unfinished_bytes_max=100)
    async with serving(house, limits) as line, peer(line) as (_, writer):
        writer.write(b"!550 help" + b"!" * 200)
        await house.until(lambda: house.names == ["550"])
        await house.until(lambda: "oversize" in house.notes)


async def test_a_press_is_stored_although_its_peer_is_gone() -> None:
    house = SlowHouse()
    async with serving(house) as line:
        async with peer(line) as (_, writer):
            writer.write(b"!550 help\n")
            await writer.drain()
        await house.until(lambda: house.names == ["550"])


async def test_a_flood_from_one_peer_delays_nobody_else() -> None:
    house = SlowHouse()
    limits = PeerLimits(burst_bytes=20_000, bytes_per_second=2_000)
    async with serving(house, limits) as line, peer(line) as (_, flooding):
        flooding.write(b".flood\n" * 100_000)
        await house.until(lambda: "flood" in house.names)
        async with peer(line, "127.0.0.2") as (reader, writer):
            writer.write(b"!550 help\n")
            assert await soon(reader.readline()) == b"+550\n"
        # The burst, and at most one more read of 4 KiB.
        assert house.names.count("flood") * len(b".flood\n") < 20_000 + 4_096 + 2_000 * SOON_S


async def test_a_peer_that_has_waited_out_its_budget_is_read_again() -> None:
    house = SlowHouse()
    limits = PeerLimits(burst_bytes=100, bytes_per_second=100_000, read_costs_least=1)
    async with serving(house, limits) as line, peer(line) as (reader, writer):
        writer.write(b".x\n" * 3_000 + b"!550 help\n")
        while await soon(reader.readline()) != b"+550\n":
            pass


async def test_connections_past_the_limits_are_refused_and_the_others_are_served() -> None:
    house = SlowHouse()
    limits = PeerLimits(connections_max=3, connections_per_peer_max=2)
    async with serving(house, limits) as line, peer(line) as first, peer(line) as second:
        await say(first, 550)
        await say(second, 551)
        assert await refused(line, "127.0.0.1")
        async with peer(line, "127.0.0.2") as other:
            await say(other, 552)
            assert await refused(line, "127.0.0.3")
        await say(first, 553)
        assert house.notes == ["too_many_connections"] * 2


async def test_strangers_who_take_every_place_and_say_nothing_whole_keep_no_panel_out() -> None:
    house = SlowHouse()
    limits = PeerLimits(connections_max=3, connections_per_peer_max=3)
    async with AsyncExitStack() as stack:
        line = await stack.enter_async_context(serving(house, limits))
        standing = await stack.enter_async_context(peer(line))
        await say(standing, 550)
        for _ in range(8):
            _, stranger = await stack.enter_async_context(peer(line))
            stranger.write(b"!5")
        panel = await stack.enter_async_context(peer(line))
        await say(panel, 551)
        await say(standing, 552)


async def test_bytes_without_end_and_without_a_message_are_cut_off() -> None:
    house = SlowHouse()
    limits = PeerLimits(unfinished_bytes_max=10_000)
    async with serving(house, limits) as line, peer(line) as (reader, writer):
        writer.write(b"x" * 50_000)
        assert await soon(closed(reader))
        assert house.notes == ["oversize"]


async def test_a_connection_nothing_comes_from_is_closed_after_its_time() -> None:
    house = SlowHouse()
    limits = PeerLimits(idle=timedelta(milliseconds=50))
    async with serving(house, limits) as line, peer(line) as (reader, _):
        assert await soon(reader.read()) == b""


async def test_a_peer_that_never_reads_its_answers_is_read_on_and_soon_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.links.tcp_line.DEAF_FOR_S", 0.05)
    house = SlowHouse()
    limits = PeerLimits(burst_bytes=10**9)
    async with serving(house, limits) as line:
        with socket.socket() as bad:
            bad.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            bad.setblocking(False)
            loop = asyncio.get_running_loop()
            assert line.port is not None
            await loop.sock_connect(bad, ("127.0.0.1", line.port))
            flood = b"." + b"x" * 900 + b"\n"
            await soon(until_cut_off(loop, bad, flood * 50))
        assert house.notes == ["slow_reader"]


async def test_a_port_that_is_taken_is_said_and_opened_when_it_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.links.tcp_line.BIND_AGAIN_S", 0.02)
    house = SlowHouse()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        line = TcpLine("127.0.0.1", taken.getsockname()[1], plain, house)
        running = asyncio.create_task(line.run())
        await house.until(lambda: house.states == ["down"])
    await house.until(lambda: house.states == ["down", "up"])
    running.cancel()
    await line.close()


async def test_closing_answers_what_is_committed_by_then() -> None:
    house = SlowHouse()
    house.gate.clear()
    async with serving(house) as line, peer(line) as (reader, writer):
        writer.write(b"!550 help\n")
        await house.until(lambda: house.names == ["550"])
        line.stop_reading()
        house.gate.set()
        assert await soon(reader.readline()) == b"+550\n"
        await line.close()
        assert await soon(reader.read()) == b""


async def until_spoken(house: SlowHouse) -> None:
    async with asyncio.timeout(SOON_S):
        while not house.spoken:
            await sleep(0.01)


@asynccontextmanager
async def serving(
    house: SlowHouse, limits: PeerLimits | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[TcpLine]:
    line = TcpLine("127.0.0.1", 0, plain, house, limits, tls)
    running = asyncio.create_task(line.run())
    await house.until(lambda: house.states == ["up"])
    try:
        yield line
    finally:
        running.cancel()
        await line.close()


@asynccontextmanager
async def peer(
    line: TcpLine, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.close()


async def say(there: tuple[StreamReader, StreamWriter], number: int) -> None:
    """Something whole, and its answer."""
    reader, writer = there
    writer.write(b"!%d help\n" % number)
    assert await soon(reader.readline()) == b"+%d\n" % number


async def refused(line: TcpLine, address: str) -> bool:
    async with peer(line, address) as (reader, _):
        return await soon(closed(reader))


async def until_cut_off(loop: asyncio.AbstractEventLoop, bad: socket.socket, flood: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await loop.sock_sendall(bad, flood)


async def closed(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def soon(what: Awaitable[T]) -> T:
    async with asyncio.timeout(SOON_S):
        return await what
