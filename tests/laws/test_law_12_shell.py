"""Law 12 on real sockets: the service's own press, the dead man, the watchdog, the stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import monotonic_s
from dispatcher.safety import self_check
from firmware_sim.bench import sized_site
from firmware_sim.service import PrivateService, Ready
from tests.support.crash_device import CrashDevice
from tests.support.crash_ledger import Ledger
from tests.support.nursery import Nursery
from tests.support.whole_service import whole_service
from tilkald import selfcheck
from tilkald.selfcheck import Outcome

pytestmark = pytest.mark.shell

SOON_S = 20.0
BACK_WITHIN_S = 3.0


async def test_the_services_own_press_fails_when_the_store_cannot_commit_and_only_success_feeds(
    tmp_path: Path,
) -> None:
    failed, worked = asyncio.Event(), asyncio.Event()
    outcome = Outcome(lambda seconds: worked.set(), lambda why: failed.set())
    async with whole_service(tmp_path) as service, dead_man() as (url, fed):
        service.store.held = True
        pressing = asyncio.create_task(
            selfcheck.press_for_ever(service.dispatcher.engine, service.door, url, outcome)
        )
        await asyncio.wait_for(failed.wait(), SOON_S)
        assert not worked.is_set()
        assert fed.empty(), "nothing was fed while a press could not be stored"
        service.store.let_go()
        await asyncio.wait_for(worked.wait(), SOON_S)
        assert await asyncio.wait_for(fed.get(), SOON_S) == "/ping"
        pressing.cancel()
        await asyncio.gather(pressing, return_exceptions=True)


async def test_where_only_the_store_fails_no_watchdog_ends_what_calls_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    outcome = Outcome(lambda seconds: None, lambda why: failed.set(), lambda: True)
    monkeypatch.setattr(self_check, "ANSWER_WITHIN", timedelta(seconds=0.2))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    async with whole_service(tmp_path / "data") as service, dead_man() as (url, fed):
        with notified(tmp_path / "notify") as states:
            service.store.held = True
            pressing = asyncio.create_task(
                selfcheck.press_for_ever(service.dispatcher.engine, service.door, url, outcome)
            )
            await asyncio.wait_for(failed.wait(), SOON_S)
            assert await _heard(states, "WATCHDOG=1")
            assert fed.empty(), "the dead man's switch outside is fed by success alone"
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)


async def test_systemd_and_the_dead_mans_switch_hear_of_a_real_service(tmp_path: Path) -> None:
    made = sized_site.organisation(sized_site.Size(people=4, on_duty=3, places=20, buttons=1))
    site = sized_site.write(tmp_path / "site", made)
    with notified(tmp_path / "notify") as states:
        async with dead_man() as (url, fed):
            settings = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "TILKALD_DEADMAN_URL": url}
            async with PrivateService(site, tmp_path / "data", settings):
                assert await _heard(states, "READY=1")
                assert await _heard(states, "WATCHDOG=1")
                assert await asyncio.wait_for(fed.get(), SOON_S) == "/ping"
            assert await _heard(states, "STOPPING=1")


async def test_sigterm_commits_what_came_and_a_device_is_let_in_again_within_three_seconds(
    tmp_path: Path,
) -> None:
    """From a process that has imported the code, as the load of the machine would decide else."""
    made = sized_site.organisation(sized_site.Size(people=6, on_duty=5, places=20, buttons=6))
    site = sized_site.write(tmp_path / "site", made)
    button = CrashDevice("button-s0-0", lambda device, told: None)
    others = [CrashDevice(f"button-s0-{n}", lambda device, told: None) for n in range(1, 6)]
    async with Nursery(tmp_path) as nursery:
        settings = _settings(site, tmp_path / "data")
        born = await nursery.bear(settings)
        ready = await born.ready()
        for device in (button, *others):
            await _connect(device, ready)
        for device in (button, *others):
            device.say("alarm", level="red")
        began_s = monotonic_s()
        await born.end(signal.SIGTERM)
        Ledger(tmp_path / "data" / "tilkald.db").check_acknowledged(
            said for device in (button, *others) for said in device.acknowledged
        )
        again = await nursery.bear(settings)
        for device in (button, *others):
            await device.hung_up()
        await _connect(button, await again.ready())
        assert monotonic_s() - began_s <= BACK_WITHIN_S
        await button.hung_up()
        await again.end(signal.SIGTERM)


# What listens outside


@asynccontextmanager
async def dead_man() -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """A watcher's URL, and the paths that were asked for."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        asked.put_nowait(request.split(b" ", 2)[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/ping", asked


@contextmanager
def notified(path: Path) -> Iterator[socket.socket]:
    """As systemd listens: a datagram socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(path))
        door.setblocking(False)
        yield door


async def _heard(states: socket.socket, state: str) -> bool:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(SOON_S):
        while (await loop.sock_recv(states, 1_024)).decode() != state:
            pass
    return True


async def _connect(device: CrashDevice, ready: Ready | None) -> None:
    assert ready is not None
    await device.connect(ready.broker.host, ready.broker.port)


def _settings(site: Path, folder: Path) -> dict[str, str]:
    return {
        "TILKALD_SITE_DIR": str(site),
        "TILKALD_DATA_DIR": str(folder),
        "TILKALD_HTTP_PORT": "0",
        "TILKALD_PUBLIC_PORT": "0",
        "TILKALD_MQTT_PORT": "0",
    }
