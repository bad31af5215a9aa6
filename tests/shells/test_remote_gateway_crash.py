"""A far gateway and its dispatcher are killed at random moments while devices press (law 1).

`TILKALD_TEST_SEED` repeats a run. Every press that had its PUBACK at the far gateway is exactly one
alarm at the dispatcher; none stands twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import resource
import signal
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest

from core import ids
from core.chance import Chance, seeded
from core.clock import monotonic_s, sleep
from core.values import replace
from devices.registry import RemoteGateway
from firmware_sim.bench import sized_site
from firmware_sim.service import Ports, _environment
from tests.support.crash_device import CrashDevice, Said
from tests.support.crash_ledger import Ledger
from tests.support.far_house import GATEWAY, TOKEN, Cable
from tests.support.nursery import COMMAND, Born, Nursery

SEED = int(os.environ.get("TILKALD_TEST_SEED", "0")) or Chance().randrange(1, 10**9)
KILLS, KILLS_THERE = 15, 4
BUTTONS = 6
LIFE_S = (0.1, 0.7)
PRESS_EVERY_S = 0.04
UNDER_WAY_MAX = 3
KINDS = ("attack", "assist", "medical", "fall")
"""In turn, and not too often: what is one storm is put together, by design."""

SETTLES_WITHIN_S = 40.0
FILE_BYTES_LEFT = 2_000
"""Room for a press or two more; then the far disk is full."""

pytestmark = [
    pytest.mark.shell,
    pytest.mark.timeout(180),
    # HTTP clients leave idle connections to a killed process to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

BIRTHS = 5


async def test_kill_9_at_any_moment_loses_no_acknowledged_press_and_doubles_none(
    tmp_path: Path,
) -> None:
    print(f"TILKALD_TEST_SEED={SEED}")
    async with Nursery(tmp_path) as nursery, World(tmp_path, nursery, SEED) as world:
        pressing = asyncio.create_task(world.press())
        there = asyncio.create_task(world.kill_the_dispatcher(KILLS_THERE))
        cutting = asyncio.create_task(world.cut_the_cable())
        for _ in range(KILLS):
            await world.live()
        await there
        await stopped(cutting)
        await stopped(pressing)
        world.cable.mend()
        await world.until_settled()
        acknowledged = world.acknowledged()
        await world.end()
    assert len(acknowledged) > KILLS, "something was said"
    world.ledger.check_acknowledged(acknowledged)
    assert 1 <= world.ledger.count_alarms() <= BUTTONS, "a press and its copies are one alarm"
    gc.collect()


async def test_a_far_disk_that_is_full_stops_no_press_and_doubles_none(tmp_path: Path) -> None:
    async with Nursery(tmp_path) as nursery, World(tmp_path, nursery, 1) as world:
        far = await world.bear_gateway()
        button = world.devices[0]
        await world.until(lambda: world.status().get("configuration", 0) != 0)
        await button.connect("127.0.0.1", world.mqtt)
        first = button.say("alarm", level="red")
        await world.until(lambda: first in button.acknowledged)
        world.fill_the_disk(far)
        world.cable.cut()
        presses = [button.say("alarm", level="red") for _ in range(8)]
        await world.until(lambda: "spool" in str(world.status()["problems"]))
        assert any(press.seq in button.unacknowledged for press in presses)
        world.cable.mend()
        await world.until(lambda: world.stored() == 9)
        await button.hung_up()
        await button.connect("127.0.0.1", world.mqtt)
        await world.until(lambda: not button.unacknowledged)
        await button.hung_up()
        acknowledged = list(button.acknowledged)
        await far.end(signal.SIGKILL)
        await world.end()
    assert len(acknowledged) == 9
    world.ledger.check_acknowledged(acknowledged)
    gc.collect()


class World:
    """A dispatcher, a far gateway, the cable between them, buttons that press; all but the buttons
    may be killed."""

    def __init__(self, folder: Path, nursery: Nursery, seed: int) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / "data" / "tilkald.db")
        self.devices = [CrashDevice(f"button-s0-{n}", lambda *_: None) for n in range(BUTTONS)]
        self.mqtt = Ports.free().mqtt
        self._nursery = nursery
        self._chance = seeded(seed)
        self._ports = Ports.free()
        self._port = Ports.free().http
        self.cable = Cable(self._port)
        self._dispatcher: Born | None = None
        made = sized_site.organisation(
            sized_site.Size(people=6, on_duty=5, places=20, buttons=BUTTONS)
        )
        gateway = RemoteGateway(GATEWAY, made.sites[0].id, ids.hashed(TOKEN))
        self._site = sized_site.write(folder / "site", replace(made, gateways=(gateway,)))

    async def __aenter__(self) -> World:
        await self.cable.__aenter__()
        await self.bear_dispatcher()
        return self

    async def __aexit__(self, *_: object) -> None:
        for device in self.devices:
            await device.hung_up()
        await self.cable.__aexit__()

    async def bear_dispatcher(self) -> None:
        more = {"TILKALD_GATEWAYS_PORT": str(self._port)}
        environment = _environment(self._site, self.folder / "data", self._ports, more)
        for _ in range(BIRTHS):
            self._dispatcher = await self._nursery.bear(environment)
            if await self._dispatcher.ready() is not None:
                return
            await sleep(1.0)  # somebody's outgoing connection may hold one of the ports
        raise AssertionError("the dispatcher does not start")

    async def bear_gateway(self) -> Born:
        settings = {
            COMMAND: "gateway",
            "TILKALD_MQTT_PORT": str(self.mqtt),
            "TILKALD_DISPATCHER_URL": f"http://127.0.0.1:{self.cable.port}",
            "TILKALD_GATEWAY": GATEWAY,
            "TILKALD_GATEWAY_TOKEN": TOKEN,
            "TILKALD_SITE_DIR": str(self._site),
        }
        environment = _environment(None, self.folder / "far", self._ports, settings)
        far = await self._nursery.bear(environment)
        assert await far.ready_line() is not None
        return far

    async def live(self) -> None:
        """One life of the far gateway, cut short."""
        far = await self.bear_gateway()
        connecting = (device.connect("127.0.0.1", self.mqtt) for device in self.devices)
        await asyncio.gather(*connecting, return_exceptions=True)
        await sleep(self._chance.uniform(*LIFE_S))
        await far.end(signal.SIGKILL)
        for device in self.devices:
            await device.hung_up()

    async def press(self) -> None:
        for number in count():
            device = self.devices[number % BUTTONS]
            if len(device.unacknowledged) < UNDER_WAY_MAX:
                device.say("alarm", level="red", kind=KINDS[number // BUTTONS % len(KINDS)])
            await sleep(PRESS_EVERY_S)

    async def kill_the_dispatcher(self, times: int) -> None:
        for _ in range(times):
            await sleep(self._chance.uniform(1.0, 3.0))
            assert self._dispatcher is not None
            await self._dispatcher.end(signal.SIGKILL)
            await self.bear_dispatcher()

    async def cut_the_cable(self) -> None:
        while True:
            await sleep(self._chance.uniform(0.2, 1.0))
            self.cable.cut()
            await sleep(self._chance.uniform(0.1, 0.8))
            self.cable.mend()

    async def until_settled(self) -> None:
        """A last life, left in peace until everything is said and handed over."""
        far = await self.bear_gateway()
        for device in self.devices:
            await device.connect("127.0.0.1", self.mqtt)
        await self.until(lambda: not any(device.unacknowledged for device in self.devices))
        await self.until(lambda: self.status()["backlog"] == 0)
        for device in self.devices:
            await device.hung_up()
        await far.end(signal.SIGTERM)

    async def until(self, true: Callable[[], bool]) -> None:
        began_s = monotonic_s()
        while not true():
            assert monotonic_s() - began_s < SETTLES_WITHIN_S, f"not settled: {self.status()}"
            await sleep(0.1)

    def status(self) -> dict[str, object]:
        """What `tilkald gateway --status --json` reads."""
        file = self.folder / "far" / "status.json"
        found: dict[str, object] = json.loads(file.read_text()) if file.exists() else {}
        return found

    def stored(self) -> int:
        return self.ledger.count_signals("alarm")

    def acknowledged(self) -> Sequence[Said]:
        return [said for device in self.devices for said in device.acknowledged]

    def fill_the_disk(self, far: Born) -> None:
        grown = max(file.stat().st_size for file in (self.folder / "far" / "spool").iterdir())
        limit = grown + FILE_BYTES_LEFT
        resource.prlimit(far.pid, resource.RLIMIT_FSIZE, (limit, limit))

    async def end(self) -> None:
        assert self._dispatcher is not None
        await self._dispatcher.end(signal.SIGTERM)


async def stopped(task: asyncio.Task[None]) -> None:
    """End what goes on; what went wrong in it is raised."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
