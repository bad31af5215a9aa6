"""A gateway in another house and its dispatcher, with everything real but the distance."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from core.clock import sleep
from tests.support.far_house import SOON_S, far_house

DAY_S = 86_400.0

pytestmark = [pytest.mark.shell, pytest.mark.timeout(120)]


async def test_a_press_in_a_far_house_calls_a_colleague_there_who_comes(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        button = await house.device("button-s0-0")
        badges = [await house.device(f"badge-s0-p{n}") for n in range(4)]
        button.say("alarm", level="red")
        received = await house.until_told(button.name, "received")
        assert received["alarm"]
        await house.until(lambda: any(house.told(b.name, "page") for b in badges))
        called = next(b for b in badges if house.told(b.name, "page"))
        page = house.told(called.name, "page")[0]
        called.say("answer", notice=page["notice"], answer="accept")
        await house.until_told(button.name, "accepted")
        assert not house.told(button.name, "not_sent")
        await house.until(lambda: house.gateway is not None and house.gateway.backlog == 0)
        assert len(await house.alarms()) == 1


async def test_cut_off_the_wearer_is_told_and_colleagues_here_are_called(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        badge = await house.device("badge-s0-p0")
        bo = await house.device("badge-s0-p1")
        house.cable.cut()
        badge.say("alarm", level="red")
        await house.until(lambda: not badge.unacknowledged)
        await house.until_told(badge.name, "not_sent")
        page = await house.until_told(bo.name, "page")
        assert "Person0" in str(page["text"])
        assert not house.told(badge.name, "page"), "never the presser"
        bo.say("answer", notice=page["notice"], answer="accept")
        accepted = await house.until_told(badge.name, "accepted")
        assert accepted["by"] == "Person1"
        assert not house.told(badge.name, "received")

        house.cable.mend()
        received = await house.until_told(badge.name, "received")
        (alarm,) = [one for one in await house.alarms() if one["kind"] != "technical"]
        assert received["alarm"] == alarm["id"]


async def test_a_cut_of_a_day_loses_nothing_and_what_comes_late_says_so(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        buttons = [await house.device(f"button-s0-{n}") for n in range(2)]
        house.cable.cut()
        for button in buttons:
            button.say("alarm", level="red")
        await house.until(lambda: not any(button.unacknowledged for button in buttons))
        for button in buttons:
            await button.hung_up()
        await house.stop_gateway()
        a_day_passes(tmp_path / "far" / "clock.json")
        house.cable.mend()
        await house.start_gateway()
        await house.until(lambda: house.gateway is not None and house.gateway.backlog == 0)
        alarms = [one for one in await house.alarms() if one["kind"] != "technical"]
        pressers = [presser for one in alarms for presser in listed(one["pressers"])]
        assert sorted(str(one["device"]) for one in pressers) == ["button-s0-0", "button-s0-1"]
        for alarm in alarms:
            assert DAY_S <= float(str(alarm["late_s"])) < DAY_S + 60


async def test_an_answer_that_got_lost_makes_no_second_alarm(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        button = await house.device("button-s0-0")
        house.cable.deaf = True
        button.say("alarm", level="red")
        async with asyncio.timeout(SOON_S):
            while not await house.alarms():
                await sleep(0.05)
        assert house.gateway is not None
        assert house.gateway.backlog >= 1
        await house.stop_gateway()  # the next life does not know that it was handed over
        house.cable.deaf = False
        house.cable.cut()
        house.cable.mend()
        await house.start_gateway()
        await house.until(lambda: house.gateway is not None and house.gateway.backlog == 0)
        assert len(await house.alarms()) == 1


async def test_a_dispatcher_that_restarts_finds_everything_waiting(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        button = await house.device("button-s0-0")
        await house.service.stop()
        button.say("alarm", level="red")
        await house.until(lambda: not button.unacknowledged)
        await house.restart_service()
        await house.until_told(button.name, "received")
        assert len([one for one in await house.alarms() if one["kind"] != "technical"]) == 1


async def test_a_gateway_that_shows_the_wrong_token_hands_nothing_over(tmp_path: Path) -> None:
    async with far_house(tmp_path) as house:
        await house.start_gateway()
        button = await house.device("button-s0-0")
        await house.stop_gateway()
        await house.start_gateway(token="another")
        await button.connect("127.0.0.1", house.port)
        button.say("alarm", level="red")
        await house.until_told(button.name, "not_sent")
        assert house.gateway is not None
        assert house.gateway.backlog > 0
        assert await house.alarms() == []


def a_day_passes(clock: Path) -> None:
    """The machine slept: its clock since the boot is a day further than at the mark."""
    mark = json.loads(clock.read_text())
    mark["boottime_s"] -= DAY_S
    clock.write_text(json.dumps(mark))


def listed(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value
