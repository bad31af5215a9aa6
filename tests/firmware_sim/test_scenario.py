"""The scenarios that ship can be read, and a mistake in one names file, key and example."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from dispatcher.site.files import read_directory
from firmware_sim import scenario

WHOLE = """
about = "A press."
limit_s = 10
script = ["anna presses red"]
expect = ["bo rings within 5 s"]
[site]
dir = "site"
[people]
bo = "accepts after 2 s"
[targets]
t2_p95_s = 5
"""


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_that_ships_fits_its_site(name: str, tmp_path: Path) -> None:
    read = scenario.load(scenario.find(name))
    read.lay_out(tmp_path / "site")
    read.check_people(read_directory(tmp_path / "site"))


def test_the_stories_of_the_night_all_ship() -> None:
    wanted = {"one-press", "nobody-answers", "accept-and-vanish", "leader-is-victim"}
    assert wanted < set(scenario.names())
    assert sum(name.startswith("night-of-two-") for name in scenario.names()) == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"anna presses red"', '"anna dances"', r"night.toml: script\[0\]: .*anna presses red"),
        ('"bo rings within 5 s"', '"bo sings"', r"night.toml: expect\[0\]: .*rings within"),
        ("limit_s = 10", "limit_s = 0", "limit_s: .*try 30"),
        ("limit_s = 10", 'limit_s = "ten"', "limit_s: must be a number"),
        ("t2_p95_s = 5", "t9_p95_s = 5", "targets.t9_p95_s: is no clock point"),
        ("t2_p95_s = 5", 't2_p95_s = "5"', "targets.t2_p95_s: is no number"),
        ('"accepts after 2 s"', '"sleeps"', "people.bo: .*accepts after"),
        ('dir = "site"', 'dir = "nowhere"', "site.dir: there is no folder nowhere"),
        ('dir = "site"', 'folder = "site"', "site.folder: is not known; known: dir, files"),
        ('about = "A press."', "", "about: must be a text"),
        ("limit_s = 10", "limit_s = 10\nlimits = 1", "limits: is not known"),
        ("[site]", "[site", "night.toml: "),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    (tmp_path / "site").mkdir()
    file = tmp_path / "night.toml"
    file.write_text(WHOLE.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said):
        scenario.load(file)


def test_a_person_the_site_does_not_know_is_named(tmp_path: Path) -> None:
    text = scenario.find("one-press").read_text().replace("anna presses", "zoe presses")
    site = scenario.find("one-press").parent / "sites" / "lunden"
    (tmp_path / "one.toml").write_text(text.replace("sites/lunden", str(site)))
    read = scenario.load(tmp_path / "one.toml")
    with pytest.raises(ConfigError, match="knows no zoe"):
        read.check_people(read_directory(site))


def test_an_unknown_scenario_lists_those_that_ship() -> None:
    with pytest.raises(ConfigError, match="one-press"):
        scenario.load(scenario.find("no-such"))
