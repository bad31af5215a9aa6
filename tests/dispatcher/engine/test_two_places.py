"""Nobody is in two places at once, whatever they have said in two alarms."""

from __future__ import annotations

import pytest

from alarms.model import Alarm, call_of
from alarms.turn import counts
from core.signals import AnswerKind
from core.values import replace
from tests.support.office import Office, office


async def pressed(house: Office, person: str, zone: str) -> str:
    before = [alarm.id for alarm in house.engine.open_alarms()]
    await house.take(replace(house.press(person), zone=zone))
    (new,) = (alarm.id for alarm in house.engine.open_alarms() if alarm.id not in before)
    return new


def is_waited_for(house: Office, alarm_id: str, person: str) -> bool:
    call = call_of(alarm(house, alarm_id), person)
    assert call is not None
    return counts(call)


def alarm(house: Office, alarm_id: str) -> Alarm:
    found = house.engine.open_alarm(alarm_id)
    assert found is not None
    return found


@pytest.mark.parametrize("first", [AnswerKind.ACCEPT, AnswerKind.ARRIVED])
@pytest.mark.parametrize("then", [AnswerKind.ACCEPT, AnswerKind.ARRIVED])
async def test_who_goes_to_another_place_is_not_waited_for_at_the_first_and_others_are_called(
    first: AnswerKind, then: AnswerKind
) -> None:
    async with office() as house:
        one, two = await pressed(house, "anna", "z1"), await pressed(house, "ida", "z2")
        await house.engine.volunteer(one, "lone", first)
        asked = len(await house.engine.notices(one))
        await house.engine.volunteer(two, "lone", then)
        assert is_waited_for(house, two, "lone")
        assert not is_waited_for(house, one, "lone")
        assert len(await house.engine.notices(one)) > asked, "the circle begins anew"


async def test_who_says_that_they_are_at_the_first_place_after_all_is_waited_for_there() -> None:
    async with office() as house:
        one, two = await pressed(house, "anna", "z1"), await pressed(house, "ida", "z2")
        await house.engine.volunteer(one, "lone", AnswerKind.ACCEPT)
        await house.engine.volunteer(two, "lone", AnswerKind.ACCEPT)
        await house.engine.volunteer(one, "lone", AnswerKind.ARRIVED)
        assert is_waited_for(house, one, "lone")
        assert not is_waited_for(house, two, "lone")


async def test_a_technical_alarm_takes_nobody_away_from_a_call() -> None:
    async with office() as house:
        one = await pressed(house, "anna", "z1")
        await house.engine.volunteer(one, "lone", AnswerKind.ACCEPT)
        house.engine.technical("silent:badge-ida", "{devices}", "home", devices="badge-ida")
        (technical,) = (a.id for a in house.engine.open_alarms() if a.technical)
        await house.engine.volunteer(technical, "lone", AnswerKind.ACCEPT)
        assert is_waited_for(house, one, "lone")
