"""A small device protocol for the lines' own tests, and the house behind a line.

`!<name> <text>` is an alarm, `.<name>` a heartbeat, anything else cannot be read; each ends with a
line feed. A kept message is answered `+<name>`, one that is not kept `-<name>`, one that cannot be
read `?`. A session that wants to (`poll_every`) says `poll` whenever that is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import Clock, ServiceClock
from core.signals import AlarmKind, Reading, SignalType
from devices.family import Encoding, Family, nothing_to_set
from devices.session import DeviceSession, Heard

SOON_S = 10.0
"""How long a test waits for an event before it fails."""

PROTOCOL = "plain"
FRAME_MAX = 1_000


class PlainSession:
    """`devices.session.DeviceSession` of the protocol above."""

    def __init__(self, poll_every: timedelta | None = None) -> None:
        self._poll_every = poll_every
        self._begun = bytearray()
        self._sending = bytearray()
        self._owed: dict[int, str] = {}
        self._tickets = 0
        self.wake_at: datetime | None = None
        self.woken = 0

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        self._begun += data
        if self._poll_every is not None and self.wake_at is None:
            self.wake_at = now + self._poll_every
        *frames, rest = self._begun.split(b"\n")
        self._begun = rest if len(rest) <= FRAME_MAX else bytearray()
        return [self._heard(bytes(frame)) for frame in frames]

    def wake(self, now: datetime) -> Sequence[Heard]:
        assert self._poll_every is not None
        assert self.wake_at is not None
        assert self.wake_at <= now
        self.woken += 1
        self.wake_at = now + self._poll_every
        self._sending += b"poll\n"
        return ()

    def ended(self, now: datetime) -> Sequence[Heard]:
        half, self._begun = bytes(self._begun), bytearray()
        return [self._heard(half)] if half else []

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        name = self._owed.pop(ticket)
        self._sending += f"{'+' if kept and name else '-' if name else '?'}{name}\n".encode()

    def to_send(self) -> bytes:
        sending, self._sending = bytes(self._sending), bytearray()
        return sending

    def _heard(self, frame: bytes) -> Heard:
        name, _, text = frame[1:].decode("ascii", "replace").partition(" ")
        self._tickets += 1
        self._owed[self._tickets] = name if frame[:1] in (b"!", b".") else ""
        if frame[:1] == b"!":
            reading = Reading(
                PROTOCOL, name, SignalType.ALARM, AlarmKind.CALL, text=text, raw=frame
            )
            return Heard(reading, ticket=self._tickets, raw=frame)
        if frame[:1] == b".":
            reading = Reading(PROTOCOL, name, SignalType.HEARTBEAT, raw=frame)
            return Heard(reading, ticket=self._tickets, raw=frame)
        return Heard(error="not of this protocol", ticket=self._tickets, raw=frame)


PLAIN = Family(
    PROTOCOL, "Plain lines, for tests", Encoding.TEXT, nothing_to_set(PlainSession), page=""
)


@dataclass
class SlowHouse:
    """`gateway.links.pump.LineOwner`: keeps what it hears once `gate` is open, and tells a test."""

    clock: Clock = field(default_factory=ServiceClock)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    keeps: bool = True
    breaks: Exception | None = None
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    messages: list[Heard] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    spoken: int = 0
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.gate.set()

    def now(self) -> datetime:
        return self.clock.now()

    def wall(self) -> datetime:
        return self.clock.wall()

    def spoke(self) -> None:
        self.spoken += 1

    async def heard(self, message: Heard) -> bool:
        self.messages.append(message)
        await self._tell()
        await self.gate.wait()
        if message.reading is not None and message.reading.device in self.slow:
            await self.slow[message.reading.device].wait()
        if self.breaks is not None:
            raise self.breaks
        return self.keeps

    def up(self) -> None:
        self._state("up")

    def down(self, why: str) -> None:
        self._state("down")

    def noticed(self, what: str, detail: str) -> None:
        self.notes.append(what)
        self._state_told()

    @property
    def names(self) -> list[str]:
        """Who was heard, in order."""
        return [one.reading.device for one in self.messages if one.reading is not None]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S), self.moved:
            await self.moved.wait_for(true)

    def _state(self, state: str) -> None:
        if self.states[-1:] != [state]:
            self.states.append(state)
            self._state_told()

    def _state_told(self) -> None:
        self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self.moved:
            self.moved.notify_all()


@dataclass
class MemoryWire:
    """`gateway.links.pump.Wire`: what was written, and whether the pump reads."""

    sent: bytearray = field(default_factory=bytearray)
    reading: bool = True
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, content: bytes) -> None:
        self.sent += content
        self.moved.set()

    def pause_reading(self) -> None:
        self.reading = False
        self.moved.set()

    def resume_reading(self) -> None:
        self.reading = True
        self.moved.set()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not true():
                self.moved.clear()
                await self.moved.wait()


def plain() -> DeviceSession:
    return PlainSession()
