"""Lines that end in a far house: a nurse-call cable and a panel port, with everything real."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.values import replace
from devices.callsystems.dc09.codec import crc16
from devices.registry import Line
from dispatcher.site.export import export_files, write_directory
from tests.support.far_house import GATEWAY, FarHouse, far_house
from tests.support.pty_line import PtyCable

pytestmark = [pytest.mark.shell, pytest.mark.timeout(120)]

CALL = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
PANELS = Line("panels", "s0", "dc09", "tcp://127.0.0.1:0", gateway=GATEWAY)


async def test_a_call_on_a_far_cable_is_answered_after_the_spool_has_it_also_when_cut_off(
    tmp_path: Path,
) -> None:
    cable = PtyCable(tmp_path / "nurse-call")
    cable.plug_in()
    nurse_call = Line("nurse-call", "s0", "espa444", str(cable.path), gateway=GATEWAY)
    async with far_house(tmp_path, (nurse_call, PANELS)) as house:
        await house.start_gateway()
        badge = await house.device("badge-s0-p0")
        await line_is_well(house, "nurse-call")
        assert await says(house, '"SIA-DCS"0001L0#1234[#1234|Nri1/PA501]') == b"ACK"
        assert await alarm_with(house, "dc09:1234/1/501")

        house.cable.cut()
        await asyncio.to_thread(cable.write, CALL)
        assert await asyncio.to_thread(cable.until_said, lambda said: b"\x06" in said)
        assert await says(house, '"SIA-DCS"0002L0#1234[#1234|Nri1/PA502]') == b"ACK"
        assert house.gateway is not None
        assert house.gateway.backlog >= 2
        await house.until(lambda: "Feuer Zimmer 12" in called_from_here(house, badge.name))
        house.cable.mend()
        assert await alarm_with(house, "espa444:0815")
        assert await alarm_with(house, "dc09:1234/1/502")
        assert (await scanned(house)) == {"dc09:1234/1/501", "dc09:1234/1/502", "espa444:0815"}
        await house.until(lambda: house.gateway is not None and house.gateway.backlog == 0)
        await asyncio.to_thread(cable.unplug)


async def test_a_far_cable_that_is_unplugged_is_a_technical_alarm_until_it_is_back(
    tmp_path: Path,
) -> None:
    cable = PtyCable(tmp_path / "nurse-call")
    cable.plug_in()
    nurse_call = Line("nurse-call", "s0", "espa444", str(cable.path), gateway=GATEWAY)
    async with far_house(tmp_path, (nurse_call,)) as house:
        await house.start_gateway()
        await line_is_well(house, "nurse-call")
        await asyncio.to_thread(cable.unplug)
        down = await alarm_like(house, lambda one: "nurse-call" in one["text"] and one["open"])
        assert down["kind"] == "technical"
        cable.plug_in()
        await alarm_like(house, lambda one: "nurse-call" in one["text"] and not one["open"])
        await asyncio.to_thread(cable.unplug)


async def test_another_lines_toml_reaches_the_far_house_without_a_restart(tmp_path: Path) -> None:
    async with far_house(tmp_path, ()) as house:
        await house.start_gateway()
        await house.until(lambda: house.gateway is not None and house.gateway.version > 0)
        assert house.gateway is not None
        before = house.gateway.version
        await apply(house, (PANELS,))
        await line_is_well(house, "panels")
        assert house.gateway.version > before
        assert await says(house, '"SIA-DCS"0001L0#1234[#1234|Nri1/PA501]') == b"ACK"
        await alarm_with(house, "dc09:1234/1/501")
        await apply(house, ())
        await house.until(
            lambda: house.gateway is not None and house.gateway.lines.standing() == ()
        )


async def test_a_gateway_that_stops_is_one_alarm_that_names_what_is_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.outposts.receiving.SILENT_AFTER_S", 1.5)
    monkeypatch.setattr("gateway.outpost.uplink.ALIVE_EVERY_S", 0.3)
    async with far_house(tmp_path, (PANELS,)) as house:
        await house.start_gateway()
        badge = await house.device("badge-s0-p0")
        await line_is_well(house, "panels")
        await standing(house, lambda one: one.connected == 1)
        await badge.hung_up()
        await house.stop_gateway()
        gone = await alarm_like(house, lambda one: GATEWAY in one["text"] and one["open"])
        assert gone["kind"] == "technical"
        assert len(await house.alarms()) == 1, "its lines and devices go down with it, unsaid"
        assert not house.service.gateway.is_connected(badge.name)
        await house.start_gateway()
        await alarm_like(house, lambda one: GATEWAY in one["text"] and not one["open"])
        await badge.connect("127.0.0.1", house.port)
        await standing(house, lambda one: one.connected == 1)
        assert len(await house.alarms()) == 1


def called_from_here(house: FarHouse, badge: str) -> str:
    """What the ring of the far house has said to one badge."""
    pages = house.told(badge, "page")
    return "\n".join(str(page["text"]) for page in pages if page["alarm"] is None)


async def says(house: FarHouse, text: str) -> bytes:
    """One message as a panel sends it; the word of the receiver's answer."""
    assert house.gateway is not None
    port = house.gateway.lines.port("panels")
    assert port is not None
    frame = f"\n{crc16(text.encode()):04X}{len(text):04X}{text}\r".encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(frame)
    answer = await asyncio.wait_for(reader.readuntil(b"\r"), 10)
    writer.close()
    return answer.split(b'"')[1]


async def line_is_well(house: FarHouse, line: str) -> None:
    await standing(house, lambda one: any(each.id == line and each.well for each in one.lines))


async def standing(house: FarHouse, fits: Callable[[Any], bool]) -> None:
    remote = house.service.gateway.remote
    await house.until(lambda: all(fits(one) for one in remote.standing()))


async def alarm_with(house: FarHouse, device: str) -> dict[str, Any]:
    return await alarm_like(
        house, lambda one: device in [each["device"] for each in one["pressers"]]
    )


async def alarm_like(house: FarHouse, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while not found:
            found = [alarm for alarm in await house.alarms() if fits(alarm)]
    return found[0]


async def scanned(house: FarHouse) -> set[str]:
    """What `tilkald devices scan` shows at the dispatcher."""
    said = await tilkald(house, "devices", "scan", "--json")
    return {json.loads(line)["wire"] for line in said.splitlines()}


async def apply(house: FarHouse, lines: tuple[Line, ...]) -> None:
    """Other files, applied by the command."""
    organisation = house.service.pictures.organisation()
    folder = house.folder / "site"
    for file in folder.iterdir():
        file.unlink()
    write_directory(folder, export_files(replace(organisation, lines=lines)))
    await tilkald(house, "apply", str(folder), "--prune")


async def tilkald(house: FarHouse, *words: str) -> str:
    command = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("tilkald")),
        *words,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TILKALD_DATA_DIR": str(house.folder / "data")},
    )
    said, _ = await asyncio.wait_for(command.communicate(), 30)
    assert command.returncode == 0, said.decode()
    return said.decode()
