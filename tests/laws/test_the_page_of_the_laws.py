"""docs/laws.md and the tests of the laws hold each other: none is named that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/laws.md").read_text()
SOURCES = ("core", "devices", "alarms", "gateway", "dispatcher", "firmware-sim", "tilkald", "tests")


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


def test_no_line_of_code_and_no_page_cites_a_law_there_is_not() -> None:
    sources = [path for folder in SOURCES for path in (ROOT / folder).rglob("*.py")]
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    cited = [
        (path.name, int(number))
        for path in (*sources, *pages)
        for numbers in re.findall(r"\b[Ll]aws? (\d+(?:(?:, | and |–)\d+)*)", path.read_text())
        for number in re.findall(r"\d+", numbers)
    ]
    assert len(cited) > 100
    assert [where for where in cited if not 1 <= where[1] <= 12] == []


def test_every_law_is_kept_somewhere_in_the_code() -> None:
    code = [path for folder in SOURCES[:-1] for path in (ROOT / folder).rglob("*.py")]
    cited = {n for path in code for n in re.findall(r"\blaws? (\d+)", path.read_text())}
    assert [law for law in range(1, 13) if str(law) not in cited] == []


def test_each_test_of_a_law_is_named_after_it_and_has_tests_in_it() -> None:
    for number, tests in re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE):
        files = [(ROOT / "docs" / link).resolve() for link in _links(tests)]
        assert any(f"law_{int(number):02}" in path.name for path in files), number
        assert [p.name for p in files if "def test_" not in p.read_text()] == []


def _links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)#]+)\)", text)
