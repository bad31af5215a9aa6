"""Who counts, in a whole engine: another configuration, a start, and phones two sites share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarms.model import Alarm, Presser, Standpoint, call_of
from alarms.plan import Callee, Plan, Step
from alarms.turn import COMING
from alarms.vocabulary import Who
from core.signals import AnswerKind, Signal, Standing
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.numbers import normalised
from dispatcher.engine.last_net import everybody
from dispatcher.engine.outcome import Moment
from dispatcher.roster.model import Person, Phone, Unit, Zone
from dispatcher.roster.organisation import Organisation, Site
from tests.support.office import START, Office, home, office

DUTY_PHONE = "+4520000099"


def without(organisation: Organisation, person: str) -> Organisation:
    return replace(
        organisation,
        version=organisation.version + 1,
        people=tuple(p for p in organisation.people if p.id != person),
        shifts=tuple(s for s in organisation.shifts if s.person != person),
        devices=tuple(d for d in organisation.devices if d.person != person),
    )


async def called(house: Office, answer: AnswerKind) -> Alarm:
    """Anna has pressed, and Bo has answered."""
    await house.take(house.press())
    (notice,) = await house.engine.notices(house.alarm.id)
    source = Source(SourceKind.DEVICE, notice.address)
    assert await house.engine.answer(notice.id, answer, source) is AnswerOutcome.COUNTED
    return house.alarm


def standpoint(house: Office, person: str) -> Standpoint:
    call = call_of(house.alarm, person)
    assert call is not None
    return call.standpoint


@pytest.mark.parametrize("answer", [AnswerKind.ACCEPT, AnswerKind.ARRIVED])
async def test_whoever_a_new_configuration_does_not_know_any_more_is_with_nobody(
    answer: AnswerKind,
) -> None:
    async with office() as house:
        await called(house, answer)
        house.pictures.configure(without(home(), "bo"))
        house.engine.reconfigured()
        assert standpoint(house, "bo") is Standpoint.LOST


async def test_whoever_left_while_the_service_was_down_is_with_nobody_after_the_start() -> None:
    async with office() as house:
        await called(house, AnswerKind.ARRIVED)
        store = house.store
    async with office(store, organisation=without(home(), "bo")) as house:
        assert standpoint(house, "bo") is Standpoint.LOST
        assert house.alarm.escalation is not None
        assert house.alarm.escalation.told_nobody_yet


async def test_whoever_left_during_a_long_stop_is_with_nobody_and_all_of_it_is_stored() -> None:
    async with office() as house:
        await called(house, AnswerKind.ARRIVED)
        store = house.store
    async with office(store, organisation=without(home(), "bo"), start=False) as house:
        house.clock.move_to(START + timedelta(hours=1))
        await house.engine.start()
        (alarm,) = (one for one in house.engine.open_alarms() if not one.technical)
        call = call_of(alarm, "bo")
        assert alarm.escalation is not None
        assert alarm.escalation.held_until is not None
        assert call is not None
        assert call.standpoint is Standpoint.LOST
        assert not alarm.unstored
        assert [problem.part for problem in house.engine.problems()] == []


async def test_a_badge_reported_stolen_leaves_nobody_coming_and_speaks_for_nobody() -> None:
    async with office() as house:
        alarm = await called(house, AnswerKind.ACCEPT)
        stolen = tuple(replace(d, revoked=d.person == "bo") for d in home().devices)
        house.pictures.configure(replace(home(), version=2, devices=stolen))
        house.engine.reconfigured()
        assert standpoint(house, "bo") not in COMING
        (first, *_) = await house.engine.notices(alarm.id)
        source = Source(SourceKind.DEVICE, "badge-bo")
        said = await house.engine.answer(first.id, AnswerKind.ACCEPT, source)
        assert said is AnswerOutcome.NOT_YOURS


async def test_somebody_who_has_left_answers_nothing_also_at_the_console() -> None:
    async with office() as house:
        alarm = await called(house, AnswerKind.DECLINE)
        house.pictures.configure(without(home(), "bo"))
        said = await house.engine.volunteer(alarm.id, "bo", AnswerKind.ACCEPT)
        assert said is AnswerOutcome.NOT_YOURS


async def test_who_wears_by_now_the_badge_that_pressed_is_its_victim() -> None:
    """Nobody wore it; then it is Bo's, who has been called, and who presses once more."""
    async with office() as house:
        press = replace(house.press(), device="spare", standing=Standing.UNASSIGNED, person=None)
        await house.take(press)
        await house.engine.volunteer(house.alarm.id, "bo", AnswerKind.ACCEPT)
        again = house.press("bo", 2)
        reading = replace(again.reading, device="spare")
        await house.take(replace(again, device="spare", reading=reading))
        assert [presser.person for presser in house.alarm.pressers] == ["bo"]
        assert standpoint(house, "bo") is Standpoint.LOST
        said = await house.engine.volunteer(house.alarm.id, "bo", AnswerKind.ACCEPT)
        assert said is AnswerOutcome.NOT_YOURS


def two_sites() -> Organisation:
    """Anna of the home and Eva of the farm carry one duty phone; Eva has nothing else."""
    first = home()
    people = tuple(
        replace(p, phones=(Phone(DUTY_PHONE), *p.phones)) if p.id == "anna" else p
        for p in first.people
    )
    eva = Person("eva", "Eva", "farm", (Phone(DUTY_PHONE),), instructed=("alarm",))
    per = Person("per", "Per", "farm", (Phone("+4500000055"),), instructed=("alarm",))
    step = Step(timedelta(), Callee(Who.LEADER), ("sms",))
    return replace(
        first,
        sites=(*first.sites, Site("farm", "Farm", "Europe/Copenhagen", leaders=("eva", "per"))),
        people=(*people, eva, per),
        units=(*first.units, Unit("barn", "Barn", "farm", "z9")),
        zones=(*first.zones, Zone("z9", "Barn 9", "farm", "barn")),
        plans=(*first.plans, Plan("farm", "farm", (step,))),
    )


async def test_a_victim_whose_badge_listens_again_is_not_shown_what_it_was_called_to() -> None:
    async with office() as house:
        await house.take(replace(house.press(), zone="z1"))
        (notice,) = await house.engine.notices(house.alarm.id)
        await house.until(house.wearable.arrived)
        await house.take(replace(house.press("bo"), zone="z2"))
        house.engine.device_subscribed("badge-bo")
        await house.engine.stop()
        shown = [sent.id for sent in house.wearable.sent if sent.address == "badge-bo"]
        assert shown == [notice.id], "once, before he pressed"


async def test_a_phone_in_a_victims_pocket_rings_for_no_alarm_of_another_site() -> None:
    async with office(organisation=two_sites()) as house:
        await house.take(house.press())
        await house.take(at_the_farm(house))
        (farm,) = (a for a in house.engine.open_alarms() if a.site == "farm")
        view = house.engine.last_view(farm.id)
        assert view is not None
        assert DUTY_PHONE in view.barred
        rung = [notice.address for notice in await house.engine.notices(farm.id)]
        assert rung
        assert DUTY_PHONE not in rung
        assert "anna" not in [out.person for out in view.left_out], "her name stays at her site"


async def test_what_waits_for_a_phone_does_not_leave_once_its_carrier_presses_elsewhere() -> None:
    async with office(organisation=two_sites()) as house:
        await house.take(at_the_farm(house))
        (farm,) = house.engine.open_alarms()
        waiting = next(n for n in await house.engine.notices(farm.id) if n.address == DUTY_PHONE)
        core, at = house.engine.core, Moment(house.clock.now(), house.clock.wall())
        assert core.why_not(waiting, at) == ""
        await house.take(house.press())
        assert core.why_not(waiting, at) == "pressed"


def at_the_farm(house: Office) -> Signal:
    """Somebody nobody knows presses in the barn."""
    press = house.press("stranger")
    return replace(press, site="farm", person=None, zone="z9")


def test_the_last_net_bars_what_victims_of_all_alarms_hold() -> None:
    organisation = two_sites()
    anna = Presser("badge-anna", "anna", "Anna", Standing.ASSIGNED, START)
    view = everybody((anna,), organisation, Moment(START, START))
    rung = [route.address for person in view.nearest for route in person.routes]
    assert rung
    assert DUTY_PHONE not in rung


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("+4520000099", "NO"),
        ("0045 20 00 00 99", "NO"),
        ("20 00 00 99", "DK"),
        ("+45 (2000) 00-99", "SE"),
    ],
)
def test_a_number_is_one_address_however_a_site_writes_it(written: str, country: str) -> None:
    assert normalised(written, country) == DUTY_PHONE


@pytest.mark.parametrize("written", ["+46 070 123 45 67", "0046 (0)70-123 45 67", "+46701234567"])
def test_the_zero_people_leave_in_behind_a_country_code_makes_no_other_address(
    written: str,
) -> None:
    assert normalised(written, "DK") == "+46701234567"
