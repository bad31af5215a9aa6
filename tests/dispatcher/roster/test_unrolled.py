"""A sequence worked out as far as one looks is to its reader like any other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.roster.unrolled import Unrolled

ends = st.one_of(st.none(), st.integers(-6, 6))


@given(
    members=st.lists(st.integers(), max_size=5),
    start=ends,
    stop=ends,
    step=st.sampled_from([None, 1, 2, -1]),
)
def test_every_slice_is_the_slice_of_the_whole(
    members: list[int], start: int | None, stop: int | None, step: int | None
) -> None:
    assert Unrolled(members)[start:stop:step] == tuple(members)[start:stop:step]


@given(members=st.lists(st.integers(), min_size=1, max_size=5), number=st.integers(-6, 6))
def test_every_member_is_found_by_its_number_and_a_wrong_number_is_refused(
    members: list[int], number: int
) -> None:
    unrolled = Unrolled(members)
    if -len(members) <= number < len(members):
        assert unrolled[number] == members[number]
    else:
        with pytest.raises(IndexError):
            unrolled[number]


def test_no_more_is_worked_out_than_somebody_looks_at() -> None:
    made: list[int] = []
    unrolled = Unrolled(_counting(made))
    assert unrolled[:2] == (0, 1)
    assert bool(unrolled)
    assert made == [0, 1]
    walk = iter(unrolled)
    assert [next(walk), next(walk), next(walk)] == [0, 1, 2]
    assert made == [0, 1, 2]


def test_two_walks_at_once_each_see_everything() -> None:
    unrolled = Unrolled(range(2))
    assert [(a, b) for a in unrolled for b in unrolled] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_what_broke_off_never_looks_complete() -> None:
    def breaks() -> Iterator[int]:
        yield 1
        raise ValueError("no roster")

    unrolled = Unrolled(breaks())
    assert unrolled[:1] == (1,)
    for _ in range(2):
        with pytest.raises(ValueError, match="no roster"):
            tuple(unrolled)
    with pytest.raises(ValueError, match="no roster"):
        len(unrolled)


def _counting(made: list[int]) -> Iterator[int]:
    for number in range(100):
        made.append(number)
        yield number
