"""Cables carry both ways, swallow everything while they are out, and come back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.clock import monotonic_s
from firmware_sim.speakers.cables import (
    LOOPBACK,
    Cable,
    DatagramCable,
    DialledCable,
    SerialCable,
    WaitingCable,
)

pytestmark = pytest.mark.shell

SOON_S = 10.0


async def test_a_serial_cable_is_as_slow_as_its_speed_and_carries_both_ways(tmp_path: Path) -> None:
    async with laid(SerialCable(tmp_path / "line", 9_600)) as (cable, ear):
        port = _opened(tmp_path / "line")
        began = monotonic_s()
        cable.write(b"x" * 100)
        assert await _read(port, 100) == b"x" * 100
        assert monotonic_s() - began >= 0.09
        os.write(port, b"back")
        await ear.until(lambda: bytes(ear.heard_all) == b"back")
        os.close(port)


async def test_an_unplugged_serial_cable_hangs_up_and_returns_under_its_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "line"
    async with laid(SerialCable(path, 9_600)) as (cable, _):
        port = _opened(path)
        cable.write(b"lost on the way")
        cable.unplug()
        assert not path.is_symlink()
        with contextlib.suppress(OSError):
            assert os.read(port, 100) == b""
        os.close(port)
        cable.write(b"into the air")
        cable.plug_in()
        port = _opened(path)
        cable.write(b"again")
        assert await _read(port, 5) == b"again"
        os.close(port)


async def test_bytes_for_a_serial_port_nobody_has_open_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "line"
    async with laid(SerialCable(path, 115_200)) as (cable, _):
        cable.write(b"nobody")
        await _later(0.1)
        port = _opened(path)
        cable.write(b"somebody")
        assert await _read(port, 8) == b"somebody"
        os.close(port)


@pytest.mark.parametrize("dials", [True, False])
async def test_a_connection_in_a_cable_that_is_out_hears_nothing_and_is_new_when_it_is_back(
    dials: bool,
) -> None:
    port = _free_port()
    far = _Far(port, listens=dials)
    if dials:
        await far.start()
    async with laid(DialledCable(port) if dials else WaitingCable(port)) as (cable, ear):
        if not dials:
            await far.start()
        await ear.until(lambda: ear.ups == 1)
        await far.until_there()
        cable.write(b"before")
        assert await far.read(6) == b"before"
        cable.unplug()
        cable.write(b"swallowed")
        far.write(b"swallowed too")
        await _later(0.1)
        assert ear.heard_all == b""
        assert ear.downs == 0
        cable.plug_in()
        await ear.until(lambda: ear.downs == 1)
        if not dials:
            await far.start()
        await ear.until(lambda: ear.ups == 2)
        await far.until_there()
        cable.write(b"after")
        assert await far.read(5) == b"after"
        far.write(b"heard")
        await ear.until(lambda: bytes(ear.heard_all) == b"heard")
    await far.stop()


async def test_a_datagram_into_a_cable_that_is_out_is_gone() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.bind((LOOPBACK, 0))
        near.setblocking(False)
        async with laid(DatagramCable(near.getsockname()[1])) as (cable, ear):
            cable.unplug()
            cable.write(b"gone")
            cable.plug_in()
            cable.write(b"here")
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(SOON_S):
                said, sender = await loop.sock_recvfrom(near, 100)
            assert said == b"here"
            near.sendto(b"heard", sender)
            await ear.until(lambda: bytes(ear.heard_all) == b"heard")


@dataclass
class _Ear:
    """Who is at our end."""

    heard_all: bytearray = field(default_factory=bytearray)
    ups: int = 0
    downs: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def connected(self) -> None:
        self.ups += 1
        self.moved.set()

    def lost(self) -> None:
        self.downs += 1
        self.moved.set()

    def heard(self, content: bytes) -> None:
        self.heard_all += content
        self.moved.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self.moved.clear()
                await self.moved.wait()


class _Far:
    """The other end of a TCP cable: it listens, or it calls."""

    def __init__(self, port: int, *, listens: bool) -> None:
        self._port = port
        self._listens = listens
        self._server: asyncio.Server | None = None
        self._there = asyncio.Event()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def start(self) -> None:
        if self._listens:
            self._server = await asyncio.start_server(self._came, LOOPBACK, self._port)
        else:
            await self._came(*await asyncio.open_connection(LOOPBACK, self._port))

    async def until_there(self) -> None:
        async with asyncio.timeout(SOON_S):
            await self._there.wait()
        self._there.clear()

    def write(self, content: bytes) -> None:
        assert self._streams is not None
        self._streams[1].write(content)

    async def read(self, count: int) -> bytes:
        assert self._streams is not None
        async with asyncio.timeout(SOON_S):
            return await self._streams[0].readexactly(count)

    async def stop(self) -> None:
        assert self._streams is not None
        self._streams[1].close()
        if self._server is not None:
            self._server.close()

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = (reader, writer)
        self._there.set()


@asynccontextmanager
async def laid(cable: Cable) -> AsyncIterator[tuple[Cable, _Ear]]:
    ear = _Ear()
    await cable.start(ear)
    try:
        yield cable, ear
    finally:
        await cable.close()


def _opened(path: Path) -> int:
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    os.set_blocking(port, False)
    return port


async def _read(port: int, count: int) -> bytes:
    """So many bytes of a serial port, as they come."""
    loop = asyncio.get_running_loop()
    said = bytearray()
    whole = asyncio.Event()

    def readable() -> None:
        said.extend(os.read(port, 1_000))
        if len(said) >= count:
            whole.set()

    loop.add_reader(port, readable)
    try:
        async with asyncio.timeout(SOON_S):
            await whole.wait()
    finally:
        loop.remove_reader(port)
    return bytes(said)


async def _later(seconds: float) -> None:
    """What must not come has had its time."""
    later: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, later.set_result, None)
    await later


def _free_port() -> int:
    with socket.socket() as door:
        door.bind((LOOPBACK, 0))
        return int(door.getsockname()[1])
