"""Counting what happened lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from devices.mqtt.rate import HITS_MAX, KEYS_MAX, Rate

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_only_hits_within_the_window_count() -> None:
    rate = Rate(timedelta(minutes=1))
    assert rate.hit("a", NOW) == 1
    assert rate.hit("a", NOW + timedelta(seconds=59)) == 2
    assert rate.count("a", NOW + timedelta(seconds=60)) == 1
    assert rate.count("b", NOW) == 0


def test_neither_keys_nor_hits_grow_without_end() -> None:
    rate = Rate(timedelta(minutes=1))
    for number in range(KEYS_MAX + 10):
        rate.hit(f"key {number}", NOW)
    assert rate.count("key 9", NOW) == 0
    assert rate.count("key 10", NOW) == 1
    for _ in range(HITS_MAX + 10):
        rate.hit("flood", NOW)
    assert rate.count("flood", NOW) == HITS_MAX
