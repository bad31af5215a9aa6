"""Commits presses without end and says the id of each once it is acknowledged; to be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

from dispatcher.store.journal.journal import EmergencyJournal
from dispatcher.store.ports import Transaction
from dispatcher.store.sqlite.store import open_sqlite
from tests.dispatcher.store.samples import T, opening

AT_ONCE = 8


async def write(what: str, path: Path, name: str) -> None:
    """AT_ONCE writers beside each other, so that a kill meets transactions of several units."""
    # Each process its own numbers: a signal with an identity already there is a repeat.
    numbers = count(int(name.rpartition("_")[2]) * 1_000_000)
    if what == "store":
        store = open_sqlite(path, clock_wall=T)
        await asyncio.gather(*(_commit(store.submit, name, numbers) for _ in range(AT_ONCE)))
    else:
        journal = EmergencyJournal(path)
        await asyncio.gather(*(_commit(journal.append, name, numbers) for _ in range(AT_ONCE)))


async def _commit(
    submit: Callable[[Transaction], Awaitable[object]], name: str, numbers: Iterator[int]
) -> None:
    for number in numbers:
        alarm_id = f"{name}_{number}"
        await submit(opening(alarm_id, number=number))
        os.write(sys.stdout.fileno(), f"{alarm_id}\n".encode())


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
