"""Law 1 on real processes: what was acknowledged is there after SIGKILL, every time."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from core.chance import seeded
from dispatcher.store.journal.journal import EmergencyJournal
from dispatcher.store.memory import MemoryStore
from dispatcher.store.sqlite.store import open_sqlite
from tests.dispatcher.store.samples import T

ROOT = Path(__file__).parents[3]
WRITER = Path(__file__).parent / "killed_writer.py"
KILLS = 12
WAIT_S = 30


@pytest.mark.shell
async def test_every_unit_acknowledged_before_a_kill_is_whole_after_it(database: Path) -> None:
    chance, acknowledged = seeded(1), set[str]()
    for kill in range(KILLS):
        acknowledged |= await _written_until_killed("store", database, kill, chance.randint(1, 400))
    store = open_sqlite(database, clock_wall=T)
    stored = {alarm.id for alarm in await store.open_alarms()}
    assert acknowledged <= stored
    assert len(acknowledged) >= KILLS
    for alarm_id in stored:
        assert len(await store.notices(alarm_id)) == 1, "a unit is whole"
        assert len(await store.timeline(alarm_id)) == 2
    assert await store.verify() == []
    assert await store.unreadable_alarms() == []
    await store.close()


@pytest.mark.shell
async def test_every_unit_journalled_before_a_kill_is_replayed(tmp_path: Path) -> None:
    path, store, acknowledged = tmp_path / "emergency.journal", MemoryStore(), set[str]()
    for kill, units in enumerate((1, 7, 60)):
        acknowledged |= await _written_until_killed("journal", path, kill, units)
    journal = EmergencyJournal(path)
    replayed = await journal.replay(store, T)
    assert acknowledged <= {alarm.id for alarm in await store.open_alarms()}
    assert replayed.unreadable == ()
    await journal.close()


async def _written_until_killed(what: str, path: Path, kill: int, units: int) -> set[str]:
    """Let a process commit, and kill it in the middle of it after so many acknowledgements."""
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, str(WRITER), what, str(path), f"alm_{kill}"),
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert writer.stdout is not None
    acknowledged: set[str] = set()
    async with asyncio.timeout(WAIT_S):
        while len(acknowledged) < units:
            line = await writer.stdout.readline()
            assert line, "the writer ended by itself"
            acknowledged.add(line.decode().strip())
        writer.kill()
        rest = await writer.stdout.read()
        await writer.wait()
    # What it had said before it died counts; a half line was never said.
    whole = rest.rpartition(b"\n")[0]
    return acknowledged | set(whole.decode().split())
