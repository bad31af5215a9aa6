"""A disk that hangs: what a real process asks of it neither comes back nor fails.

No test may freeze a file system of the machine it runs on, so the calls themselves are held, in the
process under test alone, by a small library that the linker loads first.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.interplay import program

SOURCE = Path(__file__).with_name("hanging_disk.c")


@dataclass(frozen=True, slots=True)
class HangingDisk:
    """Everything below one folder. `environment`: for the process that is to meet it."""

    environment: dict[str, str]
    flag: Path

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """Until the end of the block."""
        self.flag.touch()
        try:
            yield
        finally:
            self.flag.unlink()


def hanging_disk(below: Path, beside: Path) -> HangingDisk:
    """`beside`: a folder that does not hang, for the library and its flag."""
    library, flag = beside / "hanging_disk.so", beside / "hangs"
    made = (program("cc", "gcc"), "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl")
    subprocess.run(made, check=True)
    environment = {
        "LD_PRELOAD": str(library),
        "HANGS_BELOW": f"{below}/",
        "HANGS_WHILE": str(flag),
    }
    return HangingDisk(environment, flag)
