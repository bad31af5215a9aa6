"""What the store could not commit is kept beside it, and comes into the store once."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alarms.model import Alarm, Cause, Closing
from core.errors import StoreUnavailable
from core.signals import ReceiptState
from core.values import replace
from dispatcher.store.journal import journal as journals
from dispatcher.store.journal import place as journal_place
from dispatcher.store.journal.journal import EmergencyJournal, Replay, merged
from dispatcher.store.journal.place import REPLAYED_MAX
from dispatcher.store.memory import MemoryStore
from dispatcher.store.ports import AlarmWrite, Store, Transaction
from tests.dispatcher.store.samples import (
    T,
    after,
    alarm,
    case,
    cases,
    entry,
    link,
    move,
    opening,
    raw,
    signal,
)

SMALL = 64 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "emergency.journal"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[EmergencyJournal]:
    kept = EmergencyJournal(path, SMALL)
    yield kept
    await kept.close()


async def test_what_was_appended_is_there_after_a_crash(
    path: Path, journal: EmergencyJournal, store: Store
) -> None:
    await journal.append(opening())
    await journal.append(Transaction(raw=(raw(),), timeline=(entry("odd\ud800"),)))
    # The first is never closed: its process died.
    after_crash = EmergencyJournal(path, SMALL)
    replayed = await after_crash.replay(store, T)
    assert (replayed.stored, replayed.superseded, replayed.unreadable) == (2, (), ())
    assert await store.open_alarms() == [alarm()]
    assert [one.id for one in await store.unfinished_notices()] == ["ntc_1"]
    assert [one.what for one in await store.timeline("alm_1")] == ["opened", "called", "odd�"]
    assert len(await store.raw()) == 1
    assert await is_empty(after_crash)
    await after_crash.close()


async def test_each_line_is_on_the_disk_as_json_before_append_returns(
    path: Path, journal: EmergencyJournal
) -> None:
    await journal.append(opening())
    content = _content(path)
    line, rest = content.split(b"\n", 1)
    assert line.startswith(b'{"signals":[{"id":"sig_badge-anna_1"')
    assert set(rest) == {0}


async def test_its_room_on_the_disk_is_reserved_before_it_is_needed(
    path: Path, journal: EmergencyJournal
) -> None:
    assert await is_empty(journal)
    kept = os.stat(path)
    assert kept.st_size == SMALL
    assert kept.st_blocks * 512 >= SMALL
    assert stat.S_IMODE(kept.st_mode) == 0o600


async def test_a_replay_twice_stores_once(
    path: Path, journal: EmergencyJournal, store: Store
) -> None:
    await journal.append(opening())
    await journal.append(Transaction(timeline=(entry("accepted"),), raw=(raw(),)))
    content = _content(path)
    await journal.replay(store, T)
    _write(path, 0, content)
    again = EmergencyJournal(path, SMALL)
    assert (await again.replay(store, after(1))).stored == 2
    assert len(await store.timeline("alm_1")) == 3
    assert len(await store.raw()) == 1
    assert await store.verify() == []
    await again.close()


async def test_what_was_tried_again_meanwhile_is_not_stored_twice(
    journal: EmergencyJournal, store: Store
) -> None:
    named = await journal.append(replace(opening(), alarms=(AlarmWrite(alarm(), 0),)))
    await store.submit(named)
    await store.submit(Transaction(alarms=(AlarmWrite(alarm(rev=2), 1),)))
    replayed = await journal.replay(store, T)
    assert (replayed.stored, replayed.superseded) == (1, ())
    assert len(await store.timeline("alm_1")) == 2
    assert [one.rev for one in await store.open_alarms()] == [2]


async def test_an_alarm_that_went_on_keeps_its_state_and_gets_what_happened(
    journal: EmergencyJournal, store: Store
) -> None:
    await store.submit(opening())
    await store.submit(Transaction(alarms=(AlarmWrite(alarm(rev=2), 1),)))
    told = (entry("pressed_again"), entry("called_again"))
    late = replace(opening(), signals=(signal(2),), moves=(move(ReceiptState.SENT),), timeline=told)
    await journal.append(replace(late, notices=(replace(late.notices[0], id="ntc_old"),)))
    replayed = await journal.replay(store, T)
    assert (replayed.stored, replayed.superseded) == (0, ("alm_1",))
    assert [one.rev for one in await store.open_alarms()] == [2]
    assert [heard.seq for heard in await store.last_heard()] == [1, 2]
    assert len(await store.timeline("alm_1")) == 4
    assert await store.notice("ntc_old") is None, "an old decision calls nobody"
    sent = await store.notice("ntc_1")
    assert sent is not None
    assert sent.state is ReceiptState.SENT


@pytest.mark.parametrize("torn", [b'{"signals":[', b"x" * 200, b'{"raw":[]}', b"\xff\xfe"])
async def test_a_torn_last_line_is_left_out_and_the_next_is_not_lost(
    path: Path, journal: EmergencyJournal, store: Store, torn: bytes
) -> None:
    await journal.append(opening())
    end = _content(path).index(b"\0")
    _write(path, end, torn)
    after_crash = EmergencyJournal(path, SMALL)
    await after_crash.append(opening("alm_2", number=2))
    replayed = await after_crash.replay(store, T)
    assert (replayed.stored, replayed.unreadable) == (2, ())
    assert [one.id for one in await store.open_alarms()] == ["alm_1", "alm_2"]
    await after_crash.close()


async def test_a_line_nobody_can_read_is_told_and_kept_and_stops_no_other(
    path: Path, journal: EmergencyJournal, store: Store
) -> None:
    await journal.append(opening())
    damaged = _content(path).replace(b'"alm_1"', b'"alm_1', 1)
    _write(path, 0, damaged)
    after_crash = EmergencyJournal(path, SMALL)
    await after_crash.append(opening("alm_2", number=2))
    replayed = await after_crash.replay(store, T)
    assert replayed.stored == 1
    assert len(replayed.unreadable) == 1
    assert replayed.unreadable[0].startswith("Line 1 of the emergency journal cannot be read")
    assert replayed.kept is not None
    assert b'"alm_1,' in _content(replayed.kept)
    await after_crash.close()


async def test_after_the_replay_the_journal_is_put_aside_and_a_new_one_begins(
    path: Path, journal: EmergencyJournal, store: Store
) -> None:
    await journal.append(opening())
    replayed = await journal.replay(store, T)
    assert replayed.kept == path.with_name("emergency.replayed-20261121T190000Z-000.journal")
    assert _content(replayed.kept).endswith(b"}\n")
    assert stat.S_IMODE(os.stat(replayed.kept).st_mode) == 0o600
    assert await is_empty(journal)
    assert (await journal.replay(store, T)).kept is None
    await journal.append(opening("alm_2", number=2))
    assert (await journal.replay(store, T)).stored == 1


async def test_only_the_newest_replayed_journals_are_kept(
    path: Path, journal: EmergencyJournal, store: Store
) -> None:
    for number in range(REPLAYED_MAX + 3):
        await journal.append(opening(f"alm_{number}", number=number))
        await journal.replay(store, after(number // 2))
    kept = sorted(name for name in os.listdir(path.parent) if "replayed" in name)
    assert len(kept) == REPLAYED_MAX
    assert kept[-1] == "emergency.replayed-20261121T190006Z-000.journal"


async def test_while_the_store_fails_the_journal_stays_whole(
    path: Path, journal: EmergencyJournal
) -> None:
    store = MemoryStore()
    await journal.append(opening())
    store.fail_with = StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        await journal.replay(store, T)
    store.fail_with = None
    assert (await journal.replay(store, T)).stored == 1


async def test_what_is_appended_during_a_replay_is_not_put_aside_unread(
    journal: EmergencyJournal,
) -> None:
    class AppendsMeanwhile(MemoryStore):
        """A press that fails while the first one is being replayed."""

        async def alarm(self, alarm_id: str) -> Alarm | None:
            if alarm_id == "alm_1":
                await journal.append(opening("alm_2", number=2))
            return await super().alarm(alarm_id)

    store = AppendsMeanwhile()
    await journal.append(opening())
    assert (await journal.replay(store, T)).stored == 2
    assert [one.id for one in await store.open_alarms()] == ["alm_1", "alm_2"]
    assert await is_empty(journal)


# A store that is not the one it was


async def test_an_alarm_the_store_does_not_know_any_more_is_raised_again(
    journal: EmergencyJournal, store: Store
) -> None:
    went_on = replace(alarm(), rev=6)
    told = entry("accepted")
    await journal.append(Transaction(alarms=(AlarmWrite(went_on, 5),), timeline=(told,)))
    await journal.append(Transaction(moves=(move(ReceiptState.SENT),), links=(link(),)))
    replayed = await journal.replay(store, T)
    assert (replayed.stored, replayed.superseded) == (2, ())
    assert [one.rev for one in await store.open_alarms()] == [6]
    assert [one.what for one in await store.timeline("alm_1")] == ["accepted"]


async def test_an_older_copy_of_the_store_gets_the_newer_state_and_what_was_told(
    journal: EmergencyJournal, store: Store
) -> None:
    await store.submit(opening())
    newer = replace(opening().notices[0], id="ntc_2")
    went_on = replace(alarm(), rev=6)
    await journal.append(Transaction(alarms=(AlarmWrite(went_on, 5),), notices=(newer,)))
    replayed = await journal.replay(store, T)
    assert (replayed.stored, replayed.superseded) == (1, ())
    assert [one.rev for one in await store.open_alarms()] == [6]
    assert await store.notice("ntc_2") is not None


async def test_an_alarm_that_is_over_is_not_opened_again(
    journal: EmergencyJournal, store: Store
) -> None:
    await store.submit(opening())
    over = replace(alarm(rev=2), closing=Closing("lone", Cause.CALMED_DOWN))
    await store.submit(Transaction(alarms=(AlarmWrite(over, 1),)))
    await journal.append(opening())
    await journal.append(Transaction(alarms=(AlarmWrite(replace(alarm(), rev=9), 8),)))
    await journal.replay(store, T)
    assert await store.open_alarms() == []
    assert len(await store.notices("alm_1")) == 1


async def test_a_case_the_store_knows_nothing_or_less_of_is_brought_back(
    journal: EmergencyJournal, store: Store
) -> None:
    await store.submit(cases(case("older")))
    await journal.append(cases(case("older", rev=6), case("lost", rev=6), seen_rev=5))
    replayed = await journal.replay(store, T)
    assert (replayed.stored, replayed.superseded) == (1, ())
    assert await store.open_cases() == [case("older", rev=6), case("lost", rev=6)]


async def test_a_case_that_is_over_stays_over_and_one_that_ended_has_ended(
    journal: EmergencyJournal, store: Store
) -> None:
    over = case("over", rev=2, wake_at=None)
    await store.submit(cases(case("over"), case("ended", rev=1)))
    await store.submit(cases(over, seen_rev=1))
    await store.submit(cases(case("ended", rev=7), seen_rev=1))
    await journal.append(cases(case("over", rev=9), seen_rev=8))
    await journal.append(cases(case("ended", rev=3, wake_at=None), seen_rev=2))
    await journal.replay(store, T)
    assert await store.open_cases() == []
    assert await store.case("lone_work", "over") == over
    assert await store.case("lone_work", "ended") == case("ended", rev=8, wake_at=None)


async def test_a_case_that_went_on_keeps_its_state_and_is_told_of(
    journal: EmergencyJournal, store: Store
) -> None:
    await store.submit(cases(case()))
    await store.submit(cases(case(rev=2), seen_rev=1))
    late = replace(cases(case()), signals=(signal(2),), timeline=(entry("checked_in"),))
    await journal.append(late)
    assert (await journal.replay(store, T)).superseded == ("ses_1",)
    assert await store.open_cases() == [case(rev=2)]
    assert len(await store.timeline("alm_1")) == 1


async def test_what_the_slow_store_has_committed_after_all_is_not_there_twice(
    journal: EmergencyJournal, store: Store
) -> None:
    """Journalled because it was late: nobody knew yet that the commit would come."""
    late = replace(opening(), raw=(raw(),))
    await store.submit(late)
    await journal.append(late)
    only_told = Transaction(timeline=(entry("late_answer"),))
    await store.submit(only_told)
    await journal.append(only_told)
    replayed = await journal.replay(store, T)
    assert (replayed.stored, replayed.superseded) == (2, ())
    assert len(await store.timeline("alm_1")) == 3
    assert len(await store.raw()) == 1
    assert await store.verify() == []


async def test_zeros_and_garbage_in_the_middle_cost_the_lines_they_stand_in(
    path: Path, journal: EmergencyJournal, store: Store
) -> None:
    for number in range(1, 5):
        await journal.append(opening(f"alm_{number}", number=number))
    ends = [0, *(end + 1 for end, byte in enumerate(_content(path)) if byte == ord("\n"))]
    _write(path, ends[1] + 20, b"\0" * (ends[2] - ends[1]))
    _write(path, ends[3] + 20, b"[" * 100 + b"\xff")
    after_crash = EmergencyJournal(path, SMALL)
    replayed = await after_crash.replay(store, T)
    assert [one.id for one in await store.open_alarms()] == ["alm_1"]
    assert len(replayed.unreadable) == 2
    await after_crash.append(opening("alm_5", number=5))
    assert (await after_crash.replay(store, T)).stored == 1
    await after_crash.close()


# Several places


async def test_a_place_that_hangs_costs_nothing_while_another_has_it(
    path: Path, tmp_path: Path, store: Store
) -> None:
    other = tmp_path / "other" / "emergency.journal"
    with _hanging(path):
        journal = EmergencyJournal(path, SMALL, beside=(other,))
        await journal.append(opening())
        assert b"alm_1" in _content(other)
    await journal.close()
    after_crash = EmergencyJournal(path, SMALL, beside=(other,))
    assert (await after_crash.replay(store, T)).stored == 1
    assert [one.id for one in await store.open_alarms()] == ["alm_1"]
    await after_crash.close()


async def test_where_every_place_hangs_that_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "APPEND_WITHIN_S", 0.05)
    with _hanging(path):
        journal = EmergencyJournal(path, SMALL)
        with pytest.raises(StoreUnavailable, match="its disk does not answer"):
            await journal.append(opening())
    await journal.close()


async def test_what_stands_in_two_places_comes_once_and_one_copy_is_kept(
    path: Path, tmp_path: Path, store: Store
) -> None:
    other = tmp_path / "other" / "emergency.journal"
    journal = EmergencyJournal(path, SMALL, beside=(other,))
    await journal.append(opening())
    await journal.append(Transaction(timeline=(entry("accepted"),)))
    replayed = await journal.replay(store, T)
    assert replayed.stored == 2
    assert len(await store.timeline("alm_1")) == 3
    assert replayed.kept is not None
    assert replayed.kept.parent == path.parent
    assert os.listdir(other.parent) == []
    await journal.close()


def test_the_lines_of_several_places_are_put_together_in_their_order() -> None:
    whole, gaps, end = [b"a", b"b", b"c", b"d"], [b"a", b"x", b"c"], [b"d", b"e"]
    found = merged([gaps, whole, end, []])
    assert sorted(found) == [b"a", b"b", b"c", b"d", b"e", b"x"]
    for lines in (whole, gaps, end):
        assert [line for line in found if line in lines] == lines


# The journal's own failures: one clear line, never a crash, over when they are over.


async def test_a_full_journal_says_so_and_keeps_what_it_has(
    journal: EmergencyJournal, store: Store
) -> None:
    units = [opening(f"alm_{number}", number=number) for number in range(100)]
    told = await asyncio.gather(*map(journal.append, units), return_exceptions=True)
    refused = [one for one in told if isinstance(one, StoreUnavailable)]
    assert 10 < len(refused) < 90
    assert "no more fit" in str(refused[0])
    assert "\n" not in str(refused[0])
    assert (await journal.replay(store, T)).stored == len(units) - len(refused)


async def test_a_folder_that_cannot_be_written_is_told_and_used_when_it_can(
    tmp_path: Path, store: Store
) -> None:
    in_the_way = tmp_path / "var"
    os.close(os.open(in_the_way, os.O_CREAT))
    journal = EmergencyJournal(in_the_way / "emergency.journal", SMALL)
    with pytest.raises(StoreUnavailable, match="Alarms are kept in memory alone"):
        await journal.append(opening())
    assert await is_empty(journal)
    assert (await journal.replay(store, T)).stored == 0
    os.unlink(in_the_way)
    await journal.append(opening())
    assert (await journal.replay(store, T)).stored == 1
    await journal.close()


async def test_a_journal_that_is_a_folder_is_told(path: Path) -> None:
    os.mkdir(path)
    journal = EmergencyJournal(path, SMALL)
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        await journal.append(opening())
    await journal.close()


async def test_more_appends_than_may_wait_are_refused(
    journal: EmergencyJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_place, "APPENDS_MAX", 0)
    with pytest.raises(StoreUnavailable, match="units wait for its disk"):
        await journal.append(opening())


async def test_an_append_needs_no_more_room_on_the_disk(
    path: Path, journal: EmergencyJournal
) -> None:
    await journal.append(opening())
    before = os.stat(path).st_blocks
    for number in range(10):
        await journal.append(opening(f"alm_{number + 2}", number=number + 2))
    assert os.stat(path).st_blocks == before


@contextmanager
def _hanging(path: Path) -> Iterator[None]:
    """Whoever opens it waits, as for a disk that does not answer."""
    os.mkfifo(path)
    try:
        yield
    finally:
        os.close(os.open(path, os.O_RDWR))
        os.unlink(path)


async def is_empty(journal: EmergencyJournal) -> bool:
    """Nothing to replay, and nothing put aside."""
    return await journal.replay(MemoryStore(), T) == Replay()


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, position: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(position)
        file.write(content)
