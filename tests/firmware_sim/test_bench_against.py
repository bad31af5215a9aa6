"""`tilkald bench --against` end to end: two real services, a worktree that is gone afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from core.errors import ConfigError
from firmware_sim.bench import Wanted, run_bench
from firmware_sim.bench.versions import THIS, checked_out

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.shell,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no git checkout"
    ),
]


async def test_a_press_is_measured_in_turns_with_the_last_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    out = tmp_path / "bench.json"
    assert await run_bench(Wanted("path", against="HEAD", quick=True, out=out)) == 0
    found = json.loads(out.read_bytes())
    rows = {row["name"]: row for row in found["rows"]}
    assert list(rows) == ["notice", "puback", "life", "store"]
    assert found["against"].startswith("HEAD (")
    for row in rows.values():
        for name in row["judged"]:
            both = row["against"][name]
            assert both["here"][0] > 0
            assert both["ratio"] == pytest.approx(both["here"][0] / both["there"][0])
    assert rows["notice"]["figures"]["lost"] == 0
    assert not _worktrees(tmp_path)


async def test_a_commit_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="no commit 'nowhere'"):
        await run_bench(Wanted("path", against="nowhere", quick=True))


async def test_the_other_version_runs_its_own_code() -> None:
    where = "import core, firmware_sim, tilkald"
    said = "; print(core.__file__, firmware_sim.__file__, tilkald.__file__)"
    async with checked_out("HEAD") as other:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", where + said),
            env={**os.environ, **other.environment},
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        files, _ = await running.communicate()
        assert other.tree is not None
        assert all(Path(each).is_relative_to(other.tree) for each in files.decode().split())


def test_ctrl_c_leaves_no_worktree_behind(tmp_path: Path) -> None:
    command = "from tilkald.cli import main; main()"
    bench = subprocess.Popen(
        (sys.executable, "-c", command, "bench", "path", "--quick", "--against", "HEAD"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **THIS.environment, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        text=True,
    )
    assert bench.stdout is not None
    assert "measuring" in bench.stdout.readline()
    assert _worktrees(tmp_path)
    bench.send_signal(signal.SIGINT)
    bench.communicate(timeout=90)
    assert bench.returncode == 130
    assert not _worktrees(tmp_path)


def _worktrees(folder: Path) -> list[str]:
    """Those below that folder."""
    command = ("git", "-C", str(ROOT), "worktree", "list")
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.startswith(str(folder))]
