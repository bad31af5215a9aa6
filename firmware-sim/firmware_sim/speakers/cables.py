"""What carries a far end's bytes, and can be pulled out: a serial cable, TCP either way, UDP.

A cable that is out swallows what either end says, and neither end is told: no device sends a
farewell when its cable is pulled. On TCP both notice when it is back, since the old connection is
dead then and a new one is made. A serial cable writes a byte at a time, as fast as its speed, for
no real line gives its reader a whole frame at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import select
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from core.clock import sleep
from core.errors import ConfigError

BITS_PER_BYTE = 10
"""Start, eight bits (or seven and parity), stop."""

READ_BYTES_MAX = 4_096
WAITING_BYTES_MAX = 65_536
"""Bytes that wait for a slow line; a far end that says more has lost its senses."""

NOBODY_THERE_S = 0.05
"""How often a serial cable looks whether its other end is open."""

CONNECT_AGAIN_S = 0.5

LOOPBACK = "127.0.0.1"


class Ear(Protocol):
    """Who is at our end of the cable."""

    def connected(self) -> None: ...

    def lost(self) -> None: ...

    def heard(self, content: bytes) -> None: ...


class Cable(Protocol):
    """One cable. `start` lays it; it is in until it is pulled."""

    async def start(self, ear: Ear) -> None: ...

    def write(self, content: bytes) -> None:
        """One piece; over UDP one datagram. What a cable that is out is given is gone."""
        ...

    def unplug(self) -> None: ...

    def plug_in(self) -> None: ...

    async def close(self) -> None: ...


class SerialCable:
    """A pty. `path` is what the service opens; it comes back under the same name."""

    def __init__(self, path: Path, speed_bd: int) -> None:
        self._path = path
        self._byte_s = BITS_PER_BYTE / speed_bd
        self._ear: Ear | None = None
        self._master: int | None = None
        self._look: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Queue[int] = asyncio.Queue(WAITING_BYTES_MAX)
        self._writing: asyncio.Task[None] | None = None

    async def start(self, ear: Ear) -> None:
        self._ear = ear
        self.plug_in()
        self._writing = asyncio.get_running_loop().create_task(self._write_on())
        ear.connected()

    def write(self, content: bytes) -> None:
        if self._master is None:
            return
        for byte in content:
            assert not self._waiting.full(), "a far end that never stops talking"
            self._waiting.put_nowait(byte)

    def unplug(self) -> None:
        """What was on its way is gone as well."""
        master, self._master = self._master, None
        self._path.unlink(missing_ok=True)
        while not self._waiting.empty():
            self._waiting.get_nowait()
        if master is not None:
            self._deaf(master)
            os.close(master)

    def plug_in(self) -> None:
        assert self._master is None, "it is in already"
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._path.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._listen(self._master)

    async def close(self) -> None:
        self.unplug()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)

    def _listen(self, master: int) -> None:
        self._look = None
        asyncio.get_running_loop().add_reader(master, self._readable, master)

    def _deaf(self, master: int) -> None:
        asyncio.get_running_loop().remove_reader(master)
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _readable(self, master: int) -> None:
        assert self._ear is not None
        try:
            content = os.read(master, READ_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:  # nobody has the other end open: a cable in a drawer
            self._deaf(master)
            loop = asyncio.get_running_loop()
            self._look = loop.call_later(NOBODY_THERE_S, self._listen, master)
            return
        self._ear.heard(content)

    async def _write_on(self) -> None:
        while True:
            byte = await self._waiting.get()
            await sleep(self._byte_s)
            if self._master is not None and _somebody_there(self._master):
                with contextlib.suppress(OSError):
                    os.write(self._master, bytes((byte,)))


class DialledCable:
    """TCP to a port of the service; called again and again, as panels do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._in = asyncio.Event()
        self._in.set()
        self._ear: Ear | None = None
        self._wire: _Stream | None = None
        self._dialling: asyncio.Task[None] | None = None

    async def start(self, ear: Ear) -> None:
        self._ear = ear
        self._dialling = asyncio.get_running_loop().create_task(self._dial())

    def write(self, content: bytes) -> None:
        if self._wire is not None:
            self._wire.write(content)

    def unplug(self) -> None:
        self._in.clear()
        if self._wire is not None:
            self._wire.is_out = True

    def plug_in(self) -> None:
        if self._wire is not None:
            self._wire.abort()
        self._in.set()

    async def close(self) -> None:
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        if self._wire is not None:
            self._wire.abort()

    async def _dial(self) -> None:
        assert self._ear is not None
        loop = asyncio.get_running_loop()
        while True:
            await self._in.wait()
            try:
                _, wire = await loop.create_connection(_Stream, LOOPBACK, self._port)
            except OSError:
                await sleep(CONNECT_AGAIN_S)
                continue
            self._wire = wire
            wire.is_out = not self._in.is_set()
            wire.hand_over(self._ear)
            await wire.gone.wait()
            self._wire = None
            self._ear.lost()


class WaitingCable:
    """TCP the other way round: the service calls a serial server, one connection at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ear: Ear | None = None
        self._server: asyncio.Server | None = None
        self._wire: _Stream | None = None
        self._opening: asyncio.Task[None] | None = None

    async def start(self, ear: Ear) -> None:
        self._ear = ear
        await self._open()

    def write(self, content: bytes) -> None:
        if self._wire is not None:
            self._wire.write(content)

    def unplug(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._wire is not None:
            self._wire.is_out = True

    def plug_in(self) -> None:
        self._opening = asyncio.get_running_loop().create_task(self._return())

    async def close(self) -> None:
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        self.unplug()
        if self._wire is not None:
            self._wire.abort()

    async def _return(self) -> None:
        """It listens before the old connection is dead: a server is there as soon as its cable."""
        await self._open()
        if self._wire is not None:
            self._wire.abort()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._answered, LOOPBACK, self._port)
        except OSError as error:
            raise ConfigError(f"port {self._port} is taken by somebody: {error.strerror}") from None

    def _answered(self) -> _Stream:
        assert self._ear is not None
        if self._wire is not None:
            self._wire.abort()
        self._wire = _Stream(self._ear, self._is_gone)
        return self._wire

    def _is_gone(self, wire: _Stream) -> None:
        assert self._ear is not None
        if self._wire is wire:
            self._wire = None
            self._ear.lost()


class DatagramCable(asyncio.DatagramProtocol):
    """UDP to a port of the service: nothing is connected, nothing is lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ear: Ear | None = None
        self._is_in = True
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, ear: Ear) -> None:
        self._ear = ear
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, remote_addr=(LOOPBACK, self._port)
        )
        ear.connected()

    def write(self, content: bytes) -> None:
        if self._is_in and self._transport is not None:
            self._transport.sendto(content)

    def unplug(self) -> None:
        self._is_in = False

    def plug_in(self) -> None:
        self._is_in = True

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # -- called by asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Until Python 3.12 asyncio's own is no DatagramTransport by name.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if self._is_in and self._ear is not None:
            self._ear.heard(data)

    def error_received(self, exc: Exception) -> None:
        """The service is not there yet, or not any more: the far end says it again."""


class _Stream(asyncio.Protocol):
    """One TCP connection, which may lie in a cable that is out."""

    def __init__(
        self, ear: Ear | None = None, is_gone: Callable[[_Stream], None] | None = None
    ) -> None:
        self.gone = asyncio.Event()
        self.is_out = False
        self._ear = ear
        self._is_gone = is_gone
        self._transport: asyncio.Transport | None = None

    def hand_over(self, ear: Ear) -> None:
        self._ear = ear
        ear.connected()

    def write(self, content: bytes) -> None:
        if self._transport is not None and not self.is_out:
            self._transport.write(content)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- called by asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._ear is not None:
            self._ear.connected()

    def data_received(self, data: bytes) -> None:
        if self._ear is not None and not self.is_out:
            self._ear.heard(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.gone.set()
        if self._is_gone is not None:
            self._is_gone(self)


def _somebody_there(master: int) -> bool:
    """Whether the other end is open; bytes into an open end of a cable go nowhere."""
    looking = select.poll()
    looking.register(master, select.POLLOUT)
    return not any(event & select.POLLHUP for _, event in looking.poll(0))
