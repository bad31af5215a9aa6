"""Equipment that says it is well ends the technical alarm about just that, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarms.model import Cause
from core.freshness import FRESH_FOR, Lowers
from core.signals import UNKNOWN_WORD, AlarmKind, Reading, Signal, SignalType, Standing
from core.values import replace
from dispatcher.engine.causes import CAUSES_MOST
from tests.support.office import Office, office

MAINS = Reading("dc09", "1234", SignalType.TECHNICAL, text="AC loss", code="AT", about="AT")
MAINS_BACK = Reading("dc09", "1234", SignalType.RESTORE, AlarmKind.TECHNICAL, code="AR", about="AT")
OPENED = Reading("modbus", "b/1/3", SignalType.TAMPER, code="cut")
HEALED = Reading("modbus", "b/1/3", SignalType.RESTORE, AlarmKind.TAMPER, code="healed")
KEY_ON = Reading("modbus", "b/1/7", SignalType.TECHNICAL, text="key", code="test_key")
KEY_OFF = Reading("modbus", "b/1/7", SignalType.RESTORE, AlarmKind.TECHNICAL, code="test_key")


async def test_a_word_nobody_knows_is_one_alarm_that_asks_for_a_person() -> None:
    said = Reading("native", "badge-anna", SignalType.TECHNICAL, code=UNKNOWN_WORD, text="x")
    async with office() as house:
        for number in (1, 2):
            await house.take(_signal(house, said, number))
        assert len(house.engine.open_alarms()) == 1
        assert house.alarm.text.endswith("siger noget, ingen kender. Spørg den, der bærer den.")


@pytest.mark.parametrize(
    ("trouble", "end"),
    [
        (MAINS, MAINS_BACK),
        (
            replace(MAINS, type=SignalType.LOW_BATTERY, about="XT/7"),
            replace(MAINS_BACK, about="XT/7"),
        ),
        (
            replace(MAINS, type=SignalType.TAMPER, about="TA/3"),
            replace(MAINS_BACK, kind=AlarmKind.TAMPER, about="TA/3"),
        ),
        (OPENED, HEALED),
        (KEY_ON, KEY_OFF),
    ],
)
async def test_what_is_well_again_ends_its_own_technical_alarm(
    trouble: Reading, end: Reading
) -> None:
    async with office() as house:
        await house.take(_signal(house, trouble, 1))
        technical = house.alarm
        await house.take(_signal(house, end, 2))
        assert house.engine.open_alarms() == []
        closed = await house.store.alarm(technical.id)
        assert closed is not None
        assert closed.closing is not None
        assert (closed.closing.by, closed.closing.cause) == ("panel", Cause.RESTORED)


@pytest.mark.parametrize(
    "end",
    [
        replace(MAINS_BACK, about="YT"),
        replace(MAINS_BACK, about="AT/2"),
        replace(MAINS_BACK, kind=None, about=""),
        replace(MAINS_BACK, kind=AlarmKind.ATTACK, about=""),
        replace(MAINS_BACK, type=SignalType.TEST),
        replace(MAINS_BACK, retained=True),
    ],
)
async def test_nothing_else_ends_it(end: Reading) -> None:
    async with office() as house:
        await house.take(_signal(house, MAINS, 1))
        await house.take(_signal(house, end, 2))
        assert house.alarm.technical


async def test_neither_a_copy_nor_an_old_word_nor_another_device_ends_it() -> None:
    async with office() as house:
        await house.take(_signal(house, MAINS, 1))
        back = _signal(house, MAINS_BACK, 2)
        await house.take(replace(back, repeat=True))
        old = back.at - FRESH_FOR[Lowers.RESTORE] - timedelta(seconds=1)
        await house.take(replace(back, id="s_3", identity="3", pressed_at=old))
        await house.take(replace(back, id="s_4", identity="4", device="another"))
        assert house.alarm.technical


async def test_two_things_wrong_with_one_panel_are_two_technical_alarms() -> None:
    async with office() as house:
        await house.take(_signal(house, MAINS, 1))
        await house.take(_signal(house, replace(MAINS, about="YT", text="battery"), 2))
        assert len(house.engine.open_alarms()) == 2
        await house.take(_signal(house, MAINS_BACK, 3))
        assert house.alarm.text == "battery"


async def test_mains_back_at_a_panel_say_nothing_beside_somebody_who_called_by_it() -> None:
    async with office() as house:
        call = Reading("dc09", "1234", SignalType.ALARM, AlarmKind.ATTACK)
        await house.take(_signal(house, call, 1))
        for number, end in enumerate((MAINS_BACK, HEALED, KEY_OFF), 2):
            await house.take(_signal(house, replace(end, closes=True), number))
        assert house.alarm.pressers[0].says_over_at is None
        assert house.alarm.open


async def test_a_device_with_ever_new_troubles_raises_few_alarms_and_the_last_says_how_many() -> (
    None
):
    async with office() as house:
        for number in range(100):
            code = replace(KEY_ON, code=f"c{number}")
            await house.take(_signal(house, code, number))
            assert await house.store.has_signal(str(number)), "nothing that was said is dropped"
        assert len(house.engine.open_alarms()) == CAUSES_MOST + 1
        (many,) = (one for one in house.engine.open_alarms() if one.text != "key")
        assert many.text == "Flere tekniske alarmer fra panel: 64+. Se til den."


async def test_an_alarm_of_many_troubles_ends_with_the_last_of_them() -> None:
    async with office() as house:
        for number in range(CAUSES_MOST + 1):
            code = replace(KEY_ON, code=f"c{number}")
            await house.take(_signal(house, code, number))
        end = replace(KEY_OFF, code=f"c{CAUSES_MOST}")
        await house.take(_signal(house, end, 99))
        assert len(house.engine.open_alarms()) == CAUSES_MOST


def _signal(house: Office, reading: Reading, number: int) -> Signal:
    return Signal(
        id=f"s_{number}",
        identity=str(number),
        reading=reading,
        site="home",
        device="panel",
        standing=Standing.ASSIGNED,
        at=house.clock.now(),
        wall=house.clock.wall(),
        zone="z1",
    )
