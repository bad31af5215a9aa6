"""The desk of a far gateway over a real spool: what is kept and what goes first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import VirtualClock, sleep
from core.errors import PeerError
from core.signals import AnswerKind, Level, Reading, Signal, SignalType, Standing, Taken
from core.values import replace
from devices.buttons.native import codec
from gateway.handover import HANDED_BYTES_MAX, HANDED_MAX, Part, RawRecord, Record
from gateway.outpost import spooled_desk as desks
from gateway.outpost.here import Colleague, Here
from gateway.outpost.messages import Said
from gateway.outpost.reports import Reports
from gateway.outpost.ring import Ring
from gateway.outpost.spool import Kept, Spool
from gateway.outpost.spooled_desk import IN_MEMORY_MAX, SPOOL, SpooledDesk
from gateway.outpost.spooled_record import handed, signal_in, written
from tests.support.gateway import NOW
from tests.support.office import first_word
from tests.support.tries import tries


async def test_a_press_is_stored_once_it_is_in_the_spool_and_waits_to_be_handed_over(
    tmp_path: Path,
) -> None:
    with far(tmp_path) as house:
        assert await house.take(press("anna", 1)) is Taken.STORED
        house.pass_time(7)
        (one,) = house.desk.waiting()
        assert (one.age_s, one.old) == (7.0, False)
        assert house.desk.oldest_s == 7.0
        house.desk.handed_over([one.number])
        assert house.desk.backlog == 0


async def test_what_is_offered_a_second_time_may_be_there_already(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        await house.take(press("anna", 1))
        assert [one.old for one in house.desk.waiting()] == [False]
        await house.take(press("bo", 1))
        assert [one.old for one in house.desk.waiting()] == [True, False]


async def test_a_spool_that_is_full_stops_no_press(tmp_path: Path) -> None:
    with far(tmp_path, bytes_max=10) as house:
        taking = asyncio.create_task(house.take(press("anna", 1)))
        await house.until(lambda: house.desk.backlog == 1)
        (one,) = house.desk.waiting()
        assert one.number < 0
        assert "no more may be kept" in house.reports.problems[SPOOL]
        assert not taking.done(), "nobody has it durably"
        house.desk.handed_over([one.number])
        assert await taking is Taken.STORED, "the dispatcher has"
        assert house.desk.backlog == 0


async def test_a_press_nobody_has_durably_is_not_acknowledged_and_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "COMMITTED_WITHIN_S", 0.02)
    with far(tmp_path, bytes_max=10) as house:
        for _ in range(3):
            assert await house.take(press("anna", 1)) is Taken.UNSTORED
        assert house.desk.backlog == 1


async def test_bytes_nobody_can_read_push_no_press_out_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "COMMITTED_WITHIN_S", 0.0)
    monkeypatch.setattr(desks, "IN_MEMORY_MAX", 1)
    with far(tmp_path, bytes_max=10) as house:
        await house.take(press("anna", 1))
        words: list[Taken] = []
        keep = partial(house.desk.keep_raw, "native", "anna", "junk", b"x")
        assert await first_word(keep, words.append) is Taken.UNSTORED
        await sleep(0)
        assert words == [Taken.NEVER]
        (first,) = house.desk.waiting()
        assert b'"anna"' in bytes(first.record)


async def test_what_only_memory_holds_is_acknowledged_late_when_the_dispatcher_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "COMMITTED_WITHIN_S", 0.02)
    with far(tmp_path, bytes_max=10) as house:
        words: list[Taken] = []
        assert await house.take(press("anna", 1), words.append) is Taken.UNSTORED
        keep = partial(house.desk.keep_raw, "native", "anna", "junk", b"x")
        assert await first_word(keep, words.append) is Taken.UNSTORED
        house.desk.handed_over([one.number for one in house.desk.waiting()])
        await sleep(0)
        assert words == [Taken.STORED, Taken.STORED]


async def test_of_too_many_in_memory_a_press_is_the_last_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "COMMITTED_WITHIN_S", 0.0)
    with far(tmp_path, bytes_max=10) as house:
        await house.take(press("anna", 1))
        for seq in range(IN_MEMORY_MAX + 5):
            await house.take(replace_type(press("bo", seq), SignalType.TEST))
        assert house.desk.backlog == IN_MEMORY_MAX
        first = house.desk.waiting()[0]
        assert b'"anna"' in bytes(first.record)


async def test_a_disk_that_hangs_delays_no_hand_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "SPOOL_WITHIN_S", 0.02)
    with far(tmp_path) as house:
        house.spool.held = asyncio.Event()
        taking = asyncio.create_task(house.take(press("anna", 1)))
        await house.until(lambda: house.desk.backlog == 1)
        (one,) = house.desk.waiting()
        assert one.number < 0
        assert not taking.done()
        assert house.desk.ring.wake_at == NOW + timedelta(seconds=5), (
            "the ring does not wait for a disk"
        )
        house.spool.held.set()
        assert await taking is Taken.STORED
        records = {bytes(one.record) for one in house.desk.waiting()}
        assert len(records) == 1, "once in memory, once in the spool: known as one by its bytes"


async def test_a_press_now_goes_before_a_backlog_of_thousands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "SPOOL_WITHIN_S", 60.0)  # a busy machine is no slow disk
    with far(tmp_path) as house:
        await asyncio.gather(*(house.take(press("bo", n)) for n in range(1_000)))
        house.pass_time(3_600)
        await house.take(press("anna", 1))
        (alone,) = house.desk.waiting()
        assert b'"anna"' in bytes(alone.record), "thanked for without the backlog's commits"
        waiting = house.desk.waiting()
        assert b'"anna"' in bytes(waiting[0].record), "and again, if nobody has"
        assert len(waiting) == HANDED_MAX
        seqs = [json.loads(bytes(one.record))["signal"]["reading"]["seq"] for one in waiting[1:]]
        assert seqs == sorted(seqs), "the rest in its order"


async def test_a_dispatcher_that_answers_late_is_given_less_at_once(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        await asyncio.gather(*(house.take(press("bo", n)) for n in range(400)))
        house.pass_time(3_600)
        sizes = []
        for in_time in (False, False, False, False, False, False, True, True):
            house.desk.answered_in_time(in_time)
            sizes.append(len(house.desk.waiting()))
        assert sizes == [100, 50, 25, 12, 10, 10, 20, 40]


async def test_one_request_never_grows_too_heavy(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        for number in range(5):
            junk = bytes([number]) * 100_000
            await first_word(partial(house.desk.keep_raw, "native", "x", "junk", junk))
        waiting = house.desk.waiting()
        assert len(waiting) == 1
        assert sum(len(one.record) for one in waiting) < HANDED_BYTES_MAX
        seen = []
        while waiting := house.desk.waiting():
            seen += [one.number for one in waiting]
            house.desk.handed_over([one.number for one in waiting])
        assert len(seen) == len(set(seen)) == 5


async def test_a_copy_asks_for_an_answer_only_when_its_original_is_handed_over(
    tmp_path: Path,
) -> None:
    with far(tmp_path) as house:
        signal = press("anna", 1)
        await house.take(signal)
        copy = replace(signal, repeat=True)
        assert await house.take(copy) is Taken.STORED
        assert house.reports.take().again == ()
        house.desk.handed_over([one.number for one in house.desk.waiting()])
        assert await house.take(copy) is Taken.STORED
        assert [one.signal.identity for one in house.reports.take().again] == [signal.identity]


async def test_an_answer_to_a_call_from_here_is_for_the_ring_and_any_other_for_the_dispatcher(
    tmp_path: Path,
) -> None:
    with far(tmp_path) as house:
        await house.take(press("anna", 1))
        house.pass_time(5)
        house.desk.ring_for_due()
        notice = house.pages["bo"]
        assert await house.take(answer("bo", notice)) is Taken.STORED
        assert house.told[-1] == ("anna", "accepted")
        assert house.desk.backlog == 1
        await house.take(answer("bo", "of the dispatcher"))
        assert house.desk.backlog == 2


async def test_a_cancel_is_handed_over_and_known_to_the_ring(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        await house.take(replace(press("anna", 1), level=Level.YELLOW))
        house.pass_time(5)
        house.desk.ring_for_due()
        cancel = press("anna", 2)
        cancel = replace(cancel, reading=replace(cancel.reading, type=SignalType.CANCEL))
        await house.take(cancel)
        assert house.told[-1] == ("bo", "stand_down")
        assert house.desk.backlog == 2


async def test_a_mistake_of_ours_in_ringing_keeps_no_press_from_the_spool(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        house.mistake = True
        assert await house.take(press("anna", 1)) is Taken.STORED
        assert house.desk.backlog == 1
        assert house.desk.ring == Ring()


async def test_after_a_restart_the_newest_presses_ring_on_and_copies_are_known(
    tmp_path: Path,
) -> None:
    with far(tmp_path) as house:
        await asyncio.gather(*(house.take(press("bo", n)) for n in range(1_500)))
        last = press("anna", 7)
        await house.take(last)
    with far(tmp_path) as again:
        again.pass_time(6)
        formers = again.desk.take_up()
        assert formers[-1].identity == last.identity
        assert formers[-1].seq == 7
        again.desk.ring_for_due()
        assert ("anna", "not_sent") in again.told
        assert all(one.old for one in again.desk.waiting())
        assert await again.take(replace(last, repeat=True)) is Taken.STORED
        assert again.reports.take().again == ()


async def test_after_a_long_cut_nobody_is_called_here_for_what_is_long_past(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        await house.take(press("anna", 1))
    with far(tmp_path) as again:
        again.pass_time(86_400)
        again.desk.take_up()
        assert again.desk.ring.wake_at is None
        assert again.desk.backlog == 1


async def test_records_of_another_version_are_handed_over_as_they_are(tmp_path: Path) -> None:
    with far(tmp_path) as house:
        for content in (b"{}", b"[]", b'{"at":"2026-11-21T19:00:00Z","record":{"signal":{"x":1}}}'):
            await house.spool.append(content)
    with far(tmp_path) as again:
        assert again.desk.take_up() == []
        assert len(again.desk.waiting()) == 3
        assert again.desk.oldest_s >= 0


@tries(200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["text", "zone", "code", "seq", "boot", "at", "position", "kind", "battery"]),
)
def test_whatever_a_device_says_can_be_written_down_and_read_again(said: object, name: str) -> None:
    body = json.dumps({"type": "alarm", "seq": 1, name: said}).encode()
    try:
        reading = codec.read("up", body, "anna", wall=NOW, presses_in_doubt=True)
    except PeerError:
        return
    signal = replace(press("anna", 1), reading=reading)
    found = signal_in(written(Record(signal=signal), NOW))
    assert found is not None
    assert found[0].reading == reading


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\x00", "\u2028", "x" * 100_000])
def test_a_text_that_cannot_be_encoded_is_no_reason_to_lose_a_press(text: str) -> None:
    signal = press("anna", 1)
    reading = replace(signal.reading, text=text, zone=text, code=text, odd=(text,), point=text)
    found = signal_in(written(Record(signal=replace(signal, reading=reading, device=text)), NOW))
    assert found is not None
    assert (found[0].type, found[0].reading.seq) == (SignalType.ALARM, 1)


def test_bytes_come_through_as_they_were() -> None:
    raw = RawRecord("native", "anna", "junk", bytes(range(256)))
    one = handed(Kept(1, written(Record(raw=raw), NOW), old=True), NOW + timedelta(seconds=3))
    assert msgspec.json.decode(one.record, type=Record).raw == raw
    assert (one.age_s, one.old) == (3.0, True)


# The far house


class HeldSpool(Spool):
    """A spool whose disk may hang."""

    held: asyncio.Event | None = None

    def append(self, content: bytes) -> asyncio.Future[int]:
        if self.held is None:
            return super().append(content)
        return asyncio.ensure_future(self._late(self.held, content))

    async def _late(self, held: asyncio.Event, content: bytes) -> int:
        await held.wait()
        return await super().append(content)


@dataclass
class Far:
    spool: HeldSpool
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    told: list[tuple[str, str]] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    mistake: bool = False

    def __post_init__(self) -> None:
        self.reports = Reports(self.clock)
        self.desk = SpooledDesk(
            self.spool, self.reports, self.clock, self.look, self._say, lambda: None
        )

    async def take(self, signal: Signal, later: Callable[[Taken], None] | None = None) -> Taken:
        return await first_word(partial(self.desk.hear, signal), later)

    def pass_time(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))

    def look(self) -> Here:
        """Anna and Bo, each with a device of that name."""
        assert not self.mistake, "who is here cannot be told"
        worn = tuple(Colleague(one, one, one) for one in ("anna", "bo"))
        return Here(self.clock.now(), self.clock.wall(), Part(), worn)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await sleep(0.01)

    def _say(self, said: Iterable[Said]) -> None:
        for one in said:
            message = json.loads(one.payload)
            self.told.append((one.device, message["type"]))
            if message["type"] == "page":
                self.pages[one.device] = message["notice"]


@contextmanager
def far(folder: Path, **limits: int) -> Iterator[Far]:
    spool = HeldSpool(folder, **limits)
    try:
        yield Far(spool)
    finally:
        spool.close()


def press(device: str, seq: int) -> Signal:
    reading = Reading(
        "native", device, SignalType.ALARM, level=Level.RED, seq=seq, boot="b", authenticated=True
    )
    name = f"{device}.{seq}"
    return Signal(*(name, name, reading, "far", device, Standing.ASSIGNED, NOW, NOW), person=device)


def answer(device: str, notice: str) -> Signal:
    signal = press(device, 99)
    said = replace(signal.reading, type=SignalType.ANSWER, answer=AnswerKind.ACCEPT, notice=notice)
    return replace(signal, reading=said)


def replace_type(signal: Signal, type_: SignalType) -> Signal:
    return replace(signal, reading=replace(signal.reading, type=type_))
