"""Twenty thousand devices that say once a minute that they are there, and alarms among them.

Two services run at once, one with all the devices and one with only those that press and are
called. Presses go to the one and the other in turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice

from core.clock import monotonic_s, sleep
from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.press_path import PER_SECOND, PRESSERS, or_never, taking_turns
from firmware_sim.bench.presses import ConnectedDevices, Press, connected
from firmware_sim.bench.service_process import raise_file_limit, serving, share_of_core
from firmware_sim.bench.versions import Code

DEVICES, DEVICES_QUICK = 20_000, 2_000
BEAT_EVERY_S = 60.0
WATCHED_S, WATCHED_QUICK_S = 20.0, 5.0
TURNS, TURNS_QUICK = 4, 1
PRESSES_A_TURN = 50
WARM_UP = 20

FILES_BESIDE = 600
"""Open files that are no device: of the service its store, its pages, its libraries; here, those of
the devices of the other service."""

TICK_S = 0.02
_BEAT = b'{"type":"heartbeat","battery":0.9}'

REACHES = (Reach("core", 25.0, "%"), Reach("alarm_p99_ratio", 1.5, "× idle"))


@dataclass(slots=True)
class _Measured:
    """Presses on the idle service and on the loaded one, and what the beats alone cost."""

    idle: list[Press] = field(default_factory=list)
    loaded: list[Press] = field(default_factory=list)
    core_share: float = 0.0
    devices: int = 0


async def measure(code: Code, *, quick: bool) -> list[Row]:
    wanted = DEVICES_QUICK if quick else DEVICES
    most = min(wanted, raise_file_limit() - FILES_BESIDE)
    made = sized_site.organisation(sized_site.Size(buttons=wanted - 1_000))
    measured = await _in_turns(code, made, most, quick=quick)
    idle = spread_ms([or_never(press.to_notice_s) for press in measured.idle])
    loaded = spread_ms([or_never(press.to_notice_s) for press in measured.loaded])
    figures = {
        "core": round(measured.core_share * 100, 1),
        "alarm_p99_ratio": round(loaded["p99"] / idle["p99"], 2),
        "alarm_median_ratio": round(loaded["median"] / idle["median"], 2),
    }
    note = f"{measured.devices:,} connected devices, a beat a minute each"
    if most < wanted:
        note += f" (this machine lets a process open {most + FILES_BESIDE:,} files, no more)"
    beside = {"alarm_p99_idle": idle["p99"], "alarm_p99_loaded": loaded["p99"]}
    title = f"{wanted:,} devices, a beat a minute"
    return [Row("beats", title, figures, REACHES, note, beside, ("core",))]


async def _in_turns(code: Code, made: Organisation, most: int, *, quick: bool) -> _Measured:
    measured = _Measured()
    async with _house(code, made) as (_, idle), _house(code, made) as (pid, loaded):
        held = {*loaded.devices, *_pressers(made)}
        rest = (device.id for device in made.devices if device.id not in held)
        await loaded.connect(islice(rest, most - len(loaded.devices)))
        measured.devices = len(loaded.devices)
        async with _beating(loaded):
            watched_s = WATCHED_QUICK_S if quick else WATCHED_S
            measured.core_share = await share_of_core(pid, watched_s)
        quiet, busy = taking_turns(made), taking_turns(made)
        await idle.press_evenly(islice(quiet, WARM_UP), PER_SECOND)
        await loaded.press_evenly(islice(busy, WARM_UP), PER_SECOND)
        for _ in range(TURNS_QUICK if quick else TURNS):
            measured.idle += await idle.press_evenly(islice(quiet, PRESSES_A_TURN), PER_SECOND)
            async with _beating(loaded):
                turn = await loaded.press_evenly(islice(busy, PRESSES_A_TURN), PER_SECOND)
            measured.loaded += turn
    return measured


@asynccontextmanager
async def _house(code: Code, made: Organisation) -> AsyncIterator[tuple[int, ConnectedDevices]]:
    """A service with the devices that press and those that are called."""
    async with (
        serving(made, code) as service,
        connected(service.ready.broker, closing=True) as devices,
    ):
        await devices.connect_pressing(_pressers(made))
        await devices.connect(sized_site.on_duty(made))
        yield service.pid, devices


def _pressers(made: Organisation) -> list[str]:
    return [name for name, _ in islice(taking_turns(made), PRESSERS)]


@asynccontextmanager
async def _beating(devices: ConnectedDevices) -> AsyncIterator[None]:
    """Everybody once a minute while the block lasts, evenly, some devices a tick."""
    beating = asyncio.create_task(_beat(devices))
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat(connected: ConnectedDevices) -> None:
    devices = cycle(list(connected.devices.values()))
    began_s, sent = monotonic_s(), 0
    per_second = len(connected.devices) / BEAT_EVERY_S
    while True:
        due = int((monotonic_s() - began_s) * per_second)
        for device in islice(devices, due - sent):
            device.publish("beat", _BEAT)
        sent = due
        await sleep(TICK_S)
