"""The tests `make check-file` runs: the file's mirror first, then by hops of imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.nearest_tests import ROOT, mirror_of, nearest_tests

HOUSE = {
    "core words.py": "",
    "core pace.py": "from core.words import (\n    Words,\n    words_of,\n)\n",
    "firmware-sim firmware_sim clock.py": "from core import pace as pace_\n",
    "tests core test_words.py": "",
    "tests core test_other.py": "def test() -> None:\n    import core.words\n",
    "tests alarms test_far.py": "from firmware_sim.clock import now\n",
    "tests alarms test_near.py": "import core.pace\n",
    "tests alarms test_direct.py": "from core.words import Words\n",
    "tests shells test_not_quick.py": "from core.words import Words\n",
    "tests alarms test_nothing_of_it.py": "from core.wordsmith import Words\n",
}
"""Spaces stand for slashes: paths that are written down are there, and these are not."""


def test_the_mirror_comes_first_then_the_fewest_hops_then_neighbours(
    tmp_path: Path,
) -> None:
    house = built(tmp_path, HOUSE)
    found = nearest_tests(at(house, "core words.py"), house)
    assert [path.stem for path in found] == [
        "test_words",  # imports nothing of it: it stands in its place
        "test_other",
        "test_direct",
        "test_near",
        "test_far",
    ]


def test_a_file_of_the_simulation_is_mirrored_without_its_outer_folder() -> None:
    mirror = mirror_of(at(ROOT, "firmware-sim firmware_sim clock.py"), ROOT)
    assert mirror == at(ROOT, "tests firmware_sim test_clock.py")


@pytest.mark.shell
@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 1)])
def test_the_check_fails_when_a_test_of_the_file_fails(
    tmp_path: Path, holds: bool, code: int
) -> None:
    files = {
        "core words.py": "",
        "tests core test_words.py": f"def test() -> None:\n    assert {holds}\n",
    }
    assert check_file(built(tmp_path, files), "core words.py").returncode == code


@pytest.mark.shell
def test_a_file_no_test_reaches_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    checked = check_file(built(tmp_path, {"core alone.py": ""}), "core alone.py")
    assert checked.returncode != 0
    assert "No quick test reaches" in checked.stdout


def built(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        at(root, name).parent.mkdir(parents=True, exist_ok=True)
        at(root, name).write_text(text)
    return root


def at(root: Path, name: str) -> Path:
    return root.joinpath(*name.split())


def check_file(house: Path, file: str) -> subprocess.CompletedProcess[str]:
    code = "main(sys.argv[1], Path(sys.argv[2]))"
    imports = "import sys; from pathlib import Path; from tests.support.nearest_tests import main"
    command = [
        sys.executable,
        "-c",
        f"{imports}; sys.exit({code})",
        str(at(house, file)),
        str(house),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
