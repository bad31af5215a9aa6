"""Serial lines on ptys that are as slow as real ones, and on URLs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from gateway.links.serial_line import (
    DEAD_PEER_S,
    STEADY_FOR,
    SerialLine,
    SerialSettings,
    _close,
    _open_port,
)
from tests.support.lines import SOON_S, MemoryWire, PlainSession, SlowHouse, plain
from tests.support.pty_line import PtyCable

pytestmark = pytest.mark.shell

AGAIN_S = 0.02


async def test_a_press_that_comes_byte_by_byte_is_answered_after_its_commit(
    cable: PtyCable,
) -> None:
    house = SlowHouse()
    house.gate.clear()
    async with serving(cable.path, house):
        await asyncio.to_thread(cable.write, b"!550 help\n")
        await house.until(lambda: house.names == ["550"])
        house.gate.set()
        assert await asyncio.to_thread(cable.until_said, has(b"+550\n")) == b"+550\n"
    assert house.spoken >= len(b"!550 help\n") // 2, "the cable is not as slow as a real one"


async def test_an_unplugged_line_is_said_and_comes_back_without_a_restart(
    cable: PtyCable,
) -> None:
    house = SlowHouse()
    async with serving(cable.path, house):
        await asyncio.to_thread(cable.write, b"!1 help\n!half a pre")
        await house.until(lambda: house.names == ["1"])
        await asyncio.to_thread(cable.unplug)
        await house.until(lambda: house.states == ["up", "down"])
        assert house.names == ["1", "half"]
        cable.plug_in()
        await house.until(lambda: house.states == ["up", "down", "up"])
        await asyncio.to_thread(cable.write, b"!2 help\n")
        await house.until(lambda: house.names == ["1", "half", "2"])


def test_a_connection_is_set_to_notice_a_peer_that_lost_its_power() -> None:
    """No test can pull the plug of loopback, so this is as near as it comes."""
    with socket.create_server(("127.0.0.1", 0)) as far:
        port = _open_port(SerialSettings(f"socket://127.0.0.1:{far.getsockname()[1]}"))
        with socket.socket(fileno=os.dup(port.fileno())) as connection:
            waits_ms = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            asks = connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        _close(port)
    assert (waits_ms, asks) == (DEAD_PEER_S * 1_000, 1)


async def test_a_line_that_is_not_there_at_the_start_is_down_until_it_is(tmp_path: Path) -> None:
    house = SlowHouse()
    cable = PtyCable(tmp_path / "line")
    async with serving(cable.path, house):
        await house.until(lambda: house.states == ["down"])
        cable.plug_in()
        await house.until(lambda: house.states == ["down", "up"])
        await asyncio.to_thread(cable.write, b"!1 help\n")
        await house.until(lambda: house.names == ["1"])
    await asyncio.to_thread(cable.unplug)


async def test_a_port_somebody_else_reads_is_not_shared(cable: PtyCable) -> None:
    house, second = SlowHouse(), SlowHouse()
    async with serving(cable.path, house), serving(cable.path, second):
        await second.until(lambda: second.states == ["down"])
        await asyncio.to_thread(cable.write, b"!1 help\n")
        await house.until(lambda: house.names == ["1"])
        assert second.messages == []


async def test_several_lines_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    house = SlowHouse()
    house.slow["1"] = asyncio.Event()
    with plugged(tmp_path / "one") as one, plugged(tmp_path / "other") as other:
        async with serving(one.path, house), serving(other.path, house):
            await asyncio.to_thread(one.write, b"!1 help\n")
            await house.until(lambda: house.names == ["1"])
            await asyncio.to_thread(other.write, b"!2 help\n")
            await asyncio.to_thread(other.until_said, has(b"+2\n"))
            house.slow["1"].set()
            await asyncio.to_thread(one.until_said, has(b"+1\n"))


async def test_the_sessions_own_timers_write_on_the_line(cable: PtyCable) -> None:
    house = SlowHouse()
    line = SerialLine(
        SerialSettings(str(cable.path)),
        lambda: PlainSession(timedelta(milliseconds=20)),
        house,
        AGAIN_S,
    )
    running = asyncio.create_task(line.run())
    await house.until(lambda: house.states == ["up"])
    await asyncio.to_thread(cable.write, b".1\n")
    await asyncio.to_thread(cable.until_said, lambda said: said.count(b"poll\n") >= 3)
    await stopped(running)


async def test_speed_bits_parity_and_stop_bits_are_set_on_the_port(cable: PtyCable) -> None:
    import termios

    house = SlowHouse()
    line = SerialLine(SerialSettings(str(cable.path), 19_200, 7, "E", 2), plain, house, AGAIN_S)
    running = asyncio.create_task(line.run())
    await house.until(lambda: house.states == ["up"])
    with cable.path.open("rb") as port:
        flags = termios.tcgetattr(port)
    assert flags[5] == termios.B19200
    # A pty has no wire and always keeps eight bits; the parity and the stop bit it remembers.
    assert flags[2] & termios.CSTOPB
    await stopped(running)


async def test_a_line_over_a_network_socket_works_and_comes_back() -> None:
    house = SlowHouse()
    far = FarEnd()
    await far.start()
    async with serving(f"socket://127.0.0.1:{far.port}", house):
        await house.until(lambda: house.states == ["up"])
        await far.say(b"!1 help\n")
        await far.heard.until(lambda: far.heard.sent == b"+1\n")
        far.hang_up()
        await house.until(lambda: house.states == ["up", "down", "up"])
        await far.say(b"!2 help\n")
        await house.until(lambda: house.names == ["1", "2"])
    await far.stop()


async def test_a_connection_that_lasted_and_is_back_at_once_was_not_down() -> None:
    house = SlowHouse()
    far = FarEnd()
    await far.start()
    async with serving(f"socket://127.0.0.1:{far.port}", house, steady=timedelta()):
        await far.say(b"!1 help\n")
        await far.heard.until(lambda: far.heard.sent == b"+1\n")
        far.hang_up()
        await house.until(lambda: house.notes == ["reopened"])
        await far.say(b"!2 help\n")
        await far.heard.until(lambda: far.heard.sent == b"+1\n+2\n")
        assert house.states == ["up"]
    await far.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:serial")  # of pyserial, against Python
async def test_a_port_without_a_descriptor_is_read_by_a_thread_and_answered() -> None:
    house = SlowHouse()
    async with served_by_rfc2217() as far:
        async with serving(f"rfc2217://127.0.0.1:{far.port}?timeout=2", house):
            await house.until(lambda: house.states == ["up"])
            far.say(b"!1 help\n")
            await far.heard.until(lambda: far.heard.sent == b"+1\n")
            far.hang_up()
            await house.until(lambda: house.states[:2] == ["up", "down"])


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[PtyCable]:
    with plugged(tmp_path / "line") as cable:
        yield cable


@contextlib.contextmanager
def plugged(path: Path) -> Iterator[PtyCable]:
    cable = PtyCable(path)
    cable.plug_in()
    try:
        yield cable
    finally:
        cable.unplug()


@asynccontextmanager
async def serving(
    url: Path | str, house: SlowHouse, steady: timedelta = STEADY_FOR
) -> AsyncIterator[None]:
    line = SerialLine(SerialSettings(str(url)), plain, house, AGAIN_S, steady)
    running = asyncio.create_task(line.run())
    await house.until(lambda: len(house.states) > 0)
    try:
        yield
    finally:
        await stopped(running)


async def stopped(running: asyncio.Task[None]) -> None:
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def has(what: bytes) -> Callable[[bytes], bool]:
    return lambda said: what in said


class FarEnd:
    """A serial server on the network: the other end of `socket://`."""

    def __init__(self) -> None:
        self.heard = MemoryWire()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._there = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def say(self, content: bytes) -> None:
        async with asyncio.timeout(SOON_S):
            await self._there.wait()
        assert self._writer is not None
        self._writer.write(content)

    def hang_up(self) -> None:
        assert self._writer is not None
        self._there.clear()
        self._writer.close()

    async def stop(self) -> None:
        assert self._server is not None
        assert self._writer is not None
        self._writer.close()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._there.set()
        with contextlib.suppress(ConnectionError):
            while said := await reader.read(1_000):
                self.heard.write(said)


class Rfc2217End(asyncio.Protocol):
    """A serial server that speaks RFC 2217, with pyserial's own server side over `loop://`."""

    def __init__(self) -> None:
        self.heard = MemoryWire()
        self.port = 0
        self._transport: asyncio.Transport | None = None
        self._device = serial.serial_for_url("loop://")
        self._manager: serial.rfc2217.PortManager | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._manager = serial.rfc2217.PortManager(self._device, self)

    def write(self, content: bytes) -> None:
        assert self._transport is not None
        self._transport.write(content)

    def data_received(self, data: bytes) -> None:
        assert self._manager is not None
        self.heard.write(b"".join(self._manager.filter(data)))

    def say(self, content: bytes) -> None:
        assert self._manager is not None
        self.write(b"".join(self._manager.escape(content)))

    def hang_up(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def close(self) -> None:
        self._device.close()
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def served_by_rfc2217() -> AsyncIterator[Rfc2217End]:
    far = Rfc2217End()
    server = await asyncio.get_running_loop().create_server(lambda: far, "127.0.0.1", 0)
    far.port = server.sockets[0].getsockname()[1]
    try:
        yield far
    finally:
        server.close()
        far.close()
        await asyncio.get_running_loop().run_in_executor(None, _threads_ended)


def _threads_ended() -> None:
    """The reading thread closes its port by itself; a test must not end before it has."""
    for thread in threading.enumerate():
        if thread.name.startswith("serial-"):
            thread.join(SOON_S)
