"""The measured process from outside: a service for each run, its processor time, its store."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.clock import monotonic_s, sleep
from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.bench.versions import Code
from firmware_sim.service import PrivateService

STORE = "tilkald.db"

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def serving(made: Organisation, code: Code) -> AsyncIterator[PrivateService]:
    """That version's own `tilkald serve`; ended as by a power cut, its data removed."""
    with TemporaryDirectory(prefix="tilkald-bench-") as folder:
        site = sized_site.write(Path(folder) / "site", made)
        service = PrivateService(site, Path(folder) / "data", code.environment)
        await service.start()
        try:
            yield service
        finally:
            await service.kill()


def cpu_s(pid: int) -> float:
    """Seconds of processor time a process has used, in user and system mode."""
    # The second field is the program's name in brackets and may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


async def share_of_core(pid: int, watched_s: float) -> float:
    """How much of one core a process uses while it is watched, 0 to 1 and more."""
    before_s, began_s = cpu_s(pid), monotonic_s()
    await sleep(watched_s)
    return (cpu_s(pid) - before_s) / (monotonic_s() - began_s)


def store_bytes(service: PrivateService) -> int:
    """Bytes of the database, as large as its file is once nothing waits in its log any more."""
    database = sqlite3.connect(service.folder / STORE)
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    size = database.execute("PRAGMA page_size").fetchone()[0]
    database.close()
    return int(pages * size)


def raise_file_limit() -> int:
    """As many open files as the machine allows; the service inherits it. How many that is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
