from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.token_buckets import TokenBuckets

START = datetime(2026, 11, 21, 19, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_burst_passes_and_then_so_many_a_second() -> None:
    pace = TokenBuckets(burst=3, per_second=2)
    assert [pace.allows("a", START) for _ in range(4)] == [True, True, True, False]
    assert [pace.allows("a", START + SECOND) for _ in range(3)] == [True, True, False]


def test_one_key_does_not_slow_another() -> None:
    pace = TokenBuckets(burst=1, per_second=1)
    assert pace.allows("a", START)
    assert pace.allows("b", START)
    assert not pace.allows("a", START)


def test_asking_whether_a_bucket_is_empty_takes_nothing() -> None:
    pace = TokenBuckets(burst=1, per_second=1)
    assert not pace.exhausted("a", START)
    assert not pace.exhausted("a", START)
    assert pace.allows("a", START)
    assert pace.exhausted("a", START)
    assert not pace.exhausted("a", START + SECOND)


def test_past_the_limit_the_key_unused_for_longest_is_forgotten() -> None:
    pace = TokenBuckets(burst=1, per_second=0.001, keys_max=2)
    assert pace.allows("a", START)
    assert pace.allows("b", START)
    assert not pace.allows("a", START)
    assert pace.allows("c", START)
    assert not pace.allows("a", START)
    assert pace.allows("b", START)


@given(st.lists(st.integers(0, 3_000), max_size=80))
def test_never_more_than_the_burst_and_the_rate_pass(waits_ms: list[int]) -> None:
    pace, now, passed = TokenBuckets(burst=5, per_second=2), START, 0
    for wait in waits_ms:
        now += timedelta(milliseconds=wait)
        passed += pace.allows("a", now)
    assert passed <= 5 + 2 * (now - START).total_seconds() + 1e-6
