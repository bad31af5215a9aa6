"""A serial line, or what stands in for one: any port or URL pyserial knows.

The law kept here: *a line that is unplugged comes back by itself*. The port is opened again and
again, each time with a fresh session, since whatever was half said on the old one is lost; the
line is down meanwhile and people are told (law 12). One that had lasted and opens again at once, as
a serial server on the network that was started anew, was not away: that is noted, and no alarm.

A port with a file descriptor is read in the event loop as it arrives. One without (`rfc2217://`)
has a thread that reads, and hands on no more before the last bytes were taken.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import serial

from core.clock import sleep
from devices.session import DeviceSession
from gateway.links.pump import LineOwner, Pump

REOPEN_S = 1.0
"""How often a line that is gone is tried again."""

STEADY_FOR = timedelta(seconds=10)
"""A port lost sooner than this is down until it opens again: else one that breaks again and again
would never be told."""

READ_BYTES_MAX = 4_096

UNWRITTEN_BYTES_MAX = 65_536
"""Answers the line may leave with us; past this it is closed and opened again."""

DEAD_PEER_S = 15
"""A connection (`socket://`) whose peer confirms nothing for so long is closed and opened again."""

THREAD_LOOKS_S = 0.2
"""How soon a reading thread notices that its port is to be closed."""


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """How the bits stand on the line. `parity` is `N`, `E` or `O` as pyserial names them."""

    url: str
    speed_bd: int = 9_600
    data_bits: int = 8
    parity: str = serial.PARITY_NONE
    stop_bits: int = 1


class SerialLine:
    """One line. `run` until cancelled; it closes its port then."""

    def __init__(
        self,
        settings: SerialSettings,
        open_session: Callable[[], DeviceSession],
        owner: LineOwner,
        reopen_s: float = REOPEN_S,
        steady_for: timedelta = STEADY_FOR,
    ) -> None:
        self._settings = settings
        self._open_session = open_session
        self._owner = owner
        self._reopen_s = reopen_s
        self._steady_for = steady_for
        self._open: _OpenPort | None = None
        self._stopping = False

    async def run(self) -> None:
        """Open, serve, and open again, until cancelled."""
        while True:
            try:
                port = await self._opened()
            except (OSError, ValueError) as error:  # pyserial's own errors are OSErrors
                self._owner.down(f"{self._settings.url} cannot be opened: {error}")
            else:
                opened = self._owner.now()
                why = f"{self._settings.url} is gone: {await self._serve(port)}"
                if self._owner.now() - opened >= self._steady_for:
                    self._owner.noticed("reopened", why)
                    continue
                self._owner.down(why)
            await sleep(self._reopen_s)

    def stop_reading(self) -> None:
        """Read nothing more; what was heard is still stored and answered."""
        self._stopping = True
        if self._open is not None:
            self._open.pause_reading()

    async def close(self) -> None:
        """`run` closes its port when it is cancelled."""

    async def _opened(self) -> Any:
        """Opening may wait for a network or a stubborn driver, so it has a thread."""
        opening = asyncio.get_running_loop().run_in_executor(None, _open_port, self._settings)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise

    async def _serve(self, port: Any) -> str:
        """Serve the line until it is lost; why it was."""
        wire = _opened_as(port)
        pump = Pump(self._open_session(), self._owner, wire)
        self._open = wire
        try:
            wire.start(pump.receive)
            if self._stopping:
                wire.pause_reading()
            self._owner.up()
            pump.start()
            why = await wire.lost
            pump.ended()
            return why
        finally:
            self._open = None
            pump.close()
            wire.close()


class _OpenPort(Protocol):
    """A wire that can be lost."""

    @property
    def lost(self) -> asyncio.Future[str]: ...

    def start(self, received: Callable[[bytes], object]) -> None: ...

    def write(self, content: bytes) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...


class _Descriptor:
    """A port the event loop watches."""

    def __init__(self, port: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._port = port
        self._fd: int = port.fileno()
        self._received: Callable[[bytes], object] | None = None
        self._unwritten = bytearray()
        os.set_blocking(self._fd, False)

    def start(self, received: Callable[[bytes], object]) -> None:
        self._received = received
        self._loop.add_reader(self._fd, self._readable)

    def write(self, content: bytes) -> None:
        if self.lost.done():
            return
        waiting = bool(self._unwritten)
        self._unwritten += content
        if len(self._unwritten) > UNWRITTEN_BYTES_MAX:
            self._lose("it takes no answers")
        elif not waiting:
            self._writable()

    def pause_reading(self) -> None:
        self._loop.remove_reader(self._fd)

    def resume_reading(self) -> None:
        if not self.lost.done():
            self._loop.add_reader(self._fd, self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        # A driver may wait for answers that nobody fetches, so closing has a thread.
        self._loop.run_in_executor(None, _close, self._port)

    def _readable(self) -> None:
        assert self._received is not None
        try:
            content = os.read(self._fd, READ_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(str(error.strerror))
            return
        if content:
            self._received(content)
        else:
            self._lose("it was unplugged, or another program reads it")

    def _writable(self) -> None:
        try:
            written = os.write(self._fd, self._unwritten)
        except BlockingIOError:
            written = 0
        except OSError as error:
            self._lose(str(error.strerror))
            return
        del self._unwritten[:written]
        if self._unwritten:
            self._loop.add_writer(self._fd, self._writable)
        else:
            self._loop.remove_writer(self._fd)

    def _lose(self, why: str) -> None:
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        if not self.lost.done():
            self.lost.set_result(why)


class _Threaded:
    """A port only a thread can wait for."""

    def __init__(self, port: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._port = port
        self._received: Callable[[bytes], object] | None = None
        self._go = threading.Event()
        self._paused = False
        self._stopping = False
        self._unwritten = 0
        self._writer = ThreadPoolExecutor(1, "serial-writer")
        self._reader = threading.Thread(target=self._read, name="serial-reader", daemon=True)

    def start(self, received: Callable[[bytes], object]) -> None:
        self._received = received
        self._go.set()
        self._reader.start()

    def write(self, content: bytes) -> None:
        if self.lost.done():
            return
        self._unwritten += len(content)
        if self._unwritten > UNWRITTEN_BYTES_MAX:
            self._lose("it takes no answers")
            return
        writing = self._loop.run_in_executor(self._writer, self._port.write, content)
        writing.add_done_callback(lambda done: self._wrote(done, len(content)))

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._go.set()

    def close(self) -> None:
        self._stopping = True
        self._go.set()
        self._writer.shutdown(wait=False, cancel_futures=True)

    def _read(self) -> None:
        """Read in the thread, which closes the port as well."""
        try:
            while not self._stopping:
                self._go.wait()
                self._read_once()
        except OSError as error:
            self._tell(self._lose, str(error))
        self._port.close()

    def _read_once(self) -> None:
        """Wait for bytes and hand them over; `_go` is set again when they were taken."""
        waiting = min(self._port.in_waiting, READ_BYTES_MAX)
        content = self._port.read(max(waiting, 1))
        if content and not self._stopping:
            self._go.clear()
            self._tell(self._came, content)

    def _tell(self, what: Callable[..., None], *about: object) -> None:
        if not self._stopping and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *about)

    def _came(self, content: bytes) -> None:
        assert self._received is not None
        if self._stopping:
            return
        self._received(content)
        if not self._paused:
            self._go.set()

    def _wrote(self, done: asyncio.Future[int], size: int) -> None:
        self._unwritten -= size
        if not done.cancelled() and done.exception() is not None:
            self._lose(str(done.exception()))

    def _lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)


def _opened_as(port: Any) -> _OpenPort:
    try:
        port.fileno()
    except (OSError, AttributeError):
        return _Threaded(port)
    return _Descriptor(port)


def _open_port(settings: SerialSettings) -> Any:
    """Raises OSError, ValueError."""
    port = serial.serial_for_url(
        settings.url,
        baudrate=settings.speed_bd,
        bytesize=settings.data_bits,
        parity=settings.parity,
        stopbits=settings.stop_bits,
        timeout=THREAD_LOOKS_S,
        exclusive=True,  # a second reader would take bytes of a call away
    )
    connection = getattr(port, "_socket", None)
    if connection is not None:
        _notice_a_dead_peer(connection)
    return port


def _notice_a_dead_peer(connection: socket.socket) -> None:
    """One that lost its power hangs up never: without this the line stays open for hours."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, DEAD_PEER_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, DEAD_PEER_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_S * 1_000)


def _close(port: Any) -> None:
    """pyserial leaves a socket open that its peer has reset, for the collector to find."""
    connection = getattr(port, "_socket", None)
    port.close()
    if connection is not None:
        connection.close()


def _close_late(opening: asyncio.Future[Any]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        _close(opening.result())
