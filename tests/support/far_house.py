"""A service, a gateway in another house, and the cable between them that a test may cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from core import ids, settings
from core.clock import ServiceClock, sleep
from core.signals import Level
from core.values import replace
from devices.registry import Line, RemoteGateway
from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from gateway.outpost.app import Outpost
from gateway.outpost.state_files import StateFiles
from gateway.outpost.uplink import Way
from tests.support.crash_device import CrashDevice
from tilkald.service import Ready, Service

GATEWAY, TOKEN = "house-b", "only-for-this-test"
SOON_S, LOOKS_APART_S = 20.0, 0.02


class Cable:
    """Passes bytes both ways between a port of its own and `to`, unless it is cut.

    `deaf`: nothing that comes back gets through.
    """

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = 0
        self.is_cut = False
        self.deaf = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._plugged, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()
        for passing in self._passing:
            passing.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def cut(self) -> None:
        self.is_cut = True
        for end in list(self._ends):
            end.transport.abort()

    def mend(self) -> None:
        self.is_cut = False

    async def _plugged(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = asyncio.current_task()
        assert passing is not None
        self._passing.add(passing)
        passing.add_done_callback(self._passing.discard)
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._ends |= ends
        try:
            if self.is_cut:
                return
            # A cancelled task of a server's own is reported as a failure.
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await asyncio.gather(
                    self._pass_on(reader, far_writer), self._pass_on(far_reader, writer, back=True)
                )
        finally:
            for end in ends:
                end.transport.abort()
            self._ends -= ends

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False
    ) -> None:
        try:
            while content := await reader.read(65_536):
                if not (back and self.deaf):
                    writer.write(content)
                    await writer.drain()
        finally:
            writer.close()


@dataclass(slots=True)
class FarHouse:
    """Everything a test touches. `heard`: what each device was told, in order."""

    folder: Path
    service: Service
    ready: Ready
    cable: Cable
    gateway: Outpost | None = None
    kept: StateFiles | None = None
    running: asyncio.Task[None] | None = None
    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    devices: list[CrashDevice] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Of the gateway's listener."""
        assert self.gateway is not None
        assert self.gateway.listener.port is not None
        return self.gateway.listener.port

    async def start_gateway(self, token: str = TOKEN) -> None:
        loaded = settings.load(data_dir=self.folder / "far", mqtt_port=0)
        way = Way(f"http://127.0.0.1:{self.cable.port}", GATEWAY, token)
        self.kept = StateFiles(loaded.data_dir)
        self.gateway = Outpost(loaded, way, self.kept, ServiceClock(self.kept.clock_mark()))
        await self.gateway.start()
        self.running = asyncio.create_task(self.gateway.run())

    async def stop_gateway(self) -> None:
        if self.gateway is None or self.kept is None or self.running is None:
            return
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.gateway.stop()
        self.kept.close()
        self.gateway = None

    async def restart_service(self) -> None:
        """Another process on the same data; the cable leads to it."""
        self.service = Service(_settings(self.folder))
        self.ready = await self.service.start()
        assert self.service.gateways_door is not None
        self.cable.to = self.service.gateways_door.port

    async def device(self, name: str) -> CrashDevice:
        """Connected to the far listener, once its configuration has come."""
        device = CrashDevice(name, lambda one, told: self.heard.append((one.name, told)))
        self.devices.append(device)
        await self.until(lambda: bool(self.gateway and self.gateway.version))
        await device.connect("127.0.0.1", self.port)
        return device

    def told(self, device: str, type_: str) -> list[dict[str, object]]:
        """What one device was told of one type."""
        return [told for name, told in self.heard if name == device and told["type"] == type_]

    async def until_told(self, device: str, type_: str, times: int = 1) -> dict[str, object]:
        await self.until(lambda: len(self.told(device, type_)) >= times)
        return self.told(device, type_)[-1]

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not happened():
                await sleep(LOOKS_APART_S)

    async def get(self, path: str) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {self.ready.token}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
            answer = await client.get(f"{self.ready.http}{path}")
            answer.raise_for_status()
            found: dict[str, object] = answer.json()
            return found

    async def alarms(self) -> list[dict[str, object]]:
        found = (await self.get("/api/v1/alarms"))["alarms"]
        assert isinstance(found, list)
        return found


@asynccontextmanager
async def far_house(
    folder: Path, lines: tuple[Line, ...] = (), *, ring_locally: bool = False
) -> AsyncIterator[FarHouse]:
    """People on duty with badges, two fixed buttons; the gateway is not started yet."""
    made = _organisation(lines)
    if ring_locally:
        for_all = (replace(p, ring_locally=True, levels=tuple(Level)) for p in made.plans)
        made = replace(made, plans=tuple(for_all))
    sized_site.write(folder / "site", made)
    service = Service(_settings(folder))
    ready = await service.start()
    assert service.gateways_door is not None
    async with Cable(service.gateways_door.port) as cable:
        house = FarHouse(folder, service, ready, cable)
        try:
            yield house
        finally:
            for device in house.devices:
                await device.hung_up()
            await house.stop_gateway()
            cable.cut()
            await house.service.stop()


def _settings(folder: Path) -> settings.Settings:
    return settings.load(
        data_dir=folder / "data",
        site_dir=folder / "site",
        http_port=0,
        public_port=0,
        mqtt_port=0,
        gateways_port=0,
    )


def _organisation(lines: tuple[Line, ...]) -> Organisation:
    made = sized_site.organisation(sized_site.Size(people=6, on_duty=5, places=20, buttons=2))
    gateway = RemoteGateway(GATEWAY, made.sites[0].id, ids.hashed(TOKEN))
    return replace(made, gateways=(gateway,), lines=lines)
