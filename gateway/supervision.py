"""Runs `devices.watch`: tells it what was heard, wakes when it wants, hands its findings on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta

from core import metrics
from core.clock import Clock, sleep
from core.freshness import FRESH_FOR, Lowers
from core.log import logger
from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.findings import CHARGING, OFFLINE, Finding, Health
from devices.registry import Device
from devices.watch import Watch
from gateway.ports import Desk

LOOKS_APART_S = 0.25
"""The shortest time between two looks: thousands of deadlines fall due together in one."""

FINDINGS_MAX = 100_000
"""Findings that wait for the desk; past this the oldest is dropped, and the log says so."""

_BY_ITSELF = (
    *(AlarmKind.NO_MOTION, AlarmKind.MISSED_CHECK_IN, AlarmKind.LOSS),
    *(AlarmKind.TAMPER, AlarmKind.TECHNICAL),
)
"""Alarms a device raises without anybody."""


class Supervision:
    """Watches over all devices of a process. `run` hands findings to the desk, in order."""

    def __init__(self, watch: Watch, desk: Desk, clock: Clock) -> None:
        self._watch = watch
        self._desk = desk
        self._clock = clock
        self._findings: asyncio.Queue[Finding] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._log = logger("gateway.supervision")

    def configure(self, devices: Iterable[Device], lines: Mapping[str, str] | None = None) -> None:
        """Watch these devices from now on. `lines`: device → its line; else our own listener."""
        self.report(self._watch.configure(devices, self._clock.now(), lines))
        self._changed.set()

    def expect(self, devices: Iterable[str]) -> None:
        """These must be heard: whose wearer is on shift, and the fixed ones. Replaces all."""
        self._watch.expect(devices, self._clock.now())
        self._changed.set()

    def heard(self, reading: Reading, device: str) -> None:
        """A message came from a device. A kept copy or a last will says nothing about now."""
        offline = reading.type is SignalType.PRESENCE and reading.code == OFFLINE
        if reading.retained or offline:
            return
        now = self._clock.now()
        if _is_press(reading) and _is_fresh(reading, Lowers.TEST):
            self._watch.pressed(device, now)
        match reading.type:
            case SignalType.TAMPER:
                self._watch.tampered(device, reading.about)
            case SignalType.LOW_BATTERY:
                self._watch.low_battery(device, reading.about)
            case SignalType.RESTORE if not _is_fresh(reading, Lowers.RESTORE):
                pass
            case SignalType.RESTORE if reading.about:
                self._watch.part_restored(device, reading.about)
            case SignalType.RESTORE if _ends_tamper(reading):
                self.report(self._watch.restored(device, now))
            case _:
                pass
        beats = reading.type is SignalType.HEARTBEAT
        found = self._watch.heard(
            device,
            now,
            battery=reading.battery,
            charging=_says_charging(reading) if beats else None,
            authenticated=reading.authenticated,
        )
        self.report(found)

    def alive(self, device: str) -> None:
        """Hear that a device logged in, or said something nobody could read: it is there."""
        self.report(self._watch.heard(device, self._clock.now()))

    def moved(self, device: str, line: str) -> None:
        """Move a device to the line it speaks on now."""
        self._watch.moved(device, line)

    def line_down(self, line: str, site: str = "") -> None:
        self.report(self._watch.line_down(line, self._clock.now(), site))

    def cut_off(self, line: str, ends: Iterable[str], site: str) -> tuple[str, ...]:
        """A gateway is gone, and with it the lines that end there: one finding names them all.

        Returns the lines that were well until now, for `rejoined`.
        """
        now, named, gone = self._clock.now(), list[str](), list[str]()
        for end in ends:
            for found in self._watch.line_down(end, now, site):
                named += found.devices
                gone.append(end)
        whole = self._watch.line_down(line, now, site)
        self.report(
            replace(found, devices=tuple(dict.fromkeys((*found.devices, *named))))
            for found in whole
        )
        return tuple(gone)

    def rejoined(self, lines: Iterable[str]) -> None:
        """What they end at is back; a line that is down by itself is said so next."""
        for line in lines:
            self._watch.line_up(line, self._clock.now())
        self._changed.set()

    def line_up(self, line: str) -> None:
        self.report(self._watch.line_up(line, self._clock.now()))
        self._changed.set()

    def health(self, device: str) -> Health:
        return self._watch.health(device, self._clock.now())

    def report(self, findings: Iterable[Finding]) -> None:
        """Queue findings for the desk, ours or those of a line."""
        for finding in findings:
            metrics.FINDINGS.labels(finding.trouble.value, "yes" if finding.over else "no").inc()
            if self._findings.qsize() >= FINDINGS_MAX:
                lost = self._findings.get_nowait()
                trouble = lost.trouble.value
                self._log.error("finding dropped, the desk is too slow", trouble=trouble)
            self._findings.put_nowait(finding)

    async def run(self) -> None:
        """Watch, and hand findings to the desk, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hand_on())
            group.create_task(self._look())

    async def _hand_on(self) -> None:
        while True:
            finding = await self._findings.get()
            trouble, devices = finding.trouble.value, finding.devices
            # A line's name may hold what a panel calls itself.
            line = finding.line.partition(" (")[0]
            self._log.warning(
                "device trouble over" if finding.over else "device trouble",
                lane=f"{trouble} {devices[0] if devices else line}",
                trouble=trouble,
                devices=devices,
                line=line,
            )
            await self._desk.found(finding)

    async def _look(self) -> None:
        while True:
            self._changed.clear()
            self.report(self._watch.due(self._clock.now()))
            await self._moment()
            await sleep(LOOKS_APART_S)

    async def _moment(self) -> None:
        """Wait until the next deadline, or until what is expected changes."""
        wake_at = self._watch.wake_at
        wait = None if wake_at is None else (wake_at - self._clock.now()).total_seconds()
        try:
            async with asyncio.timeout(None if wait is None else max(wait, 0)):
                await self._changed.wait()
        except TimeoutError:
            return


def _is_fresh(reading: Reading, what: Lowers) -> bool:
    """What it says of how things stand is of now (law 6)."""
    return (reading.age or timedelta()) <= FRESH_FOR[what]


def _says_charging(reading: Reading) -> bool | None:
    """Whether it is on its charger now; None: what it says of that is old."""
    charging = reading.code == CHARGING
    return charging if not charging or _is_fresh(reading, Lowers.CHARGING) else None


def _is_press(reading: Reading) -> bool:
    """Whether somebody used the button: a panel that tests itself proves its line, not a button."""
    match reading.type:
        case SignalType.ALARM:
            return reading.kind not in _BY_ITSELF
        case SignalType.TEST:
            return not reading.line_test
        case _:
            return False


def _ends_tamper(reading: Reading) -> bool:
    """Only word of a housing ends a tamper, not that of an attack or of mains.

    A line without proof may say so: it closes what is green, by design (law 6).
    """
    if reading.kind is AlarmKind.TAMPER:
        return reading.authenticated or bool(reading.line)
    return reading.kind is None and reading.authenticated
