"""Playing one scenario: a service, a staff on real transports, a script, and what came of it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import assert_never

from core.chance import Chance, seeded
from core.clock import ServiceClock, sleep
from core.errors import ConfigError, PeerError, TilkaldError
from dispatcher.site.files import read_directory
from firmware_sim.device.link import Surroundings
from firmware_sim.device.state import CancelPress, Rebooted, TestPress
from firmware_sim.drill.line_record import LineFigures
from firmware_sim.drill.line_sentences import CallsOn, IsUnplugged
from firmware_sim.drill.lines import Building, callers, lay
from firmware_sim.drill.measure import Clocked, Judged, judge
from firmware_sim.drill.record import Record
from firmware_sim.drill.record import judge as judged
from firmware_sim.drill.scenario import Scenario
from firmware_sim.drill.sentences import (
    Cancels,
    GoesOutOfReach,
    Line,
    LinesTurn,
    ListenerRestarts,
    Presses,
    ProviderTurns,
    Reboots,
    Tests,
)
from firmware_sim.drill.staff_api import StaffApi
from firmware_sim.drill.verdict import State, Verdict
from firmware_sim.people.events import Fact
from firmware_sim.people.staff import BOOT_MOST, Staff, Tell, Ward, scripted
from firmware_sim.service import PrivateService, Ready
from firmware_sim.twilio_double import Faults as ProviderFaults
from firmware_sim.twilio_double import TwilioDouble
from firmware_sim.twilio_double.faults import BROKEN

LOOK_EVERY_S = 0.2
STARTS_AT_ONCE_MAX = 2
GRACE_S = 1.0
"""After the last alarm closed: time for a call that should not come."""

SMS_HOOK = "/hooks/twilio/sms"


@dataclass(frozen=True, slots=True)
class Against:
    """A running service to drill instead of a private one."""

    ready: Ready


@dataclass(frozen=True, slots=True)
class Result:
    """What one scenario came to. `service_said`: its last log lines, for whoever must look."""

    scenario: Scenario
    alarms: tuple[Clocked, ...]
    device_rang_s: tuple[float | None, ...]
    verdicts: tuple[Verdict, ...]
    targets: tuple[Judged, ...]
    facts: tuple[Fact, ...]
    service_said: tuple[str, ...] = ()
    lines: tuple[LineFigures, ...] = ()

    @property
    def ok(self) -> bool:
        kept = all(verdict.state is State.MET for verdict in self.verdicts)
        return kept and all(target.met for target in self.targets)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario is played: the service, and what the script may do to it."""

    ready: Callable[[], Ready]
    twilio: TwilioDouble | None = None
    service: PrivateService | None = None


class Together:
    """Scenarios side by side: few services start at a time, and nobody presses before all serve.

    Starting a service is heavy work, and would be measured as a slow press of the others.
    """

    def __init__(self, count: int) -> None:
        self.starting = asyncio.Semaphore(STARTS_AT_ONCE_MAX)
        self.everybody_ready = asyncio.Barrier(count)


async def play(
    scenario: Scenario,
    tell: Tell,
    against: Against | None = None,
    together: Together | None = None,
) -> Result:
    """Play it in real time. Raises ConfigError, ServiceFailed."""
    with tempfile.TemporaryDirectory(prefix="tilkald-drill-") as folder:
        site = Path(folder) / "site"
        scenario.lay_out(site)
        organisation = read_directory(site)
        scenario.check_people(organisation)
        if against is not None and scenario.lines:
            raise ConfigError(f"{scenario.name}: only a private service has lines of its own")
        side_by_side = together or Together(1)
        clock = ServiceClock()
        laid = lay(scenario, organisation, site)
        record = Record(
            clock.wall(), whole=against is None, callers=callers(scenario, organisation)
        )
        hear = _both(record.heard, tell)
        async with (
            Building(scenario, organisation, laid, clock, hear) as building,
            _stage(site, Path(folder) / "data", against, side_by_side) as stage,
        ):
            around = Surroundings(stage.ready().broker, clock, seeded(scenario.seed))
            manner = scripted(dict(scenario.people))
            staff = Staff(Ward(organisation, around, manner, hear, stage.twilio))
            cast = _Cast(staff, building)
            return await _Play(scenario, stage, cast, record, around).run(side_by_side)


@asynccontextmanager
async def private_service(
    site: Path, folder: Path, settings: dict[str, str] | None = None
) -> AsyncIterator[tuple[PrivateService, TwilioDouble]]:
    """The real service on free ports with a double of Twilio behind it, both gone afterwards."""
    service = PrivateService(site, folder, settings)
    async with AsyncExitStack() as stack:
        twilio = TwilioDouble(strict=False, sms_url=service.ports.public_url + SMS_HOOK)
        await stack.enter_async_context(twilio)
        service.configure(
            TILKALD_TWILIO_ACCOUNT_SID=twilio.account_sid,
            TILKALD_TWILIO_AUTH_TOKEN=twilio.auth_token,
            TILKALD_TWILIO_FROM=twilio.number,
            TILKALD_TWILIO_BASE_URL=twilio.url,
        )
        await stack.enter_async_context(service)
        yield service, twilio


@asynccontextmanager
async def _stage(
    site: Path, folder: Path, against: Against | None, together: Together
) -> AsyncIterator[Stage]:
    if against is not None:
        ready = against.ready
        yield Stage(lambda: ready)
        return
    async with AsyncExitStack() as stack:
        async with together.starting:
            private = private_service(site, folder)
            service, twilio = await stack.enter_async_context(private)
        yield Stage(lambda: service.ready, twilio, service)


def first_of(failed: BaseExceptionGroup[TilkaldError]) -> TilkaldError:
    """The first error of a group, for the one line a person reads."""
    first: BaseException = failed
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, TilkaldError), "filtered by except*"
    return first


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who acts: the staff with their devices, and the far ends of the lines."""

    staff: Staff
    building: Building


class _Play:
    """One run of one script."""

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        cast: _Cast,
        record: Record,
        around: Surroundings,
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._staff = cast.staff
        self._building = cast.building
        self._record = record
        self._clock = around.clock
        self._chance: Chance = around.chance

    async def run(self, together: Together) -> Result:
        api = StaffApi(lambda: (self._stage.ready().http, self._stage.ready().token))
        living = asyncio.create_task(self._staff.run())
        try:
            await _unless_over(living, self._staff.ready())
            await self._look(api)  # a service's first answer to anybody is slow; not ours to time
            await together.everybody_ready.wait()
            script = asyncio.create_task(self._script())
            try:
                await _unless_over(living, self._watch(api, script))
            finally:
                script.cancel()
                await asyncio.gather(script, return_exceptions=True)
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
            await api.close()
        return self._result()

    async def _script(self) -> None:
        """All lines at their own times; one that takes long delays no other."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for line in self._scenario.script:
                    tasks.create_task(self._perform(line))
        except* TilkaldError as failed:
            raise first_of(failed) from failed

    async def _perform(self, line: Line) -> None:
        if line.at:
            await sleep(line.at.total_seconds())
        match line.what:
            case Presses(person, level, kind):
                await self._staff.press(person, level, kind)
            case Cancels(person):
                self._staff.device_of(person).happen(CancelPress())
            case Tests(person):
                self._staff.device_of(person).happen(TestPress())
            case Reboots(person):
                boot = self._chance.randint(1, BOOT_MOST)
                link = self._staff.device_of(person)
                link.out_of_reach()
                link.happen(Rebooted(boot))
                link.in_reach()
            case GoesOutOfReach(person, lasting):
                await self._lose(person, lasting)
            case ListenerRestarts():
                await self._private().restart()
            case ProviderTurns():
                self._turn_provider(line.what)
            case LinesTurn(faults):
                self._staff.lines(faults)
            case CallsOn(device, name):
                self._building.call(device, name)
            case IsUnplugged(name, lasting):
                await self._building.unplug(name, lasting)
            case _:
                assert_never(line.what)

    async def _lose(self, person: str, lasting: timedelta) -> None:
        link = self._staff.device_of(person)
        link.out_of_reach()
        await sleep(lasting.total_seconds())
        link.in_reach()

    def _turn_provider(self, turn: ProviderTurns) -> None:
        if self._stage.twilio is None:
            raise ConfigError("only a private service has a provider that a script may disturb")
        delay_s = turn.delay.total_seconds()
        refuse = BROKEN if turn.refusing else None
        self._stage.twilio.faults = ProviderFaults(answer_delay_s=delay_s, refuse=refuse)

    def _private(self) -> PrivateService:
        if self._stage.service is None:
            raise ConfigError("only a private service may be restarted by a script")
        return self._stage.service

    async def _watch(self, api: StaffApi, script: asyncio.Task[None]) -> None:
        """Look until everything expected is decided, or the limit is reached."""
        end = self._clock.wall() + self._scenario.limit
        while self._clock.wall() < end:
            await self._look(api)
            if script.done():
                script.result()
                if self._decided():
                    await sleep(GRACE_S)
                    break
            await sleep(LOOK_EVERY_S)
        await self._look(api)

    async def _look(self, api: StaffApi) -> None:
        try:
            self._record.saw(await api.alarms())
        except PeerError:
            return  # it may be restarting; the limit ends this

    def _decided(self) -> bool:
        """Nothing waits, and what must last has lasted until every alarm was closed."""
        states = {verdict.state for verdict in self._verdicts(final=False)}
        if State.WAITING in states:
            return False
        everything_closed = all(not alarm.open for alarm in self._record.alarms)
        return State.LASTING not in states or everything_closed

    def _verdicts(self, *, final: bool) -> tuple[Verdict, ...]:
        now = self._clock.wall()
        expect = self._scenario.expect
        return tuple(judged(each, self._record, now, final=final) for each in expect)

    def _result(self) -> Result:
        alarms = self._record.clocked()
        service = self._stage.service
        return Result(
            self._scenario,
            alarms,
            tuple(self._device_rang_s(alarm) for alarm in alarms),
            self._verdicts(final=True),
            judge(self._scenario.targets, alarms),
            tuple(self._record.facts),
            tuple(service.lines) if service else (),
            self._building.figures(self._record.lines),
        )

    def _device_rang_s(self, alarm: Clocked) -> float | None:
        rang, pressed = self._record.device_rang(alarm.alarm), alarm.points[0]
        return None if rang is None or pressed is None else (rang - pressed).total_seconds()


async def _unless_over(living: asyncio.Task[None], work: Coroutine[None, None, None]) -> None:
    """Wait for `work`, but not beyond the death of the staff it depends on."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait((living, task), return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            living.result()
        await task
    finally:
        task.cancel()


def _both(first: Tell, second: Tell) -> Tell:
    def tell(fact: Fact) -> None:
        first(fact)
        second(fact)

    return tell
