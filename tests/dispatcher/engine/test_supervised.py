"""What supervision finds is told, avoided, and not waited for; its end puts it right again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alarms.model import Alarm, Standpoint, call_of
from core.signals import AnswerKind
from devices.findings import Finding, Trouble
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.engine.outcome import Moment
from dispatcher.engine.supervised import Consequences, Supervised, consequences, gone_home
from dispatcher.roster.model import Presence
from tests.support.office import Office, office

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORN = {"badge-anna": "anna", "badge-bo": "bo", "spare": "bo"}


def _found(trouble: Trouble, *devices: str, over: bool = False) -> Finding:
    return Finding(f"{trouble}:{devices[0]}", trouble, devices, NOON, over=over)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_is_told_to_a_person_and_its_end_ends_that(trouble: Trouble) -> None:
    assert consequences(_found(trouble, "badge-bo"), WORN.get).message
    assert consequences(_found(trouble, "badge-bo", over=True), WORN.get).message == ""


def test_a_silent_device_is_no_route_and_its_wearer_may_not_arrive() -> None:
    for trouble in (Trouble.SILENT, Trouble.COMMON_CAUSE):
        means = consequences(_found(trouble, "badge-bo", "spare", "button"), WORN.get)
        assert means.routes == ("badge-bo", "spare", "button")
        assert (means.why, means.lost) == (trouble.value, ("bo",))


def test_an_opened_device_is_no_route_but_is_still_with_its_wearer() -> None:
    means = consequences(_found(Trouble.TAMPER, "badge-bo"), WORN.get)
    assert (means.routes, means.lost) == (("badge-bo",), ())


@pytest.mark.parametrize("trouble", [Trouble.LOW_BATTERY, Trouble.LINE_DOWN, Trouble.TWO_CLAIM])
def test_what_still_speaks_is_still_rung(trouble: Trouble) -> None:
    means = consequences(_found(trouble, "badge-bo"), WORN.get)
    assert (means.routes, means.lost) == ((), ())


def test_what_is_over_works_again_and_loses_nobody() -> None:
    means = consequences(_found(Trouble.SILENT, "badge-bo", over=True), WORN.get)
    assert means == Consequences("", ("badge-bo",), None, ())


def test_only_whose_shift_has_ended_has_gone_home() -> None:
    assert gone_home(("anna", "bo", "ida"), ("ida", "per", "anna")) == ("bo",)


async def test_who_was_coming_and_is_heard_no_more_is_not_waited_for() -> None:
    async with office() as house:
        supervised = Supervised(house.engine, house.pictures, house.clock.wall)
        await house.take(house.press())
        await house.until(house.wearable.arrived)
        notice = house.wearable.sent[0]
        badge = Source(SourceKind.DEVICE, notice.address)
        await house.engine.answer(notice.id, AnswerKind.ACCEPT, badge)
        assert _stands(house, notice.person) is Standpoint.ACCEPTED
        supervised.found(_found(Trouble.SILENT, notice.address))
        assert _stands(house, notice.person) is Standpoint.CALLED  # asked again, another way
        assert _works(house, notice.person, notice.address) is False
        assert any(alarm.technical for alarm in house.engine.open_alarms())
        supervised.found(_found(Trouble.SILENT, notice.address, over=True))
        assert _works(house, notice.person, notice.address) is True
        assert not any(alarm.technical for alarm in house.engine.open_alarms())


async def test_whose_shift_ends_while_they_are_coming_is_not_waited_for() -> None:
    async with office() as house:
        supervised = Supervised(house.engine, house.pictures, house.clock.wall)
        await house.take(house.press())
        await house.until(house.wearable.arrived)
        notice = house.wearable.sent[0]
        badge = Source(SourceKind.DEVICE, notice.address)
        await house.engine.answer(notice.id, AnswerKind.ACCEPT, badge)
        at = Moment(house.clock.now(), house.clock.wall())
        assert notice.address in supervised.look_at_roster(at)
        house.pictures.present(Presence(notice.person, here=False, at=at.wall))
        assert notice.address not in supervised.look_at_roster(at)
        assert _stands(house, notice.person) is Standpoint.LOST


def _call_for_help(house: Office) -> Alarm:
    (alarm,) = (alarm for alarm in house.engine.open_alarms() if not alarm.technical)
    return alarm


def _stands(house: Office, person: str) -> Standpoint | None:
    call = call_of(_call_for_help(house), person)
    return call.standpoint if call is not None else None


def _works(house: Office, person: str, address: str) -> bool:
    """Whether this way to a person works, as the next decision would see it."""
    at = Moment(house.clock.now(), house.clock.wall())
    near = house.pictures.view(_call_for_help(house), at).nearest
    routes = (route for one in near if one.person == person for route in one.routes)
    return next(route.healthy for route in routes if route.address == address)
