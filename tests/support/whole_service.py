"""The whole service inside the test, on a store whose commits the test may hold back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core import settings
from core.clock import ServiceClock
from core.ids import salt
from devices.registry import Device, Line
from dispatcher.app import Dispatcher, Ground
from dispatcher.engine.pictures import SitePictures
from dispatcher.store.journal.journal import EmergencyJournal
from dispatcher.store.migrate import bring_up
from dispatcher.store.ports import Transaction
from dispatcher.store.sqlite.connection import DatabaseFile
from dispatcher.store.sqlite.store import SqliteStore
from dispatcher.store.sqlite.writer import QUEUE_MAX
from firmware_sim.bench import sized_site
from gateway.app import Gateway
from tests.support.crash_device import CrashDevice
from tilkald.joined import EngineDesk, GatewayLines
from tilkald.own_device import DEVICE, Door

SELFCHECK_PASSWORD = "only-for-this-test"


class HeldStore(SqliteStore):
    """Commits what it is given in its order, but not while `held`."""

    def __init__(self, path: Path, clock: ServiceClock) -> None:
        file = DatabaseFile(path)
        bring_up(file, clock.wall())
        super().__init__(file, QUEUE_MAX, salt)
        self.held = False
        self._waiting: list[tuple[Transaction, asyncio.Future[None]]] = []

    def submit(self, unit: Transaction) -> asyncio.Future[None]:
        if not self.held:
            return super().submit(unit)
        promised: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, promised))
        return promised

    @property
    def waits(self) -> int:
        """How many units were given and are not committed."""
        return len(self._waiting)

    def let_go(self) -> None:
        """Commit what waits, and hold no longer."""
        self.held = False
        for unit, promised in self._waiting:
            super().submit(unit).add_done_callback(_keeping(promised))
        self._waiting.clear()


@dataclass(slots=True)
class WholeService:
    store: HeldStore
    door: Door
    gateway: Gateway
    dispatcher: Dispatcher
    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    async def device(self, name: str) -> CrashDevice:
        """Connected; what it is told stands in `heard`."""
        device = CrashDevice(name, lambda one, told: self.heard.append((one.name, told)))
        await device.connect(self.door.host, self.door.port)
        return device

    def told(self, device: str) -> list[object]:
        """The types of what one device was told."""
        return [told["type"] for name, told in self.heard if name == device]


@asynccontextmanager
async def whole_service(folder: Path, lines: tuple[Line, ...] = ()) -> AsyncIterator[WholeService]:
    """A small house: badges of people on duty, two fixed buttons, and these lines."""
    loaded = settings.load(data_dir=folder, http_port=0, public_port=0, mqtt_port=0)
    clock = ServiceClock()
    store = HeldStore(folder / "tilkald.db", clock)
    journal = EmergencyJournal(folder / "emergency.journal")
    made = sized_site.organisation(sized_site.Size(people=6, on_duty=5, places=20, buttons=2))
    devices, desk = GatewayLines(clock), EngineDesk(clock)
    pictures = SitePictures(made, (), devices)
    ground = Ground(store, journal, clock, ExitStack(), ())
    dispatcher = Dispatcher(loaded, ground, pictures, devices)
    gateway = Gateway(loaded, clock, desk)
    devices.listening(gateway)
    desk.listening(dispatcher.engine, pictures)
    own = Device(DEVICE, "badge", "", password=SELFCHECK_PASSWORD)
    zones = {zone.id: zone.id for zone in made.zones}
    gateway.configure(made.devices, made.assignments, zones, (own,), lines)
    await dispatcher.start()
    await gateway.start(())
    await dispatcher.engine.go_on()
    port = gateway.listener.port
    assert port is not None
    try:
        door = Door("127.0.0.1", port, loaded.mqtt_prefix, SELFCHECK_PASSWORD)
        yield WholeService(store, door, gateway, dispatcher)
    finally:
        store.let_go()
        await gateway.stop()
        await dispatcher.stop()


def _keeping(promised: asyncio.Future[None]) -> Callable[[asyncio.Future[None]], None]:
    def done(committed: asyncio.Future[None]) -> None:
        error = committed.exception()
        if promised.done():
            return
        if error is None:
            promised.set_result(None)
        else:
            promised.set_exception(error)

    return done
