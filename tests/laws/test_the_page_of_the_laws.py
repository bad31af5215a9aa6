"""docs/laws.md and the tests of the laws hold each other: none is named that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/laws.md").read_text()
SOURCES = ("core", "devices", "gateway", "dispatcher", "firmware-sim", "tilkald", "tests")


def test_every_law_has_its_paragraph_and_its_tests() -> None:
    laws = [int(number) for number in re.findall(r"^## (\d+)\. ", PAGE, re.MULTILINE)]
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert laws == list(range(1, 13))
    assert [int(number) for number, _ in rows] == laws
    assert all(_links(tests) for _, tests in rows)


def test_every_test_of_a_law_is_named_and_every_named_one_is_there() -> None:
    linked = [(ROOT / "docs" / link).resolve() for link in _links(PAGE)]
    assert [str(path) for path in linked if not path.exists()] == []
    here = sorted((ROOT / "tests/laws").glob("test_*.py"))
    assert [path.name for path in here if path not in linked and path != Path(__file__)] == []


def test_no_line_of_code_cites_a_law_there_is_not() -> None:
    cited = [
        (path.name, int(number))
        for folder in SOURCES
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"\blaws? (\d+)", path.read_text())
    ]
    assert cited
    assert [where for where in cited if not 1 <= where[1] <= 12] == []


def _links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)#]+)\)", text)
