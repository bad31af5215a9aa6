"""What the pages and the heads of files name is there: files, modules, pages, decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("core", "devices", "alarms", "gateway", "dispatcher", "firmware_sim", "tilkald")
FOLDERS = (*PACKAGES, "firmware-sim", "tests", "docs", "config")
WRITTEN = re.compile(rf"(?<![\w./{{-])(?:{'|'.join(FOLDERS)})/[\w./*-]*\w\*?")
"""A path, as code and pages write it: from the root of the project, or of `firmware_sim`."""

MODULE = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.[A-Za-z_]\w*)+)`")
PAGE = re.compile(r"(?<![\w./-])\w[\w/-]*\.md\b")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
DECISION = re.compile(r"\b[Dd]ecisions?[ /](\d+)")

SAID = re.compile(r'"""[\s\S]*?"""|#.*')
NOT_OURS = re.compile(r"tilkald//?v\d|tilkald\.db|devices\.toml|docs/OPERATION\.md")
"""What begins like one of ours: topics, files of a data or site directory, a page of rtl_433."""


def test_every_path_that_is_written_down_is_there() -> None:
    written = [one for one in _texts() if one[0] != "pyproject.toml"]  # it names what is built too
    named = [(file, path) for file, text in written for path in WRITTEN.findall(text)]
    assert len(named) > 200
    assert [one for one in named if not (NOT_OURS.match(one[1]) or _is_there(one[1]))] == []


def test_every_module_in_backticks_is_there_and_has_what_is_named() -> None:
    named = [(file, name) for file, text in _texts() for name in MODULE.findall(text)]
    assert len(named) > 20
    assert [one for one in named if not (NOT_OURS.match(one[1]) or _is_module(one[1]))] == []


def test_every_page_that_is_named_is_there() -> None:
    missing = [
        (file, page)
        for file, text in _texts()
        for page in PAGE.findall(text)
        if not NOT_OURS.match(page)
        and not any((folder / page).exists() for folder in _beside(file))
    ]
    assert missing == []


def test_every_link_of_a_page_leads_somewhere() -> None:
    missing = [
        (file, link)
        for file, text in _pages()
        for link in LINK.findall(text)
        if "://" not in link and not ((ROOT / file).parent / link).exists()
    ]
    assert missing == []


def test_every_decision_that_is_cited_is_there() -> None:
    written = {int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("0*.md")}
    cited = [(file, int(n)) for file, text in _texts() for n in DECISION.findall(text)]
    assert cited
    assert [one for one in cited if one[1] not in written] == []


def test_the_decisions_are_numbered_as_their_heads_say() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    heads = [int(page.read_text().split(".")[0].removeprefix("# ")) for page in pages]
    assert heads == list(range(1, len(pages) + 1))


def _is_there(path: str) -> bool:
    """Also without its ending, and a decision by its number alone."""
    folders = (ROOT, ROOT / "firmware-sim", ROOT / "docs")
    return any((folder / path).exists() or any(folder.glob(f"{path}*")) for folder in folders)


def _is_module(name: str) -> bool:
    """A module or a package of ours; what stands behind it is a name in its source."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        for folder in (ROOT, ROOT / "firmware-sim"):
            found = folder.joinpath(*parts[:count])
            if found.with_suffix(".py").exists():
                source = found.with_suffix(".py").read_text()
                return all(re.search(rf"\b{part}\b", source) for part in parts[count:])
            if found.is_dir():
                return count == len(parts)
    return False


def _beside(file: str) -> tuple[Path, ...]:
    return ((ROOT / file).parent, ROOT, ROOT / "docs", ROOT / "docs/devices")


def _pages() -> Iterator[tuple[str, str]]:
    return ((file, text) for file, text in _texts() if file.endswith(".md"))


def _said(path: Path) -> str:
    text = path.read_text()
    return "\n".join(SAID.findall(text)) if path.suffix == ".py" else text


@cache
def _texts() -> tuple[tuple[str, str], ...]:
    """Every page, and of every source what it says: its docstrings and its comments."""
    files = [*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]
    for folder in ("docs", "config"):
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    for folder in (*PACKAGES, "firmware-sim", "tests"):
        files += [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.md")]
    texts = (".md", ".py", ".toml", ".service", "Makefile", "Containerfile")
    return tuple(
        (str(path.relative_to(ROOT)), _said(path))
        for path in sorted(dict.fromkeys(files))
        if path.name.endswith(texts) and path != Path(__file__)
    )
