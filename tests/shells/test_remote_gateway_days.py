"""Days of a far house: a badge carried over, a dispatcher that is busy, and how fast a press is."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core import settings
from core.clock import monotonic_s, sleep
from core.errors import ConfigError
from gateway.outpost.state_files import StateFiles, read_status
from tests.support.crash_device import CrashDevice
from tests.support.far_house import GATEWAY, TOKEN, FarHouse, far_house
from tests.support.logged import logged_by_a_process
from tilkald.commands import gateway as gatewaying

pytestmark = [pytest.mark.shell, pytest.mark.timeout(120)]

BUSY_S = 3.0
PRESSES = 9
SLOWER_THAN_NEAR = 8.0
"""A far press crosses a disk and two requests more. Measured, it takes 2 to 4 times as long; past
this it waits for something: Nagle's algorithm once made it 13."""


async def test_a_badge_carried_home_is_called_wherever_it_is(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        far = await house.device("badge-s0-p1")
        button = await house.device("button-s0-0")
        gateway = house.service.gateway
        await house.until(lambda: gateway.remote.is_connected(far.name))
        near = await near_device(house, far.name)
        await house.until(lambda: house.service.gateway.is_connected(near.name))
        button.say("alarm", level="red")
        await house.until(lambda: len(house.told(far.name, "page")) == 2)
        first, second = house.told(far.name, "page")
        assert first["notice"] == second["notice"], "one call, on both of its connections"
        near.say("answer", notice=first["notice"], answer="accept")
        await house.until_told(button.name, "accepted")
        await far.hung_up()
        await house.until(lambda: not gateway.remote.is_connected(far.name))
        assert gateway.is_connected(near.name)


async def test_a_dispatcher_that_is_busy_for_seconds_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        buttons = [await house.device(f"button-s0-{number}") for number in range(2)]
        with locked(tmp_path / "data" / "tilkald.db"):
            for button in buttons:
                button.say("alarm", level="red")
            await house.until(lambda: not any(button.unacknowledged for button in buttons))
            await sleep(BUSY_S)
            assert house.gateway is not None
            assert house.gateway.backlog >= 2, "nothing is thanked for that is not committed"
        for button in buttons:
            await house.until_told(button.name, "received")
        await house.until(lambda: house.gateway is not None and house.gateway.backlog == 0)
        pressers = [
            one["device"] for alarm in await house.alarms() for one in listed(alarm["pressers"])
        ]
        assert sorted(pressers) == ["button-s0-0", "button-s0-1"]


async def test_a_press_in_a_far_house_is_nearly_as_fast_as_one_at_home(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        badges = [await near_device(house, f"badge-s0-p{number}") for number in range(4)]
        far = await house.device("button-s0-0")
        near = await near_device(house, "button-s0-1")
        far_s = await median_s(house, far)
        near_s = await median_s(house, near)
        ratio = far_s / near_s
        print(f"press to its `received`: far {far_s * 1000:.1f} ms, near {near_s * 1000:.1f} ms")
        assert ratio < SLOWER_THAN_NEAR, f"{ratio:.1f} times slower"
        assert any(house.told(badge.name, "page") for badge in badges)


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"dispatcher_url": ""}, "TILKALD_DISPATCHER_URL"),
    ({"dispatcher_url": "ftp://x"}, "must begin with http"),
    ({"dispatcher_url": "http://192.0.2.1:8443"}, "must begin with https://"),
    ({"dispatcher_url": "http://127.0.0.1.example:1"}, "must begin with https://"),
    ({"dispatcher_url": "https://["}, "no address"),
    ({"gateway": "../house"}, "no name of a gateway"),
    ({"gateway_token": ""}, "--new-token"),
    ({"gateway_ca": "/nowhere.pem"}, "PEM"),
    ({"data_dir": "/dev/null/far"}, "cannot be written"),
    ({}, "is taken by another program"),
)


async def test_what_is_set_wrongly_is_one_clear_line(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    taken = server.sockets[0].getsockname()[1]
    right: dict[str, object] = {
        "dispatcher_url": "https://127.0.0.1:1",
        "gateway": GATEWAY,
        "gateway_token": TOKEN,
    }
    for number, (wrong, said) in enumerate(WRONG):
        folder = {"data_dir": tmp_path / str(number), "mqtt_port": taken}
        with logged_by_a_process(), pytest.raises(ConfigError, match=said) as raised:
            await gatewaying.run(settings.load(**{**right, **folder, **wrong}), as_json=True)
        assert len(str(raised.value).splitlines()) == 1
    server.close()


async def test_how_a_gateway_stands_and_a_token_can_be_asked_for(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        button = await house.device("button-s0-0")
        house.cable.cut()
        button.say("alarm", level="red")
        await house.until(lambda: ringing(tmp_path / "far") == 1)
        far = {"TILKALD_DATA_DIR": str(tmp_path / "far")}
        status, out = await gateway_command(tmp_path, far, "--status")
        assert status == 1
        assert "NOT reached" in out
        assert "ringing here for 1" in out
    second, none, token_said = await asyncio.gather(
        second_process(tmp_path),
        gateway_command(tmp_path, {}, "--status"),
        gateway_command(tmp_path, {}, "--new-token"),
    )
    assert "already" in second
    status, out = none
    assert status != 0
    assert "No gateway has run" in out
    status, out = token_said
    assert status == 0
    token = out.split("TILKALD_GATEWAY_TOKEN=")[1].split()[0]
    assert len(token) >= 20
    assert 'token = "' in out


def ringing(folder: Path) -> int:
    status = read_status(folder)
    return 0 if status is None else status.ringing


async def second_process(folder: Path) -> str:
    """What the second gateway on one folder says."""
    kept = StateFiles(folder / "twice")
    _, out = await gateway_command(folder, {"TILKALD_DATA_DIR": str(folder / "twice")})
    kept.close()
    return out


async def gateway_command(
    folder: Path, settings: dict[str, str], *words: str
) -> tuple[int | None, str]:
    """`tilkald gateway` with settings that are right but for these."""
    right = {
        "TILKALD_DATA_DIR": str(folder / "command"),
        "TILKALD_DISPATCHER_URL": "https://127.0.0.1:1",
        "TILKALD_GATEWAY": GATEWAY,
        "TILKALD_GATEWAY_TOKEN": TOKEN,
        "TILKALD_MQTT_PORT": "0",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILKALD_")}
    command = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("tilkald")),
        "gateway",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**kept, **right, **settings},
    )
    out, _ = await asyncio.wait_for(command.communicate(), 30)
    return command.returncode, out.decode()


async def near_device(house: FarHouse, name: str) -> CrashDevice:
    """Connected to the dispatcher's own listener."""
    device = CrashDevice(name, lambda one, told: house.heard.append((one.name, told)))
    house.devices.append(device)
    host, _, port = house.ready.mqtt.rpartition(":")
    await device.connect(host, int(port))
    return device


async def median_s(house: FarHouse, button: CrashDevice) -> float:
    """From a press to its wearer's `received`: stored there, and told here."""
    took = []
    for number in range(PRESSES):
        before, began_s = len(house.told(button.name, "received")), monotonic_s()
        button.say("alarm", level="red", kind="attack" if number % 2 else "assist")
        while len(house.told(button.name, "received")) == before:
            await sleep(0.0005)
        took.append(monotonic_s() - began_s)
    return statistics.median(took)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else can commit meanwhile."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def listed(value: object) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(json.dumps(value))
    return found
