"""Sirens of a whole service, here and in a far house: pymodbus plays both boards."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.registry import Line
from tests.support.boards import boards_over_tcp
from tests.support.far_house import GATEWAY, FarHouse, far_house

pytestmark = [pytest.mark.shell, pytest.mark.timeout(120)]


async def test_nobody_comes_and_the_sirens_ring_here_and_in_the_far_house(tmp_path: Path) -> None:
    async with boards_over_tcp() as (here, port), boards_over_tcp() as (there, far_port):
        lines = (board("here", port), board("there", far_port, GATEWAY))
        async with far_house(tmp_path, lines, ring_locally=True) as house:
            await house.start_gateway()
            button = await house.device("button-s0-0")
            await all_lines_well(house)
            button.say("alarm", level="red")
            received = await house.until_told(button.name, "received")
            await here.siren(True)
            await there.siren(True)
            assert here.has_sounded
            assert await told(house, str(received["alarm"]), "rang_locally") == ["2"]
            await here.siren(False)
            await there.siren(False)
            assert await told(house, str(received["alarm"]), "rang_locally") == ["2"], "said once"


@pytest.mark.parametrize(("level", "asked"), [("yellow", True), ("red", False)])
async def test_nothing_sounds_where_the_plan_or_the_level_does_not_let_it(
    tmp_path: Path, level: str, asked: bool
) -> None:
    async with boards_over_tcp() as (here, port), boards_over_tcp() as (there, far_port):
        lines = (board("here", port), board("there", far_port, GATEWAY))
        async with far_house(tmp_path, lines, ring_locally=asked) as house:
            await house.start_gateway()
            button = await house.device("button-s0-0")
            await all_lines_well(house)
            button.say("alarm", level=level)
            received = await house.until_told(button.name, "received")
            await until_told(house, str(received["alarm"]), "round")
            house.cable.cut()
            other = await house.device("button-s0-1")
            other.say("alarm", level=level)
            await house.until_told(other.name, "not_sent")
            assert not here.has_sounded
            assert not there.has_sounded


async def test_a_far_house_that_is_cut_off_sounds_its_own_siren_until_somebody_comes(
    tmp_path: Path,
) -> None:
    async with boards_over_tcp() as (there, port):
        line = board("there", port, GATEWAY)
        async with far_house(tmp_path, (line,), ring_locally=True) as house:
            await house.start_gateway()
            badge, bo = [await house.device(f"badge-s0-p{n}") for n in range(2)]
            await all_lines_well(house)
            house.cable.cut()
            badge.say("alarm", level="red")
            page = await house.until_told(bo.name, "page")
            await there.siren(True)
            bo.say("answer", notice=page["notice"], answer="accept")
            await house.until_told(badge.name, "accepted")
            await there.siren(False)


def board(name: str, port: int, gateway: str = "") -> Line:
    """A board of its own whose siren sounds for two seconds at a time."""
    settings = (("name", name), ("point.2/5", "closes"), ("sounder", "2/7"), ("sound_s", "2"))
    url = f"socket://127.0.0.1:{port}"
    return Line(name, "s0", "modbus-tcp", url, settings=settings, gateway=gateway)


async def all_lines_well(house: FarHouse) -> None:
    await house.until(lambda: all(one.well for one in house.service.gateway.line_standings()))


async def told(house: FarHouse, alarm: str, what: str) -> list[str]:
    """The counts of such entries in an alarm's timeline."""
    entries = (await house.get(f"/api/v1/alarms/{alarm}/timeline"))["entries"]
    assert isinstance(entries, list)
    return [entry["fields"].get("count", "") for entry in entries if entry["what"] == what]


async def until_told(house: FarHouse, alarm: str, what: str) -> None:
    while not await told(house, alarm, what):
        await house.until(lambda: True)
