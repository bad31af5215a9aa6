"""Two services on one database would both call and overwrite each other: the second refuses."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.errors import ConfigError
from dispatcher.store.sqlite.locks import hold_database, hold_folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "one" / "tilkald.db"
    path.parent.mkdir()
    path.touch()
    return path


def by_a_symlink(database: Path) -> Path:
    return _beside(database, os.symlink)


def by_a_hard_link(database: Path) -> Path:
    return _beside(database, os.link)


def by_a_linked_folder(database: Path) -> Path:
    folder = database.parents[1] / "linked"
    folder.symlink_to(database.parent)
    return folder / database.name


def by_a_roundabout_way(database: Path) -> Path:
    return database.parent / ".." / database.parent.name / database.name


def after_it_was_replaced(database: Path) -> Path:
    database.unlink()
    database.touch()
    return database


@pytest.mark.parametrize(
    "reached",
    [
        by_a_symlink,
        by_a_hard_link,
        by_a_linked_folder,
        by_a_roundabout_way,
        after_it_was_replaced,
    ],
)
def test_a_database_is_held_by_whatever_name_it_is_reached(
    database: Path, reached: Callable[[Path], Path]
) -> None:
    with ExitStack() as first:
        hold_database(database, first)
        other = reached(database)
        with ExitStack() as second, pytest.raises(ConfigError, match="runs on the database"):
            hold_database(other, second)
    with ExitStack() as third:
        hold_database(other, third)


def test_one_that_is_not_there_yet_is_held_from_the_moment_it_is(tmp_path: Path) -> None:
    database = tmp_path / "tilkald.db"
    with ExitStack() as first:
        hold_file = hold_database(database, first)
        database.touch()
        hold_file()
        with ExitStack() as second, pytest.raises(ConfigError):
            hold_database(by_a_hard_link(database), second)


def test_a_data_directory_has_one_service(tmp_path: Path) -> None:
    with ExitStack() as first:
        hold_folder(tmp_path, first)
        with ExitStack() as second, pytest.raises(ConfigError, match="TILKALD_DATA_DIR"):
            hold_folder(tmp_path, second)


def test_a_data_directory_whose_lock_cannot_be_written_has_one_service_all_the_same(
    tmp_path: Path,
) -> None:
    """As on a disk that has become read-only."""
    (tmp_path / "lock").mkdir()
    with ExitStack() as first:
        hold_folder(tmp_path, first)
        with ExitStack() as second, pytest.raises(ConfigError, match="TILKALD_DATA_DIR"):
            hold_folder(tmp_path, second)


def _beside(database: Path, link: Callable[[Path, Path], None]) -> Path:
    other = database.parents[1] / "other" / "same.db"
    other.parent.mkdir()
    link(database, other)
    return other
