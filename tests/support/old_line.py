"""A line of one protocol before a whole deciding process: bytes in, notices out, virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from alarms.model import Alarm
from core.signals import Owed, Signal, Taken
from devices.findings import Finding
from devices.protocols import FAMILIES
from devices.registry import Device, Line, MemoryRegistry
from devices.watch import Watch
from firmware_sim.world.process import at_once
from gateway.intake import Intake
from gateway.lines import DeviceLines, LineWatch
from gateway.supervision import Supervision
from tests.support.running import Running

PLACE = "h1-hall"


@dataclass
class _Desk:
    """The deciding side of the process, as the engine's desk is."""

    running: Running
    problems: dict[str, str] = field(default_factory=dict)

    def hear(self, signal: Signal, owed: Owed) -> None:
        self.running.process.take(signal)
        owed(Taken.STORED)

    def keep_raw(self, protocol: str, sender: str, why: str, content: bytes, owed: Owed) -> None:
        owed(Taken.STORED)

    def device_subscribed(self, device: str) -> None: ...

    async def found(self, finding: Finding) -> None: ...

    def problem(self, part: str, text: str | None) -> None:
        self.problems[part] = text or ""


class OldLine:
    """One line. `wire`: a button that is registered in the hall; else everybody is a stranger."""

    def __init__(self, protocol: str, wire: str = "", *, closes: bool = False) -> None:
        self.running = Running()
        site = self.running.process.pictures.organisation().sites[0].id
        self._line = Line("old-line", site, protocol, "/dev/ttyS0", closes=closes)
        devices = [Device("button", "call_point", site, zone=PLACE, wire=(wire,))] if wire else []
        self._registry = MemoryRegistry(devices)
        self._open()

    @property
    def alarms(self) -> list[Alarm]:
        return list(self.running.process.core.open_alarms.alarms.values())

    async def hears(self, sent: bytes) -> None:
        clock = self.running.agenda.clock
        for message in self._session.receive(sent, clock.now(), clock.wall()):
            await self._house.heard(message)

    async def hears_to_the_end(self, sent: bytes) -> None:
        """And what its session makes of a pause; then a second passes."""
        await self.hears(sent)
        later = self.running.agenda.clock.now() + timedelta(seconds=1)
        for message in self._session.wake(later):
            await self._house.heard(message)
        self.running.wait(1)

    def restarts(self) -> None:
        """The service is killed and starts again on what it had stored."""
        self.running.crash_and_start()
        self._open()

    def _open(self) -> None:
        clock, desk = self.running.agenda.clock, _Desk(self.running)
        supervision = Supervision(Watch(), desk, clock)
        intake = Intake(desk, self._registry, clock, supervision, {})
        intake.remember(at_once(self.running.store.last_heard()))
        self.lines = DeviceLines(self._registry, clock, intake, supervision)
        self._house = LineWatch(self._line, self.lines)
        self._session = FAMILIES[self._line.protocol].open()
