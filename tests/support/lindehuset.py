"""Lindehuset, a small bosted on a quiet evening, with the engine that the service runs.

Anna (house 2), Bo (house 1, runner), Ida (house 2, her badge silent and no telephone) and Per
(house 1, duty leader) are at work; Eva, Mia and Ole are off. What a test needs is brought about as
it would be: somebody presses, answers, closes, time passes. Only what nobody can bring about here
(an alarm of an older release, a thousand of them, odd entries) is written into the store.
"""

from __future__ import annotations

from asyncio import Event, Queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from alarms.model import Alarm, Cause, Notice
from core.clock import VirtualClock, sleep
from core.ids import hashed
from core.signals import (
    AlarmKind,
    AnswerKind,
    Level,
    Position,
    Reading,
    ReceiptState,
    Signal,
    SignalType,
    Standing,
)
from devices.findings import State
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.rows import CONSOLE, SMS, WEARABLE
from dispatcher.engine.engine import Engine
from dispatcher.engine.pictures import SitePictures
from dispatcher.engine.ports import Change
from dispatcher.roster.organisation import Organisation
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import Transaction
from tests.support.bosted import FLAT, NOW, configuration
from tests.support.office import (
    ReadableChannel,
    SeenDevices,
    SmallJournal,
    doors_of,
    first_word,
    readable,
)

STAFF_TOKENS = {"token-of-per": "per", "token-of-bo": "bo", "token-of-gone": "gone"}
TURNS_MOST, QUIET_TURNS = 10_000, 5
"""How often the loop goes round until all is at rest, and how long it must stay so."""


class Overheard(Engine):
    """The engine; what pages ask of it, and who follows it, is written down."""

    def __init__(self, *built_of: Any) -> None:
        super().__init__(*built_of)
        self.asked: list[tuple[str, AnswerKind, Source | str]] = []
        self.following: list[Queue[Change]] = []
        self._following_moved = Event()

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        self.asked.append((notice_id, answer, source))
        return await super().answer(notice_id, answer, source)

    async def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None = None
    ) -> AnswerOutcome:
        self.asked.append((alarm_id, answer, person))
        return await super().volunteer(alarm_id, person, answer, rev)

    def follow(self) -> Queue[Change]:
        queue = super().follow()
        self.following.append(queue)
        self._following_moved.set()
        return queue

    def unfollow(self, queue: Queue[Change]) -> None:
        super().unfollow(queue)
        self.following = [one for one in self.following if one is not queue]
        self._following_moved.set()

    async def until_following(self, count: int) -> None:
        """Wait until so many pages follow."""
        while len(self.following) != count:
            self._following_moved.clear()
            await self._following_moved.wait()


@dataclass
class Lindehuset:
    """The house while it runs; time stands still until it is moved."""

    engine: Overheard
    store: MemoryStore
    clock: VirtualClock
    pictures: SitePictures
    wearable: ReadableChannel
    sms: ReadableChannel
    console: ReadableChannel
    signals: int = 0

    @property
    def asked(self) -> list[tuple[str, AnswerKind, Source | str]]:
        """The answers that pages have passed on."""
        return self.engine.asked

    @property
    def channels(self) -> tuple[ReadableChannel, ...]:
        return self.wearable, self.sms, self.console

    @property
    def alarm(self) -> Alarm:
        """The one that is open; of several the first."""
        return next(iter(self.engine.core.open_alarms.alarms.values()))

    def is_open(self, alarm: str = "a_1") -> bool:
        return self.engine.open_alarm(alarm) is not None

    async def stored(self, alarm: str = "a_1") -> Alarm:
        found = await self.engine.alarm(alarm)
        assert found is not None
        return found

    # What happens

    async def press(self, person: str | None = "anna", zone: str | None = FLAT, **more: Any) -> str:
        """Somebody presses their badge; the first press opens alarm `a_1`, the second `a_2` …"""
        await self._signal(SignalType.ALARM, person, zone, **more)
        return f"a_{self.signals}"

    async def says_over(self, person: str = "anna") -> None:
        """The wearer takes their press back."""
        await self._signal(SignalType.CANCEL, person, None)

    async def rings(self, person: str, alarm: str = "a_1") -> None:
        """Their badge says that it has rung."""
        rung = [n for n in self.wearable.sent if (n.person, n.alarm) == (person, alarm)][-1]
        source = Source(SourceKind.DEVICE, rung.address)
        await Engine.answer(self.engine, rung.id, AnswerKind.RANG, source)
        await self.settled()

    async def says(self, person: str, answer: AnswerKind, alarm: str = "a_1") -> None:
        """Somebody answers at the console; not one of the pages under test."""
        await Engine.volunteer(self.engine, alarm, person, answer)
        await self.settled()

    async def enough_come(self, alarm: str = "a_1") -> None:
        """As many as are wanted come, so that Bo is stood down."""
        for person in ("per", "ida"):
            await self.says(person, AnswerKind.ACCEPT, alarm)

    async def ends(
        self, alarm: str = "a_1", cause: Cause = Cause.CALMED_DOWN, text: str = ""
    ) -> None:
        """The duty leader closes it."""
        seen = self.engine.open_alarm(alarm)
        assert seen is not None
        await self.engine.close_alarm(alarm, seen.rev, "per", cause, text)
        await self.settled()

    async def fails(self, notice: Notice) -> None:
        """The provider says that it could not be delivered."""
        await self.engine.receipt(notice.id, ReceiptState.FAILED_PERMANENT)
        await self.settled()

    def degrade(self, text: str = "The store cannot commit.") -> None:
        self.engine.health.report("store", text)

    def configure(self, organisation: Organisation) -> None:
        """Another configuration is applied."""
        self.pictures.configure(organisation)
        self.engine.reconfigured()

    async def time_passes(self, span: timedelta) -> None:
        """Everything due until then happens at its moment."""
        until = self.clock.now() + span
        while self.clock.now() < until:
            wake = self.engine.machine.wake_at
            self.clock.move_to(until if wake is None else min(until, wake.at))
            self.engine.wake()
            await self.settled()

    async def settled(self) -> None:
        """What is under way has arrived, and nothing is due; what the store refuses waits."""
        quiet = 0
        for _ in range(TURNS_MOST):
            quiet = quiet + 1 if self._is_quiet() else 0
            if quiet > QUIET_TURNS:
                return
            await sleep(0)
        raise AssertionError("it never came to rest")

    # What arrived

    def sms_to(self, person: str, alarm: str = "a_1") -> Notice:
        """The first that called them."""
        return next(n for n in self.sms.sent if (n.person, n.alarm) == (person, alarm))

    def link_of(self, person: str, alarm: str = "a_1") -> str:
        """The path of the page that this SMS leads to."""
        return self.sms.links[self.sms_to(person, alarm).id]

    def token_of(self, person: str, alarm: str = "a_1") -> str:
        return self.link_of(person, alarm).removeprefix("/n/")

    # Inside

    def _is_quiet(self) -> bool:
        machine = self.engine.machine
        due = machine.wake_at is not None and machine.wake_at.at <= self.clock.now()
        if due or not (machine.line.is_idle or machine.line.unsaved > 0):
            return False
        return not any(map(machine.outbox.holds, machine.core.open_alarms.notices))

    async def _signal(
        self,
        type_: SignalType,
        person: str | None,
        zone: str | None,
        *,
        device: str = "",
        level: Level = Level.RED,
        kind: AlarmKind = AlarmKind.ATTACK,
        ago: timedelta | None = timedelta(),
        position: Position | None = None,
        text: str = "",
        odd: tuple[str, ...] = (),
    ) -> None:
        """`ago`: how long ago it was pressed; None: nobody knows."""
        self.signals += 1
        device = device or f"badge-{person}"
        reading = Reading(
            protocol="native",
            device=device,
            type=type_,
            kind=kind,
            level=level,
            age=ago,
            seq=self.signals,
            zone=zone,
            position=position,
            text=text,
            authenticated=True,
            odd=odd,
        )
        signal = Signal(
            id=f"s_{self.signals}",
            identity=f"{device}|{self.signals}",
            reading=reading,
            site="lind",
            device=device,
            standing=Standing.ASSIGNED if person else Standing.UNKNOWN,
            at=self.clock.now(),
            wall=self.clock.wall(),
            person=person,
            zone=zone,
            pressed_at=None if ago is None else self.clock.now() - ago,
            level=level,
        )
        await first_word(partial(self.engine.hear, signal))
        await self.settled()


@asynccontextmanager
async def lindehuset(
    organisation: Organisation | None = None, before: Transaction | None = None
) -> AsyncIterator[Lindehuset]:
    """`before`: what stands in the store already when the engine starts."""
    store, clock = MemoryStore(), VirtualClock(NOW)
    seen = SeenDevices(
        {
            "badge-anna": (State.OK, 12.0, 0.87),
            "badge-bo": (State.OK, 12.0, 0.87),
            "badge-ida": (State.SILENT, 400.0, 0.87),
            "badge-per": (State.LOW_BATTERY, 12.0, 0.14),
        }
    )
    pictures = SitePictures(configuration() if organisation is None else organisation, (), seen)
    pictures.unreachable(("badge-ida",), "silent")
    wearable, sms, console = readable(WEARABLE), readable(SMS), readable(CONSOLE)
    doors = doors_of((wearable, console), (sms,), [])
    engine = Overheard(store, clock, pictures, doors, SmallJournal())
    pictures.watch_over(engine.core.open_alarms)
    for token, person in STAFF_TOKENS.items():
        await store.write_staff_token(hashed(token), person, NOW)
    store.commit_now(before or Transaction())
    await engine.start()
    try:
        yield Lindehuset(engine, store, clock, pictures, wearable, sms, console)
    finally:
        await engine.stop()
