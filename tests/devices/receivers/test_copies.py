"""One press, many frames: what is a copy, and what a press is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.receivers.copies import CONTENTS_MAX, Copies
from tests.support.tries import tries

WINDOW = timedelta(milliseconds=300)
NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_copies_within_the_window_are_one_press() -> None:
    copies = Copies(WINDOW)
    heard = [copies.is_one("x", NOW + timedelta(milliseconds=ms)) for ms in (0, 20, 40, 299)]
    assert heard == [False, True, True, True]


def test_a_second_press_is_never_swallowed_for_longer_than_the_window() -> None:
    copies = Copies(WINDOW)
    at = [NOW + timedelta(milliseconds=50 * step) for step in range(13)]
    pressed = [moment for moment in at if not copies.is_one("x", moment)]
    assert pressed == [NOW, NOW + WINDOW, NOW + 2 * WINDOW]


def test_a_clock_before_the_first_frame_proves_nothing() -> None:
    copies = Copies(WINDOW)
    assert not copies.is_one("x", NOW)
    assert not copies.is_one("x", NOW - timedelta(milliseconds=1))


def test_memory_is_bounded_and_what_is_forgotten_is_new() -> None:
    copies = Copies(WINDOW)
    for content in range(CONTENTS_MAX + 1):
        assert not copies.is_one(content, NOW)
    assert copies.is_one(CONTENTS_MAX, NOW)
    assert not copies.is_one(0, NOW)


@tries(50)
@given(st.integers(0, 10**13), st.integers(0, 10**9))
def test_two_presses_further_apart_than_a_window_never_share_a_name(start: int, more: int) -> None:
    copies = Copies(WINDOW)
    first = NOW + timedelta(microseconds=start)
    second = first + WINDOW + timedelta(microseconds=more)
    assert copies.seq(first) < copies.seq(second)


def test_two_receivers_call_one_press_the_same() -> None:
    one, other = Copies(WINDOW), Copies(WINDOW)
    assert one.seq(NOW) == other.seq(NOW + timedelta(milliseconds=5))
