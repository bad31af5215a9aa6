"""One HTTP/1.1 connection with a limit in time on everything the other side may leave undone.

uvicorn has a limit for silence between two requests only. Here a head, a body and the taking of an
answer have theirs too: absolute ones, so that a byte now and then buys nobody time.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import TimerHandle
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from dispatcher.web.admission import Door, Phase


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How long the other side may leave something undone.

    `head_within_s`: from the connection, or the first byte of a further request, to the end of its
    head. A phone sends a head in one packet; five seconds cover three lost ones.
    `body_within_s`: from the head to the end of the body: a little more than the app waits (408),
    so that whoever is only slow gets an answer.
    `taken_within_s`: how long an answer, or a part of a stream, may lie here because nobody takes
    it, and how long the network may say nothing of what we sent.
    """

    head_within_s: float = 5.0
    body_within_s: float = 12.0
    taken_within_s: float = 20.0


class HttpConnection(H11Protocol):
    """Also lets the app see who the other side proved to be: `request.state.client_certificate`."""

    def __init__(
        self,
        door: Door,
        limits: HttpLimits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._door = door
        self._limits = limits
        self._phase = Phase.HEAD
        self._deadline: TimerHandle | None = None
        self._untaken: TimerHandle | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        shown = transport.get_extra_info("peercert") or None
        self.app_state = {**self.app_state, "client_certificate": shown}
        # `pause_writing` as soon as something lies here; at 0 a TLS transport would always pause.
        transport.set_write_buffer_limits(high=1, low=0)
        _notice_silence(transport, self._limits.taken_within_s)
        if self._door.came(self):
            self._end_unless_within(self._limits.head_within_s)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._door.left(self)
        self._deadline = _stop(self._deadline)
        self._untaken = _stop(self._untaken)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD)
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._untaken = self._untaken or self.loop.call_later(
            self._limits.taken_within_s, self.drop
        )
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._untaken = _stop(self._untaken)
        self._look()

    def drop(self) -> None:
        self.transport.abort()

    def _look(self) -> None:
        """See what phase the bytes, or an answer, have brought us to."""
        phase = self._phase_now()
        if phase is not self._phase:
            self._enter(phase)

    def _phase_now(self) -> Phase:
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            return Phase.BODY
        if self._untaken is not None:
            return Phase.UNTAKEN
        if self.cycle is not None and not self.cycle.response_complete:
            return Phase.SERVED
        ended = self.timeout_keep_alive_task is not None or self.transport.is_closing()
        return Phase.IDLE if ended else Phase.HEAD

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._door.moved(self, phase)
        match phase:
            case Phase.HEAD:
                self._end_unless_within(self._limits.head_within_s)
            case Phase.BODY:
                self._end_unless_within(self._limits.body_within_s)
            case Phase.SERVED | Phase.UNTAKEN | Phase.IDLE:  # these have limits of their own
                self._deadline = _stop(self._deadline)

    def _end_unless_within(self, seconds: float) -> None:
        _stop(self._deadline)
        self._deadline = self.loop.call_later(seconds, self.drop)


def _stop(timer: TimerHandle | None) -> TimerHandle | None:
    """None, to put in the place of the timer that is stopped."""
    if timer is not None:
        timer.cancel()
    return None


def _notice_silence(transport: asyncio.Transport, most_s: float) -> None:
    """A peer the network has forgotten acknowledges nothing: the system then ends the connection.

    Otherwise it would stand for a quarter of an hour, and a wall board's slot with it.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(most_s * 1_000))
