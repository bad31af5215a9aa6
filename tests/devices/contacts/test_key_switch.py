"""The test key: what is a test, and what calls although the key is on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.contacts.key_switch import KeySwitch, Turn

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMIT = timedelta(minutes=15)
SETTLE = timedelta(seconds=0.3)
SECOND = timedelta(seconds=1)


def test_the_first_press_of_each_point_is_a_test_and_the_second_calls() -> None:
    key = turned_on()
    assert key.takes("1/3", NOON + SECOND)
    assert key.takes("1/4", NOON + SECOND)
    assert not key.takes("1/3", NOON + 2 * SECOND)


def test_a_key_that_is_found_on_begins_no_test() -> None:
    key = KeySwitch(LIMIT, SETTLE)
    assert key.look(True, NOON) is Turn.LEFT_ON
    assert key.look(True, NOON + SECOND) is None
    assert not key.takes("1/3", NOON + SECOND)


def test_a_key_left_on_past_the_limit_hides_nothing_and_is_said_once() -> None:
    key = turned_on()
    assert not key.takes("1/3", NOON + LIMIT), "also before anybody looked at the key again"
    assert key.look(True, NOON + LIMIT) is Turn.LEFT_ON
    assert key.look(True, NOON + LIMIT + SECOND) is None
    assert not key.takes("1/4", NOON + LIMIT + SECOND)


def test_a_key_turned_off_ends_the_test_at_once_and_on_again_begins_another() -> None:
    key = turned_on()
    assert key.takes("1/3", NOON + SECOND)
    assert key.look(False, NOON + 2 * SECOND) is None
    assert not key.takes("1/4", NOON + 2 * SECOND)
    assert key.look(False, NOON + 3 * SECOND) is Turn.OFF
    assert key.look(False, NOON + 4 * SECOND) is None
    assert key.look(True, NOON + 5 * SECOND) is Turn.BEGUN
    assert key.takes("1/3", NOON + 6 * SECOND)


def test_a_key_that_bounces_neither_ends_nor_begins_a_test() -> None:
    key = turned_on()
    assert key.takes("1/3", NOON)
    assert key.look(False, NOON + SETTLE / 2) is None
    assert key.look(True, NOON + SETTLE) is None
    assert not key.takes("1/3", NOON + SECOND), "it is still the same test"
    assert key.takes("1/4", NOON + SECOND)


def test_no_test_goes_on_while_the_key_cannot_be_seen() -> None:
    key = turned_on()
    key.forget()
    assert not key.takes("1/3", NOON + SECOND)
    assert key.look(True, NOON + SECOND) is Turn.LEFT_ON


def test_a_key_turned_off_while_nobody_saw_it_is_said() -> None:
    key = turned_on()
    key.forget()
    assert key.look(False, NOON + SECOND) is Turn.OFF
    assert key.look(False, NOON + 2 * SECOND) is None


def turned_on() -> KeySwitch:
    key = KeySwitch(LIMIT, SETTLE)
    assert key.look(False, NOON) is None
    assert key.look(True, NOON) is Turn.BEGUN
    return key
