"""What the SQLite store promises beyond the contract: the disk, and what can happen to it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from core.clock import sleep
from core.errors import ConfigError, Conflict, DomainError, StoreUnavailable
from core.values import replace
from dispatcher.roster.organisation import Organisation
from dispatcher.store.migrate import bring_up
from dispatcher.store.ports import Transaction
from dispatcher.store.sqlite import statements
from dispatcher.store.sqlite.backup import back_up
from dispatcher.store.sqlite.connection import BUSY_WAIT, DatabaseFile
from dispatcher.store.sqlite.store import SqliteStore, open_sqlite
from dispatcher.store.sqlite.writer import BATCH_MAX
from tests.dispatcher.store.samples import T, alarm, case, cases, opening, raw, signal

ATTEMPTS = 20

NOBODY = 65_534


async def test_the_database_and_its_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "tilkald.db"
    store = open_sqlite(path, clock_wall=T)
    await store.submit(opening())
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == {"tilkald.db": 0o600, "tilkald.db-wal": 0o600, "tilkald.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await store.close()


async def test_a_database_that_others_could_read_is_made_private(database: Path) -> None:
    await open_sqlite(database, clock_wall=T).close()
    os.chmod(database, 0o644)
    await open_sqlite(database, clock_wall=T).close()
    assert stat.S_IMODE(os.stat(database).st_mode) == 0o600


def test_a_commit_waits_for_the_disk_and_references_are_kept(database: Path) -> None:
    bring_up(DatabaseFile(database), T)
    with closing(DatabaseFile(database).writing()) as writing:
        settings = [
            writing.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert settings == ["wal", 2, 1]


async def test_what_was_committed_is_there_after_a_start(database: Path) -> None:
    store = open_sqlite(database, clock_wall=T)
    await store.submit(opening())
    await store.close()
    store = open_sqlite(database, clock_wall=T)
    assert await store.open_alarms() == [alarm()]
    assert len(await store.unfinished_notices()) == 1
    assert await store.verify() == []
    await store.close()


async def test_a_closed_store_is_read_no_more_and_closes_once(database: Path) -> None:
    store = open_sqlite(database, clock_wall=T)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.open_alarms()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.verify()


async def test_closing_commits_what_was_submitted(database: Path) -> None:
    store = open_sqlite(database, clock_wall=T)
    waiting = [store.submit(opening(f"alm_{number}", number=number)) for number in range(300)]
    await store.close()
    await asyncio.gather(*waiting)
    assert not database.with_name("tilkald.db-wal").exists()
    with closing(sqlite3.connect(database)) as reading:
        assert reading.execute("SELECT count(*) FROM alarms").fetchone() == (300,)


# Failures of the file, the disk and locks: told at once, and over when they are over.


async def test_a_full_disk_fails_the_unit_and_the_next_small_enough_one_is_stored(
    database: Path,
) -> None:
    store = open_sqlite(database, clock_wall=T, size_max_bytes=1_000_000)
    await store.submit(opening())
    with pytest.raises(StoreUnavailable, match=r"tilkald\.db cannot be used: .* full.*free space"):
        await _fill(store)
    assert await store.open_alarms() == [alarm()]
    with closing(sqlite3.connect(database)) as operator:
        operator.execute("DELETE FROM signals")
        operator.commit()
    await store.submit(opening("alm_2", number=2))
    assert len(await store.open_alarms()) == 2
    await store.close()


async def test_a_read_only_database_is_read_and_written_again_when_it_may_be() -> None:
    with _folder_of_somebody_not_root() as folder:
        database = folder / "tilkald.db"
        store = open_sqlite(database, clock_wall=T)
        await store.submit(opening())
        await store.close()
        os.chmod(database, 0o400)
        store = open_sqlite(database, clock_wall=T)
        assert await store.open_alarms() == [alarm()]
        with pytest.raises(StoreUnavailable, match="read-only"):
            await store.submit(opening("alm_2", number=2))
        for name in os.listdir(folder):
            os.chmod(folder / name, 0o600)
        assert await store.open_alarms() == [alarm()]
        for _ in range(ATTEMPTS):
            with suppress(StoreUnavailable):  # as the engine does: tried again and again
                await store.submit(opening("alm_2", number=2))
                break
            await sleep(0.2)
        assert len(await store.open_alarms()) == 2
        await store.close()


async def test_a_lock_of_another_program_fails_units_soon_and_only_while_it_lasts(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    loop = asyncio.get_running_loop()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = loop.time()
        units = [opening(f"alm_l{number}", number=10 + number) for number in range(BATCH_MAX * 3)]
        told = await asyncio.gather(*map(sqlite_store.submit, units), return_exceptions=True)
        took = loop.time() - begun
        assert await sqlite_store.open_alarms() == [alarm()]
        other.execute("ROLLBACK")
    assert {type(one) for one in told} == {StoreUnavailable}
    assert "another program holds its lock" in str(told[0])
    # All that waited is told together, not one wait after the other.
    assert took < 2 * BUSY_WAIT.total_seconds() + 1
    await sqlite_store.submit(opening("alm_2", number=2))
    assert len(await sqlite_store.open_alarms()) == 2


async def test_a_deleted_database_is_not_written_into_the_void(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    aside = database.with_name("aside.db")
    os.rename(database, aside)
    with pytest.raises(StoreUnavailable, match="gone"):
        await sqlite_store.submit(opening("alm_2", number=2))
    with pytest.raises(StoreUnavailable, match="gone"):
        await sqlite_store.open_alarms()
    assert os.listdir(database.parent).count(database.name) == 0, "an empty one hides the loss"


async def test_a_database_put_back_is_used_again(database: Path, sqlite_store: SqliteStore) -> None:
    await sqlite_store.submit(opening())
    aside = database.with_name("aside.db")
    os.rename(database, aside)
    with pytest.raises(StoreUnavailable):
        await sqlite_store.submit(opening("alm_2", number=2))
    os.rename(aside, database)
    await sqlite_store.submit(opening("alm_3", number=3))
    assert {one.id for one in await sqlite_store.open_alarms()} >= {"alm_1", "alm_3"}


async def test_a_log_deleted_under_us_is_told_and_survived(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    database.with_name("tilkald.db-wal").unlink()
    with pytest.raises(StoreUnavailable, match="gone"):
        await sqlite_store.submit(opening("alm_2", number=2))
    await sqlite_store.submit(opening("alm_3", number=3))
    assert {one.id for one in await sqlite_store.open_alarms()} >= {"alm_1", "alm_3"}


async def test_an_older_copy_in_its_place_is_told_once_and_then_written_to(
    database: Path, sqlite_store: SqliteStore
) -> None:
    """Memory has to bring what it holds: only a fault makes it."""
    await sqlite_store.submit(opening())
    back_up(database, database.with_name("older.db"))
    await sqlite_store.submit(opening("alm_2", number=2))
    for ending in ("-wal", "-shm"):
        os.unlink(f"{database}{ending}")
    os.replace(database.with_name("older.db"), database)
    with pytest.raises(StoreUnavailable, match="another one was put in its place"):
        await sqlite_store.submit(opening("alm_3", number=3))
    await sqlite_store.submit(opening("alm_3", number=3))
    assert [one.id for one in await sqlite_store.open_alarms()] == ["alm_1", "alm_3"]


async def test_another_programs_database_in_its_place_is_not_written_to(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    other = database.with_name("other.db")
    with closing(sqlite3.connect(other)) as foreign:
        foreign.execute("CREATE TABLE recipes (name TEXT)")
    os.replace(other, database)
    with pytest.raises(StoreUnavailable, match="not one of Tilkald"):
        await sqlite_store.submit(opening("alm_2", number=2))
    with closing(sqlite3.connect(database)) as foreign:
        assert foreign.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


async def test_a_damaged_database_is_told_in_one_line(database: Path) -> None:
    _overwrite(database, b"this is no database, " * 1000)
    with pytest.raises(StoreUnavailable, match="restore the newest backup") as told:
        open_sqlite(database, clock_wall=T)
    assert "\n" not in str(told.value)


async def test_another_programs_database_is_refused(database: Path) -> None:
    with closing(sqlite3.connect(database)) as foreign:
        foreign.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(ConfigError, match=r"not one of Tilkald.*e\.g\. sqlite:"):
        open_sqlite(database, clock_wall=T)


def test_a_disk_whose_small_blocks_would_end_the_process_when_full_is_refused(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs(database.parent)
    small = os.statvfs_result((real.f_bsize, 1024, *tuple(real)[2:]))
    monkeypatch.setattr(os, "statvfs", lambda path: small)
    with pytest.raises(ConfigError, match=r"blocks of 1024 bytes.*e\.g\. mkfs"):
        open_sqlite(database, clock_wall=T)
    assert os.listdir(database.parent) == []


async def test_more_than_the_queue_holds_is_refused_at_once(database: Path) -> None:
    store = open_sqlite(database, clock_wall=T, queue_max=50)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        futures = [store.submit(opening(f"alm_{n}", number=n)) for n in range(200)]
        refused = [future for future in futures if future.done()]
        assert len(refused) >= 200 - 50 - BATCH_MAX
        assert all("50 writes wait" in str(future.exception()) for future in refused)
        other.execute("ROLLBACK")
    await asyncio.gather(*futures, return_exceptions=True)
    await store.close()


async def test_a_unit_that_is_our_own_mistake_fails_alone(sqlite_store: SqliteStore) -> None:
    broken = Transaction(raw=(raw(content=object()),))  # type: ignore[arg-type]
    told = await asyncio.gather(
        sqlite_store.submit(broken),
        sqlite_store.submit(opening()),
        sqlite_store.submit(opening()),
        return_exceptions=True,
    )
    assert isinstance(told[0], TypeError)
    assert told[1] is None
    assert isinstance(told[2], Conflict)


async def test_nobody_waiting_any_more_disturbs_nobody(sqlite_store: SqliteStore) -> None:
    sqlite_store.submit(opening()).cancel()
    await sqlite_store.submit(opening("alm_2", number=2))
    assert len(await sqlite_store.open_alarms()) == 2


async def test_a_plan_is_kept_once_however_many_alarms_run_it(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await asyncio.gather(
        *(sqlite_store.submit(opening(f"alm_{number}", number=number)) for number in range(5))
    )
    with closing(sqlite3.connect(database)) as reading:
        assert reading.execute("SELECT count(*) FROM plans").fetchone() == (1,)
    _execute(database, "DELETE FROM plans")
    assert await sqlite_store.open_alarms() == []
    (line, *_) = [why for _, why in await sqlite_store.unreadable_alarms()]
    assert line == "The stored alarm alm_0 cannot be read: the plan it runs is not stored."


@pytest.mark.parametrize("others", [0, 5])
async def test_an_odd_press_is_whole_alone_and_among_others(
    sqlite_store: SqliteStore, others: int
) -> None:
    reading = replace(signal().reading, seq=10**30, text="help \ud800 me")
    odd = replace(opening(), signals=(replace(signal(), reading=reading),))
    sound = [opening(f"alm_{number + 2}", number=number + 2) for number in range(others)]
    await asyncio.gather(*map(sqlite_store.submit, [odd, *sound]))
    assert len(await sqlite_store.open_alarms()) == 1 + others
    assert [one.what for one in await sqlite_store.timeline("alm_1")] == ["opened", "called"]
    assert await sqlite_store.verify() == []


# What cannot be read is raised to a person, never skipped and never a crash.


async def test_an_open_alarm_that_cannot_be_read_is_named(
    database: Path, sqlite_store: SqliteStore
) -> None:
    for number in range(4):
        await sqlite_store.submit(opening(f"alm_{number}", number=number))
    _execute(database, "UPDATE alarms SET state_version = 99 WHERE id = 'alm_0'")
    _execute(database, "UPDATE alarms SET state = x'7b' WHERE id = 'alm_1'")
    _execute(database, "UPDATE notices SET state = '{\"id\": 5}' WHERE alarm = 'alm_2'")
    unreadable = await sqlite_store.unreadable_alarms()
    assert [alarm_id for alarm_id, _ in unreadable] == ["alm_0", "alm_1", "alm_2"]
    assert "version 99, which this release does not know" in unreadable[0][1]
    assert [one.id for one in await sqlite_store.open_alarms()] == ["alm_2", "alm_3"]
    assert len(await sqlite_store.unfinished_notices()) == 3
    assert len((await sqlite_store.alarms()).alarms) == 2
    assert len(await sqlite_store.verify()) == 2
    with pytest.raises(DomainError, match="alm_1 is stored, but cannot be read") as gone:
        await sqlite_store.alarm("alm_1")
    assert gone.value.code == "gone"


async def test_what_was_read_already_is_not_tried_again(
    database: Path, sqlite_store: SqliteStore
) -> None:
    for number in range(2):
        await sqlite_store.submit(opening(f"alm_{number}", number=number))
    _execute(database, "UPDATE alarms SET state = x'7b'")
    (unread,) = await sqlite_store.unreadable_alarms({"alm_1": "read before"})
    assert unread[0] == "alm_0"


async def test_a_receipt_nobody_knows_is_named_and_no_crash(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    _execute(database, "UPDATE notices SET receipt = 'eaten'")
    assert await sqlite_store.open_notices() == []
    with pytest.raises(DomainError, match="its receipt 'eaten' is none that this release knows"):
        await sqlite_store.notice("ntc_1")


async def test_a_start_does_not_go_through_the_notices_of_all_years(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    with closing(sqlite3.connect(database)) as reading:
        plan = reading.execute(f"EXPLAIN QUERY PLAN {statements.NOTICES_OF_OPEN_ALARMS}")
        steps = [row[-1] for row in plan]
    assert [step for step in steps if step.startswith("SCAN notices")] == []


@pytest.mark.parametrize("damaged", ["x'7bff'", "'{'", "x''"])
async def test_an_open_case_that_cannot_be_read_comes_with_its_name(
    database: Path, sqlite_store: SqliteStore, damaged: str
) -> None:
    await sqlite_store.submit(cases(case(), case("ses_2")))
    _execute(database, f"UPDATE cases SET state = {damaged} WHERE id = 'ses_1'")
    unreadable, sound = await sqlite_store.open_cases()
    assert (unreadable.kind, unreadable.id, unreadable.wake_at) == ("lone_work", "ses_1", T)
    assert sound == case("ses_2")


async def test_a_configuration_that_cannot_be_read_says_what_to_do(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.write_organisation(Organisation(), "anna", T)
    _execute(database, "UPDATE organisations SET state = x'00'")
    with pytest.raises(ConfigError, match="tilkald apply DIR"):
        await sqlite_store.organisation()


# Tampering shows.


async def test_a_whole_timeline_has_no_breaks(sqlite_store: SqliteStore) -> None:
    await _three_alarms(sqlite_store)
    assert await sqlite_store.verify([await sqlite_store.checkpoint()]) == []


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        (
            "UPDATE timeline_bodies SET body = '{}' WHERE entry = 3",
            "alarm alm_1, entry 1: its text was changed",
        ),
        (
            "UPDATE timeline SET what = 'called' WHERE alarm = 'alm_1' AND number = 1",
            "alarm alm_1, entry 1: its header was changed",
        ),
        (
            "UPDATE timeline SET at_us = at_us + 1 WHERE alarm = 'alm_1' AND number = 1",
            "alarm alm_1, entry 1: its header was changed",
        ),
        (
            "DELETE FROM timeline WHERE alarm = 'alm_1' AND number = 1",
            "alarm alm_1, entry 2: comes after entry 0; one is missing or in the wrong place",
        ),
        (
            "UPDATE timeline SET number = 3 - number WHERE alarm = 'alm_1'",
            "alarm alm_1, entry 1: does not continue the entry before it",
        ),
        (
            "DELETE FROM timeline WHERE alarm = 'alm_1' AND number = 2",
            "open alarm alm_1: its timeline ends at entry 1 and not at the noted entry 2",
        ),
        (
            "DELETE FROM timeline WHERE alarm = 'alm_1'",
            "open alarm alm_1: its timeline ends at entry 0 and not at the noted entry 2",
        ),
        (
            "DELETE FROM timeline_bodies WHERE entry = 3",
            "alarm alm_1, entry 1: its text is gone and no later entry says it was erased",
        ),
    ],
)
async def test_tampering_is_found_and_named(
    database: Path, sqlite_store: SqliteStore, tampering: str, found: str
) -> None:
    await _three_alarms(sqlite_store)
    _execute(database, "DROP INDEX ix_timeline_alarm")
    _execute(database, tampering)
    assert found in await sqlite_store.verify()


async def test_a_tail_cut_off_with_its_note_is_found_by_a_checkpoint_kept_outside(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await _three_alarms(sqlite_store)
    outside = await sqlite_store.checkpoint()
    _execute(database, "DELETE FROM timeline WHERE alarm = 'alm_2' AND number = 2")
    _execute(
        database,
        "UPDATE alarms SET entries = 1, head ="
        " (SELECT hash FROM timeline WHERE alarm = 'alm_2') WHERE id = 'alm_2'",
    )
    assert await sqlite_store.verify() == []
    breaks = await sqlite_store.verify([outside])
    assert len(breaks) == 1
    assert "over 3 timelines does not hold" in breaks[0]


# Helpers.


def _overwrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)


async def _three_alarms(store: SqliteStore) -> None:
    for number in range(3):
        await store.submit(opening(f"alm_{number}", number=number))


async def _fill(store: SqliteStore) -> None:
    for number in range(10_000):
        await store.submit(Transaction(signals=(signal(1000 + number, text="x" * 2000),)))


def _execute(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as tampering:
        tampering.execute(statement)
        tampering.commit()


@contextmanager
def _folder_of_somebody_not_root() -> Iterator[Path]:
    """Root may write to everything: only as somebody else is a file ever read-only."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        if root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)
