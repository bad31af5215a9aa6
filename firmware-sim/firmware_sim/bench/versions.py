"""This code and the code of another commit: where each lies, and how its processes are started.

The other commit is checked out as a worktree of its own in a temporary folder and runs in the same
environment, with its own folders first on the path. It is driven from outside only: its own
`tilkald serve`, and its own bench where a measurement runs in process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import ConfigError
from firmware_sim.bench.programs import ended

_GIT = ("git", "-C", str(Path(__file__).parent))
_WHERE = "import tilkald; print(tilkald.__file__)"


@dataclass(frozen=True, slots=True)
class Code:
    """A version to measure. `tree` None: the code that runs now."""

    name: str
    tree: Path | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs besides the caller's environment to run this version."""
        paths = sys.path if self.tree is None else (str(self.tree), str(self.tree / "firmware-sim"))
        return {
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            # The folder it is started in may be a checkout too, and would come first.
            "PYTHONSAFEPATH": "1",
        }


THIS = Code("this code")


@asynccontextmanager
async def checked_out(commit: str) -> AsyncIterator[Code]:
    """That commit's code, until the block ends. Raises ConfigError when there is none."""
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    found = await ended(*_GIT, *asked)
    if found.status:
        raise ConfigError(f"There is no commit {commit!r} to compare with, try HEAD or a hash.")
    name = commit if found.said.startswith(commit) else f"{commit} ({found.said[:7]})"
    with TemporaryDirectory(prefix="tilkald-bench-") as folder:
        tree = Path(folder) / "tree"
        try:
            await ended(*_GIT, "worktree", "add", "--detach", str(tree), found.said)
            yield await _proven(Code(name, tree))
        finally:
            _remove(tree)


async def _proven(code: Code) -> Code:
    """Whether its processes would run that code: else this one was compared with itself."""
    assert code.tree is not None
    runs = await ended(sys.executable, "-c", _WHERE, environment=code.environment)
    if not Path(runs.said).is_relative_to(code.tree):
        raise ConfigError(f"{code.name} cannot be run: {runs.wrong or f'{runs.said} would run'}")
    return code


def _remove(tree: Path) -> None:
    """Waits for git, so that a second Ctrl-C is needed to leave the worktree behind."""
    command = (*_GIT, "worktree", "remove", "--force", str(tree))
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
