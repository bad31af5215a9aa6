"""`tilkald demo`: the real service, the example site, and one alarm told step by step."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console

from core import ids
from core.chance import Chance, seeded
from core.clock import ServiceClock, sleep
from core.errors import ConfigError, PeerError
from core.signals import AnswerKind
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import read_directory
from firmware_sim import places
from firmware_sim.device.link import Surroundings
from firmware_sim.device.state import Feel, Felt, Pressed
from firmware_sim.drill import report
from firmware_sim.drill.measure import Clocked
from firmware_sim.drill.record import RINGING, Record
from firmware_sim.drill.scenario_run import LOOK_EVERY_S, private_service
from firmware_sim.drill.staff_api import PersonSeen, StaffApi
from firmware_sim.people.colleague import Act as Did
from firmware_sim.people.colleague import Habits
from firmware_sim.people.events import Fact
from firmware_sim.people.narrative import Narrator, clock
from firmware_sim.people.staff import Staff, Ward

CLOSED_WITHIN_S = 90.0

HABITS = Habits(reaction=timedelta(seconds=2), walk=timedelta(seconds=5), over=timedelta(seconds=3))
"""Everybody of the demonstration is willing and near, so that it is over in a quarter minute."""

STEPS = ("pressed", "stored", "rang", "accepted", "arrived", "closed")
_STATIONS = (0, 1, 2, 3, 4, 5, 8)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the alarm as the people in it lived it."""

    step: str
    at: datetime
    who: str


async def run_demo(*, once: bool = False, as_json: bool = False, site: Path | None = None) -> int:
    """0: the alarm was closed. 1: it was not, in time. Without `once` it then goes on living."""
    folder = site or places.example_site()
    organisation = read_directory(folder)
    narrator = Narrator(organisation)
    out = Console(quiet=as_json, highlight=False)
    with tempfile.TemporaryDirectory(prefix="tilkald-demo-") as data:
        say = narrator.words
        out.print(say("Starting the service with the site {site} …", site=_site(organisation)))
        settings = {"TILKALD_DEMO": "true"}
        async with private_service(folder, Path(data), settings) as (service, twilio):
            around = Surroundings(service.ready.broker, ServiceClock(), _chance())
            record = Record(around.clock.wall())
            teller = _Teller(narrator, out, record)
            ward = Ward(organisation, around, lambda _: HABITS, teller.hear, twilio)
            staff = Staff(ward)
            api = StaffApi(lambda: (service.ready.http, service.ready.token))
            return await _Demo(staff, api, record, teller, out).run(once=once, as_json=as_json)


class _Teller:
    """Hears every fact, keeps it, and says it aloud."""

    def __init__(self, narrator: Narrator, out: Console, record: Record) -> None:
        self.narrator = narrator
        self._out = out
        self._record = record

    def hear(self, fact: Fact) -> None:
        self._record.heard(fact)
        text = self.narrator.line(fact)
        if text:
            since = self._record.pressed or fact.at
            self._out.print(f"{clock(fact.at, since)}  {text}", markup=False, soft_wrap=True)


class _Demo:
    """One press and everything after it."""

    def __init__(
        self, staff: Staff, api: StaffApi, record: Record, teller: _Teller, out: Console
    ) -> None:
        self._staff = staff
        self._api = api
        self._record = record
        self._teller = teller
        self._out = out

    async def run(self, *, once: bool, as_json: bool) -> int:
        living = asyncio.create_task(self._staff.run())
        try:
            await self._staff.ready()
            person = presser(await self._api.people())
            await self._staff.press(person)
            closed = await self._wait_until_closed()
            self._sum_up(closed=closed, as_json=as_json)
            if not once:
                say = self._teller.narrator.words
                self._out.print(say("Stop with Ctrl-C."))
                await living
            return 0 if closed else 1
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
            await self._api.close()

    async def _wait_until_closed(self) -> bool:
        try:
            async with asyncio.timeout(CLOSED_WITHIN_S):
                while not self._is_closed():
                    await sleep(LOOK_EVERY_S)
                    self._record.saw(await self._api.alarms())
                return True
        except (TimeoutError, PeerError):
            return False

    def _is_closed(self) -> bool:
        """The service says so, and the wearer has felt it."""
        alarms = self._record.alarms
        told = any(_felt(fact) is Feel.CLOSED for fact in self._record.facts)
        return bool(alarms) and not alarms[0].open and told

    def _sum_up(self, *, closed: bool, as_json: bool) -> None:
        alarms = self._record.clocked()
        if as_json:
            sys.stdout.write(final_object(steps(self._record), alarms, closed=closed) + "\n")
            return
        say = self._teller.narrator.words
        taken = alarms[0].after_press_s(8) if alarms else None
        if closed and taken is not None:
            self._out.print(say("Over after {seconds} s.", seconds=f"{taken:.1f}"))
        else:
            text = say(
                "Not over after {seconds} s. Something is wrong.", seconds=f"{CLOSED_WITHIN_S:.0f}"
            )
            self._out.print(text, style="red")


def presser(people: Sequence[PersonSeen]) -> str:
    """Somebody on shift with a device, not leading it. Raises ConfigError when there is nobody."""
    ready = [one for one in people if one.on_shift and one.devices]
    first = [one for one in ready if one.duty == "staff"] or ready
    if not first:
        raise ConfigError("nobody with a device is on shift in this site now: look at its shifts")
    return first[0].person


def steps(record: Record) -> tuple[Step, ...]:
    """The first time each step happened, in the order of the steps."""
    found: dict[str, Step] = {}
    for fact in record.facts:
        step = _step_of(fact)
        if step is not None and step not in found:
            found[step] = Step(step, fact.at, fact.person)
    return tuple(found[step] for step in STEPS if step in found)


def final_object(told: Sequence[Step], alarms: Sequence[Clocked], *, closed: bool) -> str:
    """The one JSON object of `--json`: steps and clock points T0 to T5 and T8."""
    start = told[0].at if told else None
    measured = report.points(alarms[0]) if alarms else {}
    body = {
        "closed": closed,
        "alarm": alarms[0].alarm if alarms else None,
        "steps": [
            {
                "step": step.step,
                "who": step.who,
                "at": step.at,
                "after_s": round((step.at - start).total_seconds(), 3) if start else None,
            }
            for step in told
        ],
        "times": {f"T{n}": alarms[0].points[n] if alarms else None for n in _STATIONS},
        "after_press_s": {f"T{n}": measured.get(f"T{n}") for n in _STATIONS},
    }
    return msgspec.json.encode(body).decode()


def _step_of(fact: Fact) -> str | None:
    match fact.what:
        case Pressed():
            return "pressed"
        case Did(answer=AnswerKind.ACCEPT):
            return "accepted"
        case Did(answer=AnswerKind.ARRIVED):
            return "arrived"
        case Felt(Feel.SENT):
            return "stored"
        case Felt(Feel.CLOSED):
            return "closed"
        case Felt(feel) if feel in RINGING:
            return "rang"
        case _:
            return None


def _felt(fact: Fact) -> Feel | None:
    return fact.what.feel if isinstance(fact.what, Felt) else None


def _site(organisation: Organisation) -> str:
    return organisation.sites[0].name if organisation.sites else "?"


def _chance() -> Chance:
    return seeded(int.from_bytes(ids.salt()))
