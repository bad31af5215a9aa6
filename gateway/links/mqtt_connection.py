"""One MQTT connection on asyncio: moves bytes and timers between a socket and an `MqttSession`.

A `BufferedProtocol`, not a stream: what arrives is decided on in the same turn of the loop it was
read in. asyncio sets TCP_NODELAY on every TCP socket itself.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from devices.mqtt.events import Event, Fault
from devices.mqtt.limits import MqttLimits
from devices.mqtt.mailbox import Mailbox
from devices.mqtt.packets import Publish
from devices.mqtt.session import MqttSession

READ_BYTES_MAX = 65_536
"""One read of one socket; all connections share the buffer, since each read is used up at once."""

UNWRITTEN_BYTES_MAX = 65_536
"""Bytes a socket may leave with us before its session is blocked."""

LINGER_S = 2.0
"""How long a closed connection may take to fetch its last bytes."""

_TIMER_S_LEAST = 0.001


class Owner(Protocol):
    """Who answers a connection's events: the listener."""

    read_buffer: memoryview

    def now(self) -> datetime: ...

    def opened(self, connection: MqttConnection) -> bool:
        """Count a new connection; False when it is one too many."""
        ...

    def happened(self, connection: MqttConnection, event: Event) -> None: ...

    def left(self, connection: MqttConnection) -> None:
        """Its socket is gone and its session has ended: forget it. Called once."""
        ...


class MqttConnection(asyncio.BufferedProtocol):
    """The socket, the timer and the session of one client."""

    def __init__(self, owner: Owner, limits: MqttLimits, loop: asyncio.AbstractEventLoop) -> None:
        self.session = MqttSession(limits, owner.now())
        self.mailbox: Mailbox | None = None
        self.username = ""
        self.client_id = ""
        self.peer = "unknown"
        self._owner = owner
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._lost: str | None = None
        self._left = False
        self._reading = True
        self._closing = False
        self._turn_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for: datetime | None = None

    # -- called by asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=UNWRITTEN_BYTES_MAX)
        address = transport.get_extra_info("peername")
        self.peer = str(address[0]) if address else "unknown"
        if self._owner.opened(self):
            self._arm()
        else:
            self.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._owner.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._turn(bytes(self._owner.read_buffer[:nbytes]))

    def pause_writing(self) -> None:
        self.session.block(self._owner.now())
        self._arm()

    def resume_writing(self) -> None:
        self.session.unblock(self._owner.now())
        self.session.pump()
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost = "the line was lost" if exc is None else f"the line was lost: {exc}"
        # What was received before is still handled: there may be a press in it.
        self.go_on()

    # -- called by the listener -------------------------------------------------------------

    def go_on(self) -> None:
        """After anything that moved the session: write, read on or stop, arm the timer."""
        sending = self.session.to_send()
        if sending and self._transport is not None:
            self._transport.write(sending)
        if self._lost is not None and self.session.drained:
            self._leave(self._lost)
        if (self.session.held or self.session.can_send) and not self._turn_due:
            self._turn_due = True
            self._loop.call_soon(self._next_turn)
        self._steer_reading()
        self._arm()

    def settle(self, packet: Publish, *, kept: bool) -> None:
        """Settle a message that was committed, or never will be."""
        if kept:
            self.session.acknowledge(packet)
        else:
            self.session.let_go(packet, self._owner.now())
        self.go_on()

    def postpone(self, packet: Publish) -> None:
        """Set a message aside that has called help and waits for the store: it is settled later."""
        self.session.postpone(packet, self._owner.now())
        self.go_on()

    def end(self, why: str, fault: Fault | None = None) -> None:
        """End the session from our side; the listener hears of it as of any other ending."""
        if ended := self.session.end(why, fault):
            self._owner.happened(self, ended)

    def close(self, *, hold_s: float = 0.0) -> None:
        """Write the last bytes and close, after `hold_s` without reading; abort what lingers."""
        self._closing = True
        self._steer_reading()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if hold_s:
            self._loop.call_later(hold_s, self._finish)
        else:
            self._finish()

    def stop_reading(self) -> None:
        """Take nothing more from the socket; what was received is still handled."""
        self._closing = True
        self._steer_reading()

    def abort(self) -> None:
        """Close at once, unwritten bytes and all."""
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    # ---------------------------------------------------------------------------------------

    def _turn(self, received: bytes) -> None:
        for event in self.session.receive(received, self._owner.now()):
            self._owner.happened(self, event)
        self.go_on()

    def _leave(self, why: str) -> None:
        self.end(why)
        if not self._left:
            self._left = True
            self._owner.left(self)

    def _next_turn(self) -> None:
        self._turn_due = False
        self.session.pump()
        self._turn(b"")

    def _finish(self) -> None:
        if self._transport is None:
            return
        sending = self.session.to_send()
        if sending:
            self._transport.write(sending)
        self._transport.close()
        self._loop.call_later(LINGER_S, self.abort)

    def _steer_reading(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        wanted = self.session.wants_bytes and not self._closing
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _arm(self) -> None:
        """One timer a connection, moved only when it would ring too late: packets are cheap."""
        wake_at = None if self._closing or self._lost is not None else self.session.wake_at
        if wake_at is None:
            return
        if self._timer is not None:
            assert self._armed_for is not None
            if self._armed_for <= wake_at:
                return
            self._timer.cancel()
        delay_s = max((wake_at - self._owner.now()).total_seconds(), _TIMER_S_LEAST)
        self._armed_for = wake_at
        self._timer = self._loop.call_later(delay_s, self._wake)

    def _wake(self) -> None:
        self._timer = None
        for event in self.session.wake(self._owner.now()):
            self._owner.happened(self, event)
        self.go_on()
