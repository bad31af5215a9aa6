"""Is the receiver there? Asked, silent once, back again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.receivers.pulse import ASK_EVERY, AT_ONCE, SILENT_AFTER, Beat, Pulse

NOW = datetime(2026, 11, 21, 19, tzinfo=UTC)


def test_a_new_receiver_is_asked_at_once() -> None:
    pulse = Pulse()
    assert pulse.wake_at == AT_ONCE
    assert pulse.look(NOW) is Beat.ASK
    assert pulse.wake_at == NOW + ASK_EVERY
    assert pulse.look(NOW + ASK_EVERY / 2) is Beat.NOTHING


def test_silence_is_said_once_and_ends_with_the_first_byte() -> None:
    pulse = Pulse()
    beats = []
    at = NOW
    while at <= NOW + 2 * SILENT_AFTER:
        beats.append(pulse.look(at))
        at = pulse.wake_at
    assert beats.count(Beat.SILENT) == 1
    assert pulse.heard(at)
    assert not pulse.heard(at)


def test_silence_is_found_within_its_time_and_one_question() -> None:
    pulse = Pulse()
    pulse.heard(NOW)
    at = NOW
    while pulse.look(at) is not Beat.SILENT:
        at = pulse.wake_at
    assert SILENT_AFTER <= at - NOW <= SILENT_AFTER + ASK_EVERY


def test_a_receiver_that_answers_is_never_silent() -> None:
    pulse = Pulse()
    at = NOW
    for _ in range(100):
        assert pulse.look(at) is Beat.ASK
        pulse.heard(at + timedelta(milliseconds=50))
        at = pulse.wake_at
