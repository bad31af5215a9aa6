"""A TCP port that devices, panels and call systems connect to: one pump a connection.

What arrives is decided on in the same turn of the loop it was read in, at most `READ_BYTES_MAX` of
one connection at a time. A peer that sends without pause is not read for as long as its budget
says (`peers`); everybody else is.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from datetime import datetime

from core.clock import sleep
from devices.session import DeviceSession
from gateway.links.peers import PeerLimits, Peers
from gateway.links.pump import LineOwner, Pump

READ_BYTES_MAX = 4_096
"""One read of one socket; all connections share the buffer, since each read is used up at once."""

UNWRITTEN_BYTES_MAX = 65_536
"""Answers a peer may leave unread; past this it gets no more, and soon its connection is cut."""

DEAF_FOR_S = 5.0
"""How long it is read on meanwhile: what it sent may be a call."""

BACKLOG = 256
"""New connections the kernel holds while we are busy."""

BIND_AGAIN_S = 5.0
"""How often a port that is taken is tried again."""

HANDSHAKE_WITHIN_S = 10.0
"""How long a peer may take to agree on the encryption."""

LINGER_S = 1.0
"""How long a closed connection may take to fetch its last answers."""


class TcpLine:
    """One listening port. `run` until cancelled, then `close`."""

    def __init__(
        self,
        host: str,
        port: int,
        open_session: Callable[[], DeviceSession],
        owner: LineOwner,
        limits: PeerLimits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`port` 0 is any free one; see `port`. `tls`: only encrypted connections are taken."""
        self.owner = owner
        self.limits = limits or PeerLimits()
        self.peers = Peers(self.limits)
        self.read_buffer = memoryview(bytearray(READ_BYTES_MAX))
        self.connections: dict[TcpConnection, None] = {}
        self._host = host
        self._wanted = port
        self._open_session = open_session
        self._tls = tls
        self._server: asyncio.Server | None = None

    @property
    def is_encrypted(self) -> bool:
        return self._tls is not None

    @property
    def port(self) -> int | None:
        """The real port while it is open."""
        if self._server is None or not self._server.sockets:
            return None
        return int(self._server.sockets[0].getsockname()[1])

    async def run(self) -> None:
        """Open the port, again and again where it is taken; then stay until cancelled."""
        loop = asyncio.get_running_loop()
        while self._server is None:
            try:
                self._server = await loop.create_server(
                    lambda: TcpConnection(self),
                    self._host,
                    self._wanted,
                    backlog=BACKLOG,
                    ssl=self._tls,
                    ssl_handshake_timeout=None if self._tls is None else HANDSHAKE_WITHIN_S,
                )
            except OSError as error:
                self.owner.down(f"{self._host}:{self._wanted} cannot be opened: {error.strerror}")
                await sleep(BIND_AGAIN_S)
        self.owner.up()
        await loop.create_future()

    def stop_reading(self) -> None:
        """Accept and read nothing more; what was heard is still stored and answered."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.stop_reading()

    async def close(self) -> None:
        """Close every connection, its last answers written."""
        self.stop_reading()
        gone = [connection.gone for connection in self.connections]
        for connection in list(self.connections):
            connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await asyncio.gather(*(one.wait() for one in gone))
        for connection in list(self.connections):
            connection.abort()

    def session(self) -> DeviceSession:
        return self._open_session()


class TcpConnection(asyncio.BufferedProtocol):
    """One peer: its socket, its pump, its idle timer."""

    def __init__(self, line: TcpLine) -> None:
        self.gone = asyncio.Event()
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pump: Pump | None = None
        self._peer = "unknown"
        self._unfinished = 0
        self._holds: dict[str, None] = {}
        self._closing = False
        self._heard_at: datetime = line.owner.now()
        self._idle: asyncio.TimerHandle | None = None
        self._deaf: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    # -- called by asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        address = transport.get_extra_info("peername")
        self._peer = str(address[0]) if address else "unknown"
        refused = self._line.peers.connect(self, self._peer, self._line.owner.now())
        if refused:
            detail = f"a connection from {self._peer} is refused: {refused}"
            self._line.owner.noticed("too_many_connections", detail)
            transport.abort()
            return
        transport.set_write_buffer_limits(high=UNWRITTEN_BYTES_MAX)
        self._transport = transport
        self._line.connections[self] = None
        self._pump = Pump(self._line.session(), self._line.owner, self)
        self._pump.start()
        self._watch_idle()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._line.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._pump is None or self._closing:
            return
        now = self._heard_at = self._line.owner.now()
        messages = self._pump.receive(bytes(self._line.read_buffer[:nbytes]))
        self._unfinished = 0 if messages else self._unfinished + nbytes
        if messages:
            self._line.peers.spoke(self)
        if self._unfinished > self._line.limits.unfinished_bytes_max:
            self._pump.ended()
            detail = f"{self._peer} sent {self._unfinished} bytes without one message; cut off"
            self._line.owner.noticed("oversize", detail)
            self.abort()
            return
        wait = self._line.peers.spend(self._peer, nbytes, now)
        if wait:
            self._hold("budget")
            self._loop.call_later(wait.total_seconds(), self._release, "budget")

    def eof_received(self) -> bool:
        """The peer has said all it will: its last answers still go out, then we close."""
        if self._pump is None:
            return False
        self._pump.ended()
        self._ending = self._loop.create_task(self._close_when_answered())
        return not self._line.is_encrypted  # TLS knows no half-open connection

    def pause_writing(self) -> None:
        self._deaf = self._loop.call_later(DEAF_FOR_S, self._cut_off)

    def resume_writing(self) -> None:
        if self._deaf is not None:
            self._deaf.cancel()
            self._deaf = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.gone.set()
        if self._idle is not None:
            self._idle.cancel()
        self.resume_writing()
        if self._pump is not None:
            if not self._closing:  # we close what is answered, or stop: nothing is lost then
                self._pump.ended()
            self._pump.close()
            self._line.peers.disconnect(self)
            self._line.connections.pop(self, None)

    # -- the pump's wire --------------------------------------------------------------------

    def write(self, content: bytes) -> None:
        """What a peer that reads nothing is not told it asks for again."""
        if self._deaf is not None:
            return
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(content)

    def pause_reading(self) -> None:
        self._hold("store")

    def resume_reading(self) -> None:
        self._release("store")

    # -- called by the line -----------------------------------------------------------------

    def make_room(self) -> None:
        """It has said nothing whole, and others wait: what it said so far may still be a call."""
        detail = f"a connection from {self._peer} that said nothing whole made room for a new one"
        self._line.owner.noticed("too_many_connections", detail)
        if self._pump is not None:
            self._pump.ended()
        self.abort()

    def stop_reading(self) -> None:
        self._closing = True
        self._hold("closing")

    def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    # ---------------------------------------------------------------------------------------

    def _cut_off(self) -> None:
        detail = f"{self._peer} does not read its answers; cut off"
        self._line.owner.noticed("slow_reader", detail)
        if self._pump is not None:
            self._pump.ended()
        self.abort()

    async def _close_when_answered(self) -> None:
        assert self._pump is not None
        await self._pump.drained()
        self.close()

    def _hold(self, why: str) -> None:
        """Not read while any reason holds."""
        self._holds[why] = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def _release(self, why: str) -> None:
        self._holds.pop(why, None)
        if self._holds or self._transport is None or self._transport.is_closing():
            return
        self._transport.resume_reading()

    def _watch_idle(self) -> None:
        """Close a connection nothing has come from for long: its device may be gone."""
        if self._transport is None:
            return
        left = self._heard_at + self._line.limits.idle - self._line.owner.now()
        if left.total_seconds() <= 0:
            self.close()
            return
        self._idle = self._loop.call_later(left.total_seconds(), self._watch_idle)
