"""Applying says what changes, changes nothing twice, removes only when told, and can be undone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import ConfigError
from core.values import replace
from devices.registry import Assignment, Device
from dispatcher.roster.model import Duty, Person, Phone, Shift, Unit, Walk, Weekday, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.site.apply import Did, difference, left_standing, merged
from dispatcher.site.references import broken_references
from tests.dispatcher.site.organisations import organisations

slow = settings(
    max_examples=min(20, settings().max_examples), suppress_health_check=[HealthCheck.too_slow]
)


@given(organisation=organisations())
@slow
def test_the_first_apply_adds_everything_and_the_second_changes_nothing(
    organisation: Organisation,
) -> None:
    first = merged(Organisation(), organisation)
    assert first == organisation
    assert {change.did for change in difference(Organisation(), first)} == {Did.ADDED}
    assert difference(first, merged(first, organisation)) == ()


@given(old=organisations(), new=organisations())
@slow
def test_pruning_gives_exactly_what_was_applied_and_undo_finds_every_difference(
    old: Organisation, new: Organisation
) -> None:
    result = merged(replace(old, version=7), new, prune=True)
    assert replace(result, version=0) == new
    assert result.version == 7
    assert bool(difference(old, new)) == bool(difference(new, old))
    back = merged(result, old, prune=True)
    assert difference(old, back) == ()


@given(old=organisations(sites_most=1), new=organisations(sites_most=1))
@slow
def test_without_prune_nothing_disappears_and_nothing_points_nowhere(
    old: Organisation, new: Organisation
) -> None:
    try:
        result = merged(old, new)
    except ConfigError:  # the two do not fit together: nothing is taken over
        return
    assert not any(change.did is Did.REMOVED for change in difference(old, result))
    kept = {person.id for person in result.people}
    assert {person.id for person in (*old.people, *new.people)} <= kept
    assert broken_references(result) == []
    assert difference(result, merged(result, new)) == ()


def test_the_lines_say_what_was_and_what_becomes() -> None:
    old = _organisation()
    anna, _ = old.people
    new = replace(
        old,
        people=(replace(anna, phones=(Phone("+4500000009"),), temp=True),),
        shifts=(
            Shift("anna", "house-1", time(7, 30), time(15), days=(Weekday.MON,)),
            Shift("anna", "house-1", time(23), time(7), days=(Weekday.SAT,), duty=Duty.LEADER),
        ),
        devices=(replace(old.devices[0], password="new secret"),),
        assignments=(replace(old.assignments[0], person="anna"),),
        walks=(Walk("hall", "attic", 30),),
        zones=(*old.zones, Zone("shed", "Skuret", "home")),
    )
    lines = [str(change) for change in difference(old, merged(old, new))]
    assert lines == [
        "~ person anna: phones +4500000001 → +4500000009; temp no → yes",
        "+ zone shed",
        "~ walk attic – hall: seconds 25 → 30",
        "~ shifts of anna: without anna house-1 07:00 15:00 mon staff; "
        "with anna house-1 07:30 15:00 mon staff; with anna house-1 23:00 07:00 sat leader",
        "~ device badge-anna: password changed",
        "~ loans of badge-anna: person bo → anna",
    ]
    assert [str(change) for change in left_standing(old, new)] == [
        "= person bo: not in the files; stays (--prune removes it)",
        "= shifts of bo: not in the files; stays (--prune removes it)",
    ]
    pruned = [str(change) for change in difference(old, merged(old, new, prune=True))]
    assert "- person bo" in pruned


def test_a_changed_shift_replaces_the_old_one_also_without_prune() -> None:
    old = _organisation()
    later = Shift("anna", "house-1", time(8), time(16), days=(Weekday.MON,))
    result = merged(old, replace(old, shifts=(later,)))
    assert [shift for shift in result.shifts if shift.person == "anna"] == [later]


def test_what_stays_and_what_is_new_must_fit_together() -> None:
    old = _organisation()
    clash = replace(old, devices=(Device("badge-new", "badge", "home", wire=("dect:1",)),))
    with pytest.raises(ConfigError, match="'dect:1' is already"):
        merged(old, clash)
    pruned = merged(old, replace(clash, assignments=()), prune=True)
    assert pruned.devices == clash.devices


def test_the_order_of_things_that_have_ids_is_no_difference() -> None:
    old = _organisation()
    assert difference(old, replace(old, people=old.people[::-1])) == ()


def _organisation() -> Organisation:
    start = datetime(2026, 6, 1, 6, tzinfo=UTC)
    return Organisation(
        sites=(Site("home", "Home", "UTC"),),
        people=(
            Person("anna", "Anna Holm", "home", (Phone("+4500000001"),)),
            Person("bo", "Bo Berg", "home"),
        ),
        units=(Unit("house-1", "Hus 1", "home", "hall"),),
        zones=(Zone("hall", "Hallen", "home"), Zone("attic", "Loftet", "home")),
        walks=(Walk("hall", "attic", 25),),
        shifts=(
            Shift("anna", "house-1", time(7), time(15), days=(Weekday.MON,)),
            Shift("bo", "house-1", time(7), time(15), days=(Weekday.MON,)),
        ),
        devices=(Device("badge-anna", "badge", "home", "anna", wire=("dect:1",), password="x"),),
        assignments=(Assignment("badge-anna", "bo", start, start + timedelta(hours=1)),),
    )
