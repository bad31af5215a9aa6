"""The unit and container files ship, and what they name exists."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from typer.testing import CliRunner

from dispatcher.safety.self_check import AGAIN_AFTER, ANSWER_WITHIN, EVERY
from tilkald.cli import app

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "config" / "systemd" / "tilkald.service"
CONTAINER = ROOT / "config" / "container" / "Containerfile"


def test_the_unit_waits_for_ready_and_is_watched_by_the_synthetic_press() -> None:
    service = _unit()["Service"]
    assert service["Type"] == "notify"
    worst_s = (EVERY + ANSWER_WITHIN + AGAIN_AFTER).total_seconds()
    assert int(service["WatchdogSec"]) > 2 * worst_s, "one slow press must not restart the service"
    assert service["Restart"] == "always"


def test_the_unit_keeps_the_data_directory_to_the_service() -> None:
    service = _unit()["Service"]
    assert service["StateDirectoryMode"] == "0700"
    assert service["User"] != "root"
    assert service["Environment"] == "TILKALD_DATA_DIR=/var/lib/tilkald"


def test_the_unit_starts_a_command_that_exists() -> None:
    command = _unit()["Service"]["ExecStart"].split()
    assert command[0].endswith("/bin/tilkald")
    assert CliRunner().invoke(app, [*command[1:], "--help"]).exit_code == 0


def test_the_container_file_copies_what_exists_and_starts_a_command_that_exists() -> None:
    text = CONTAINER.read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, _target = line.split()
        assert [s for s in sources if not (ROOT / s).exists()] == []
    entry = re.search(r"^ENTRYPOINT \[(.+)\]$", text, re.MULTILINE)
    assert entry is not None
    words = [word.strip().strip('"') for word in entry[1].split(",")]
    assert CliRunner().invoke(app, [*words[1:], "--help"]).exit_code == 0


def _unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser
