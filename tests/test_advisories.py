"""Which advisories name a version we pin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.support import advisories
from tests.support.advisories import LOCK, affected, main, pins

PINNED = {"small-web": "2.5.1"}


def test_every_pin_of_the_lock_file_is_read() -> None:
    lines = LOCK.read_text().splitlines()
    pinned = pins(LOCK.read_text())
    assert len(pinned) == sum(not line.startswith((" ", "#")) for line in lines if line)
    assert {"fastapi", "sqlalchemy", "msgspec"} <= set(pinned)


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "0"}, {"fixed": "2.5.1"}], False),
        ([{"introduced": "0"}, {"fixed": "2.5.2"}], True),
        ([{"introduced": "2.6"}], False),
        ([{"introduced": "0"}, {"last_affected": "2.5.1"}], True),
        ([{"introduced": "0"}, {"last_affected": "2.5.0"}], False),
        ([{"introduced": "0"}, {"fixed": "1.9"}, {"introduced": "2.0"}, {"fixed": "3.0"}], True),
        ([{"fixed": "1.9"}, {"introduced": "0"}], False),
    ],
)
def test_a_range_names_what_lies_between_its_points(
    events: list[dict[str, str]], named: bool
) -> None:
    record = advisory(ranges=[{"type": "ECOSYSTEM", "events": events}])
    assert bool(list(affected(PINNED, [record]))) is named


def test_a_version_may_be_named_by_itself_and_a_package_in_another_spelling() -> None:
    record = advisory(versions=["2.5.1"])
    record["affected"][0]["package"]["name"] = "Small_Web"
    assert [one.advisory for one in affected(PINNED, [record])] == ["X-1"]


def test_a_withdrawn_advisory_and_one_of_another_ecosystem_name_nothing() -> None:
    other = advisory(versions=["2.5.1"])
    other["affected"][0]["package"]["ecosystem"] = "npm"
    assert list(affected(PINNED, [advisory(versions=["2.5.1"], withdrawn="2026"), other])) == []


def test_a_copy_of_the_database_that_names_a_pin_ends_in_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(advisories, "LOCK", tmp_path / "lock.txt")
    (tmp_path / "lock.txt").write_text("small-web==2.5.1 \\\n    --hash=sha256:00\n")
    with ZipFile(tmp_path / "all.zip", "w") as copy:
        copy.writestr("X-1.json", json.dumps(advisory(versions=["2.5.1"])))
    assert main([str(tmp_path / "all.zip")]) == 1
    assert "small-web 2.5.1: X-1" in capsys.readouterr().out
    (tmp_path / "lock.txt").write_text("small-web==2.5.2\n")
    assert main([str(tmp_path / "all.zip")]) == 0


def advisory(**fields: Any) -> dict[str, Any]:
    """As the database exports one."""
    withdrawn = fields.pop("withdrawn", None)
    package = {"ecosystem": "PyPI", "name": "small-web"}
    record: dict[str, Any] = {"id": "X-1", "affected": [{"package": package, **fields}]}
    return record | ({"withdrawn": withdrawn} if withdrawn else {})
