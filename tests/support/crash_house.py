"""A house in which everything goes on while its service is killed again and again.

Six pressers, each with at most one alarm; six colleagues with badges and telephones who ignore,
decline, come and say that it is over; a duty leader who closes over HTTP; a provider that is slow.
Everything anybody outside saw is kept, to be held against the tables afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import httpx

from alarms.plan import Callee, Step
from alarms.vocabulary import Who
from core.chance import seeded
from core.clock import monotonic_s, sleep
from core.values import replace
from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.service import Ports, Ready, _environment
from firmware_sim.twilio_double import Faults, TwilioDouble
from firmware_sim.twilio_double.phones import Phone
from firmware_sim.twilio_double.shape import Message
from tests.support.crash_device import CrashDevice
from tests.support.crash_ledger import Ledger
from tests.support.nursery import Born, Nursery

COLLEAGUES, BUTTONS = 6, 6
LIFE_S = (0.05, 0.6)
"""How long a life lasts after its start, at random; most in the middle of several alarms."""

COMING, THANKED = ("1", "Jeg kommer", "3"), ("Thank you.", "Tak.", "Takk.")
TEXTS = ("1", "2", "Jeg kommer", "3", "4")

STILLBORN = 0.08
"""The share of lives that end while the service is still starting."""

STARTING_S = 0.4
PRESS_EVERY_S, CLOSE_EVERY_S = 0.03, 0.08
PRESS_AGAIN_SHARE = 0.1
CARRIER_TAKES_S = 0.03
SETTLES_WITHIN_S = 40.0
LOOKS_APART_S = 0.2

_ANSWERS = ("accept", "arrived", "over")


@dataclass(slots=True)
class Seen:
    """What the world outside has in its hands."""

    came: Counter[str] = field(default_factory=Counter)
    closed_over_http: list[str] = field(default_factory=list)
    told_closed: list[str] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    texted: list[tuple[str, str, str]] = field(default_factory=list)
    could_go_twice: Counter[str] = field(default_factory=Counter)
    unmarked: list[str] = field(default_factory=list)
    lives: int = 0
    stillborn: int = 0


class CrashHouse:
    """One service, one data directory, many lives."""

    def __init__(
        self,
        folder: Path,
        nursery: Nursery,
        seed: int,
        device: type[CrashDevice] = CrashDevice,
    ) -> None:
        self.folder = folder
        self.chance = seeded(seed)
        self.seen = Seen()
        self.devices: dict[str, CrashDevice] = {}
        self.ledger = Ledger(folder / "data" / "tilkald.db")
        self.twilio = TwilioDouble(strict=False)
        self._nursery = nursery
        self._device = device
        self._ports = Ports.free()
        self._site = sized_site.write(folder / "site", _organisation())
        self._born: Born | None = None
        self._ready: Ready | None = None
        self._acts: set[asyncio.Task[object]] = set()
        self._may_press = True
        self._was_sending: dict[str, int] = {}
        for number in range(BUTTONS):
            self._add(f"button-s0-{number}")
        for number in range(COLLEAGUES):
            self._add(f"badge-s0-p{number}")

    # Lives

    async def run(self, kills: int) -> None:
        """So many lives, each cut short; then one that is left in peace until all is settled."""
        async with self.twilio:
            self.twilio.sms_url = f"{self._ports.public_url}/hooks/twilio/sms"
            self.twilio.faults = Faults(answer_delay_s=CARRIER_TAKES_S)
            for number in range(COLLEAGUES):
                phone = self.twilio.phone(f"+4500{number:06}")
                phone.on_message = self._texts(phone)
            for _ in range(kills):
                await self._life()
            await self._in_peace()

    async def _life(self) -> None:
        self.seen.lives += 1
        born = await self._bear()
        if self.chance.random() < STILLBORN:
            self.seen.stillborn += 1
            await sleep(self.chance.uniform(0, STARTING_S))
            await born.end(signal.SIGKILL)
        elif (ready := await born.ready()) is not None:
            busy = asyncio.create_task(self._busy(ready))
            await sleep(self.chance.uniform(*LIFE_S))
            await born.end(signal.SIGKILL)
            await _stopped(busy)
        await self._dead()

    async def _dead(self) -> None:
        """Nothing runs: what the devices hold must be in the file."""
        for device in self.devices.values():
            await device.hung_up()
        for act in list(self._acts):
            act.cancel()
        await asyncio.gather(*self._acts, return_exceptions=True)
        await self.twilio.settled()
        if self.ledger.exists():
            self.seen.could_go_twice.update(self.ledger.doubtful())
            self._look_for_unmarked()
            acknowledged = [s for d in self.devices.values() for s in d.acknowledged]
            self.ledger.check_acknowledged(acknowledged)

    def _look_for_unmarked(self) -> None:
        """What stood in `sending` at two deaths, and was sent between them, was never marked."""
        texts = self.texts()
        sending = {notice: texts[notice] for notice in self.ledger.doubtful("sending")}
        before = self._was_sending
        self.seen.unmarked += [n for n, times in sending.items() if times > before.get(n, times)]
        self._was_sending = sending

    def texts(self) -> Counter[str]:
        """How often each notice came as an SMS: the provider gives our id back."""
        called_back = (message.status_callback for message in self.twilio.messages.values())
        return Counter(unquote(address.rpartition("=")[2]) for address in called_back)

    async def _in_peace(self) -> None:
        self.twilio.faults = Faults()
        self._may_press = False
        born = await self._bear()
        ready = await born.ready()
        assert ready is not None
        busy = asyncio.create_task(self._busy(ready))
        began_s = monotonic_s()
        while not self._is_settled():
            assert monotonic_s() - began_s < SETTLES_WITHIN_S, (
                f"not settled: {self.ledger.unsettled()}"
            )
            await sleep(LOOKS_APART_S)
        await _stopped(busy)
        await born.end(signal.SIGTERM)
        for device in self.devices.values():
            await device.hung_up()

    def _is_settled(self) -> bool:
        said_all = not any(device.unacknowledged for device in self.devices.values())
        return said_all and not self.ledger.unsettled()

    async def _bear(self) -> Born:
        settings = {
            "TILKALD_TWILIO_ACCOUNT_SID": self.twilio.account_sid,
            "TILKALD_TWILIO_AUTH_TOKEN": self.twilio.auth_token,
            "TILKALD_TWILIO_FROM": self.twilio.number,
            "TILKALD_TWILIO_BASE_URL": self.twilio.url,
        }
        return await self._nursery.bear(
            _environment(self._site, self.folder / "data", self._ports, settings)
        )

    # What goes on

    async def _busy(self, ready: Ready) -> None:
        host, _, port = ready.mqtt.rpartition(":")
        self._ready = ready
        connecting = (device.connect(host, int(port)) for device in self.devices.values())
        outcomes = await asyncio.gather(*connecting, return_exceptions=True)
        odd = [o for o in outcomes if o is not None and not isinstance(o, OSError)]
        assert not odd, f"the listener did not let a device in: {odd[:3]}"
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            await asyncio.gather(self._press(), self._close(http, ready))

    async def _press(self) -> None:
        pressers = [self.devices[f"button-s0-{number}"] for number in range(BUTTONS)]
        while self._may_press:
            free = [d for d in pressers if d.alarm is None and not d.unacknowledged]
            if free:
                device = self.chance.choice(free)
                device.alarm = ""
                device.say("alarm", level="red")
            self._press_again(pressers)
            await sleep(PRESS_EVERY_S)

    def _press_again(self, pressers: list[CrashDevice]) -> None:
        """A wearer whose alarm stands: somebody may be on the way, or there, or gone again."""
        waiting = [d for d in pressers if d.alarm and not d.unacknowledged]
        if waiting and self.chance.random() < PRESS_AGAIN_SHARE:
            self.chance.choice(waiting).say("alarm", level="red")

    async def _close(self, http: httpx.AsyncClient, ready: Ready) -> None:
        """The duty leader closes some alarms, also while their calls are still leaving."""
        headers = {"Authorization": f"Bearer {ready.token}"}
        while True:
            await sleep(CLOSE_EVERY_S)
            waiting = [d.alarm for d in self.devices.values() if d.alarm]
            url = f"{ready.http}/api/v1/alarms"
            try:
                if not self._may_press:  # also what was raised by a text message
                    listed = (await http.get(f"{url}?limit=100", headers=headers)).json()
                    waiting += [a["id"] for a in listed["alarms"] if a["open"]]
                if not waiting:
                    continue
                closing = self.chance.choice(waiting)
                alarm = (await http.get(f"{url}/{closing}", headers=headers)).json()
                body = {"rev": alarm["rev"], "cause": "calmed_down"}
                answer = await http.post(f"{url}/{closing}/close", json=body, headers=headers)
            except httpx.HTTPError:
                continue  # it died meanwhile
            if not alarm["open"]:
                for device in self.devices.values():
                    self._is_over(device, closing)  # the news of it died with a former life
            if answer.is_success:
                self.seen.closed_over_http.append(closing)

    def _hear(self, device: CrashDevice, told: dict[str, object]) -> None:
        match told["type"]:
            case "received" if told["alarm"] and told["alarm"] not in self.seen.over:
                device.alarm = str(told["alarm"])
            case "closed":
                self.seen.told_closed.append(str(told["alarm"]))
                self._is_over(device, str(told["alarm"]))
            case "page":
                self._paged(device, str(told["notice"]))
            case "stand_down":
                self.seen.came[str(told["id"])] += 1
            case _:
                pass

    def _is_over(self, device: CrashDevice, alarm: str) -> None:
        """It may press anew, unless it has: one alarm's end is heard of in more than one way."""
        if device.alarm == alarm or (device.alarm == "" and alarm not in self.seen.over):
            device.alarm = None
        self.seen.over.add(alarm)

    def _paged(self, device: CrashDevice, notice: str) -> None:
        self.seen.came[notice] += 1
        device.say("answer", notice=notice, answer="rang")
        luck = self.chance.random()
        if luck < 0.2:
            return
        if luck < 0.4:
            device.say("answer", notice=notice, answer="decline")
            return
        for answer in _ANSWERS[: self.chance.randint(1, len(_ANSWERS))]:
            device.say("answer", notice=notice, answer=answer)

    def _texts(self, phone: Phone) -> Callable[[Message], None]:
        def came(message: Message) -> None:
            if message.direction == "outbound-api" and self.chance.random() < 0.3:
                self._do(self._text(phone, self.chance.choice(TEXTS)))

        return came

    async def _text(self, phone: Phone, text: str) -> None:
        """What was answered was taken: its words say as what."""
        for answer in await phone.reply(text):
            self.seen.texted.append((phone.number, text, answer))

    def told(self) -> str:
        """What one run tried, in a line."""
        said = [one for device in self.devices.values() for one in device.acknowledged]
        presses = sum(one.type == "alarm" for one in said)
        accepts = sum(one.answer == "accept" for one in said)
        return (
            f"{self.folder.name}: {self.seen.lives} lives, {presses} presses and {accepts} accepts"
            f" acknowledged, {len(self.seen.texted)} texts answered, {len(self.thanked())} thanked,"
            f" {sum(n > 0 for n in self.seen.could_go_twice.values())} notices in doubt"
        )

    def thanked(self) -> list[str]:
        """The persons who wrote that they come and were thanked for it."""
        return [
            f"s0-p{int(number.removeprefix('+4500'))}"
            for number, text, answer in self.seen.texted
            if text in COMING and answer.startswith(THANKED)
        ]

    def _do(self, work: object) -> None:
        task: asyncio.Task[object] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._acts.add(task)
        task.add_done_callback(self._acts.discard)

    def _add(self, name: str) -> None:
        self.devices[name] = self._device(name, self._hear)


async def _stopped(busy: asyncio.Task[None]) -> None:
    """End what goes on; what went wrong in it is raised."""
    busy.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await busy


def _organisation() -> Organisation:
    """Eight people, six of whom are called; everybody called is called twice over."""
    size = sized_site.Size(people=8, on_duty=7, places=20, buttons=BUTTONS)
    made = sized_site.organisation(size)
    ways = ("wearable", "sms")
    steps = (
        Step(timedelta(), Callee(Who.NEAREST), ways, 2),
        Step(timedelta(seconds=1), Callee(Who.NEAREST), ways, 4),
        Step(timedelta(seconds=2), Callee(Who.EVERYONE), ways),
    )
    plans = tuple(replace(plan, steps=steps) for plan in made.plans)
    return replace(made, plans=plans)
