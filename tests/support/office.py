"""A whole engine over the memory store, with channels a test can hold, fail and read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from alarms.channel import Capabilities
from alarms.model import Alarm, Notice
from alarms.plan import Callee, Plan, Step
from alarms.vocabulary import Who
from core.clock import VirtualClock, sleep
from core.errors import ChannelError
from core.signals import Owed, Reading, ReceiptState, Signal, SignalType, Standing, Taken
from core.values import replace
from devices.findings import State
from devices.registry import Device
from dispatcher.channels.ports import Addressee, Sending
from dispatcher.channels.rows import CHANNELS, SMS, WEARABLE
from dispatcher.channels.wearer import Tell
from dispatcher.engine.engine import Doors, Engine
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.model import Duty, Person, Phone, Shift, Unit, Walk, Weekday, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import Store, Transaction

START = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
PATIENCE_S = 5.0
STEP, TURNS_A_STEP, STEPS_MOST = timedelta(milliseconds=100), 10, 600
"""How time goes on in a test, and how often the loop goes round before it does."""


@dataclass
class ReadableChannel:
    """Everything sent stands in `sent`. `hold` keeps a send under way; `fails` raises instead.

    `links`: the link that went with a notice, by its id.
    """

    name: str
    capabilities: Capabilities
    sent: list[Notice] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    fails: ChannelError | None = None
    hold: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, notice: Notice, to: Addressee, link: str) -> Sending:
        if self.hold is not None:
            await self.hold.wait()
        sending = self.hand_over(notice, to)
        self.links[notice.id] = link
        return sending

    def hand_over(self, notice: Notice, to: Addressee) -> Sending:
        if self.fails is not None:
            raise self.fails
        self.sent.append(notice)
        self.arrived.set()
        return Sending(ReceiptState.SENT)

    async def close(self) -> None:
        pass


@dataclass
class SmallJournal:
    units: list[Transaction] = field(default_factory=list)
    written: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, unit: Transaction) -> Transaction:
        self.units.append(unit)
        self.written.set()
        return unit

    async def replay(self, store: Store, wall: datetime) -> object:
        self.units.clear()
        return None


Seen = tuple[State, float | None, float | None]
"""State, seconds since heard, battery."""


@dataclass
class SeenDevices:
    """What supervision knows of devices; of those it is not told about, that they are well."""

    seen: dict[str, Seen] = field(default_factory=dict)

    def state_of(self, device: str) -> Seen:
        return self.seen.get(device, (State.OK, 1.0, 0.9))


@dataclass
class Office:
    engine: Engine
    store: MemoryStore
    clock: VirtualClock
    journal: SmallJournal
    wearable: ReadableChannel
    sms: ReadableChannel
    told: list[Tell]
    pictures: SitePictures

    def press(self, person: str = "anna", seq: int = 1) -> Signal:
        device = f"badge-{person}"
        reading = Reading("native", device, SignalType.ALARM, seq=seq, authenticated=True)
        return Signal(
            id=f"s_{person}{seq}",
            identity=f"{device}|{seq}",
            reading=reading,
            site="home",
            device=device,
            standing=Standing.ASSIGNED,
            at=self.clock.now(),
            wall=self.clock.wall(),
            person=person,
        )

    @property
    def alarm(self) -> Alarm:
        (alarm,) = self.engine.open_alarms()
        return alarm

    async def until(self, happened: asyncio.Event) -> None:
        await asyncio.wait_for(happened.wait(), PATIENCE_S)

    async def time_passes_until(self, true: Callable[[], bool]) -> None:
        """Time goes on, and what is due happens, until it is so."""
        for _ in range(STEPS_MOST):
            for _ in range(TURNS_A_STEP):
                if true():
                    return
                await sleep(0)
            self.clock.move_to(self.clock.now() + STEP)
            self.engine.wake()
        raise AssertionError("it never came to be so")

    async def take(self, signal: Signal, later: Callable[[Taken], None] | None = None) -> Taken:
        """A signal comes in: what becomes of it, and `later` whatever else becomes of it."""
        return await first_word(partial(self.engine.hear, signal), later)

    async def takes(self, signal: Signal) -> Taken:
        """A signal comes in, and time goes on until it is known what becomes of it."""
        taking = asyncio.ensure_future(self.take(signal))
        await self.time_passes_until(taking.done)
        return taking.result()


async def first_word(
    say: Callable[[Owed], None], later: Callable[[Taken], None] | None = None
) -> Taken:
    """What is heard first of what became of something; `later` hears the rest."""
    first: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()

    def owed(taken: Taken) -> None:
        if not first.done():
            first.set_result(taken)
        elif later is not None:
            later(taken)

    say(owed)
    return await first


@asynccontextmanager
async def office(
    store: MemoryStore | None = None, start: bool = True, organisation: Organisation | None = None
) -> AsyncIterator[Office]:
    """Anna and Bo in house 1, Ida in house 2, Lone leads; a page at once, an SMS after 15 s."""
    store = store or MemoryStore()
    clock, journal, told = VirtualClock(START), SmallJournal(), list[Tell]()
    wearable, sms = readable(WEARABLE), readable(SMS)
    pictures = SitePictures(organisation or home(), (), SeenDevices())
    doors = doors_of((wearable,), (sms,), told)
    engine = Engine(store, clock, pictures, doors, journal)
    pictures.watch_over(engine.core.open_alarms)
    if start:
        await engine.start()
    try:
        yield Office(engine, store, clock, journal, wearable, sms, told, pictures)
    finally:
        await engine.stop()


def readable(name: str) -> ReadableChannel:
    """A channel of ours that a test can read; it waits for no receipt."""
    return ReadableChannel(name, replace(CHANNELS[name], receipt_within=None))


def doors_of(
    immediate: Sequence[ReadableChannel], waiting: Sequence[ReadableChannel], told: list[Tell]
) -> Doors:
    """No sirens; what the wearers feel stands in `told`."""

    def tell(message: Tell) -> bool:
        told.append(message)
        return True

    return Doors(
        {one.name: one for one in immediate},
        {one.name: one for one in waiting},
        tell,
        lambda alarm: 0,
        lambda token: f"/n/{token}",
    )


def home() -> Organisation:
    people = ("anna", "bo", "ida", "lone")
    by = ("wearable", "sms")
    steps = (
        Step(timedelta(), Callee(Who.NEAREST), ("wearable",)),
        Step(timedelta(seconds=15), Callee(Who.NEAREST), by, 2),
        Step(timedelta(seconds=30), Callee(Who.LEADER), by),
    )
    return Organisation(
        version=1,
        sites=(Site("home", "Home", "Europe/Copenhagen", leaders=("lone",)),),
        people=tuple(
            Person(p, p.title(), "home", (Phone(f"+450000000{n}"),), instructed=("alarm",))
            for n, p in enumerate(people)
        ),
        units=(Unit("h1", "Hus 1", "home", "z1"), Unit("h2", "Hus 2", "home", "z2")),
        zones=(Zone("z1", "Lejl 1", "home", "h1"), Zone("z2", "Stue 2", "home", "h2")),
        walks=(Walk("z1", "z2", 60),),
        shifts=(
            _always("anna", "h1"),
            _always("bo", "h1"),
            _always("ida", "h2"),
            _always("lone", "h2", Duty.LEADER),
        ),
        plans=(Plan("all", "home", steps),),
        devices=tuple(Device(f"badge-{p}", "badge", "home", person=p) for p in people),
    )


def _always(person: str, unit: str, duty: Duty = Duty.STAFF) -> Shift:
    midnight = START.time().replace(hour=0)
    return Shift(person, unit, midnight, midnight, tuple(Weekday), duty=duty)
