"""A database is brought to the present schema with everything in it, or left as it was."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from core.errors import ConfigError
from core.signals import ReceiptState
from dispatcher.store import migrate
from dispatcher.store.migrate import REVISION
from dispatcher.store.schema import metadata
from dispatcher.store.sqlite.connection import DatabaseFile
from dispatcher.store.sqlite.store import open_sqlite
from tests.dispatcher.store.samples import (
    T,
    alarm,
    case,
    cases,
    closed,
    link,
    mark,
    notice,
    opening,
    presence,
    raw,
)

RELEASED = Path(migrate.__file__).parent / "migrations" / "versions"
NEXT = Path(__file__).parent / "fixtures" / "next_release"
FIXTURES = Path(__file__).parent / "fixtures"
FIRST_RELEASE = FIXTURES / "revision_0001.sql"
SECOND_RELEASE = FIXTURES / "revision_0002.sql"


def test_the_migrations_make_exactly_the_tables_of_the_schema(database: Path) -> None:
    migrate.bring_up(DatabaseFile(database), T)
    engine = create_engine(f"sqlite:///{database}", poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_schema_names_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(RELEASED.parent), version_locations=[str(RELEASED)])
    assert scripts.get_heads() == [REVISION]


def test_a_database_of_this_release_is_left_alone(database: Path) -> None:
    assert migrate.bring_up(DatabaseFile(database), T) is None
    before = database.read_bytes()
    assert migrate.bring_up(DatabaseFile(database), T) is None
    assert database.read_bytes() == before
    assert list(database.parent.glob("*before*")) == []


async def test_a_full_database_of_the_first_release_opens_with_its_open_alarms(
    database: Path,
) -> None:
    with closing(sqlite3.connect(database)) as first:
        first.executescript(FIRST_RELEASE.read_text())
    store = open_sqlite(database, clock_wall=T)
    assert await store.open_alarms() == [alarm(), alarm("alm_2")]
    assert await store.alarm("alm_3") == closed(alarm("alm_3"))
    assert await store.unreadable_alarms() == []
    assert await store.unfinished_notices() == [
        notice(),
        notice("ntc_alm_2", alarm_id="alm_2"),
        notice("ntc_alm_3", alarm_id="alm_3"),
    ]
    assert await store.verify() == []
    await store.submit(opening("alm_4", number=4))
    await store.close()


async def test_a_full_database_of_the_second_release_opens_with_all_that_stands_in_it(
    database: Path,
) -> None:
    with closing(sqlite3.connect(database)) as second:
        second.executescript(SECOND_RELEASE.read_text())
    store = open_sqlite(database, clock_wall=T)
    assert await store.open_alarms() == [alarm(), alarm("alm_2")]
    assert await store.alarm("alm_3") == closed(alarm("alm_3"))
    assert await store.notice("ntc_1") == notice(state=ReceiptState.SENT)
    assert await store.link("a" * 64) == link()
    assert await store.raw() == [raw()]
    assert await store.presence() == [presence("bo", here=True)]
    assert await store.clock_mark() == mark()
    assert await store.staff_token("hash") == "anna"
    assert await store.organisation_versions() == [(1, T, "anna")]
    erased = await store.timeline("alm_3")
    assert [one.body is None for one in erased] == [True, True, True, False]
    assert await store.verify() == []
    await store.close()


@pytest.mark.parametrize("release", ["revision_0001.sql", "revision_0002.sql"])
async def test_a_database_of_an_earlier_release_holds_cases_after_its_migration(
    database: Path, release: str
) -> None:
    with closing(sqlite3.connect(database)) as earlier:
        earlier.executescript((FIXTURES / release).read_text())
    store = open_sqlite(database, clock_wall=T)
    assert await store.open_cases() == []
    await store.submit(cases(case()))
    assert await store.open_cases() == [case()]
    await store.close()


async def test_where_people_were_leaves_a_database_of_the_first_release(database: Path) -> None:
    """Law 10: only a call for help keeps its place."""
    await _fill(database)
    where = '"position":{"lat":56.125,"lon":10.25},"raw":"eyJsYXQiOjU2LjEyNX0="'
    state = '{"reading":{"type":"answer",' + where + '},"device":"badge-bo"}'
    with closing(sqlite3.connect(database)) as older, older:
        older.execute("DROP TABLE cases")
        older.execute("DROP TABLE plans")
        older.execute("ALTER TABLE alarms DROP COLUMN plan_digest")
        older.execute("UPDATE alembic_version SET version_num = '0001'")
        for number, said in enumerate(("answer", "alarm")):
            row = (f"badge-bo|{number}", said, state.encode())
            older.execute(_OLDER_SIGNAL, row)
        bytes_ = b'{"lat": 56.125, "lon":10.25, "battery": 0.5'
        older.execute(
            "INSERT INTO raw VALUES (NULL, 1, 'native', 'badge-bo', 'torn', ?)", (bytes_,)
        )
    migrate.bring_up(DatabaseFile(database), T)
    with closing(sqlite3.connect(database)) as now:
        states = dict(now.execute("SELECT type, state FROM signals WHERE device = 'badge-bo'"))
        (raw,) = now.execute("SELECT content FROM raw").fetchone()
    assert states["alarm"] == state.encode()
    assert json.loads(states["answer"])["reading"] == {
        "type": "answer",
        "position": None,
        "raw": "",
    }
    assert raw == b'{"lat": -, "lon":-, "battery": 0.5'


_OLDER_SIGNAL = (
    "INSERT INTO signals (identity, id, site, device, type, epoch, at_us, wall_us, state)"
    " VALUES (?1, ?1, 'solgaarden', 'badge-bo', ?2, 0, 1, 1, ?3)"
)


async def test_a_migration_keeps_open_alarms_and_what_refers_to_them(database: Path) -> None:
    await _fill(database)
    copy = _to_the_next_release(database)
    with closing(sqlite3.connect(database)) as now:
        assert now.execute("SELECT id, open, drill, place FROM alarms").fetchall() == [
            ("alm_0", 1, 0, "solgaarden"),
            ("alm_1", 1, 0, "solgaarden"),
        ]
        assert now.execute("SELECT alarm FROM notices").fetchall() == [("alm_0",), ("alm_1",)]
        assert now.execute("PRAGMA foreign_key_check").fetchall() == []
        assert now.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    assert copy is not None


async def test_a_copy_is_made_before_a_migration_and_opens_with_this_release(
    database: Path,
) -> None:
    await _fill(database)
    copy = _to_the_next_release(database)
    assert copy == database.with_name(
        f"tilkald.before-migration-from-{REVISION}-20261121T190000Z.db"
    )
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    store = open_sqlite(copy, clock_wall=T)
    assert await store.open_alarms() == [alarm("alm_0"), alarm("alm_1")]
    await store.close()


async def test_a_database_newer_than_this_release_is_refused_and_not_touched(
    database: Path,
) -> None:
    await _fill(database)
    _to_the_next_release(database)
    before = _content(database)
    with pytest.raises(ConfigError, match="revision 9999, which this release does not know") as no:
        open_sqlite(database, clock_wall=T)
    assert "\n" not in str(no.value)
    assert "Install that release again" in str(no.value)
    assert _content(database) == before


async def test_a_migration_that_fails_changes_nothing(database: Path) -> None:
    await _fill(database)
    with closing(sqlite3.connect(database)) as clash:
        clash.execute("CREATE TABLE reviews (by TEXT)")
    with pytest.raises(Exception, match="reviews already exists"):
        _to_the_next_release(database)
    store = open_sqlite(database, clock_wall=T)
    assert len(await store.open_alarms()) == 2
    await store.submit(opening("alm_9", number=9))
    await store.close()


async def _fill(database: Path) -> None:
    store = open_sqlite(database, clock_wall=T)
    for number in range(2):
        await store.submit(opening(f"alm_{number}", number=number))
    await store.close()


def _to_the_next_release(database: Path) -> Path | None:
    file = DatabaseFile(database)
    return migrate.bring_up(file, T, versions=(RELEASED, NEXT), revision="9999")


def _content(database: Path) -> bytes:
    return database.read_bytes()
