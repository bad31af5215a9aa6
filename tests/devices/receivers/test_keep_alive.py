"""Is the receiver there? Asked, silent once, back again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.receivers.keep_alive import ASK_EVERY, AT_ONCE, SILENT_AFTER, Check, KeepAlive

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_a_new_receiver_is_asked_at_once() -> None:
    keep_alive = KeepAlive()
    assert keep_alive.wake_at == AT_ONCE
    assert keep_alive.look(NOW) is Check.ASK
    assert keep_alive.wake_at == NOW + ASK_EVERY
    assert keep_alive.look(NOW + ASK_EVERY / 2) is Check.NOTHING


def test_silence_is_said_once_and_ends_with_the_first_byte() -> None:
    keep_alive = KeepAlive()
    beats = []
    at = NOW
    while at <= NOW + 2 * SILENT_AFTER:
        beats.append(keep_alive.look(at))
        at = keep_alive.wake_at
    assert beats.count(Check.SILENT) == 1
    assert keep_alive.heard(at)
    assert not keep_alive.heard(at)


def test_silence_is_found_within_its_time_and_one_question() -> None:
    keep_alive = KeepAlive()
    keep_alive.heard(NOW)
    at = NOW
    while keep_alive.look(at) is not Check.SILENT:
        at = keep_alive.wake_at
    assert SILENT_AFTER <= at - NOW <= SILENT_AFTER + ASK_EVERY


def test_a_receiver_that_answers_is_never_silent() -> None:
    keep_alive = KeepAlive()
    at = NOW
    for _ in range(100):
        assert keep_alive.look(at) is Check.ASK
        keep_alive.heard(at + timedelta(milliseconds=50))
        at = keep_alive.wake_at
