"""A mistake in a site's files names file, line and key, and nothing is taken over."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from dispatcher.roster.model import Duty, Phone, Shift, Weekday
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import FILE_BYTES_MOST, FILES, read_directory, read_files
from dispatcher.site.mistakes import SiteMistakes

SITE = """[[site]]
id = "home"
name = "Home"
timezone = "Europe/Copenhagen"
"""
PEOPLE = """[[person]]
id = "anna"
name = "Anna Holm"
phones = ["+4500000001", { number = "00 45 00 00 00 02", shared = true }]

[[person]]
id = "bo"
name = "Bo Berg"
"""
PLACES = """[[zone]]
id = "hall"
label = "Hallen"

[[zone]]
id = "attic"
label = "Loftet"
floor = 2

[[walk]]
between = ["hall", "attic"]
seconds = 25
"""
UNITS = """[[unit]]
id = "house-1"
name = "Hus 1"
zone = "hall"
"""
PLANS = """[[plan]]
id = "red"
levels = ["red"]

[[plan.step]]
after_s = 0
call = "nearest"
by = ["wearable"]

[[plan.step]]
after_s = 15
call = "person:bo"
by = ["sms"]
"""


def test_a_whole_site_is_read() -> None:
    organisation = _read(
        shifts="person,unit,start,end,days\nanna,house-1,07:00,15:00,daily\n",
    )
    assert organisation.people[0].phones == (Phone("+4500000001"), Phone("+4500000002", True))
    assert organisation.people[0].site == "home"
    assert organisation.shifts == (
        Shift("anna", "house-1", time(7), time(15), days=tuple(Weekday)),
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("people.toml", '"+4500000001"', '"12345"',
         "people.toml:4 person[1].phones[1]: '12345' is no phone number; write it as +4512345678"),
        ("people.toml", '"+4500000001"', '"0045112"',
         "people.toml:4 person[1].phones[1]: '0045112' reaches 112; emergency numbers and "
         "helplines are called by a person"),
        ("people.toml", 'id = "bo"', 'id = "anna"',
         "people.toml:7 person[2].id: 'anna' stands twice, first as number 1"),
        ("people.toml", 'id = "bo"', 'id = "Bo"',
         "people.toml:7 person[2].id: 'Bo' is no id; lower-case letters, digits, - and _, at most "
         "64, like 'anna'"),
        ("people.toml", 'name = "Bo Berg"', 'nmae = "Bo Berg"',
         "people.toml:6 person[2].name: is missing; write name = \"…\""),
        ("people.toml", 'name = "Bo Berg"', 'nmae = "Bo Berg"',
         "people.toml:8 person[2].nmae: is no key here; did you mean name?"),
        ("people.toml", 'name = "Bo Berg"', 'name = 7',
         "people.toml:8 person[2].name: is 7; write text in quotes"),
        ("people.toml", 'name = "Bo Berg"', 'name = "Bo\\nBerg"',
         "people.toml:8 person[2].name: 'Bo\\nBerg' holds a character that cannot be printed; take "
         "it out"),
        ("people.toml", 'name = "Bo Berg"', 'name = "Bo Berg',
         "people.toml:8: is not written as TOML: Illegal character '\\n'"),
        ("people.toml", "[[person]]", "[[persons]]",
         "people.toml:1: 'persons' is not known here; write [[person]]"),
        ("site.toml", "Europe/Copenhagen", "Europe",
         "site.toml:4 site[1].timezone: 'Europe' is no time zone; like 'Europe/Copenhagen'"),
        ("site.toml", "[[site]]", '[[site]]\nleaders = ["annna"]',
         "site.toml:2 site[1].leaders: there is no person 'annna'; did you mean 'anna'?"),
        ("units.toml", '"hall"', '"hal"',
         "units.toml:4 unit[1].zone: there is no zone 'hal'; did you mean 'hall'?"),
        ("zones.toml", "seconds = 25", "seconds = -1",
         "zones.toml:12 walk[1].seconds: is -1; write a number from 0 to 86400"),
        ("zones.toml", "seconds = 25", "seconds = nan",
         "zones.toml:12 walk[1].seconds: is nan; write a number from 0 to 86400"),
        ("zones.toml", 'floor = 2', 'floor = "2"',
         "zones.toml:8 zone[2].floor: is '2'; write a whole number from -20 to 200"),
        ("zones.toml", '"attic"]', '"hall"]',
         "zones.toml:11 walk[1].between: names 'hall' twice"),
        ("plans.toml", '"person:bo"', '"person:ib"',
         "plans.toml:12 plan[1].step[2].call: there is no person 'ib'"),
        ("plans.toml", '"person:bo"', '"everybody"',
         "plans.toml:12 plan[1].step[2].call: 'everybody' calls nobody; nearest, everyone, leader, "
         "deputies, on_call, last_resort or person:<id>"),
        ("plans.toml", '["sms"]', '["pigeon"]',
         "plans.toml:13 plan[1].step[2].by: 'pigeon' is no channel; known: wearable, sms, console"),
        ("plans.toml", "after_s = 0", "after_s = 20",
         "plans.toml:10 plan[1].step[2]: comes before the step above it; sort by after_s"),
        ("plans.toml", '["red"]', '["rde"]',
         "plans.toml:3 plan[1].levels: is 'rde'; did you mean red?"),
        ("plans.toml", 'levels', 'round_s = 300\nlevels',
         "plans.toml:3 plan[1].round_s: is 300; write a number from 5 to 30"),
        ("shifts.csv", "07:00", "25:00",
         "shifts.csv:2 start: is '25:00'; write a time of day, like start = \"07:00\""),
        ("shifts.csv", "mon", "mnd", "shifts.csv:2 days: is 'mnd'; did you mean mon?"),
        ("shifts.csv", "mon", "week",
         "shifts.csv:2 days: is 'week'; write one of: mon, tue, wed, thu, fri, sat, sun"),
        ("shifts.csv", "house-1", "house-9",
         "shifts.csv:2 unit: there is no unit 'house-9'; did you mean 'house-1'?"),
        ("shifts.csv", ",mon", ",",
         "shifts.csv:2 days: and date: write the weekdays, or one date, not both"),
        ("shifts.csv", "person,", "people,",
         "shifts.csv:1: has the columns 'people,unit,start,end,days,runner'; write "
         "person,unit,start,end,days,date,duty,runner"),
        ("shifts.csv", "yes", "maybe",
         "shifts.csv:2 runner: is 'maybe'; write yes or nothing"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_with_its_place_and_what_to_write(
    file: str, old: str, new: str, line: str
) -> None:
    files = _files()
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1)
    assert line in _mistakes(files)


def test_every_mistake_is_named_at_once() -> None:
    files = _files()
    files["people.toml"] = (
        '[[person]]\nid = "A"\n[[person]]\nid = ""\nphones = 7\nlanguage = "se"\n'
    )
    files["units.toml"] = "[[unit]]\nmin_staff = true\n"
    lines = _mistakes(files)
    assert len(lines) == 10
    assert "people.toml:5 person[2].phones: is 7; write a list: phones = [ … ]" in lines


def test_a_record_of_several_sites_must_say_which_and_stay_within_it() -> None:
    files = _files()
    files["site.toml"] += '[[site]]\nid = "away"\nname = "Away"\ntimezone = "UTC"\n'
    assert "units.toml:1 unit[1].site: is missing; write one of: home, away" in _mistakes(files)
    for name in ("people.toml", "units.toml", "zones.toml", "plans.toml"):
        for table in ("[[person]]", "[[unit]]", "[[zone]]", "[[plan]]"):
            files[name] = files[name].replace(table, f'{table}\nsite = "home"')
    files["units.toml"] = files["units.toml"].replace('site = "home"', 'site = "away"')
    assert _mistakes(files) == [
        "units.toml:5 unit[1].zone: zone 'hall' is at site 'home', not 'away'"
    ]


def test_a_file_nobody_reads_is_a_mistake_because_it_was_meant_to_say_something() -> None:
    assert "plan.toml: is no file of a site; did you mean plans.toml?" in _mistakes(
        {**_files(), "plan.toml": ""}
    )


def test_a_missing_directory_or_site_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no directory"):
        read_directory(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"site\.toml: is missing"):
        read_directory(tmp_path)


def test_a_file_larger_than_any_site_is_refused_and_not_read() -> None:
    huge = {"site.toml": SITE.encode(), "people.toml": b"#" * (FILE_BYTES_MOST + 1)}
    with pytest.raises(SiteMistakes, match="larger than 16 MiB"):
        read_files(huge)


def test_what_is_not_utf_8_names_its_line() -> None:
    latin = {"site.toml": SITE.encode(), "people.toml": 'a = 1\nb = "å"\n'.encode("latin-1")}
    with pytest.raises(SiteMistakes, match=r"people\.toml:2: is not UTF-8"):
        read_files(latin)


def test_shifts_come_as_a_spreadsheet_with_semicolons_ranges_and_dates_too() -> None:
    text = (
        "\ufeffUnit;Person;Start;End;Days;Date;Duty;Runner\r\n"
        "house-1;anna;23:00;07:00;fri-mon;;leader;x\r\n"
        ";;;;;;;\r\n"
        "house-1;bo;10:00;18:00;;2026-12-24;;\r\n"
    )
    assert _read(shifts=text).shifts == (
        Shift("anna", "house-1", time(23), time(7), duty=Duty.LEADER, runner=True,
              days=(Weekday.FRI, Weekday.SAT, Weekday.SUN, Weekday.MON)),
        Shift("bo", "house-1", time(10), time(18), date=date(2026, 12, 24)),
    )  # fmt: skip


def test_shifts_of_both_files_stand_together() -> None:
    files = _files()
    files["shifts.toml"] = (
        '[[shift]]\nperson = "bo"\nunit = "house-1"\nstart = 08:00:00\nend = "12:00"\n'
        "date = 2026-12-24\n"
    )
    people = [shift.person for shift in read_files(_encoded(files)).shifts]
    assert people == ["bo", "anna"]


@given(
    st.sampled_from(sorted(FILES)), st.binary(max_size=200) | st.text(max_size=200).map(str.encode)
)
def test_junk_is_a_mistake_and_never_a_crash(name: str, junk: bytes) -> None:
    files = _encoded({**_files()})
    files[name] = files[name] + junk if name in files else junk
    lines = _mistakes_or_none(files)
    assert all("\n" not in line for line in lines)


values = st.recursive(
    st.sampled_from(['"x"', "1", "-1", "true", "1.5", "nan", "2026-01-01", "07:00:00", '"+45112"',
                     "2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", '"😀"', "9" * 400]),
    lambda inner: st.lists(inner, max_size=3).map(lambda some: f"[{', '.join(some)}]")
    | inner.map(lambda one: f"{{ number = {one} }}"),
    max_leaves=5,
)  # fmt: skip
KEYS = {
    "site.toml": ("site", "id name timezone country language leaders words manual_routine".split()),
    "people.toml": ("person", "id name site phones language instructed temp".split()),
    "units.toml": ("unit", "id name zone min_staff meeting safe_room".split()),
    "zones.toml": ("zone", "id label unit floor outdoor lat lon wire".split()),
    "devices.toml": ("device", "id kind person zone level wire password revoked".split()),
    "plans.toml": ("plan", "id levels kinds responders round_s step ring_locally".split()),
    "shifts.toml": ("shift", "person unit start end days date duty runner".split()),
}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('id = "tilkald-selfcheck"', "devices.toml:2 device[1].id: begins with 'tilkald-'"),
        (
            'id = "x"\nwire = ["native:tilkald-selfcheck"]',
            "devices.toml:3 device[1].wire: 'native:tilkald-selfcheck' is a device",
        ),
    ],
)
def test_no_device_of_a_site_takes_a_name_of_the_services_own(more: str, said: str) -> None:
    content = f'[[device]]\n{more}\nkind = "badge"\n'
    with pytest.raises(SiteMistakes, match=re.escape(said)):
        read_files(_encoded({**_files(), "devices.toml": content}))


@given(name=st.sampled_from(sorted(KEYS)), value=values, choice=st.data())
def test_any_value_in_any_place_is_read_or_refused_in_words(
    name: str, value: str, choice: st.DataObject
) -> None:
    table, keys = KEYS[name]
    key = choice.draw(st.sampled_from(keys))
    files = _files()
    files[name] = files.get(name, "") + f"\n[[{table}]]\n{key} = {value}\n"
    with pytest.raises(SiteMistakes):
        read_files(_encoded(files))


def test_a_deep_nest_of_brackets_is_a_mistake_and_not_a_crash() -> None:
    files = _encoded({**_files(), "people.toml": "a = " + "[" * 50_000})
    with pytest.raises(SiteMistakes, match=r"people\.toml.*is not written as TOML"):
        read_files(files)


def _files() -> dict[str, str]:
    return {
        "site.toml": SITE,
        "people.toml": PEOPLE,
        "units.toml": UNITS,
        "zones.toml": PLACES,
        "plans.toml": PLANS,
        "shifts.csv": "person,unit,start,end,days,runner\nanna,house-1,07:00,15:00,mon,yes\n",
    }


def _encoded(files: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


def _read(shifts: str) -> Organisation:
    return read_files(_encoded({**_files(), "shifts.csv": shifts}))


def _mistakes_or_none(files: dict[str, bytes]) -> list[str]:
    try:
        read_files(files)
    except SiteMistakes as refused:
        return [str(mistake) for mistake in refused.mistakes]
    return []


def _mistakes(files: dict[str, str]) -> list[str]:
    with pytest.raises(SiteMistakes) as refused:
        read_files(_encoded(files))
    return [str(mistake) for mistake in refused.value.mistakes]
