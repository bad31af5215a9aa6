"""Who has pressed anywhere is known at once, and what a picture saw of it never changes (law 3)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from alarms.model import Presser
from core.signals import Standing
from dispatcher.engine.victims import Victims
from dispatcher.roster.pressing import Pressing

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PEOPLE = ("anna", "bo", "ida", None)

pressers = st.builds(
    lambda person, number: Presser(
        f"badge-{number}", person, person or "", Standing.ASSIGNED, NOON
    ),
    st.sampled_from(PEOPLE),
    st.integers(0, 3),
)


@given(presses=st.lists(st.tuples(pressers, st.booleans()), max_size=25), joins=pressers)
def test_counted_one_by_one_the_victims_are_those_a_count_of_all_gives(
    presses: list[tuple[Presser, bool]], joins: Presser
) -> None:
    victims, open_ones = Victims(), list[Presser]()
    seen: list[tuple[Pressing, list[Presser]]] = []
    for presser, leaves in presses:
        if leaves and open_ones:
            victims.drop([open_ones.pop(0)])
        else:
            victims.add([presser])
            open_ones.append(presser)
        seen.append((victims.now(), list(open_ones)))
        seen.append((victims.with_pressers((joins,)), [joins, *open_ones]))
    for pressing, of_these in seen:
        _is_from(pressing, of_these)


def test_the_same_picture_is_the_same_object_until_somebody_presses_or_leaves() -> None:
    victims, one = Victims(), Presser("badge-1", "anna", "Anna", Standing.ASSIGNED, NOON)
    victims.add([one])
    assert victims.now() is victims.now()
    before = victims.now()
    victims.add([one])
    assert victims.now() is not before
    assert victims.now() == before


def _is_from(pressing: Pressing, of_these: list[Presser]) -> None:
    persons = Counter(presser.person for presser in of_these if presser.person is not None)
    devices = Counter(presser.device for presser in of_these)
    for known, expected in ((pressing.persons, persons), (pressing.devices, devices)):
        assert sorted(known) == sorted(expected)
        assert len(known) == len(expected)
        assert all(name in known for name in expected)
        others = [name for name in ("viggo", "badge-9", *PEOPLE) if name not in expected]
        assert not any(name in known for name in others)
