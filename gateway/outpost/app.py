"""Composition root of a gateway on another machine: the lines and the listener of a house, with a
spool and a way up instead of a dispatcher. `tilkald gateway` runs it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from alarms.plan import ROUND_LONGEST
from core.clock import ServiceClock, sleep
from core.log import logger
from core.settings import Settings
from core.signals import Reading, SignalType
from devices.registry import MemoryRegistry
from gateway.handover import Down, Part, Thanks, Up
from gateway.intake import Intake
from gateway.lines import DeviceLines
from gateway.links.mqtt_listener import NativeMqttListener
from gateway.listener_settings import certificate_of, listener_settings
from gateway.native import Native
from gateway.outpost.here import Here, who_is_here
from gateway.outpost.messages import Said
from gateway.outpost.reports import Report, Reports
from gateway.outpost.spool import Spool
from gateway.outpost.spooled_desk import SpooledDesk
from gateway.outpost.state_files import StateFiles, Status
from gateway.outpost.uplink import Uplink, Way

PROTOCOL = "gateway"
CUT_OFF = "cut_off"
"""Protocol and code of what the gateway itself has to say."""

UNREADABLE = "dispatcher"
"""The name of a problem."""

UNREGISTERED_MAX = 100
SOUND_S_MAX = 120.0
"""What comes down may be wrong; no siren sounds longer for one word."""

MARK_EVERY_S = 1.0
STOPS_WITHIN_S = 3.0
GATHERED_S = 0.05
"""How long what devices have acknowledged is gathered before it is told."""


class Outpost:
    """One house. `start`, then `run` until it is cancelled, then `stop`.

    Its constructor raises StoreUnavailable for a spool that cannot be used, ConfigError for a
    certificate that is none.
    """

    def __init__(self, settings: Settings, way: Way, kept: StateFiles, clock: ServiceClock) -> None:
        self._kept = kept
        self._clock = clock
        self._part = kept.part()
        self._registry = MemoryRegistry()
        self._reports = Reports(clock)
        self._spool = Spool(kept.spool_folder)
        self._uplink = Uplink(way, self)
        self._reports.wake = self._uplink.wake
        self._ring_due = asyncio.Event()
        self._desk = SpooledDesk(
            self._spool,
            self._reports,
            clock,
            self._look,
            self._say,
            self._uplink.wake,
            self._ring_due.set,
        )
        self._intake = Intake(self._desk, self._registry, clock, self._reports, {})
        self._native = Native(
            settings.mqtt_prefix, self._registry, clock, self._desk, self._intake, self._reports
        )
        self.listener = NativeMqttListener(self._native, clock, listener_settings(settings))
        self._native.listening(self.listener)
        self.lines = DeviceLines(
            self._registry, clock, self._intake, self._reports, certificate=certificate_of(settings)
        )
        self._native.ending(self.lines.of_device)
        self._told = Report()
        self._handing: tuple[int, ...] = ()
        self._reached: bool | None = None
        self._unreachable: str | None = "not yet"
        self._gateway = way.gateway
        self._cut_off = asyncio.Event()
        self._telling: asyncio.TimerHandle | None = None
        self._log = logger("gateway.remote")

    @property
    def version(self) -> int:
        """Of the configuration it runs on; 0: it has never had one."""
        return self._part.version

    @property
    def backlog(self) -> int:
        """Records not handed over."""
        return self._desk.backlog

    def problem(self, part: str, text: str | None) -> None:
        """Something here is degraded: shown by `--status`, and at the dispatcher. None: no more."""
        self._reports.problem(part, text)

    async def start(self) -> None:
        """Listen, as the configuration kept from last time says. Raises ConfigError."""
        self._intake.remember(self._desk.take_up())
        self._configure(self._part)
        await self.listener.start()
        self.lines.start()

    async def run(self) -> None:
        """Hand over and ring, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._uplink.run())
            group.create_task(self._ring_on())
            group.create_task(self._say_cut_off())
            group.create_task(self._keep_marks())

    async def stop(self) -> None:
        """Stop accepting, let what is under way be spooled and acknowledged, close."""
        if self._telling is not None:
            self._telling.cancel()
        self.lines.stop_reading()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOPS_WITHIN_S):
                await asyncio.gather(self._intake.close(), self.listener.close())
        await self._native.close()
        await self.lines.close()
        self._kept.mark(self._clock.mark())
        self._spool.close()

    # What the way up asks (`gateway.outpost.uplink.LocalSide`)

    async def up(self) -> Up:
        await self._desk.fetch()
        handed = self._desk.waiting()
        self._told = told = self._reports.take()
        self._handing = tuple(one.number for one in handed)
        return Up(
            handed=tuple(handed),
            again=told.again,
            light=told.light,
            alive=told.alive,
            listening=told.listening,
            acknowledged=told.acknowledged,
            findings=told.findings,
            connected=self._native.connected_devices(),
            lines=dict(self._reports.lines),
            unregistered=self.lines.scan.newest_first()[:UNREGISTERED_MAX],
            problems=dict(self._reports.problems),
            backlog=self._desk.backlog,
            oldest_s=self._desk.oldest_s,
            spool_bytes=self._spool.size_bytes,
            configuration=self._part.version,
        )

    def waits(self) -> bool:
        return self._reports.waits or self._desk.backlog > 0

    def thanked(self, thanks: Thanks) -> None:
        if not self._reached:
            self._log.info("the dispatcher is reached", backlog=self._desk.backlog)
        self._reached = True
        self._desk.answered_in_time(True)
        self._desk.handed_over([n for n in thanks.kept if n in self._handing])
        self._unreachable = None

    def failed(self, why: str) -> None:
        if self._reached is not False:
            self._log.warning("the dispatcher cannot be reached", why=why, done="tried each second")
        self._reached = False
        self._unreachable = why
        self._desk.answered_in_time(False)
        self._reports.give_back(self._told)

    def opened(self) -> None:
        for device in self._native.connected_devices():
            self._reports.listens(device)
        self._uplink.wake()

    def unreadable(self, why: str) -> None:
        text = f"The dispatcher says what this version cannot read ({why}). Install the same one."
        self._reports.problem(UNREADABLE, text)
        self._log.error("not understood", done="left out")

    def came(self, down: Down) -> None:
        if down.part is not None:
            self._reports.problem(UNREADABLE, None)
            self._kept.keep(down.part)
            self._configure(down.part)
        if down.device:
            on_ack = partial(self._acknowledged, down.number)
            self._native.tell(down.device, down.payload, on_ack, down.urgent)
        if down.sound_s > 0:
            self._sound(timedelta(seconds=min(down.sound_s, SOUND_S_MAX)))

    # Inside

    def _configure(self, part: Part) -> None:
        self._part = part
        self._registry.load(part.devices, part.assignments)
        self._intake.places(part.places)
        self._native.reconfigured()
        self.lines.configure(part.lines)
        self._native.lines_changed()
        self._reports.has_lines([line.id for line in part.lines])
        if part.version:
            self._log.info("configuration taken over", version=part.version)

    def _acknowledged(self, number: int) -> None:
        """Report a moment later with all others: a press must not wait behind each of them."""
        self._reports.acknowledged(number)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(GATHERED_S, self._tell_acks)

    def _tell_acks(self) -> None:
        self._telling = None
        self._uplink.wake()

    def _look(self) -> Here:
        connected = self._native.connected_devices()
        now, wall = self._clock.now(), self._clock.wall()
        return who_is_here(self._part, self._registry, connected, now, wall)

    def _say(self, said: Iterable[Said]) -> None:
        for one in said:
            self._native.tell(one.device, one.payload)

    def _sound(self, for_: timedelta) -> None:
        """Law 7: only what the plans of the site let sound comes here."""
        self.lines.sound(self._part.site, for_)

    async def _ring_on(self) -> None:
        """Wake the ring when it wants; another press may want it sooner."""
        while True:
            self._ring_due.clear()
            self._desk.ring_for_due()
            ring = self._desk.ring
            if ring.ringing:
                self._cut_off.set()
            if any(local.alarm.rings_locally for local in ring.unanswered):
                self._sound(ROUND_LONGEST)
            due = ring.wake_at
            wait = None if due is None else (due - self._clock.now()).total_seconds()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if wait is None else max(wait, 0.0)):
                    await self._ring_due.wait()

    async def _say_cut_off(self) -> None:
        """Both ends raise a technical alarm; this one is told when it can be told again.

        Beside the ring: the ring never waits for a disk. Once for each time it rings.
        """
        text = "A press was not handed over within 5 s: people were called from here."
        reading = Reading(PROTOCOL, self._gateway, SignalType.TECHNICAL, code=CUT_OFF, text=text)
        while True:
            await self._cut_off.wait()
            self._log.error("cut off", why=text)
            await self._intake.take(reading, site=self._part.site)
            while self._desk.ring.ringing:
                await sleep(MARK_EVERY_S)
            self._cut_off.clear()

    def _status(self) -> Status:
        door = f"{self.listener.port}" if self.listener.port is not None else ""
        return Status(
            gateway=self._gateway,
            mqtt=door,
            configuration=self._part.version,
            unreachable=self._unreachable,
            backlog=self._desk.backlog,
            oldest_s=self._desk.oldest_s,
            ringing=len(self._desk.ring.ringing),
            lines=dict(self._reports.lines),
            problems=dict(self._reports.problems),
        )

    async def _keep_marks(self) -> None:
        """The clock, so that ages hold over a restart; and how things stand, for a person."""
        while True:
            self._kept.mark(self._clock.mark())
            self._kept.status(self._status())
            await sleep(MARK_EVERY_S)
