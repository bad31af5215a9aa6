"""The gateway's spool on a real folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StoreUnavailable
from gateway.outpost import spool as spools
from gateway.outpost.spool import RECORD_BYTES_MAX, Spool
from tests.support.tries import tries


async def test_what_was_appended_waits_in_its_order(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        numbers = await asyncio.gather(one.append(b"a"), one.append(b"b"), one.append(b"c"))
        assert list(numbers) == sorted(numbers)
        assert contents(one) == [b"a", b"b", b"c"]
        assert one.backlog == 3


async def test_what_was_appended_is_there_after_a_start(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await one.append(b"a press")
    with spool(tmp_path) as again:
        assert contents(again) == [b"a press"]
        assert [kept.old for kept in again.waiting(9)] == [True]
        assert await again.append(b"another") == 2


async def test_what_has_left_does_not_come_back(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await asyncio.gather(*(one.append(b"%d" % n) for n in range(5)))
        one.left([1, 2, 4])
    with spool(tmp_path) as again:
        assert contents(again) == [b"2", b"4"]
        again.left([3, 5])
    with spool(tmp_path) as last:
        assert contents(last) == []
        assert await last.append(b"more") == 6


async def test_numbers_go_on_after_everything_has_left(tmp_path: Path) -> None:
    for life in range(1, 4):
        with spool(tmp_path) as one:
            assert await one.append(b"x") == life
            one.left([life])


async def test_files_whose_records_have_left_are_deleted(tmp_path: Path) -> None:
    with spool(tmp_path, segment_bytes=64) as one:
        for n in range(20):
            await one.append(b"content %d" % n)
        assert len(files(tmp_path)) > 5
        one.left(range(1, 21))
        await one.append(b"the last")
        assert len(files(tmp_path)) == 1
        assert one.size_bytes < 64


async def test_a_torn_line_is_left_out_and_the_rest_is_kept(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await one.append(b"whole")
    (file,) = files(tmp_path)
    with file.open("ab") as torn:
        torn.write(b"0000beef 2 hal")
    with spool(tmp_path) as again:
        assert contents(again) == [b"whole"]
        assert again.damaged == 0
        await again.append(b"next")
    with spool(tmp_path) as last:
        assert contents(last) == [b"whole", b"next"]


async def test_a_damaged_line_is_counted_and_hides_nothing_behind_it(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await asyncio.gather(*(one.append(b"%d" % n) for n in range(3)))
    (file,) = files(tmp_path)
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([lines[0], b"x" + lines[1][1:], *lines[2:]]))
    with spool(tmp_path) as again:
        assert contents(again) == [b"0", b"2"]
        assert again.damaged == 1


async def test_a_full_spool_says_so_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    with spool(tmp_path, bytes_max=100) as one:
        await one.append(b"x" * 60)
        with pytest.raises(StoreUnavailable, match="no more may be kept"):
            await one.append(b"y" * 60)
        one.left([1])
        assert await one.append(b"z" * 60) == 2
        assert contents(one) == [b"z" * 60]


async def test_a_folder_that_cannot_be_written_says_so_and_works_again(tmp_path: Path) -> None:
    with spool(tmp_path, segment_bytes=1) as one:
        await one.append(b"first")
        os.rename(tmp_path, f"{tmp_path}-away")
        with pytest.raises(StoreUnavailable, match="free space"):
            await one.append(b"second")
        os.rename(f"{tmp_path}-away", tmp_path)
        await one.append(b"third")
        assert contents(one) == [b"first", b"third"]


async def test_a_record_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        with pytest.raises(StoreUnavailable, match="too many"):
            await one.append(b"x" * (RECORD_BYTES_MAX + 1))
        assert one.backlog == 0


async def test_what_is_under_way_is_left_out(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await asyncio.gather(*(one.append(b"%d" % n) for n in range(4)))
        assert [kept.number for kept in one.waiting(2, without={1, 3})] == [2, 4]


async def test_a_torn_line_of_what_has_left_takes_no_record_with_it(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await asyncio.gather(*(one.append(b"%d" % n) for n in range(1, 14)))
        one.left([13])
    left = tmp_path / "left"
    assert left.read_bytes().endswith(b"\n13\n")
    left.write_bytes(b"1")  # the power went while `13` was written
    with spool(tmp_path) as again:
        assert [kept.number for kept in again.waiting(99)] == list(range(1, 14))
        again.left([2])
    with spool(tmp_path) as last:
        assert 2 not in [kept.number for kept in last.waiting(99)]
        assert last.backlog == 12, "the torn 1 and the 2 behind it did not become 12"


async def test_a_record_that_cannot_be_read_holds_no_other_up(tmp_path: Path) -> None:
    with spool(tmp_path, segment_bytes=1, in_memory_bytes_max=1) as one:
        for content in (b"first", b"second", b"third"):
            await one.append(content)
        files(tmp_path)[1].write_bytes(b"")
        assert await one.fetch(9)
        assert contents(one) == [b"first"]
        assert (one.unreadable, one.backlog) == (1, 2)
        one.left([1])
        assert await one.fetch(9)
        assert contents(one) == [b"third"]


async def test_what_is_new_needs_no_disk_to_be_handed_over(tmp_path: Path) -> None:
    with spool(tmp_path, segment_bytes=1) as one:
        await one.append(b"a press")
        files(tmp_path)[0].unlink()
        assert contents(one) == [b"a press"]


async def test_a_disk_that_does_not_answer_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "READ_WITHIN_S", 0.02)
    with spool(tmp_path, segment_bytes=1, in_memory_bytes_max=1) as one:
        for content in (b"first", b"second"):
            await one.append(content)
        hanging = files(tmp_path)[0]
        hanging.unlink()
        os.mkfifo(hanging)  # whoever opens it to read waits
        assert not await one.fetch(9)
        assert contents(one) == [b"second"]
        os.close(os.open(hanging, os.O_RDWR))


async def test_the_newest_records_can_be_asked_for(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        await asyncio.gather(*(one.append(b"%d" % n) for n in range(5)))
        assert [kept.content for kept in one.newest(2)] == [b"3", b"4"]
        assert [kept.content for kept in one.these([5, 1, 99])] == [b"4", b"0"]


async def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.spool").write_bytes(b"not ours")
    with spool(tmp_path) as one:
        await one.append(b"a press")
        assert contents(one) == [b"a press"]
    assert (tmp_path / "notes.spool").read_bytes() == b"not ours"


async def test_what_has_left_is_remembered_in_little_room(tmp_path: Path) -> None:
    with spool(tmp_path, segment_bytes=200) as one:
        await one.append(b"stuck for ever")
        for _ in range(40):
            numbers = await asyncio.gather(*(one.append(b"x" * 50) for _ in range(50)))
            one.left(numbers)
        await one.append(b"the last")
    assert (tmp_path / "left").stat().st_size < 2_000
    with spool(tmp_path, segment_bytes=200) as again:
        assert contents(again) == [b"stuck for ever", b"the last"]


def test_a_place_that_is_no_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        Spool(tmp_path / "file")


@tries(30)
@given(
    st.lists(st.one_of(st.binary(max_size=40), st.integers(1, 30), st.just("restart")), max_size=25)
)
def test_any_life_keeps_exactly_what_has_not_left(
    tmp_path_factory: pytest.TempPathFactory, life: list[bytes | int | str]
) -> None:
    folder = tmp_path_factory.mktemp("spool")

    async def live() -> None:
        expected: dict[int, bytes] = {}
        one = Spool(folder, segment_bytes=50)
        for act in life:
            match act:
                case bytes():
                    content = act.replace(b"\n", b"")
                    expected[await one.append(content)] = content
                case int():
                    one.left([act])
                    expected.pop(act, None)
                case str():
                    one.close()
                    one = Spool(folder, segment_bytes=50)
            assert {k.number: k.content for k in one.waiting(100)} == expected
        one.close()

    asyncio.run(live())


def contents(one: Spool) -> list[bytes]:
    return [kept.content for kept in one.waiting(1_000)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


@contextmanager
def spool(folder: Path, **limits: int) -> Iterator[Spool]:
    """Opened, and closed without waiting for its records to leave."""
    os.makedirs(folder, exist_ok=True)
    one = Spool(folder, **limits)
    try:
        yield one
    finally:
        one.close()
