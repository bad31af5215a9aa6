"""Law 12 on the real commands: a log nobody reads, or that cannot be written, costs nobody help."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core.clock import monotonic_s
from core.folding import EVERY_S, LANE_BURST
from firmware_sim.bench import sized_site
from firmware_sim.service import RUN_FILE, Ready, read_run_file
from tests.support.crash_device import WaitedFor
from tests.support.mqtt import BareClient

pytestmark = pytest.mark.shell

SOON_S = 20.0
STOPS_WITHIN_S = 10.0
SMALL_PIPE_BYTES = 4_096
FULL = "No space left on device"
STRANGERS = 300


async def test_strangers_fill_a_log_nobody_reads_and_an_odd_press_goes_on_as_ever(
    tmp_path: Path,
) -> None:
    reader, writer = small_pipe()
    async with running(tmp_path, writer) as service:
        os.close(writer)
        for number in range(STRANGERS):
            await refused_login(service.ready, f"nobody-{number}")
        await odd_press(service.ready)
        took_s = await service.stopped()
    os.close(reader)
    assert took_s < STOPS_WITHIN_S


async def test_a_log_that_fails_takes_no_press_and_is_shown_where_a_technician_looks(
    tmp_path: Path,
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    async with running(tmp_path, full) as service:
        os.close(full)
        await odd_press(service.ready)
        assert FULL in await problems(service.ready)
        assert "tilkald_log_lines_missing_total" in await metrics_page(service.ready)
        took_s = await service.stopped()
    assert took_s < STOPS_WITHIN_S


async def test_hundreds_of_refused_logins_are_a_dozen_lines_and_one_that_counts_the_others(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    async with running(tmp_path, file) as service:
        os.close(file)
        for number in range(STRANGERS):
            await refused_login(service.ready, f"nobody-{number}")
        await service.stopped()
    said = [json.loads(line) for line in path.read_text().splitlines()]
    assert said[0]["ready"] is True, "the first line says where it serves"
    refused = [line for line in said[1:] if line["event"] == "refused login"]
    assert len([line for line in refused if "more" not in line]) <= LANE_BURST + EVERY_S
    assert sum(line.get("more", 1) for line in refused) == STRANGERS
    assert "nobody-" not in path.read_text()


@pytest.mark.parametrize("command", ["serve", "gateway"])
async def test_a_stop_ends_a_process_whose_log_nobody_reads(tmp_path: Path, command: str) -> None:
    reader, writer = small_pipe()
    fill(writer)
    async with running(tmp_path, writer, command) as service:
        os.close(writer)
        took_s = await service.stopped()
    os.close(reader)
    assert took_s < STOPS_WITHIN_S


# The process, and who comes to it


@dataclass(slots=True)
class Running:
    process: asyncio.subprocess.Process
    folder: Path

    @property
    def ready(self) -> Ready:
        said = read_run_file(self.folder)
        assert said is not None, f"{RUN_FILE} is written before systemd hears of it"
        return said

    async def stopped(self) -> float:
        began_s = monotonic_s()
        self.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(self.process.wait(), SOON_S)
        assert self.process.returncode == 0
        return monotonic_s() - began_s


@asynccontextmanager
async def running(folder: Path, out: int, command: str = "serve") -> AsyncIterator[Running]:
    """The command with both its outputs on `out`, from when it tells systemd that it is ready."""
    site = sized_site.write(folder / "site", sized_site.organisation(sized_site.Size(4, 3, 20, 2)))
    door = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as states:
        states.bind(str(door))
        states.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from tilkald.cli import main; main()", command, "--json"),
            stdout=out,
            stderr=out,
            env=environment(folder, site, door),
        )
        try:
            await asyncio.wait_for(heard_ready(states), SOON_S * 2)
            yield Running(process, folder / "data")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def environment(folder: Path, site: Path, door: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILKALD_")}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "NOTIFY_SOCKET": str(door),
        "TILKALD_SITE_DIR": str(site),
        "TILKALD_DATA_DIR": str(folder / "data"),
        "TILKALD_HTTP_PORT": "0",
        "TILKALD_PUBLIC_PORT": "0",
        "TILKALD_MQTT_PORT": "0",
        "TILKALD_DISPATCHER_URL": "http://127.0.0.1:9",
        "TILKALD_GATEWAY": "house-b",
        "TILKALD_GATEWAY_TOKEN": "only-for-this-test",
    }


async def heard_ready(states: socket.socket) -> None:
    while await asyncio.get_running_loop().sock_recv(states, 1_024) != b"READY=1":
        pass


async def odd_press(ready: Ready) -> None:
    """A red press that names a place nobody has: stored, acknowledged, and told so."""
    button = WaitedFor("button-s0-0")
    await button.connect(ready.broker.host, ready.broker.port)
    button.say("alarm", level="red", zone="beacon-nobody-has")
    await asyncio.wait_for(button.told("received"), SOON_S)
    await asyncio.wait_for(button.acknowledgement(), SOON_S)
    await button.hung_up()


async def refused_login(ready: Ready, name: str) -> None:
    async with BareClient(ready.broker.port) as stranger:
        await stranger.log_in(name, password=b"wrong")


async def problems(ready: Ready) -> str:
    """What `/readyz` says, once it says something of the log."""
    async with httpx.AsyncClient(headers=bearer(ready)) as staff, asyncio.timeout(SOON_S):
        while FULL not in (said := (await staff.get(f"{ready.http}/readyz")).text):
            pass
    return said


async def metrics_page(ready: Ready) -> str:
    async with httpx.AsyncClient(headers=bearer(ready)) as staff:
        return (await staff.get(f"{ready.http}/metrics")).text


def bearer(ready: Ready) -> dict[str, str]:
    return {"Authorization": f"Bearer {ready.token}"}


def small_pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, SMALL_PIPE_BYTES)
    return reader, writer


def fill(writer: int) -> None:
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
