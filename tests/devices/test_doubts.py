"""The same damaged bytes a third time are no noise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.doubts import COPIES, REMEMBERED_MAX, WITHIN, Doubts

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_the_third_copy_is_no_noise_and_each_after_it_neither() -> None:
    doubts = Doubts()
    assert [doubts.again(NOW, "dc09", b"frame") for _ in range(5)] == [False, False, *[True] * 3]
    assert COPIES == 3


def test_noise_is_never_the_same_twice() -> None:
    doubts = Doubts()
    assert not any(doubts.again(NOW, bytes((one, 7))) for one in range(256))


def test_what_stands_in_two_parts_is_not_what_stands_in_one() -> None:
    doubts = Doubts()
    for said in (("ab", "c"), ("a", "bc"), ("abc",)):
        assert not doubts.again(NOW, *said)


def test_copies_far_apart_begin_anew() -> None:
    doubts = Doubts()
    moments = (NOW, NOW + WITHIN, NOW + 2 * WITHIN + timedelta(seconds=1), NOW + 3 * WITHIN)
    assert [doubts.again(now, b"x") for now in moments] == [False] * 4


def test_of_too_many_the_one_heard_longest_ago_is_forgotten() -> None:
    doubts = Doubts()
    for number in range(REMEMBERED_MAX + 1):
        assert not doubts.again(NOW, str(number))
    assert [doubts.again(NOW, "9") for _ in range(2)] == [False, True]
    assert [doubts.again(NOW, "0") for _ in range(2)] == [False, False]


def test_noise_without_end_forgets_nobody_who_repeats() -> None:
    doubts = Doubts()
    for _ in range(2):
        assert not doubts.again(NOW, b"a panel")
    for number in range(3 * REMEMBERED_MAX):
        assert not doubts.again(NOW, str(number))
    assert doubts.again(NOW, b"a panel")
