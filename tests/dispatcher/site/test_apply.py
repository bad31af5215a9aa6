"""Applying says what changes, changes nothing twice, removes only when told, and can be undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from core.errors import ConfigError
from devices.registry import Assignment, Device
from dispatcher.roster.model import Duty, Person, Phone, Shift, Unit, Walk, Weekday, Zone
from dispatcher.site.apply import Did, propose, undo
from dispatcher.site.model import Organisation, Site
from dispatcher.site.references import broken_references
from tests.dispatcher.site.organisations import organisations

slow = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])


@given(organisation=organisations())
@slow
def test_the_first_apply_adds_everything_and_the_second_changes_nothing(
    organisation: Organisation,
) -> None:
    first = propose(Organisation(), organisation)
    assert first.result == replace(organisation, version=1)
    assert {change.did for change in first.changes} == {Did.ADDED}
    again = propose(first.result, organisation)
    assert not again.anything
    assert again.result is first.result
    assert again.lines() == ["Nothing changes."]


@given(old=organisations(), new=organisations())
@slow
def test_pruning_gives_exactly_what_was_applied_and_undo_gives_the_old_back(
    old: Organisation, new: Organisation
) -> None:
    applied = propose(replace(old, version=7), new, prune=True)
    assert _same(applied.result, new)
    assert applied.result.version == (8 if applied.anything else 7)
    assert _same(undo(applied.result, old).result, old)


@given(old=organisations(sites_most=1), new=organisations(sites_most=1))
@slow
def test_without_prune_nothing_disappears_and_nothing_points_nowhere(
    old: Organisation, new: Organisation
) -> None:
    try:
        proposal = propose(old, new)
    except ConfigError:  # the two do not fit together: nothing is taken over
        return
    assert not any(change.did is Did.REMOVED for change in proposal.changes)
    kept = {person.id for person in proposal.result.people}
    assert {person.id for person in (*old.people, *new.people)} <= kept
    assert broken_references(proposal.result) == []


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
        walks=(Walk("hall", "attic", 30),),
        zones=(*old.zones, Zone("shed", "Skuret", "home")),
    )
    assert propose(old, new).lines() == [
        "~ person anna: phones +4500000001 → +4500000009; temp no → yes",
        "+ zone shed",
        "~ walk attic – hall: seconds 25 → 30",
        "~ shifts of anna: without anna house-1 07:00 15:00 mon staff; "
        "with anna house-1 07:30 15:00 mon staff; with anna house-1 23:00 07:00 sat leader",
        "~ device badge-anna: password changed",
        "= person bo: not in the files; stays (--prune removes it)",
        "= shifts of bo: not in the files; stays (--prune removes it)",
    ]
    assert "secret" not in "\n".join(propose(old, new).lines())
    pruned = propose(old, new, prune=True)
    assert pruned.lines()[1] == "- person bo"
    assert pruned.result.people == new.people


def test_a_changed_shift_replaces_the_old_one_also_without_prune() -> None:
    old = _organisation()
    later = Shift("anna", "house-1", time(8), time(16), days=(Weekday.MON,))
    result = propose(old, replace(old, shifts=(later, old.shifts[1]))).result
    assert [shift for shift in result.shifts if shift.person == "anna"] == [later]


def test_what_stays_and_what_is_new_must_fit_together() -> None:
    old = _organisation()
    clash = replace(old, devices=(Device("badge-new", "badge", "home", wire=("dect:1",)),))
    with pytest.raises(ConfigError, match="'dect:1' is already"):
        propose(old, clash)
    assert propose(old, replace(clash, assignments=()), prune=True).anything


def test_a_site_that_was_never_applied_and_is_empty_stays_at_version_zero() -> None:
    proposal = propose(Organisation(), Organisation())
    assert (proposal.anything, proposal.result.version) == (False, 0)


def _same(one: Organisation, other: Organisation) -> bool:
    """Equal but for the version and the order of things that have ids."""

    def ordered(organisation: Organisation) -> list[list[str]]:
        parts = ("sites", "people", "units", "zones", "plans", "devices", "walks", "shifts")
        return [sorted(map(repr, getattr(organisation, part))) for part in parts]

    return ordered(one) == ordered(other)


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
