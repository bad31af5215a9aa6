"""Demo, drill and press against the real service, as the commands run them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from devices.protocols import LINE_PROTOCOLS
from firmware_sim.demo import run_demo
from firmware_sim.device.press import run_press, running_press
from firmware_sim.drill import scenario
from firmware_sim.drill.command import Wanted, run_drill
from firmware_sim.drill.scenario_run import Against, play
from firmware_sim.people.staff import run_staff
from firmware_sim.places import example_site
from firmware_sim.service import PrivateService, Ready, ServiceFailed, read_run_file

pytestmark = [pytest.mark.shell, pytest.mark.timeout(300)]


async def test_the_demo_tells_one_alarm_from_press_to_close(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert await run_demo(once=True, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert [step["step"] for step in said["steps"]] == [
        "pressed",
        "stored",
        "rang",
        "accepted",
        "arrived",
        "closed",
    ]
    assert said["closed"] is True
    assert all(said["times"].values())


async def test_a_drill_measures_a_press_and_a_power_cut_and_writes_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "drill.html"
    wanted = Wanted(("one-press", "power-cut"), as_json=True, html=page)
    code = await run_drill(wanted)
    said = json.loads(capsys.readouterr().out)
    missed = [
        (one["name"], each)
        for one in said["scenarios"]
        for each in (*one["expectations"], *one["targets"])
        if not each["met"]
    ]
    assert missed == []
    assert code == 0
    assert "every target met" in page.read_text()


async def test_an_old_building_loses_nothing_and_invents_nothing_while_each_line_is_unplugged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = await run_drill(Wanted(("old-building",), as_json=True))
    [said] = json.loads(capsys.readouterr().out)["scenarios"]
    missed = [each for each in (*said["expectations"], *said["targets"]) if not each["met"]]
    assert missed == []
    assert code == 0
    assert {line["protocol"] for line in said["lines"]} == set(LINE_PROTOCOLS)
    assert all((line["alarms"], line["unplugged"]) == (2, 1) for line in said["lines"])
    answered = [line for line in said["lines"] if line["acknowledged"]]
    assert len(answered) == 10
    assert all(line["acknowledged"] == line["calls"] == 2 for line in answered)


async def test_lines_are_drilled_on_a_service_of_their_own_only() -> None:
    nobody = Against(Ready(http="http://127.0.0.1:1", public="", mqtt="127.0.0.1:1", token=""))
    with pytest.raises(ConfigError, match="only a private service has lines"):
        await play(scenario.load(scenario.find("old-building")), lambda _: None, nobody)


async def test_a_press_reaches_a_running_service_with_its_simulated_staff(tmp_path: Path) -> None:
    site, data = example_site(), tmp_path / "data"
    async with PrivateService(site, data) as service:
        ready = read_run_file(data)
        assert ready is not None
        assert ready.mqtt == service.ready.mqtt
        staff = asyncio.create_task(run_staff(site, ready.mqtt))
        try:
            person = "anna"
            assert await run_press(running_press(data, site, person)) == 0
        finally:
            staff.cancel()
            await asyncio.gather(staff, return_exceptions=True)
    assert read_run_file(data) is None


async def test_a_missed_target_ends_with_one(tmp_path: Path) -> None:
    strict = scenario.find("one-press").read_text().replace("t5_max_s = 60", "t5_max_s = 0.5")
    site = scenario.find("one-press").parent / "sites" / "lunden"
    file = tmp_path / "strict.toml"
    file.write_text(strict.replace("sites/lunden", str(site)))
    result = await play(scenario.load(file), lambda _: None)
    assert not result.ok
    assert [judged.target.name for judged in result.targets if not judged.met] == ["t5_max_s"]


async def test_a_service_that_cannot_start_says_why_in_its_last_words(tmp_path: Path) -> None:
    service = PrivateService(tmp_path / "no-site", tmp_path / "data")
    with pytest.raises(ServiceFailed, match="no-site"):
        await service.start()


async def test_a_press_without_a_service_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make run"):
        running_press(tmp_path, example_site(), "anna")
