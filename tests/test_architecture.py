"""House rules that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from dispatcher.channels.rows import CHANNELS

ROOT = Path(__file__).parents[1]
PURE = ("devices", "alarms", "dispatcher/roster")
OURS = ("core", "devices", "alarms", "gateway", "dispatcher", "firmware_sim", "tilkald")
FUNCTION_LONGEST = 70


def test_pure_code_never_iterates_a_set() -> None:
    """Order must not depend on hashing: the same inputs give the same decisions."""
    found = [f"{path.relative_to(ROOT)}:{line}" for path, line in _set_loops()]
    assert found == []


def test_the_readme_links_to_files_that_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    inside = [link for link in links if "://" not in link]
    assert len([link for link in inside if link.endswith(".py")]) == 6, "press to buzz in six files"
    assert [link for link in inside if not (ROOT / link).exists()] == []


def test_no_foreign_distribution_ships_one_of_our_names() -> None:
    ours = packages_distributions()
    assert {name: ours.get(name, ["tilkald"]) for name in OURS} == {n: ["tilkald"] for n in OURS}


def test_no_function_is_longer_than_one_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in _sources()
        if "migrations" not in path.parts  # a migration is written once and read straight down
        for node in _outer_functions(_parsed(path))
        if (node.end_lineno or 0) - node.lineno >= FUNCTION_LONGEST
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    shipped = [path for path in _sources() if "tests" not in path.parts]
    silent = [p for p in shipped if ast.get_docstring(_parsed(p)) is None]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_nothing_is_left_for_later_in_a_comment() -> None:
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    others = [path for path in _sources() if path != Path(__file__)]
    found = [str(p.relative_to(ROOT)) for p in others if marks.search(p.read_text())]
    assert found == []


def test_no_channel_is_named_outside_the_channels() -> None:
    """Their rows decide; who asks for a name must be changed for the next channel."""
    folders = ("alarms", "dispatcher/engine", "dispatcher/roster", "dispatcher/site", "tilkald")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    paths += [p for p in (ROOT / "dispatcher/web").rglob("*.py") if p.name != "public.py"]
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in paths
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.Constant) and node.value in list(CHANNELS)
    ]
    assert found == []


def test_no_file_names_a_package_index() -> None:
    # Put together here, so that this file names none either and need not be left out.
    flags = ("--index", "--extra-index", "--find")
    marks = (*(f"{flag}-{rest}" for flag in flags for rest in ("url", "links")), "/simple" + "/")
    files = [*ROOT.glob("*.txt"), ROOT / "pyproject.toml", ROOT / "Makefile", *_sources()]
    found = [path.name for path in files if any(mark in path.read_text() for mark in marks)]
    assert found == []


def _set_loops() -> Iterator[tuple[Path, int]]:
    for folder in PURE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(_parsed(path)):
                for loop in _iterated(node):
                    if _is_set(loop):
                        yield path, loop.lineno


def _iterated(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.For(iter=loop) | ast.AsyncFor(iter=loop):
            return [loop]
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
            return [generator.iter for generator in node.generators]
        case ast.Call(func=ast.Name(id="list" | "tuple" | "enumerate"), args=[first, *_]):
            return [first]
        case _:
            return []


def _is_set(expression: ast.expr) -> bool:
    match expression:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case _:
            return False


def _outer_functions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Those inside another function are shorter than it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
        elif not isinstance(child, ast.expr):
            yield from _outer_functions(child)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _sources() -> list[Path]:
    folders = ("core", "devices", "gateway", "dispatcher", "firmware-sim", "tilkald", "tests")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
