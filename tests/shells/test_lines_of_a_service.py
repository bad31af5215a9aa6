"""A whole service with lines: an old nurse-call line and a panel port, registered while it runs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from devices.callsystems.dc09.codec import crc16
from firmware_sim.places import example_site
from firmware_sim.service import PrivateService
from tests.support.pty_line import PtyCable

pytestmark = pytest.mark.shell

CALL = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
SOON_S = 30.0


async def test_an_unknown_panel_calls_help_is_scanned_registered_and_known_without_a_restart(
    tmp_path: Path,
) -> None:
    cable = PtyCable(tmp_path / "nurse-call")
    cable.plug_in()
    port = _free_port()
    site = _site_with_lines(tmp_path / "site", cable.path, port)
    async with PrivateService(site, tmp_path / "data") as service, _client(service) as client:
        answer = await _panel(port, '"SIA-DCS"0001L0#1234[#1234|Nri1/PA501]')
        assert b'"ACK"0001L0#1234[]' in answer
        unknown = await _alarm_of(client, "dc09:1234/1/501")
        assert unknown["open"]
        assert (await _scanned(tmp_path / "data")) == [("panels", "dc09:1234/1/501")]

        await asyncio.to_thread(cable.write, CALL)
        assert await asyncio.to_thread(cable.until_said, lambda said: b"\x06" in said)
        assert await _alarm_of(client, "espa444:0815")
        assert len(await _scanned(tmp_path / "data")) == 2

        with (site / "devices.toml").open("a") as devices:
            devices.write(
                '\n[[device]]\nid = "panel-hall"\nkind = "fixed_button"\nzone = "h1-stue"\n'
                'wire = ["dc09:1234/501"]\n'
            )
        await _tilkald(tmp_path / "data", "apply", str(site))
        await _until_scanned(tmp_path / "data", [("nurse-call", "espa444:0815")])
        await _panel(port, '"SIA-DCS"0002L0#1234[#1234|Nri1/PA501]')
        known = await _alarm_of(client, "panel-hall")
        assert known["place"]["zone"] == "h1-stue"

        device = ("espa444:0815", "room-12", "--zone", "h1-stue")
        await _tilkald(tmp_path / "data", "devices", "register", *device)
        await _until_scanned(tmp_path / "data", [])
        assert 'wire = ["espa444:0815"]' in (site / "devices.toml").read_text()
        assert "line nurse-call (espa444): open" in await _tilkald(tmp_path / "data", "doctor")

        await asyncio.to_thread(cable.unplug)
        await _until(client, lambda alarm: "nurse-call" in alarm["text"] and alarm["open"])
        cable.plug_in()
        await _until(client, lambda alarm: "nurse-call" in alarm["text"] and not alarm["open"])
        await asyncio.to_thread(cable.write, CALL)
        assert await asyncio.to_thread(cable.until_said, lambda said: b"\x06" in said)
    await asyncio.to_thread(cable.unplug)


def _site_with_lines(folder: Path, serial: Path, port: int) -> Path:
    shutil.copytree(example_site(), folder)
    (folder / "lines.toml").write_text(
        f'[[line]]\nid = "nurse-call"\nprotocol = "espa444"\nurl = "{serial}"\n\n'
        f'[[line]]\nid = "panels"\nprotocol = "dc09"\nurl = "tcp://127.0.0.1:{port}"\n'
    )
    return folder


async def _panel(port: int, text: str) -> bytes:
    """One message as a panel sends it; the receiver's answer."""
    frame = f"\n{crc16(text.encode()):04X}{len(text):04X}{text}\r".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(frame)
    answer = await asyncio.wait_for(reader.readuntil(b"\r"), SOON_S)
    writer.close()
    return answer


def _client(service: PrivateService) -> AsyncClient:
    headers = {"Authorization": f"Bearer {service.ready.token}"}
    return AsyncClient(base_url=service.ready.http, headers=headers)


async def _alarm_of(client: AsyncClient, device: str) -> dict[str, Any]:
    """The alarm this device has a part in."""
    return await _until(
        client, lambda alarm: device in [one["device"] for one in alarm["pressers"]]
    )


async def _until(client: AsyncClient, fits: Any) -> dict[str, Any]:
    async with asyncio.timeout(SOON_S):
        while True:
            alarms = (await client.get("/api/v1/alarms")).json()["alarms"]
            found: list[dict[str, Any]] = [alarm for alarm in alarms if fits(alarm)]
            if found:
                return found[0]
            await _moment()


async def _scanned(folder: Path) -> list[tuple[str, str]]:
    said = await _tilkald(folder, "devices", "scan", "--json")
    found = [json.loads(line) for line in said.splitlines()]
    return [(one["line"], one["wire"]) for one in found]


async def _until_scanned(folder: Path, wanted: list[tuple[str, str]]) -> None:
    async with asyncio.timeout(SOON_S):
        while await _scanned(folder) != wanted:
            await _moment()


async def _tilkald(folder: Path, *words: str) -> str:
    command = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("tilkald")),
        *words,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TILKALD_DATA_DIR": str(folder)},
    )
    said, _ = await asyncio.wait_for(command.communicate(), SOON_S)
    assert command.returncode == 0, said.decode()
    return said.decode()


async def _moment() -> None:
    """A little later, to look again: the service is another process."""
    later: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.05, later.set_result, None)
    await later


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
