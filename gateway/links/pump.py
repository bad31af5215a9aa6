"""One pump drives every device session: bytes and timers in, messages on, answers out.

The law kept here: *acknowledge after durable* (law 1). Each message is handed over in the order it
was heard, and none waits for the one before it: a slow commit delays no other press. Answers are
given in that order too, because many protocols acknowledge with a byte that names nothing. When
too much waits for the store, the pump stops reading; what the peer may do then is its protocol's.

There is one pump for a serial line and one for every connection: no pump knows another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.log import logger
from devices.session import DeviceSession, Heard

UNDER_WAY_MAX = 1_000
"""Messages of one pump handed over and not yet settled. Past this it stops reading: what waits
besides is at most what one read held."""

_TIMER_S_LEAST = 0.001


class LineOwner(Protocol):
    """What a line belongs to. Called on the event loop; must not block."""

    def now(self) -> datetime: ...

    def wall(self) -> datetime: ...

    def spoke(self) -> None:
        """Bytes came, whatever they mean: the line is not silent."""
        ...

    async def heard(self, message: Heard) -> bool:
        """True once the message, or its bytes where nobody can read it, are kept durably."""
        ...

    def up(self) -> None:
        """The line is open."""
        ...

    def down(self, why: str) -> None:
        """The line is not: unplugged, refused, its port taken."""
        ...

    def noticed(self, what: str, detail: str) -> None:
        """Something worth one clear line: a peer too many, a flood, a peer that does not read."""
        ...


class Wire(Protocol):
    """What carries a pump's bytes. Writing never blocks; a wire that is gone drops them."""

    def write(self, content: bytes) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Pump:
    """The session of one line or connection, and what of it is under way."""

    def __init__(self, session: DeviceSession, owner: LineOwner, wire: Wire) -> None:
        self._session = session
        self._owner = owner
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Heard] = deque()
        self._under_way: deque[tuple[int, asyncio.Task[bool]]] = deque()
        self._reading = True
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for: datetime | None = None
        self._drained = asyncio.Event()
        self._drained.set()
        self._log = logger("gateway.pump")

    @property
    def reading(self) -> bool:
        """False while too much waits for the store."""
        return self._reading

    def start(self) -> None:
        """Start the session on an open wire: its timers, and what it says first."""
        self._take(self._session.receive(b"", self._owner.now(), self._owner.wall()))

    def receive(self, content: bytes) -> int:
        """Read bytes; how many messages they completed."""
        self._owner.spoke()
        messages = self._session.receive(content, self._owner.now(), self._owner.wall())
        self._take(messages)
        return len(messages)

    def ended(self) -> None:
        """Read what stands half in the session as far as it goes: nothing more will come."""
        if not self._closed:
            self._take(self._session.ended(self._owner.now()))

    def look(self) -> None:
        """Look again: another session of the same port has moved what this one watches over."""
        if not self._closed:
            self._arm()

    def close(self) -> None:
        """Let a lost wire go: what is under way is still stored, and no longer answered."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def drained(self) -> None:
        """Wait until everything heard so far is settled."""
        await self._drained.wait()

    def _take(self, messages: Sequence[Heard]) -> None:
        self._waiting.extend(messages)
        self._go_on()

    def _go_on(self) -> None:
        """Write, read on or stop, arm the timer: after anything that moved the session."""
        self._hand_over()
        if not self._closed:
            self._write()
            self._steer_reading()
            self._arm()
        if not self._under_way and not self._waiting:
            self._drained.set()

    def _hand_over(self) -> None:
        while self._waiting and len(self._under_way) < UNDER_WAY_MAX:
            message = self._waiting.popleft()
            task = self._loop.create_task(self._owner.heard(message))
            self._under_way.append((message.ticket, task))
            self._drained.clear()
            task.add_done_callback(self._settle)

    def _settle(self, _: asyncio.Task[bool]) -> None:
        """Answer every message whose turn it is."""
        while self._under_way and self._under_way[0][1].done():
            ticket, task = self._under_way.popleft()
            kept = self._kept(task)
            if ticket:
                self._session.stored(ticket, kept, self._owner.now())
        self._go_on()

    def _kept(self, task: asyncio.Task[bool]) -> bool:
        if task.cancelled():
            return False
        broken = task.exception()
        if broken is not None:
            self._log.error("a message was not taken", error=broken)
            return False
        return task.result()

    def _write(self) -> None:
        """Write all there is to send; over datagrams a session gives one at a time."""
        while sending := self._session.to_send():
            self._wire.write(sending)

    def _steer_reading(self) -> None:
        wanted = not self._waiting
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                self._wire.resume_reading()
            else:
                self._wire.pause_reading()

    def _arm(self) -> None:
        """Move the one timer only when it would ring too late: bytes are cheap."""
        wake_at = self._session.wake_at
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
        now, wake_at = self._owner.now(), self._session.wake_at
        due = wake_at is not None and wake_at <= now
        self._take(self._session.wake(now) if due else ())
