"""Runs the tests that belong to one file: its mirror in `tests/`, then those that import it,
the nearest first. `make check-file` is this; what is farther away is for `make check`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "devices", "alarms", "gateway", "dispatcher", "firmware-sim", "tilkald", "tests")
NOT_QUICK = ("shells", "interplay", "fuzz", "simulation")
"""Folders `make check` runs nothing of, or next to nothing."""

TESTS_MOST = 8
"""So many files with tests are run for one file."""

IMPORTS = re.compile(r"^\s*(?:from ([\w.]+) import (\([^)]*\)|.*)|import ([\w.]+))", re.MULTILINE)


def main(file: str, root: Path = ROOT) -> int:
    """The exit code of pytest: not 0 either when no test belongs to the file."""
    path = Path(file).resolve()
    if path.name.startswith("test_"):
        return pytest.main(["-q", str(path)])
    files = nearest_tests(path, root)
    chosen, farther = files[:TESTS_MOST], files[TESTS_MOST:]
    if not chosen:
        print(f"No quick test reaches {file}: make test")
        return pytest.ExitCode.NO_TESTS_COLLECTED
    print(*(one.relative_to(root) for one in chosen), sep="\n")
    print(f"… and {len(farther)} farther away are left to make check", flush=True)
    return pytest.main(["-q", "-m", "not shell and not long", *map(str, chosen)])


def nearest_tests(file: Path, root: Path) -> list[Path]:
    """The files of tests that reach this one by imports: the mirror, then the fewest hops away,
    of these the neighbours of the mirror first."""
    mirror = mirror_of(file, root)
    hops = _hops_from(_name(file, root), _importers(root))
    found = {path: hops.get(_name(path, root), 0) for path in _quick_tests(root)}
    reached = [path for path in found if path == mirror or _name(path, root) in hops]

    def distance(path: Path) -> tuple[bool, int, int, Path]:
        shared = sum(ours == theirs for ours, theirs in zip(path.parts, mirror.parts, strict=False))
        return (path != mirror, found[path], -shared, path)

    return sorted(reached, key=distance)


def mirror_of(file: Path, root: Path) -> Path:
    """`core/turnstile.py` is mirrored by `tests/core/test_turnstile.py`."""
    inside = file.relative_to(root)
    below = inside.relative_to("firmware-sim") if inside.parts[0] == "firmware-sim" else inside
    return root / "tests" / below.parent / f"test_{file.name}"


def _hops_from(module: str, importers: Mapping[str, list[str]]) -> dict[str, int]:
    hops, reached = {module: 0}, [module]
    for one in reached:
        for importer in importers.get(one, []):
            if importer not in hops:
                hops[importer] = hops[one] + 1
                reached.append(importer)
    return hops


def _importers(root: Path) -> dict[str, list[str]]:
    """Each module of ours, and the modules that import it."""
    sources = {_name(path, root): path for path in _sources(root)}
    found: dict[str, list[str]] = {}
    for name, path in sources.items():
        for imported in dict.fromkeys(_imported(path.read_text())):
            if imported in sources:
                found.setdefault(imported, []).append(name)
    return found


def _imported(text: str) -> Iterator[str]:
    """What an import may name: a module, or something in it that may be a module too."""
    for module, names, plain in IMPORTS.findall(text):
        yield module or plain
        for name in re.findall(r"\w+", names):
            yield f"{module}.{name}"


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[parts[0] == "firmware-sim" :]).removesuffix(".__init__")


def _quick_tests(root: Path) -> list[Path]:
    tests = sorted((root / "tests").rglob("test_*.py"))
    return [path for path in tests if path.relative_to(root).parts[1] not in NOT_QUICK]


def _sources(root: Path) -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
