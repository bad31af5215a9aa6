"""Faults between device and service are decided from a seed and keep their shares."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chance import seeded
from core.errors import ConfigError
from firmware_sim.device.faults import Faults, passage

SHARES = st.floats(0, 1)


def test_a_good_line_carries_every_message_once_at_once() -> None:
    assert [passage(Faults(), seeded(n)) for n in range(20)] == [(timedelta(),)] * 20


@given(SHARES, SHARES, SHARES, SHARES, st.integers(0, 2**32))
def test_no_copy_waits_longer_than_the_longest_and_there_are_two_at_most(
    lost: float, late: float, doubled: float, reordered: float, seed: int
) -> None:
    faults = Faults(lost, late, doubled, reordered)
    copies = passage(faults, seeded(seed))
    assert len(copies) <= 2
    assert all(timedelta() <= wait <= faults.late_most for wait in copies)
    assert copies == passage(faults, seeded(seed))


def test_the_share_of_lost_messages_is_kept() -> None:
    chance = seeded(3)
    lost = sum(not passage(Faults(lost=0.3), chance) for _ in range(5000))
    assert abs(lost / 5000 - 0.3) < 0.03


def test_a_share_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="fault late"):
        Faults(late=1.5)
