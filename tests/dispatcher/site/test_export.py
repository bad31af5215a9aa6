"""What is exported is applied as it was: the same values, and the same bytes again."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import ConfigError
from dispatcher.roster.organisation import Organisation
from dispatcher.site.export import export_files, write_directory
from dispatcher.site.files import read_directory, read_files
from tests.dispatcher.site.organisations import organisations


@given(organisations())
@settings(
    max_examples=min(50, settings().max_examples), suppress_health_check=[HealthCheck.too_slow]
)
def test_export_then_apply_is_the_same_organisation_and_the_same_bytes(
    organisation: Organisation,
) -> None:
    files = export_files(organisation)
    again = read_files({name: text.encode() for name, text in files.items()})
    assert again == organisation
    assert export_files(again) == files


def test_a_directory_round_trips_and_passwords_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = {
        "site.toml": '[[site]]\nid = "home"\nname = "Home"\ntimezone = "UTC"\n',
        "devices.toml": '[[device]]\nid = "badge-1"\nkind = "badge"\npassword = "x"\n',
    }
    write_directory(tmp_path / "new", files)
    organisation = read_directory(tmp_path / "new")
    assert organisation.devices[0].password == "x"
    mode = (tmp_path / "new" / "devices.toml").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_an_export_beside_a_file_that_would_be_read_with_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shifts.toml").write_text("")
    with pytest.raises(ConfigError, match=r"holds shifts\.toml"):
        write_directory(tmp_path, {"site.toml": ""})
    assert not (tmp_path / "site.toml").exists()
