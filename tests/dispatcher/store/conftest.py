"""The two stores, each kept by the same contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import Store
from dispatcher.store.sqlite.store import SqliteStore, open_sqlite
from tests.dispatcher.store.samples import T


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    kept: Store = (
        MemoryStore()
        if request.param == "memory"
        else open_sqlite(tmp_path / "store.db", clock_wall=T)
    )
    yield kept
    await kept.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "tilkald.db"


@pytest.fixture
async def sqlite_store(database: Path) -> AsyncIterator[SqliteStore]:
    kept = open_sqlite(database, clock_wall=T)
    yield kept
    await kept.close()
