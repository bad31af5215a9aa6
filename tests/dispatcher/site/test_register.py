"""Registering a device from what it said: checked first, then written into the files as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DomainError
from core.values import replace
from devices.registry import Device
from dispatcher.roster.organisation import Organisation
from dispatcher.site.export import export_files, write_directory
from dispatcher.site.files import read_directory
from dispatcher.site.references import broken_references
from dispatcher.site.register import append_device, with_device
from firmware_sim.bench import sized_site


def test_a_registered_device_is_in_the_configuration() -> None:
    assert with_device(house(), call_point()).devices[-1] == call_point()


@pytest.mark.parametrize(
    ("device", "why"),
    [
        (Device("Room 12", "call_point", "s0", zone="s0-z1"), "is no id"),
        (Device("x", "toaster", "s0", zone="s0-z1"), "is no kind"),
        (Device("tilkald-selfcheck", "call_point", "s0", zone="s0-z1"), "service's own"),
        (
            Device("x", "call_point", "s0", zone="s0-z1", wire=("native:tilkald-selfcheck",)),
            "service's own",
        ),
        (Device("badge-s0-p0", "call_point", "s0", zone="s0-z1"), "already"),
        (Device("x", "call_point", "s0"), "zone it hangs in"),
        (Device("x", "pendant", "s0", person="s0-p0", zone="s0-z1"), "zone it hangs in"),
        (Device("x", "call_point", "s0", zone="nowhere"), "nowhere"),
        (Device("x", "pendant", "s0", person="nobody"), "nobody"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(device: Device, why: str) -> None:
    with pytest.raises(DomainError, match=why) as refused:
        with_device(house(), device)
    assert refused.value.code == "invalid"


def test_one_name_on_the_wire_is_one_device() -> None:
    once = with_device(house(), call_point())
    again = Device("room-13", "call_point", "s0", zone="s0-z2", wire=call_point().wire)
    with pytest.raises(DomainError, match="espa444:0815"):
        with_device(once, again)


@pytest.mark.parametrize(
    "wire",
    [
        "native:badge-s0-p0",
        "native: Badge-S0-P0",
        "dc09:1234",
        "dc09:1234/7",
        "dc09:1234/2/7",
        "DC09:1234/7",
        "surgard:77/2/5",
        "surgard:77/2/*",
        "rfxtrx:security1/d3dc54",
        "espa444:0815",
    ],
)
def test_what_another_device_says_is_taken_over_by_nobody_however_it_is_written(wire: str) -> None:
    panel = Device("panel", "panel", "s0", zone="s0-z1", wire=("dc09:1234", "surgard:77/5"))
    area = Device("area-2", "panel", "s0", zone="s0-z1", wire=("surgard:77/2/*",))
    radio = Device("radio", "pendant", "s0", person="s0-p1", wire=("rfxtrx:security1/D3DC54",))
    owners = (panel, area, radio, call_point())
    organisation = house()
    organisation = replace(organisation, devices=(*organisation.devices, *owners))
    thief = Device("thief", "call_point", "s0", zone="s0-z2", wire=(wire,))
    with pytest.raises(DomainError, match=r"is (panel|area-2|radio|room-12|badge-s0-p0) already"):
        with_device(organisation, thief)


def test_a_new_device_is_not_called_what_another_speaks_as() -> None:
    first = Device("old", "pendant", "s0", person="s0-p1", wire=("native:pendant-9",))
    with pytest.raises(DomainError, match="native:pendant-9 is old already"):
        with_device(
            replace(house(), devices=(*house().devices, first)),
            Device("pendant-9", "pendant", "s0", person="s0-p0"),
        )


@pytest.mark.parametrize("wire", ["dc09:12345", "dc09:1234", "surgard:77", "modbus:b/1/3"])
def test_what_nobody_owns_yet_is_registered(wire: str) -> None:
    """The rest of an account beside one of its points; a contact beside its board."""
    point = Device("bath", "call_point", "s0", zone="s0-z1", wire=("dc09:1234/7", "modbus:b/1"))
    organisation = replace(house(), devices=(*house().devices, point))
    new = Device("new", "call_point", "s0", zone="s0-z2", wire=(wire,))
    assert with_device(organisation, new).devices[-1] == new


def test_files_give_nobodys_login_to_another_device() -> None:
    wanted = house()
    first, second, *rest = wanted.devices
    taking = replace(second, wire=(f"native:{first.id.title()}",))
    broken = broken_references(replace(wanted, devices=(first, taking, *rest)))
    assert [str(one) for one in broken if first.id in str(one)]


@pytest.mark.parametrize("wire", ["espa444:0815", "x:æ'\"] # #"])
def test_what_was_appended_reads_back_as_the_same_device(tmp_path: Path, wire: str) -> None:
    made = house()
    write_directory(tmp_path, export_files(made))
    device = Device("room-12", "call_point", "s0", zone="s0-z1", wire=(wire,))
    append_device(tmp_path, device, "anna", one_site=True)
    assert read_directory(tmp_path).devices == (*made.devices, device)


@pytest.mark.parametrize("wire", ['x:"]\n[[person]]\nid = "eve"', "x:\x00", "x:\t", "", "x" * 999])
def test_what_the_next_start_could_not_read_is_not_written(tmp_path: Path, wire: str) -> None:
    write_directory(tmp_path, export_files(house()))
    before = (tmp_path / "devices.toml").read_bytes()
    device = Device("room-12", "call_point", "s0", zone="s0-z1", wire=(wire,))
    with pytest.raises(DomainError, match=r"Nothing was registered"):
        append_device(tmp_path, device, "anna", one_site=True)
    assert (tmp_path / "devices.toml").read_bytes() == before


def test_files_that_cannot_be_written_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "devices.toml").mkdir()
    with pytest.raises(DomainError, match="cannot be written"):
        append_device(tmp_path, call_point(), "anna", one_site=True)


def house() -> Organisation:
    return sized_site.organisation(sized_site.Size(people=4, on_duty=3, places=20, buttons=1))


def call_point() -> Device:
    return Device("room-12", "call_point", "s0", zone="s0-z1", wire=("espa444:0815",))
