"""The scenarios that ship can be read, and a mistake in one names file, key and example."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.values import replace
from devices.protocols import LINE_PROTOCOLS
from dispatcher.site.files import read_directory
from firmware_sim.drill import scenario
from firmware_sim.drill.lines import lay

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


LINES = (
    WHOLE
    + """
[[line]]
id = "nurse-call"
beat_s = 0.5
"""
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("beat_s = 0.5", "beat_s = 0", r"line\[0\].beat_s: must be 0.2 seconds or more"),
        ("beat_s = 0.5", 'speaks = "morse"', r"line\[0\].speaks: .*known: sia, contact_id"),
        ("beat_s = 0.5", "pace = 1", r"line\[0\].pace: is not known; known: id, beat_s, speaks"),
        ('id = "nurse-call"', "", r"line\[0\].id: must be the name of a line"),
        ("beat_s = 0.5", '[[line]]\nid = "nurse-call"', r"line\[1\].id: .* each once"),
    ],
)
def test_a_mistake_about_a_line_names_its_key(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    (tmp_path / "site").mkdir()
    file = tmp_path / "lines.toml"
    file.write_text(LINES.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said):
        scenario.load(file)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "nurse-call"', 'id = "organ"', "the site has no line organ, only .*nurse-call"),
        (
            "nurse-call-1 calls on nurse-call",
            "nurse-call-1 calls on organ",
            r"add it as a \[\[line",
        ),
        ("nurse-call-1 calls on", "badge-anna calls on", "badge-anna has no name on a wire"),
        ("nurse-call-1 calls on", "room-99 calls on", "room-99 has no name on a wire"),
        ('"every line is back', '"organ is back', r"add it as a \[\[line"),
    ],
)
def test_a_line_the_site_does_not_have_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    whole = scenario.find("old-building")
    site = whole.parent / "sites" / "old-building"
    text = whole.read_text().replace("sites/old-building", str(site)).replace(old, new, 1)
    (tmp_path / "one.toml").write_text(text)
    read = scenario.load(tmp_path / "one.toml")
    with pytest.raises(ConfigError, match=said):
        read.check_people(read_directory(site))


def test_what_is_expected_of_every_line_is_expected_of_each() -> None:
    read = scenario.load(scenario.find("old-building"))
    texts = [each.text for each in read.expect]
    assert [text for text in texts if text.endswith("raises 2 alarms")] == [
        f"{name} raises 2 alarms" for name, _ in read.lines
    ]
    assert not [text for text in texts if text.startswith("every line")]


def test_the_old_building_has_a_line_of_every_protocol(tmp_path: Path) -> None:
    read = scenario.load(scenario.find("old-building"))
    read.lay_out(tmp_path)
    lines = read_directory(tmp_path).lines
    assert {line.protocol for line in lines} == set(LINE_PROTOCOLS)
    assert {line.id for line in lines} == set(dict(read.lines))
    assert {call.line for call in read.calls} == set(dict(read.lines))


def test_lines_are_laid_where_this_machine_has_room_and_say_else_what_the_site_says(
    tmp_path: Path,
) -> None:
    read = scenario.load(scenario.find("old-building"))
    site = tmp_path / "site"
    read.lay_out(site)
    written = read_directory(site)
    laid = {one.line.id: one for one in lay(read, written, site)}
    now = {line.id: line for line in read_directory(site).lines}
    for line in written.lines:
        assert now[line.id] == replace(line, url=laid[line.id].url)
        assert laid[line.id].url != line.url
    assert laid["nurse-call"].url == str(tmp_path / "line-nurse-call")
    assert laid["panel"].url.startswith("tcp://127.0.0.1:")
