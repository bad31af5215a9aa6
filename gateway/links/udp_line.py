"""A UDP port: one pump for each address that sends, its answers go back there.

A datagram that is dropped here, because its sender floods, was not acknowledged: its protocol
sends it again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime
from typing import cast

from core.clock import sleep
from devices.session import DeviceSession
from gateway.links.peers import PeerLimits, Peers
from gateway.links.pump import LineOwner, Pump
from gateway.links.tcp_line import BIND_AGAIN_S

DATAGRAM_BYTES_MAX = 8_192
"""Of a longer one the rest is left unread; no protocol of ours needs it."""

SENDERS_MAX = 2_000
"""Addresses with a session of their own; past this the one heard longest ago is let go."""

KERNEL_BYTES = 4 * 1024 * 1024
"""What the kernel holds while we are busy: a flood from one must not push others out."""

Address = tuple[str, int]


class UdpLine(asyncio.DatagramProtocol):
    """One port. `run` until cancelled, then `close`."""

    def __init__(
        self,
        host: str,
        port: int,
        open_session: Callable[[], DeviceSession],
        owner: LineOwner,
        limits: PeerLimits | None = None,
        senders_max: int = SENDERS_MAX,
    ) -> None:
        self._host = host
        self._wanted = port
        self._open_session = open_session
        self._owner = owner
        self._limits = limits or PeerLimits()
        self._peers = Peers(self._limits)
        self._senders_max = senders_max
        self._senders: dict[Address, _Sender] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._stopping = False

    @property
    def port(self) -> int | None:
        """The real port while it is open."""
        if self._transport is None:
            return None
        return int(self._transport.get_extra_info("sockname")[1])

    @property
    def senders(self) -> int:
        """How many addresses have a session."""
        return len(self._senders)

    async def run(self) -> None:
        """Open the port, again and again where it is taken; then stay until cancelled."""
        loop = asyncio.get_running_loop()
        while self._transport is None:
            try:
                await loop.create_datagram_endpoint(
                    lambda: self, local_addr=(self._host, self._wanted)
                )
            except OSError as error:
                self._owner.down(f"{self._host}:{self._wanted} cannot be opened: {error.strerror}")
                await sleep(BIND_AGAIN_S)
        self._owner.up()
        await loop.create_future()

    def stop_reading(self) -> None:
        """Take nothing more; what was heard is still stored and answered."""
        self._stopping = True

    async def close(self) -> None:
        self.stop_reading()
        for sender in self._senders.values():
            sender.pump.close()
        self._senders.clear()
        if self._transport is not None:
            self._transport.close()

    # -- called by asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Until Python 3.12 asyncio's own is no DatagramTransport by name.
        self._transport = cast("asyncio.DatagramTransport", transport)
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES
        )

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        if self._stopping:
            return
        host, port = str(addr[0]), int(addr[1])
        now = self._owner.now()
        if self._peers.spend(host, len(data), now):
            self._owner.noticed("flood", f"{host} sends without pause; some of it is left unread")
            return
        if len(data) > DATAGRAM_BYTES_MAX:
            detail = f"a datagram of {len(data)} bytes from {host}, {DATAGRAM_BYTES_MAX} are read"
            self._owner.noticed("oversize", detail)
        sender = self._sender((host, port), now)
        if sender.pump.reading:
            sender.pump.receive(data[:DATAGRAM_BYTES_MAX])

    def error_received(self, exc: Exception) -> None:
        """An answer could not be delivered: its device sends again, or is gone."""

    # ---------------------------------------------------------------------------------------

    def _sender(self, address: Address, now: datetime) -> _Sender:
        """The sender at this address; it moves to the end: the front was heard longest ago."""
        sender = self._senders.pop(address, None)
        if sender is None:
            self._let_go(now)
            sender = _Sender(self, address, self._open_session(), self._owner)
            sender.pump.start()
        sender.heard_at = now
        self._senders[address] = sender
        return sender

    def _let_go(self, now: datetime) -> None:
        """Forget whom nothing has come from for long, and the first where there are too many."""
        while self._senders:
            address, longest = next(iter(self._senders.items()))
            idle = now - longest.heard_at >= self._limits.idle
            if not idle and len(self._senders) < self._senders_max:
                return
            longest.pump.ended()
            longest.pump.close()
            del self._senders[address]

    def send(self, content: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(content, address)


class _Sender:
    """One address: its session, and the wire back to it. There is nothing to stop reading."""

    def __init__(
        self, line: UdpLine, address: Address, session: DeviceSession, owner: LineOwner
    ) -> None:
        self.pump = Pump(session, owner, self)
        self.heard_at = owner.now()
        self._line = line
        self._address = address

    def write(self, content: bytes) -> None:
        self._line.send(content, self._address)

    def pause_reading(self) -> None:
        """What comes meanwhile is left unread, see `datagram_received`."""

    def resume_reading(self) -> None:
        """It is read again."""
