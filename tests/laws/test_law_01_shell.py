"""Law 1 on real sockets and a real database: acknowledge after durable; help never waits."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from core.clock import monotonic_s, sleep
from dispatcher.engine import commit_line
from dispatcher.store.journal.places import places_beside
from firmware_sim.bench import sized_site
from firmware_sim.service import PrivateService
from tests.support.crash_device import CrashDevice, Said
from tests.support.hanging_disk import hanging_disk
from tests.support.whole_service import whole_service

pytestmark = pytest.mark.shell

SOON_S = 10.0
NOW_AND_THEN_S = 0.02

FILE_BYTES_LEFT = 24 * 1024
"""Less than the write-ahead log has after a start, more than the journal's first lines need."""


async def test_neither_acknowledgement_nor_page_leaves_before_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However busy the machine is: what the service does once it is tired of waiting is told below.
    monkeypatch.setattr(commit_line, "PATIENCE", timedelta(seconds=SOON_S))
    async with whole_service(tmp_path) as service:
        button = await service.device("button-s0-0")
        badges = [await service.device(f"badge-s0-p{number}") for number in range(5)]
        service.store.held = True
        press = button.say("alarm", level="red")
        await _until(lambda: service.store.waits > 0)
        # Whatever had left with the press would be here before a whole login on the same loop is.
        other = await service.device("button-s0-1")
        assert press.seq in button.unacknowledged
        assert service.heard == []
        service.store.let_go()
        await _until(lambda: press in button.acknowledged)
        await _until(lambda: "received" in service.told("button-s0-0"))
        await _until(lambda: any("page" in service.told(badge.name) for badge in badges))
        for device in (button, other, *badges):
            await device.hung_up()


@pytest.mark.parametrize("fault", ["locked", "full", "gone"])
async def test_a_store_that_cannot_commit_never_stops_help(tmp_path: Path, fault: str) -> None:
    async with _running(tmp_path) as house:
        with FAULTS[fault](house):
            press = house.button.say("alarm", level="red")
            await _until(lambda: house.was_told("page"))
            await _until_async(lambda: house.says_degraded())
            await _until(lambda: b'"alarm"' in house.journal.read_bytes())
            assert press.seq in house.button.unacknowledged, "not stored, so not acknowledged"
            assert not house.was_told("received")
            assert (await house.alarm())["unstored"] is True
        await _until(lambda: house.was_told("received"))
        await _until_async(lambda: house.is_well())
        assert (await house.alarm())["unstored"] is False
        # On the connection it came by: a client with one message in flight waits for nothing else.
        await _until(lambda: press in house.button.acknowledged)
        await house.press_again()
        assert house.stored(press) == 1
        assert len(await house.alarms()) == 1


@pytest.mark.parametrize("ends", ["killed", "stopped"])
async def test_a_disk_that_hangs_takes_no_press_along(tmp_path: Path, ends: str) -> None:
    data = tmp_path / "data"
    if not places_beside(data, data, os.environ):
        pytest.skip("this machine has one file system, so no journal can stand beside it")
    disk = hanging_disk(data, tmp_path)
    async with _running(tmp_path, disk.environment) as house:
        with disk.hangs():
            began_s = monotonic_s()
            press = house.button.say("alarm", level="red")
            await _until(lambda: house.was_told("page"))
            await _until_async(lambda: house.says_degraded())
            assert [alarm["unstored"] for alarm in await house.alarms()] == [True]
            assert (await house.alarm())["unstored"] is True
            assert (await house.page("/")).is_success
            assert (await house.page(f"/alarms/{house.paged_for}")).is_success
            assert monotonic_s() - began_s < SOON_S
            assert press.seq in house.button.unacknowledged
            await house.button.hung_up()
            if ends == "killed":
                await house.service.kill()
            else:
                began_s = monotonic_s()
                assert await house.service.stop() == 0
                assert monotonic_s() - began_s < SOON_S
        await house.service.start()
        assert [alarm["open"] for alarm in await house.alarms()] == [True]
        assert house.stored(press) == 1


async def test_a_database_that_was_deleted_takes_no_open_alarm_along(tmp_path: Path) -> None:
    async with _running(tmp_path) as house:
        first = house.button.say("alarm", level="red")
        await _until(lambda: first in house.button.acknowledged)
        await _until(lambda: house.was_told("page"))
        for path in (house.folder).glob("tilkald.db*"):
            path.unlink()
        other = CrashDevice("button-s0-1", house.hear)
        await other.connect(house.service.ready.broker.host, house.service.ready.broker.port)
        other.say("alarm", level="red")
        known = {str(alarm["id"]) for alarm in await house.alarms()}
        await _until_async(lambda: house.says_degraded())
        await _until(lambda: b"button-s0-1" in house.journal.read_bytes())
        await _until(lambda: all(one.encode() in house.journal.read_bytes() for one in known))
        await other.hung_up()
        await house.button.hung_up()
        await house.service.restart()
        alarms = {str(alarm["id"]): alarm["open"] for alarm in await house.alarms()}
        assert len(alarms) == 2
        assert known <= set(alarms)
        assert all(alarms.values())


# A small house around a real process


@dataclass(slots=True)
class _House:
    service: PrivateService
    folder: Path
    http: httpx.AsyncClient
    told: list[tuple[str, str]] = field(default_factory=list)
    paged_for: str = ""
    button: CrashDevice = field(init=False)

    @property
    def database(self) -> Path:
        return self.folder / "tilkald.db"

    @property
    def journal(self) -> Path:
        return self.folder / "emergency.journal"

    def was_told(self, what: str) -> bool:
        return any(told == what for _, told in self.told)

    def hear(self, device: CrashDevice, told: dict[str, object]) -> None:
        self.told.append((device.name, str(told["type"])))
        if told["type"] == "page":
            self.paged_for = str(told["alarm"])

    async def press_again(self) -> None:
        """As a device without its PUBACK does: a new connection, the same bytes."""
        await self.button.hung_up()
        broker = self.service.ready.broker
        await self.button.connect(broker.host, broker.port)

    async def alarms(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = (await self._get("/api/v1/alarms")).json()["alarms"]
        return [alarm for alarm in found if not alarm["technical"]]

    async def alarm(self) -> dict[str, object]:
        page: dict[str, object] = (await self._get(f"/api/v1/alarms/{self.paged_for}")).json()
        return page

    async def page(self, path: str) -> httpx.Response:
        """As a browser asks for it."""
        return await self._get(path, accept="text/html")

    async def says_degraded(self) -> bool:
        answer = await self._get("/readyz")
        return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and answer.json()["problems"]

    async def is_well(self) -> bool:
        return (await self._get("/readyz")).status_code == httpx.codes.OK

    def stored(self, said: Said) -> int:
        with sqlite3.connect(self.database) as tables:
            asked = "SELECT count(*) FROM signals WHERE device = ? AND seq = ?"
            count: int = tables.execute(asked, (said.device, said.seq)).fetchone()[0]
        tables.close()
        return count

    async def _get(self, path: str, accept: str = "application/json") -> httpx.Response:
        ready = self.service.ready
        headers = {"Authorization": f"Bearer {ready.token}", "Accept": accept}
        return await self.http.get(ready.http + path, headers=headers)


@asynccontextmanager
async def _running(
    folder: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[_House]:
    made = sized_site.organisation(sized_site.Size(people=6, on_duty=5, places=20, buttons=2))
    site = sized_site.write(folder / "site", made)
    async with (
        PrivateService(site, folder / "data", settings) as service,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        house = _House(service, folder / "data", http)

        house.button = CrashDevice("button-s0-0", house.hear)
        devices = [
            house.button,
            *(CrashDevice(name, house.hear) for name in sized_site.on_duty(made)),
        ]
        for device in devices:
            await device.connect(service.ready.broker.host, service.ready.broker.port)
        await _fill_the_log(house, devices)
        assert await house.is_well(), "and whoever asks now is known when the store is not there"
        yield house
        for device in devices:
            await device.hung_up()


async def _fill_the_log(house: _House, devices: list[CrashDevice]) -> None:
    """Past what a full disk leaves, whatever the start has written."""
    log = house.database.with_name("tilkald.db-wal")
    while log.stat().st_size <= 2 * FILE_BYTES_LEFT:
        for device in devices:
            device.say("test")
        await _until(lambda: not any(device.unacknowledged for device in devices))


@contextmanager
def _locked(house: _House) -> Iterator[None]:
    """Another program holds the database."""
    tables = sqlite3.connect(house.database, isolation_level=None)
    tables.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        tables.execute("ROLLBACK")
        tables.close()


@contextmanager
def _full(house: _House) -> Iterator[None]:
    """The disk takes no more: the process may not make its files longer."""
    pid = house.service.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (FILE_BYTES_LEFT, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def _gone(house: _House) -> Iterator[None]:
    """The disk with the database on it went away, and comes back."""
    aside = house.folder / "aside"
    aside.mkdir()
    files = [path for path in house.folder.glob("tilkald.db*") if path.is_file()]
    for path in files:
        path.rename(aside / path.name)
    try:
        yield
    finally:
        for path in files:
            (aside / path.name).rename(path)


FAULTS: dict[str, Callable[[_House], AbstractContextManager[None]]] = {
    "locked": _locked,
    "full": _full,
    "gone": _gone,
}


async def _until(so: Callable[[], bool]) -> None:
    began_s = monotonic_s()
    while not so():
        assert monotonic_s() - began_s < SOON_S, "it did not happen in time"
        await sleep(NOW_AND_THEN_S)


async def _until_async(so: Callable[[], object]) -> None:
    began_s = monotonic_s()
    while not await so():  # type: ignore[misc]
        assert monotonic_s() - began_s < SOON_S, "it did not happen in time"
        await sleep(NOW_AND_THEN_S)
