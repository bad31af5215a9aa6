"""What a far gateway keeps beside its spool, on a real folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from core.clock import ClockMark, monotonic_s
from core.errors import ConfigError
from devices.registry import Assignment, Device, Line, Parity
from gateway.handover import Part
from gateway.outpost.state_files import CLOSE_WITHIN_S, StateFiles, Status, read_status
from tests.support.gateway import NOW

PART = Part(
    3,
    "far",
    devices=(Device("badge-anna", "badge", "far", "anna", password="secret"),),
    assignments=(Assignment("badge-anna", "anna", NOW, NOW),),
    lines=(Line("hall", "far", "espa444", "/dev/ttyUSB0", parity=Parity.EVEN),),
    places={"beacon-1": "hall"},
)


def test_the_configuration_is_there_after_a_start_and_for_nobody_else(tmp_path: Path) -> None:
    kept = StateFiles(tmp_path)
    kept.keep(PART)
    kept.close()
    again = StateFiles(tmp_path)
    assert again.part() == PART
    assert stat.S_IMODE(os.stat(tmp_path / "part.json").st_mode) == 0o600
    again.close()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"version":"x"}', b"null"])
def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, content: bytes) -> None:
    for name in ("part.json", "clock.json", "status.json"):
        (tmp_path / name).write_bytes(content)
    kept = StateFiles(tmp_path)
    assert kept.part() == Part()
    assert kept.clock_mark() is None
    assert read_status(tmp_path) is None
    kept.close()


def test_a_second_process_on_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    kept = StateFiles(tmp_path)
    with pytest.raises(ConfigError, match=r"runs on .* already"):
        StateFiles(tmp_path)
    kept.close()
    StateFiles(tmp_path).close()


def test_a_folder_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="TILKALD_DATA_DIR"):
        StateFiles(tmp_path / "file")
    with pytest.raises(ConfigError, match="TILKALD_DATA_DIR"):
        StateFiles(tmp_path / "file" / "below")


def test_a_folder_that_went_away_stops_nothing(tmp_path: Path) -> None:
    kept = StateFiles(tmp_path / "far")
    os.rename(tmp_path / "far", tmp_path / "away")
    kept.status(Status("house-b"))
    kept.keep(PART)
    os.rename(tmp_path / "away", tmp_path / "far")
    kept.status(Status("house-b", backlog=7))
    kept.close()
    found = read_status(tmp_path / "far")
    assert found is not None
    assert found.backlog == 7


def test_a_disk_that_hangs_is_waited_for_by_nobody(tmp_path: Path) -> None:
    kept = StateFiles(tmp_path)
    os.mkfifo(tmp_path / ".status.json.new")  # opening it waits until somebody reads
    kept.status(Status("house-b"))
    kept.mark(ClockMark(NOW, NOW, 0.0, "boot"))
    began_s = monotonic_s()
    kept.close()
    assert monotonic_s() - began_s < CLOSE_WITHIN_S * 5
    reader = os.open(tmp_path / ".status.json.new", os.O_RDONLY | os.O_NONBLOCK)
    kept.close()
    os.close(reader)
