"""Twenty thousand devices that say once a minute that they are there, and alarms among them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import cycle, islice

from core.clock import monotonic_s, sleep
from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.press_path import PER_SECOND, PRESSERS
from firmware_sim.bench.presses import ConnectedDevices, Press
from firmware_sim.bench.service_process import raise_file_limit, serving, share_of_core

DEVICES, DEVICES_QUICK = 20_000, 2_000
BEAT_EVERY_S = 60.0
WATCHED_S, WATCHED_QUICK_S = 30.0, 10.0
PRESSES, PRESSES_QUICK = 300, 60
WARM_UP = 20

FILES_BESIDE = 300
"""Open files of the service that are no device: its store, its pages, its libraries."""

TICK_S = 0.02
_BEAT = b'{"type":"heartbeat","battery":0.9}'

REACHES = (Reach("core", 25.0, "%"), Reach("alarm_p99_ratio", 1.5, "× idle"))


@dataclass(frozen=True, slots=True)
class _Measured:
    """What three windows gave: alarms alone, beats alone, both."""

    idle: list[Press]
    core_share: float
    loaded: list[Press]
    connected: int


async def measure(*, quick: bool) -> list[Row]:
    wanted = DEVICES_QUICK if quick else DEVICES
    size = sized_site.Size(buttons=wanted - 1_000)
    made = sized_site.organisation(size)
    devices = min(wanted, raise_file_limit() - FILES_BESIDE)
    measured = await _windows(made, devices, quick=quick)
    idle, loaded = _p99_ms(measured.idle), _p99_ms(measured.loaded)
    ratio = loaded / idle
    figures = {
        "core": round(measured.core_share * 100, 1),
        "alarm_p99_ratio": round(ratio, 2),
    }
    note = f"{measured.connected:,} connected devices, a beat a minute each"
    if devices < wanted:
        note += f" (this machine lets a process open {devices + FILES_BESIDE:,} files, no more)"
    beside = {"alarm_p99_idle": idle, "alarm_p99_loaded": loaded}
    return [Row("beats", f"{wanted:,} devices, a beat a minute", figures, REACHES, note, beside)]


async def _windows(made: Organisation, devices: int, *, quick: bool) -> _Measured:
    count = PRESSES_QUICK if quick else PRESSES
    fixed = sized_site.buttons(made)
    who = cycle([(d.id, d.zone or "") for d in fixed[: 1_000 : 1_000 // PRESSERS]])
    pressers = dict.fromkeys(name for name, _ in islice(who, PRESSERS))
    async with serving(made) as service:
        connected = ConnectedDevices(service.ready.broker, closing=True)
        await connected.connect([*pressers, *sized_site.on_duty(made)])
        await connected.press_evenly(islice(who, WARM_UP), PER_SECOND)
        idle = await connected.press_evenly(islice(who, count), PER_SECOND)
        rest = (d.id for d in made.devices if d.id not in connected.devices)
        await connected.connect(islice(rest, devices - len(connected.devices)))
        beating = asyncio.create_task(_beat(connected))
        share = await share_of_core(service.pid, WATCHED_QUICK_S if quick else WATCHED_S)
        loaded = await connected.press_evenly(islice(who, count), PER_SECOND)
        beating.cancel()
        connected.close()
        return _Measured(idle, share, loaded, len(connected.devices))


async def _beat(connected: ConnectedDevices) -> None:
    """Everybody once a minute, evenly, some devices a tick."""
    devices = cycle(list(connected.devices.values()))
    began_s, sent = monotonic_s(), 0
    per_second = len(connected.devices) / BEAT_EVERY_S
    while True:
        due = int((monotonic_s() - began_s) * per_second)
        for device in islice(devices, due - sent):
            device.publish("beat", _BEAT)
        sent = due
        await sleep(TICK_S)


def _p99_ms(presses: list[Press]) -> float:
    never = float("inf")
    return spread_ms([never if p.to_notice_s is None else p.to_notice_s for p in presses])["p99"]
