"""A badge that changes hands in an alarm speaks for who wears it now, and tells what is theirs."""

from __future__ import annotations

from alarms.model import Alarm, TellType
from core.signals import AnswerKind, Level, Signal, SignalType
from core.values import replace
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.roster.organisation import Organisation
from tests.support.office import Office, home, office


def handed_to_ida() -> Organisation:
    """Ida wears the badge that was Anna's."""
    worn = {"badge-anna": "ida", "badge-ida": None}
    devices = tuple(replace(d, person=worn.get(d.id, d.person)) for d in home().devices)
    return replace(home(), version=2, devices=devices)


async def pressed_and_handed_on(house: Office, level: Level) -> Alarm:
    await house.take(replace(house.press("anna"), level=level))
    house.pictures.configure(handed_to_ida())
    house.engine.reconfigured()
    house.told.clear()
    return house.alarm


def by_ida(house: Office, type_: SignalType = SignalType.ALARM) -> Signal:
    said = house.press("anna", 9)
    return replace(said, person="ida", reading=replace(said.reading, type=type_))


async def test_the_cancel_of_a_new_wearer_ends_nothing_of_the_old_one() -> None:
    async with office() as house:
        alarm = await pressed_and_handed_on(house, Level.YELLOW)
        await house.take(by_ida(house, SignalType.CANCEL))
        assert house.alarm.id == alarm.id
        assert house.alarm.pressers[0].says_over_at is None


async def test_the_press_of_a_new_wearer_is_their_own_alarm_at_their_own_place() -> None:
    async with office() as house:
        old = await pressed_and_handed_on(house, Level.RED)
        await house.take(by_ida(house))
        (new,) = (a for a in house.engine.open_alarms() if a.id != old.id)
        assert [p.person for p in new.pressers] == ["ida"]
        unchanged = house.engine.open_alarm(old.id)
        assert unchanged is not None
        assert [(p.person, p.presses) for p in unchanged.pressers] == [("anna", 1)]
        assert [tell.alarm for tell in house.told if tell.type is TellType.RECEIVED] == [new.id]


async def test_a_new_wearer_is_not_told_that_somebody_comes_who_comes_to_the_old_one() -> None:
    async with office() as house:
        old = await pressed_and_handed_on(house, Level.RED)
        await house.take(by_ida(house))
        house.told.clear()
        (notice, *_) = await house.engine.notices(old.id)
        await house.engine.answer(notice.id, AnswerKind.ACCEPT, Source(SourceKind.STAFF, "bo"))
        house.engine.device_subscribed("badge-anna")
        assert TellType.ACCEPTED not in [tell.type for tell in house.told]


async def test_a_presser_whose_loan_has_just_ended_hears_who_comes_and_is_rung_for_nobody() -> None:
    """The badge is still in her hand, whatever the list says (laws 3 and 7)."""
    async with office() as house:
        old = await pressed_and_handed_on(house, Level.RED)
        (notice, *_) = await house.engine.notices(old.id)
        await house.engine.answer(notice.id, AnswerKind.ACCEPT, Source(SourceKind.STAFF, "bo"))
        assert [tell.device for tell in house.told if tell.type is TellType.ACCEPTED] == [
            "badge-anna"
        ]
        view = house.engine.last_view(old.id)
        assert view is not None
        assert "badge-anna" in view.barred
