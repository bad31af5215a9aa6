"""The UDP port of a line, over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from core.clock import sleep
from gateway.links.peers import PeerLimits
from gateway.links.udp_line import DATAGRAM_BYTES_MAX, UdpLine
from tests.support.lines import SOON_S, SlowHouse, plain

pytestmark = pytest.mark.shell


async def test_a_press_over_udp_is_answered_to_its_sender_after_its_commit() -> None:
    house = SlowHouse()
    house.gate.clear()
    async with serving(house) as line, peer(line) as anna, peer(line) as bo:
        anna.send(b"!550 help\n")
        bo.send(b"!551 help\n")
        await house.until(lambda: sorted(house.names) == ["550", "551"])
        house.gate.set()
        assert await anna.answer() == b"+550\n"
        assert await bo.answer() == b"+551\n"


async def test_a_flood_from_one_address_delays_nobody_else() -> None:
    house = SlowHouse()
    limits = PeerLimits(burst_bytes=10_000, bytes_per_second=1)
    async with serving(house, limits) as line, peer(line) as flooding:
        async with peer(line, "127.0.0.2") as anna:
            for _ in range(200):
                flooding.send(b".flood\n")
            await house.until(lambda: "flood" in house.notes)
            anna.send(b"!550 help\n")
            assert await anna.answer() == b"+550\n"
        assert house.names.count("flood") <= 10_000 // limits.read_costs_least + 1


async def test_of_a_datagram_longer_than_any_protocol_needs_its_beginning_is_read() -> None:
    house = SlowHouse()
    async with serving(house) as line, peer(line) as anna:
        anna.send(b"!550 help\n" + b"x" * DATAGRAM_BYTES_MAX)
        assert await anna.answer() == b"+550\n"
        assert house.notes == ["oversize"]


async def test_a_sender_that_is_let_go_in_the_middle_of_a_message_is_heard_to_its_end() -> None:
    house = SlowHouse()
    async with serving(house, senders_max=1) as line:
        async with peer(line) as anna, peer(line) as bo:
            anna.send(b"!550 hel")
            async with asyncio.timeout(SOON_S):
                while line.senders == 0:
                    await sleep(0.01)
            bo.send(b"!551 help\n")
            await house.until(lambda: sorted(house.names) == ["550", "551"])


async def test_only_so_many_senders_have_a_session_and_a_new_one_is_always_heard() -> None:
    house = SlowHouse()
    async with serving(house, senders_max=2) as line:
        for name in ("1", "2", "3"):
            async with peer(line) as one:
                one.send(f"!{name} help\n".encode())
                assert await one.answer() == f"+{name}\n".encode()
        assert line.senders == 2


@asynccontextmanager
async def serving(
    house: SlowHouse, limits: PeerLimits | None = None, senders_max: int = 100
) -> AsyncIterator[UdpLine]:
    line = UdpLine("127.0.0.1", 0, plain, house, limits, senders_max)
    running = asyncio.create_task(line.run())
    await house.until(lambda: house.states == ["up"])
    try:
        yield line
    finally:
        running.cancel()
        await line.close()


class Sender(asyncio.DatagramProtocol):
    """One address that sends and waits for answers."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self.answers.put_nowait(data)

    def send(self, content: bytes) -> None:
        assert self.transport is not None
        self.transport.sendto(content)

    async def answer(self) -> bytes:
        async with asyncio.timeout(SOON_S):
            return await self.answers.get()


@asynccontextmanager
async def peer(line: UdpLine, address: str = "127.0.0.1") -> AsyncIterator[Sender]:
    assert line.port is not None
    transport, sender = await asyncio.get_running_loop().create_datagram_endpoint(
        Sender, remote_addr=("127.0.0.1", line.port), local_addr=(address, 0)
    )
    try:
        yield sender
    finally:
        transport.close()
