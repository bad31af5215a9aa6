"""`check` finds the device nobody would hear before somebody presses it."""

from __future__ import annotations

from core.values import replace
from devices.registry import Device, Line
from dispatcher.roster.organisation import Organisation
from dispatcher.site.check_lines import check_lines

ROOM = Device("room-12", "call_point", "home", zone="hall", wire=("espa444:0815",))


def test_a_wire_name_no_line_speaks_is_an_error() -> None:
    (finding,) = check_lines(Organisation(devices=(ROOM,)))
    assert finding.is_error
    assert "room-12" in str(finding)
    assert "calls nobody" in str(finding)


def test_a_line_of_another_site_does_not_hear_it() -> None:
    away = Line("nurse-call", "away", "espa444", "/dev/ttyUSB0")
    found = list(check_lines(Organisation(devices=(ROOM,), lines=(away,))))
    assert [finding.is_error for finding in found] == [True, False]


def test_a_line_that_only_listens_hears_the_same_names() -> None:
    line = Line("nurse-call", "home", "espa444-listen", "/dev/ttyUSB0")
    assert list(check_lines(Organisation(devices=(ROOM,), lines=(line,)))) == []


def test_a_device_that_logs_in_as_well_is_only_a_warning() -> None:
    both = replace(ROOM, password="demo")
    (finding,) = check_lines(Organisation(devices=(both,)))
    assert not finding.is_error


def test_what_is_taken_out_of_use_need_not_be_heard() -> None:
    assert list(check_lines(Organisation(devices=(replace(ROOM, withdrawn=True),)))) == []


def test_a_fixed_button_without_password_and_wire_is_heard_by_nothing() -> None:
    button = Device("button", "fixed_button", "home", zone="hall")
    (finding,) = check_lines(Organisation(devices=(button,)))
    assert "nothing can hear it" in str(finding)


def test_a_line_without_a_device_says_how_to_find_one() -> None:
    line = Line("panels", "home", "dc09", "tcp://127.0.0.1:10000")
    (finding,) = check_lines(Organisation(lines=(line,)))
    assert "devices scan" in str(finding)
