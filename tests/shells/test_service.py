"""The command as an installer meets it: it starts, says where, refuses in one line, follows."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import pytest

from core.clock import sleep
from firmware_sim.places import example_site

pytestmark = pytest.mark.shell

TILKALD = Path(sys.executable).with_name("tilkald")
START_S = 30.0


async def test_the_first_line_says_where_it_serves_and_the_run_file_is_private(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as service:
        assert service.ready["ready"] is True
        file = tmp_path / "run.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text()) == service.ready
        assert stat.S_IMODE((tmp_path / "staff-token").stat().st_mode) == 0o600
    assert service.process.returncode == 0
    assert not file.exists(), "a service that has stopped is not found"


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = await refused(tmp_path, TILKALD_HTTP_PORT=str(port))
    assert said.count("\n") == 1
    assert str(port) in said
    assert "HTTP_PORT" in said


async def test_a_bad_setting_names_the_key_the_problem_and_an_example(tmp_path: Path) -> None:
    said = await refused(tmp_path, TILKALD_MQTT_PORT="many")
    assert said.count("\n") == 1
    assert "TILKALD_MQTT_PORT='many'" in said
    assert "TILKALD_MQTT_PORT=1883" in said


async def test_readable_passwords_keep_the_service_on_this_machine(tmp_path: Path) -> None:
    said = await refused(tmp_path, TILKALD_BIND="0.0.0.0")
    assert said.count("\n") == 1
    assert "readable passwords" in said


async def test_a_second_service_on_one_data_directory_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path):
        said = await refused(tmp_path)
        assert "runs on" in said
        assert said.count("\n") == 1


async def test_a_mistake_in_a_site_file_names_file_key_and_line(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(example_site(), site)
    people = site / "people.toml"
    people.write_text(people.read_text().replace('"+4500000002"', '"112"'))
    said = await refused(tmp_path / "data", TILKALD_SITE_DIR=str(site))
    line = next(n for n, text in enumerate(people.read_text().splitlines(), 1) if '"112"' in text)
    assert f"people.toml:{line}" in said
    assert "phones" in said


async def test_a_running_service_follows_what_is_applied_beside_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(example_site(), site)
    async with running(tmp_path / "data", TILKALD_SITE_DIR=str(site)) as service:
        people = site / "people.toml"
        people.write_text(people.read_text().replace("Karen Dahl", "Signe Dahl"))
        code, _ = await command(tmp_path / "data", "apply", str(site))
        assert code == 0
        async with asyncio.timeout(START_S):
            while "Signe" not in await service.get("/api/v1/people"):
                await sleep(0.2)


async def test_a_press_by_an_outside_client_is_acknowledged_received_and_on_the_board(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as service:
        told = await service.press("badge-bo", {"type": "alarm", "seq": 1, "boot": 7})
        assert (told["type"], told["boot"], told["seq"]) == ("received", 7, 1)
        page = json.loads(await service.get("/api/v1/alarms"))
        assert told["alarm"] in json.dumps(page)


async def test_open_alarms_of_a_restored_copy_wait_for_a_persons_word(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    async with running(data) as service:
        await service.press("badge-bo", {"type": "alarm", "seq": 1, "boot": 7})
        assert (await command(data, "backup", str(copy)))[0] == 0
    assert (await command(data, "restore", str(copy)))[0] == 0
    said = await refused(data)
    assert "1 open alarm" in said
    assert "tilkald confirm" in said
    assert (await command(data, "confirm", "--close"))[0] == 0
    async with running(data) as service:
        assert '"closed"' in await service.get("/api/v1/alarms")


async def test_the_console_opens_after_the_person_its_token_names_has_left(tmp_path: Path) -> None:
    data, site = tmp_path / "data", tmp_path / "site"
    shutil.copytree(example_site(), site)
    async with running(data, TILKALD_SITE_DIR=str(site)) as service:
        assert "alarms" in json.loads(await service.get("/api/v1/alarms"))
    for file in site.iterdir():
        file.write_text(file.read_text().replace("tove", "gerda"))
    async with running(data, TILKALD_SITE_DIR=str(site)) as service:
        assert "alarms" in json.loads(await service.get("/api/v1/alarms"))


@dataclass
class Running:
    process: asyncio.subprocess.Process
    ready: dict[str, Any]

    async def get(self, path: str) -> str:
        headers = {"Authorization": f"Bearer {self.ready['token']}"}
        async with httpx.AsyncClient(base_url=self.ready["http"], headers=headers) as client:
            return (await client.get(path)).text

    async def press(self, device: str, message: dict[str, object]) -> dict[str, Any]:
        """Publish one message as an outside client; the first thing the device is told."""
        host, port = self.ready["mqtt"].split(":")
        password = device.replace("badge-", "demo-")
        async with aiomqtt.Client(
            host, int(port), username=device, password=password, identifier=f"{device}-test"
        ) as client:
            await client.subscribe(f"tilkald/v1/{device}/down", qos=1)
            await client.publish(f"tilkald/v1/{device}/up", json.dumps(message), qos=1)
            async with asyncio.timeout(START_S):
                async for told in client.messages:
                    heard: dict[str, Any] = json.loads(told.payload)
                    return heard
        raise AssertionError("the device was told nothing")


@asynccontextmanager
async def running(data: Path, **settings: str) -> AsyncIterator[Running]:
    process = await started(data, ("serve", "--json"), settings)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_S)
        draining = asyncio.create_task(process.stdout.read())
        yield Running(process, json.loads(line))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), START_S)
        await draining


async def refused(data: Path, **settings: str) -> str:
    """What a service that cannot start says on standard error; it ends with 2."""
    process = await started(data, ("serve", "--json"), settings)
    _, said = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode == 2
    return said.decode()


async def command(data: Path, *words: str) -> tuple[int, str]:
    process = await started(data, words, {})
    said, _ = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def started(
    data: Path, words: tuple[str, ...], settings: dict[str, str]
) -> asyncio.subprocess.Process:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("TILKALD_")}
    own = {f"TILKALD_{port}_PORT": "0" for port in ("HTTP", "PUBLIC", "MQTT")}
    own |= {"TILKALD_DATA_DIR": str(data), "TILKALD_SITE_DIR": str(example_site())}
    return await asyncio.create_subprocess_exec(
        str(TILKALD),
        *words,
        env=plain | own | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
