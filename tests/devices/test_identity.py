from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.signals import Level, Reading, SignalType, Taken
from core.values import replace
from devices.identity import (
    COPY_WITHIN,
    NOTHING_SEEN,
    REMEMBERED,
    REORDER_WINDOW,
    SAME_PRESS_FOR,
    SAME_START_FOR,
    Identity,
    Seen,
    body_digest,
    identify,
    recalled,
)

START = datetime(2026, 11, 21, 19, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_same_message_again_is_a_repeat_with_the_same_name() -> None:
    device = Device()
    first = device.says(seq=412, boot="7")
    again = device.says(seq=412, boot="7")
    assert not first.repeat
    assert again == Identity(first.identity, first.epoch, repeat=True)


def test_an_older_copy_with_another_age_and_battery_is_the_same_press() -> None:
    device = Device()
    device.says(seq=412, boot="7", age=timedelta(0), battery=0.87)
    assert device.says(seq=412, boot="7", age=5 * SECOND, battery=0.86).repeat


def test_the_same_boot_and_seq_with_another_body_is_a_new_identity() -> None:
    device = Device()
    first = device.says(seq=412, boot="7", level=Level.YELLOW)
    raised = device.says(seq=412, boot="7", level=Level.RED)
    assert not raised.repeat
    assert raised.identity != first.identity


def test_a_raised_level_is_new_even_when_its_at_is_the_same() -> None:
    device = Device()
    device.says(seq=412, boot="7", at=START, level=Level.YELLOW)
    assert not device.says(seq=412, boot="7", at=START, level=Level.RED).repeat


def test_the_same_boot_and_seq_at_another_moment_is_a_new_identity() -> None:
    device = Device()
    device.says(seq=412, boot="7", at=START)
    assert not device.says(seq=412, boot="7", at=START + SECOND).repeat


def test_a_battery_swap_without_boot_is_a_new_start() -> None:
    device = Device()
    for count in range(400, 413):
        device.says(seq=count)
    fresh = device.says(seq=0)
    assert (fresh.repeat, fresh.epoch) == (False, 1)
    assert not device.says(seq=1).repeat
    assert device.says(seq=1).repeat


def test_a_replaced_badge_that_counts_from_the_beginning_is_a_new_start() -> None:
    device = Device()
    device.says(seq=90_000, boot=None)
    assert device.says(seq=1).epoch == 1
    # The replacement names its boots; the old one did not.
    assert not device.says(seq=1, boot="random-1").repeat
    assert not device.says(seq=1, boot="random-2").repeat


def test_a_counter_wraps_from_255_and_from_65535_to_0() -> None:
    for last in (255, 65_535):
        device = Device()
        before = device.says(seq=last)
        after = device.says(seq=0)
        assert not after.repeat
        assert after.epoch == before.epoch + 1
        # A whole turn later the counter stands there again, on another press.
        device.now += timedelta(days=30)
        device.says(seq=last - 1)
        assert not device.says(seq=last).repeat


def test_a_restarted_simulator_that_counts_from_1_again_presses_anew() -> None:
    device = Device()
    names = [device.says(seq=count).identity for count in range(1, 20)]
    device.now += timedelta(minutes=3)
    again = [device.says(seq=count) for count in range(1, 5)]
    assert [identity.repeat for identity in again] == [False] * 4
    assert not set(names) & {identity.identity for identity in again}


def test_the_same_line_by_hand_20_minutes_later_is_new() -> None:
    device = Device()
    first = device.says(seq=1, type=SignalType.CANCEL)
    device.now += timedelta(minutes=10)
    assert device.says(seq=1, type=SignalType.CANCEL).repeat
    device.now += timedelta(minutes=10)
    by_hand = device.says(seq=1, type=SignalType.CANCEL)
    assert (by_hand.repeat, by_hand.epoch) == (False, first.epoch + 1)
    assert device.says(seq=1, type=SignalType.CANCEL).repeat


def test_a_button_that_starts_anew_for_each_press_presses_anew() -> None:
    """It always says the same `seq`, and names no start."""
    device = Device()
    first = device.says(seq=1)
    device.now += SAME_PRESS_FOR
    again = device.says(seq=1)
    assert (again.repeat, again.epoch) == (False, first.epoch + 1)
    device.now += SAME_PRESS_FOR
    assert device.says(seq=1, copy=True).repeat, "the transport knows that it sends it again"


def test_a_press_repeated_until_it_is_answered_is_one_press_however_long_that_takes() -> None:
    device = Device(step=timedelta(seconds=30))
    assert [device.says(seq=1).repeat for _ in range(20)] == [False, *[True] * 19]


def test_an_old_copy_of_what_takes_help_away_takes_nothing_away_again() -> None:
    device = Device()
    device.says(seq=1, type=SignalType.CANCEL)
    device.says(seq=2)
    device.now += 2 * SAME_PRESS_FOR
    assert device.says(seq=1, type=SignalType.CANCEL).repeat


def test_the_same_line_with_a_boot_20_minutes_later_is_still_a_copy() -> None:
    device = Device()
    device.says(seq=1, boot="7")
    device.now += timedelta(minutes=20)
    assert device.says(seq=1, boot="7").repeat


def test_messages_that_overtook_each_other_are_all_taken_and_start_nothing_anew() -> None:
    device = Device()
    order = [10, 12, 11, 18, 13, 10 + REORDER_WINDOW]
    identities = [device.says(seq=count) for count in order]
    assert [i.repeat for i in identities] == [False, False, False, False, False, True]
    assert {i.epoch for i in identities} == {0}
    assert device.says(seq=11).repeat


def test_a_retained_copy_days_later_is_a_repeat_with_and_without_boot_and_seq() -> None:
    for words in ({"seq": 5, "boot": "7"}, {"seq": 5}, {}):
        device = Device()
        first = device.says(**words)
        for count in range(400, 405):
            device.says(seq=count, boot=words.get("boot"))
        device.now += timedelta(days=3)
        kept = device.says(**words, retained=True)
        assert (kept.identity, kept.repeat) == (first.identity, True)


def test_a_retained_message_never_heard_is_new() -> None:
    assert not Device().says(seq=5, boot="7", retained=True).repeat


def test_a_retained_copy_does_not_start_the_devices_count_anew() -> None:
    device = Device()
    device.says(seq=5)
    for count in range(6, 20):
        device.says(seq=count)
    device.says(seq=5 + REMEMBERED - 8, retained=True)
    assert device.says(seq=20).epoch == 0


def test_a_message_without_seq_is_new_each_time() -> None:
    device = Device()
    names = {device.says().identity for _ in range(5)}
    assert len(names) == 5


def test_messages_without_seq_in_one_moment_are_all_told_apart() -> None:
    device = Device(step=timedelta(0))
    said = [device.says() for _ in range(3 * REMEMBERED)]
    assert len({named.identity for named in said}) == 3 * REMEMBERED
    assert not any(named.repeat for named in said)


def test_a_message_without_seq_is_a_copy_when_the_line_says_so_and_it_was_heard_lately() -> None:
    device = Device()
    first = device.says()
    assert device.says(copy=True) == Identity(first.identity, 0, repeat=True)
    device.now += COPY_WITHIN
    assert not device.says(copy=True).repeat


def test_the_lines_word_alone_makes_nothing_a_copy() -> None:
    device = Device()
    assert not device.says(copy=True).repeat
    assert not device.says(copy=True, raw=b"other").repeat
    assert not device.says(seq=3, copy=True).repeat


def test_what_became_of_a_message_is_remembered_with_it() -> None:
    device = Device()
    named = device.says(seq=3)
    heard = device.seen.find(named.identity)
    assert heard is not None
    assert heard.taken is None
    stored = device.seen.became(named.identity, Taken.STORED).find(named.identity)
    assert stored is not None
    assert stored.taken is Taken.STORED


def test_copies_are_known_after_a_start_from_what_the_store_kept() -> None:
    device = Device()
    words: list[dict[str, Any]] = [{"seq": 4, "boot": "7"}, {"seq": 411}, {"seq": 412}, {}]
    for said in words:
        device.says(**said)
    device.seen = from_store(device.seen)
    for said in words:
        assert device.says(**said, copy=True).repeat
    assert device.says(seq=1).epoch == 1


def test_a_device_is_remembered_within_a_limit() -> None:
    device = Device()
    for count in range(10 * REMEMBERED):
        device.says(seq=count)
    assert len(device.seen.heard) == REMEMBERED


messages = st.fixed_dictionaries(
    {
        "seq": st.one_of(st.none(), st.integers(0, 300)),
        "boot": st.one_of(st.none(), st.sampled_from(["1", "2"])),
        "at": st.one_of(st.none(), st.sampled_from([START, START + SECOND])),
        "level": st.one_of(st.none(), st.sampled_from(list(Level))),
        "retained": st.booleans(),
        "copy": st.booleans(),
    }
)
pauses = st.sampled_from([timedelta(0), SECOND, timedelta(minutes=4), timedelta(hours=2)])


@given(st.lists(st.tuples(messages, pauses), max_size=40))
def test_a_message_is_a_repeat_only_if_the_same_words_were_heard_before(
    said: list[tuple[dict[str, Any], timedelta]],
) -> None:
    device, heard = Device(), dict[object, datetime]()
    for words, pause in said:
        device.now += pause
        copy = bool(words["copy"])
        told = {name: value for name, value in words.items() if name != "copy"}
        key = tuple(words[name] for name in ("seq", "boot", "at", "level"))
        identity = device.says(copy=copy, raw=repr(key).encode(), **told)
        if identity.repeat:
            assert key in heard, "a first-seen message was dropped"
        else:
            heard[key] = device.now


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_a_copy_without_boot_is_never_of_a_message_older_than_a_quarter_of_an_hour(
    minutes: list[int],
) -> None:
    device, news = Device(), dict[str, datetime]()
    for pause in minutes:
        device.now += timedelta(minutes=pause)
        identity = device.says(seq=1)
        first = news.setdefault(identity.identity, device.now)
        assert device.now - first <= SAME_START_FOR
        assert identity.repeat == (first != device.now)


@given(st.integers(0, 2**63 - 1), st.integers(REORDER_WINDOW + 1, 2**40))
def test_a_fall_beyond_the_window_is_never_a_repeat(top: int, fall: int) -> None:
    device = Device()
    low = max(top - fall, 0)
    if top - low <= REORDER_WINDOW:
        return
    device.says(seq=low)
    device.says(seq=top)
    assert not device.says(seq=low).repeat


class Device:
    """One device talking, a second between its messages unless told otherwise."""

    def __init__(self, step: timedelta = SECOND) -> None:
        self.seen, self.now, self.step = NOTHING_SEEN, START, step

    def says(
        self, *, copy: bool = False, raw: bytes = b'{"type":"alarm"}', **words: Any
    ) -> Identity:
        self.now += self.step
        plain = Reading("native", "badge-anna", SignalType.ALARM, raw=raw)
        reading = replace(plain, **words)
        digest = body_digest(reading)
        copy = copy or reading.retained
        identity, self.seen = identify(self.seen, reading, digest, self.now, copy=copy)
        return identity


def from_store(seen: Seen) -> Seen:
    again = NOTHING_SEEN
    for heard in seen.heard:
        again = recalled(again, heard.identity, heard.boot, heard.epoch, heard.seq, heard.at)
    return again
