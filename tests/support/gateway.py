"""The other sides of the gateway, in memory: a desk that stores when it is let, and a listener."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.clock import VirtualClock
from core.signals import Owed, Reading, Signal, SignalType, Taken
from devices.findings import Finding
from devices.registry import Assignment, Device, MemoryRegistry
from devices.watch import Watch
from gateway.intake import Intake
from gateway.native import Native
from gateway.supervision import Supervision

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)
PREFIX = "tilkald/v1"
SOON_S = 5.0
"""How long a test waits for an event before it fails."""

DEVICES = (
    Device("badge-anna", "badge", "solbakken", "anna", password="demo-anna"),
    Device("badge-bo", "badge", "solbakken", "bo", password="demo-bo"),
    Device("badge-spare", "badge", "solbakken", password="demo-spare"),
    Device("badge-old", "badge", "solbakken", "cai", password="demo-old", withdrawn=True),
    Device("badge-stolen", "badge", "solbakken", "dan", password="demo-stolen", revoked=True),
    Device("button-hall", "fixed_button", "solbakken", zone="hall", password="demo-hall"),
    Device("phone-eva", "phone", "solbakken", "eva", password="demo-eva"),
)
ZONES = {"hall": "hall", "beacon-17": "house-2", "house-2": "house-2"}


@dataclass
class StoringDesk:
    """`gateway.ports.Desk`: takes signals as `answer` says, once `gate` is open."""

    answer: Taken = Taken.STORED
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Condition = field(default_factory=asyncio.Condition)
    taken: list[Signal] = field(default_factory=list)
    raw: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    breaks: Exception | None = None
    answering: dict[asyncio.Future[None], None] = field(default_factory=dict)
    owed: list[Owed] = field(default_factory=list)
    """Who is owed a word about what was not stored at once."""

    def __post_init__(self) -> None:
        self.gate.set()

    def hear(self, signal: Signal, owed: Owed) -> None:
        self.taken.append(signal)
        if self.breaks is not None:
            raise self.breaks
        self._answer_soon(owed)

    def keep_raw(self, protocol: str, sender: str, why: str, content: bytes, owed: Owed) -> None:
        self.raw.append((protocol, sender, why, content))
        self._answer_soon(owed)

    def settle(self, *, stored: bool) -> None:
        """What was not stored is stored after all, or never will be."""
        owed, self.owed = self.owed, []
        for one in owed:
            one(Taken.STORED if stored else Taken.NEVER)

    def _answer_soon(self, owed: Owed) -> None:
        task = asyncio.ensure_future(self._answer(owed))
        self.answering[task] = None
        task.add_done_callback(self.answering.pop)

    async def _answer(self, owed: Owed) -> None:
        await self._tell()
        await self.gate.wait()
        if self.answer is Taken.UNSTORED:
            self.owed.append(owed)
        owed(self.answer)

    def device_subscribed(self, device: str) -> None:
        self.subscribed.append(device)

    async def found(self, finding: Finding) -> None:
        self.findings.append(finding)
        await self._tell()

    def problem(self, part: str, text: str | None) -> None:
        if text is None:
            self.problems.pop(part, None)
        else:
            self.problems[part] = text
            self.shown.append(part)

    @property
    def presses(self) -> list[Signal]:
        """What came as new."""
        return [signal for signal in self.taken if not signal.repeat]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S), self.asked:
            await self.asked.wait_for(true)

    async def _tell(self) -> None:
        async with self.asked:
            self.asked.notify_all()


@dataclass
class Line:
    """`gateway.links.ports.MqttListener`: sessions of users by name, and what was sent to whom."""

    connected: set[str] = field(default_factory=set)
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    cut_off: list[tuple[str, str]] = field(default_factory=list)
    acks: list[Callable[[], None]] = field(default_factory=list)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        urgent: bool = True,
        on_ack: Callable[[], None] | None = None,
    ) -> int:
        self.sent.append((topic, payload))
        if on_ack is not None:
            self.acks.append(on_ack)
        return 1 if topic.removeprefix(f"{PREFIX}/").partition("/")[0] in self.connected else 0

    def disconnect(self, username: str, why: str) -> int:
        self.cut_off.append((username, why))
        present = username in self.connected
        self.connected.discard(username)
        return int(present)


class House:
    """A gateway on a clock that stands still, between a desk and a line."""

    def __init__(
        self,
        *,
        assignments: tuple[Assignment, ...] = (),
        fold_for: timedelta = timedelta(milliseconds=20),
    ) -> None:
        self.clock = VirtualClock(NOW)
        self.desk = StoringDesk()
        self.line = Line()
        self.registry = MemoryRegistry(DEVICES, assignments)
        self.watch = Watch()
        self.supervision = Supervision(self.watch, self.desk, self.clock)
        self.supervision.configure(DEVICES)
        self.intake = Intake(
            self.desk,
            self.registry,
            self.clock,
            self.supervision,
            ZONES,
            fold_for=fold_for,
            calm_after=timedelta(milliseconds=20),
        )
        self.native = Native(
            PREFIX, self.registry, self.clock, self.desk, self.intake, self.supervision
        )
        self.native.listening(self.line)

    def pass_time(self, span: timedelta) -> None:
        self.clock.move_to(self.clock.now() + span)


def reading(device: str = "badge-anna", type_: SignalType = SignalType.ALARM) -> Reading:
    return Reading("native", device, type_, authenticated=True)
