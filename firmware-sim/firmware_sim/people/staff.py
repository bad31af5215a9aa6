"""A whole simulated staff: everybody's worn device, telephone and habits, from a site's files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console

from core import ids
from core.chance import Chance, seeded
from core.clock import ServiceClock
from core.errors import ConfigError, PeerError
from core.signals import AlarmKind, Level
from core.values import replace
from devices.registry import Device
from dispatcher.roster.model import Person
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import read_directory
from firmware_sim.device.faults import Faults
from firmware_sim.device.link import DeviceLink, Surroundings, broker_at
from firmware_sim.device.state import (
    Act,
    Answered,
    ButtonDown,
    ButtonUp,
    Feel,
    Felt,
    Make,
    Odd,
)
from firmware_sim.device.wearable import switched_on
from firmware_sim.people import colleague
from firmware_sim.people import telephone as mobile
from firmware_sim.people.asked_to_come import asks_to_come
from firmware_sim.people.colleague import Act as Did
from firmware_sim.people.colleague import Called, Colleague, Habits, Spread, StoodDown, Way
from firmware_sim.people.events import Fact, Texted
from firmware_sim.people.narrative import Narrator
from firmware_sim.timers import keep_awake
from firmware_sim.twilio_double import Message, Phone, TwilioDouble

BOOT_MOST = 2**31 - 1
CONNECTED_WITHIN_S = 30.0
_RINGING = (Feel.RINGS, Feel.RINGS_QUIETLY)


Tell = Callable[[Fact], None]
Manner = Callable[[str], Habits]
"""How a person (by id) takes their next call."""


def natural(spread: Spread, chance: Chance) -> Manner:
    """People as they are: everybody's next call drawn anew."""
    return lambda _: drawn_with_links(spread, chance)


def drawn_with_links(spread: Spread, chance: Chance) -> Habits:
    habits = colleague.drawn(spread, chance)
    return replace(habits, by_link=chance.random() < 0.5)


def scripted(habits: Mapping[str, Habits]) -> Manner:
    """People as a scenario says; whoever it does not name ignores every call."""
    return lambda person: habits.get(person, Habits(colleague.Willing.IGNORE))


@dataclass(frozen=True, slots=True)
class Ward:
    """Who a staff is and what it lives in."""

    organisation: Organisation
    around: Surroundings
    manner: Manner
    tell: Tell
    twilio: TwilioDouble | None = None
    make: Make = Make()  # noqa: RUF009 - frozen


class Staff:
    """Run it as a task; `ready` when every device is connected; `press` to call for help."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._members = {person.id: Member(person, ward) for person in ward.organisation.people}
        self._links: dict[str, DeviceLink] = {}
        for device in ward.organisation.devices:
            if not device.revoked and not device.wire:  # what has a name on a wire speaks there
                self._links[device.id] = self._switched_on(device)

    async def run(self) -> None:
        async with (
            httpx.AsyncClient(timeout=mobile.PAGE_WAIT_S, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
        ):
            for link in self._links.values():
                tasks.create_task(link.run())
            for member in self._members.values():
                tasks.create_task(member.run(client))

    async def ready(self) -> None:
        """Every device connected. Raises ConfigError naming those that are not in time."""
        try:
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                for link in self._links.values():
                    await link.connected()
        except TimeoutError:
            away = sorted(link.device for link in self._links.values() if not link.is_connected)
            raise ConfigError(f"no connection in time: {', '.join(away)}") from None

    def link(self, device: str) -> DeviceLink:
        """Raises ConfigError for a device nobody has."""
        if device not in self._links:
            raise ConfigError(f"there is no simulated device {device}")
        return self._links[device]

    def device_of(self, person: str) -> DeviceLink:
        """The device a person presses. Raises ConfigError when they have none."""
        mine = [d.id for d in self._ward.organisation.devices if d.person == person]
        linked = [device for device in mine if device in self._links]
        if not linked:
            known = ", ".join(sorted(self._members)) or "nobody"
            raise ConfigError(f"{person} has no simulated device; people here: {known}")
        return self._links[linked[0]]

    async def press(
        self, person: str, level: Level = Level.RED, kind: AlarmKind = AlarmKind.ATTACK
    ) -> None:
        """Hold a person's button down as long as it takes. Raises ConfigError as `device_of`."""
        link = self.device_of(person)
        link.happen(ButtonDown(level, kind))
        await link.pressed()
        link.happen(ButtonUp())

    def lines(self, faults: Faults) -> None:
        """Make every device's line as good or bad as this, from now on."""
        for link in self._links.values():
            link.around = replace(link.around, faults=faults)

    def _switched_on(self, device: Device) -> DeviceLink:
        around = self._ward.around
        boot = around.chance.randint(1, BOOT_MOST)
        wearable = switched_on(device.id, boot, around.clock.wall(), self._ward.make)
        member = self._members.get(device.person or "")
        link = DeviceLink(wearable, device.password, around, self._hear(device, member))
        if member is not None:
            member.wears(link)
        return link

    def _hear(self, device: Device, member: Member | None) -> Callable[[str, Act, datetime], None]:
        def hear(_: str, act: Act, at: datetime) -> None:
            self._ward.tell(Fact(at, device.person or "", device.id, act))
            if member is not None and isinstance(act, Felt):
                member.feels(device.id, act)

        return hear


class Member:
    """One employee: their habits, their devices, their telephones."""

    def __init__(self, person: Person, ward: Ward) -> None:
        self._person = person
        self._ward = ward
        self._state = Colleague(person.id, Habits())
        self._links: dict[str, DeviceLink] = {}
        self._phones: dict[str, Phone] = {}
        self._places: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._errands: asyncio.Queue[Did] = asyncio.Queue()
        for phone in person.phones if ward.twilio else ():
            self._carry(phone.number)

    def wears(self, link: DeviceLink) -> None:
        self._links[link.device] = link

    def feels(self, device: str, felt: Felt) -> None:
        """Their device rings, or takes a call back."""
        if felt.notice is None:
            return
        if felt.feel in _RINGING:
            if not asks_to_come(felt.text):
                return
            self._take(Called(f"{device} {felt.notice}", Way.BADGE, felt.alarm))
        elif felt.feel is Feel.STOOD_DOWN:
            self._take(StoodDown(f"{device} {felt.notice}"))

    async def run(self, client: httpx.AsyncClient) -> None:
        """Live. `client` is what their telephones open notice pages with."""
        clock = self._ward.around.clock
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                keep_awake(
                    lambda: colleague.wake_at(self._state),
                    lambda: self._take(colleague.Due()),
                    self._changed,
                    clock,
                )
            )
            tasks.create_task(self._run_errands(client))

    def _carry(self, number: str) -> None:
        assert self._ward.twilio is not None
        phone = self._ward.twilio.phone(number)
        phone.on_message = lambda message: self._reads(number, message)
        self._phones[number] = phone

    def _reads(self, number: str, message: Message) -> None:
        if message.direction == "outbound-reply":
            return  # the service's own answer to what they sent
        self._tell(Texted(number, message.body))
        call = mobile.called(message.body, number, by_link=self._habits().by_link)
        if call is not None:
            self._places[call.ref] = mobile.place(message.body)
            self._take(call)
        elif self._is_taken_back(message.body):
            self._take(StoodDown(None))

    def _is_taken_back(self, body: str) -> bool:
        """An SMS names a place, no alarm: it takes back only the call to that place."""
        call = self._state.call
        if call is None or call.way is Way.BADGE:
            return False
        return mobile.takes_back(body, self._places.get(call.ref, ""))

    def _habits(self) -> Habits:
        """A new call is taken in the manner of the moment; one under way in its own."""
        if self._state.call is None or not self._state.call.intents:
            self._state = replace(self._state, habits=self._ward.manner(self._person.id))
        return self._state.habits

    def _take(self, event: colleague.Event) -> None:
        if isinstance(event, Called):
            self._habits()
        now = self._ward.around.clock.wall()
        self._state, acts = colleague.advance(self._state, event, now)
        for act in acts:
            self._do(act)
        self._changed.set()

    def _do(self, act: Did) -> None:
        self._tell(act)
        if act.way is Way.BADGE:
            device, _, notice = act.ref.partition(" ")
            self._links[device].happen(Answered(notice, act.answer))
        else:
            self._errands.put_nowait(act)

    def _tell(self, what: Did | Texted | Odd) -> None:
        now = self._ward.around.clock.wall()
        self._ward.tell(Fact(now, self._person.id, "", what))

    async def _run_errands(self, client: httpx.AsyncClient) -> None:
        """Replies and taps go over the network, one after the other, as fingers do."""
        while True:
            act = await self._errands.get()
            try:
                await self._errand(client, act)
            except (PeerError, httpx.HTTPError) as trouble:
                self._tell(Odd(str(trouble)))

    async def _errand(self, client: httpx.AsyncClient, act: Did) -> None:
        if act.way is Way.LINK:
            await mobile.tap(client, act.ref, act.answer)
            return
        number, _, letter = act.ref.partition(" ")
        await mobile.reply(self._phones[number], letter, act.answer)


async def run_staff(
    site: Path, mqtt: str, prefix: str = "tilkald/v1", twilio: TwilioDouble | None = None
) -> None:
    """The simulated staff of a site beside a running service, told live. Ends when cancelled.

    `mqtt` is HOST:PORT as the service says it. Raises ConfigError for a wrong site or address.
    """
    organisation = read_directory(site)
    clock, chance = ServiceClock(), seeded(int.from_bytes(ids.salt()))
    around = Surroundings(broker_at(mqtt, prefix), clock, chance)
    narrator, out = Narrator(organisation), Console(highlight=False)

    def tell(fact: Fact) -> None:
        text = narrator.line(fact)
        if text:
            out.print(f"{fact.at.astimezone():%H:%M:%S}  {text}", markup=False, soft_wrap=True)

    await Staff(Ward(organisation, around, natural(Spread(), chance), tell, twilio)).run()
