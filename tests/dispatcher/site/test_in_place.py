"""An export over files that are there keeps what a person wrote: comments, order, writing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import ConfigError
from core.signals import Level
from core.values import replace
from devices.registry import Device
from dispatcher.roster.organisation import Organisation
from dispatcher.site.apply import difference
from dispatcher.site.export import export_files
from dispatcher.site.files import read_directory, read_files
from dispatcher.site.in_place import export_in_place, export_to
from dispatcher.site.register import append_device
from tests.dispatcher.site.organisations import organisations

EXAMPLE = Path("config/example")
SITE = """# The home at the lake.

[[site]]
id = "home"
name = "Home"
timezone = "UTC"
language = "da"
# Bo knows every door.
leaders = [
  "anna", # lives near
  "bo", # has the keys
]

[site.words]
level_red = "Akut" # as they always said
"""
PEOPLE = """[[person]]
name = "Anna Holm"
id = "anna"
temp = false
phones = ["00 45 20 11 11 11"] # her own

# Away until May.
[[person]]
id = "bo"
name = "Bo Berg"
"""
DEVICES = """[[device]]
id = "badge-anna"
kind = "badge"
person = "anna"

# Bought 2026-03, the clip is weak.
[[device]]
id = "badge-bo"  # on the wall
kind = "badge"
wire = [
  "espa444:0815", # the old number
  "espa444:0816",
]

# Fixed buttons

[[device]]
id = "button"
kind = "fixed_button"
"""
THERE = {
    "site.toml": SITE.encode(),
    "people.toml": PEOPLE.encode(),
    "devices.toml": DEVICES.encode(),
}


def test_what_does_not_differ_stays_byte_for_byte() -> None:
    files = export_in_place(THERE, read_files(THERE))
    assert {name: text.encode() for name, text in files.items()} == THERE


def test_the_example_stays_byte_for_byte_also_with_one_device_more(tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in EXAMPLE.iterdir()}
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    organisation = read_directory(EXAMPLE)
    export_to(tmp_path, organisation)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
    device = Device("new", "badge", "lindegaarden", person="anna")
    export_to(tmp_path, replace(organisation, devices=(*organisation.devices, device)))
    table = b'\n[[device]]\nid = "new"\nkind = "badge"\nperson = "anna"\n'
    assert (tmp_path / "devices.toml").read_bytes() == files["devices.toml"] + table


def test_in_a_table_that_differs_only_what_differs_is_written() -> None:
    before = read_files(THERE)
    bo = replace(before.devices[1], level=Level.RED, wire=("espa444:0815", "espa444:0817"))
    files = _export(replace(before, devices=(before.devices[0], bo, before.devices[2])))
    wanted = DEVICES.replace('  "espa444:0816",\n', '  "espa444:0817",\n')
    wanted = wanted.replace("]\n\n# Fixed", ']\nlevel = "red"\n\n# Fixed')
    assert files["devices.toml"] == wanted


def test_words_lists_and_defaults_a_person_wrote_out_stay_beside_what_changes() -> None:
    before = read_files(THERE)
    site = replace(
        before.sites[0], leaders=("bo",), words=(("level_red", "Akut"), ("over", "Slut"))
    )
    anna = replace(before.people[0], name="Anna Lind")
    files = _export(replace(before, sites=(site,), people=(anna, before.people[1])))
    wanted = SITE.replace('  "anna", # lives near\n', "") + 'over = "Slut"\n'
    assert files["site.toml"] == wanted
    assert files["people.toml"] == PEOPLE.replace("Anna Holm", "Anna Lind")


def test_what_is_gone_goes_with_its_comment_and_a_comment_on_its_own_stays() -> None:
    before = read_files(THERE)
    files = _export(replace(before, devices=(before.devices[0], before.devices[2])))
    assert "clip" not in files["devices.toml"]
    assert '# Fixed buttons\n\n[[device]]\nid = "button"' in files["devices.toml"]


def test_a_file_whose_records_are_all_gone_keeps_what_is_said_about_it() -> None:
    lines = b'# None yet.\n\n[[line]]\nid = "x"\nprotocol = "dc09"\nurl = "tcp://127.0.0.1:1"\n'
    there = {**THERE, "lines.toml": lines}
    files = export_in_place(there, replace(read_files(there), lines=()))
    assert files["lines.toml"] == "# None yet.\n"


def test_plans_stand_in_the_order_of_the_configuration_because_the_first_that_fits_is_taken() -> (
    None
):
    step = '[[plan.step]]\nafter_s = 0\ncall = "everyone"\nby = ["sms"]\n'
    plan = '# {0}\n[[plan]]\nid = "{0}"\n\n' + step
    there = {**THERE, "plans.toml": (plan.format("one") + "\n" + plan.format("two")).encode()}
    before = read_files(there)
    third = replace(before.plans[0], id="three")
    after = replace(before, plans=(third, before.plans[1], before.plans[0]))
    files = export_in_place(there, after)
    assert read_files({n: t.encode() for n, t in files.items()}).plans == after.plans
    assert '# two\n[[plan]]\nid = "two"' in files["plans.toml"]


@pytest.mark.parametrize(
    "there",
    [
        {"devices.toml": b"# mine\n"},
        {**THERE, "people.toml": b"[[person]]\n# who?\n"},
        {
            **THERE,
            "units.toml": b"unit = [] # none\n",
            "people.toml": b'person = [ { id = "anna", name = "A" }, { id = "bo", name = "B" } ]\n',
        },
        {**THERE, "devices.toml": b"\xff"},
    ],
)
def test_what_cannot_be_changed_in_place_is_refused_and_not_written_over(
    there: dict[str, bytes], tmp_path: Path
) -> None:
    for name, raw in there.items():
        (tmp_path / name).write_bytes(raw)
    with pytest.raises(ConfigError, match=r"cannot be changed in place .*; move it away"):
        export_to(tmp_path, read_files(THERE))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == there


def test_shifts_that_do_not_differ_stay_as_they_are_in_either_file() -> None:
    shift = b'# nights\n[[shift]]\nperson = "bo"\nunit = "u"\nstart = 23:00:00\nend = 07:00:00\n'
    shift += b'days = ["mon"]\n'
    units = (
        b'[[unit]]\nid = "u"\nname = "U"\nzone = "z"\n[[unit]]\nid = "v"\nname = "U"\nzone = "z"\n'
    )
    zones = b'[[zone]]\nid = "z"\nlabel = "Z"\n'
    there = {**THERE, "units.toml": units, "zones.toml": zones, "shifts.toml": shift}
    assert export_in_place(there, read_files(there))["shifts.toml"] == shift.decode()


def test_a_comment_survives_registering_and_exporting(tmp_path: Path) -> None:
    for name, raw in THERE.items():
        (tmp_path / name).write_bytes(raw)
    device = Device("room-12", "call_point", "home", zone=None, person="bo")
    append_device(tmp_path, device, "anna", one_site=True)
    registered = (tmp_path / "devices.toml").read_text()
    assert registered.startswith(DEVICES)
    assert "# Registered at the console by anna." in registered
    export_to(tmp_path, read_directory(tmp_path))
    assert (tmp_path / "devices.toml").read_text() == registered


@given(organisations(), organisations())
@settings(
    max_examples=min(40, settings().max_examples), suppress_health_check=[HealthCheck.too_slow]
)
def test_any_configuration_can_be_written_over_any_other(
    before: Organisation, after: Organisation
) -> None:
    there = {
        name: ("# head\n\n" + text.replace("\n[[", "\n# about it\n[[")).encode()
        for name, text in export_files(before).items()
        if name.endswith(".toml")
    }
    before = read_files(there)
    files = export_in_place(there, after)
    again = read_files({name: text.encode() for name, text in files.items()})
    assert not difference(again, after)
    assert again.plans == after.plans
    assert all(files[name].startswith("# head\n") for name in there)


def _export(organisation: Organisation) -> dict[str, str]:
    return export_in_place(THERE, organisation)
