"""A copy made while the service runs comes back whole, and says that what is open is old."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import ConfigError, StoreUnavailable
from dispatcher.store.sqlite.backup import back_up, restore
from dispatcher.store.sqlite.store import SqliteStore, open_sqlite
from tests.dispatcher.store.samples import T, after, case, cases, opening


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "tilkald-backup.db"


async def test_a_backup_of_a_running_store_holds_every_commit_before_it(
    database: Path, sqlite_store: SqliteStore, backup: Path
) -> None:
    await asyncio.gather(*(sqlite_store.submit(opening(f"a{n}", number=n)) for n in range(200)))
    meanwhile = [sqlite_store.submit(opening(f"b{n}", number=500 + n)) for n in range(200)]
    await asyncio.to_thread(back_up, database, backup)
    await asyncio.gather(*meanwhile)
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM alarms WHERE id GLOB 'a*'").fetchone() == (200,)
        alarms, notices = (
            copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("alarms", "notices")
        )
        assert alarms == notices, "a copy shows whole units"


async def test_a_backup_is_one_private_file(
    database: Path, sqlite_store: SqliteStore, backup: Path
) -> None:
    await sqlite_store.submit(opening())
    back_up(database, backup)
    assert os.listdir(backup.parent) == [backup.name]
    assert stat.S_IMODE(os.stat(backup).st_mode) == 0o600


async def test_a_backup_replaces_an_older_one_only_when_it_is_whole(
    database: Path, sqlite_store: SqliteStore, backup: Path
) -> None:
    await sqlite_store.submit(opening())
    back_up(database, backup)
    with pytest.raises(StoreUnavailable, match="gone"):
        back_up(database.with_name("none.db"), backup)
    restore(backup, backup.with_name("other.db"), T)


async def test_a_restored_store_has_what_the_backup_had_and_says_so_until_confirmed(
    database: Path, backup: Path
) -> None:
    store = open_sqlite(database, clock_wall=T)
    await store.submit(opening())
    await store.submit(cases(case()))
    back_up(database, backup)
    await store.submit(opening("alm_2", number=2))
    await store.submit(cases(case(rev=2, wake_at=None), seen_rev=1))
    await store.close()

    replaced = restore(backup, database, after(3600))

    store = open_sqlite(database, clock_wall=T)
    assert [one.id for one in await store.open_alarms()] == ["alm_1"]
    assert await store.open_cases() == [case()]
    assert await store.restored_at() == after(3600)
    assert await store.verify() == []
    await store.confirm_restored("ida", after(3700))
    assert await store.restored_at() is None
    await store.submit(opening("alm_3", number=3))
    await store.close()
    assert replaced == database.with_name("tilkald.replaced-20261121T200000Z.db")
    with closing(sqlite3.connect(replaced)) as before:
        assert before.execute("SELECT count(*) FROM alarms").fetchone() == (2,)


async def test_the_restore_flag_outlives_a_start(database: Path, backup: Path) -> None:
    await open_sqlite(database, clock_wall=T).close()
    back_up(database, backup)
    restore(backup, database, T)
    for _ in range(2):
        store = open_sqlite(database, clock_wall=T)
        assert await store.restored_at() == T
        await store.close()


async def test_a_restore_under_a_running_service_is_refused_and_changes_nothing(
    database: Path, sqlite_store: SqliteStore, backup: Path
) -> None:
    await sqlite_store.submit(opening())
    back_up(database, backup)
    with pytest.raises(StoreUnavailable, match="in use: stop the service first"):
        restore(backup, database, T)
    await sqlite_store.submit(opening("alm_2", number=2))
    assert len(await sqlite_store.open_alarms()) == 2
    assert await sqlite_store.restored_at() is None
    assert not [name for name in os.listdir(database.parent) if "restoring" in name]


async def test_a_damaged_backup_is_refused_and_changes_nothing(
    database: Path, backup: Path
) -> None:
    store = open_sqlite(database, clock_wall=T)
    for number in range(200):
        await store.submit(opening(f"alm_{number}", number=number))
    await store.close()
    back_up(database, backup)
    _damage(backup)
    with pytest.raises(StoreUnavailable):
        restore(backup, database, T)
    store = open_sqlite(database, clock_wall=T)
    assert len(await store.open_alarms()) == 200
    assert await store.restored_at() is None
    await store.close()


async def test_a_damaged_database_is_put_aside_by_a_restore(database: Path, backup: Path) -> None:
    store = open_sqlite(database, clock_wall=T)
    await store.submit(opening())
    await store.close()
    back_up(database, backup)
    _overwrite(database)
    replaced = restore(backup, database, T)
    assert replaced is not None
    store = open_sqlite(database, clock_wall=T)
    assert len(await store.open_alarms()) == 1
    await store.close()


async def test_a_backup_of_a_newer_release_is_refused(database: Path, backup: Path) -> None:
    await open_sqlite(database, clock_wall=T).close()
    back_up(database, backup)
    with closing(sqlite3.connect(backup)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    with pytest.raises(ConfigError, match="revision 9999"):
        restore(backup, database, T)


async def test_a_backup_comes_back_where_nothing_stands(database: Path, backup: Path) -> None:
    store = open_sqlite(database, clock_wall=T)
    await store.submit(opening())
    await store.close()
    back_up(database, backup)
    elsewhere = database.with_name("elsewhere.db")
    assert restore(backup, elsewhere, T) is None
    store = open_sqlite(elsewhere, clock_wall=T)
    assert len(await store.open_alarms()) == 1
    await store.close()


def _damage(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[8192:-4096] = b"\x5a" * (len(content) - 8192 - 4096)
    database.write_bytes(content)


def _overwrite(database: Path) -> None:
    database.write_bytes(b"junk" * 10_000)
