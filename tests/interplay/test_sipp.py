"""Alarm units played by sipp 3.6: SCAIP in SIP MESSAGE, over UDP and TCP, by the scenarios beside.

sipp checks our answers itself: anything but the status its scenario expects ends it with an error.
What our receipts say it logs, and the tests read there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from core.signals import AlarmKind, SignalType
from devices.registry import Line
from tests.support.foreign import SCAIP, sipp
from tests.support.interplay import SITE, Building, building

pytestmark = pytest.mark.shell

SCENARIOS = Path(__file__).with_name("sipp")
PRESS = (
    "<mrq><ref>1A85</ref><cha>0</cha><mty>ME</mty><cid>26317</cid><dty>0003</dty>"
    "<stc>0010</stc><crd>gsm:</crd></mrq>"
)
BOTH = pytest.mark.parametrize("transport", ["udp", "tcp"])


@BOTH
async def test_a_press_is_answered_at_once_and_its_receipt_comes_as_a_message_of_its_own(
    transport: str,
) -> None:
    async with building(_line(transport)) as house:
        unit = await sipp(_port(house), transport, "press", PRESS, receipt="receipt")
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>0</snu></mrs>"]
        press = house.readings[0]
        assert (press.device, press.type, press.kind) == ("26317", SignalType.ALARM, AlarmKind.SOS)
        assert (press.code, press.authenticated, press.odd) == ("ME 3/10", False, ())
        assert len(house.presses) == 1


@BOTH
async def test_twenty_units_at_once_each_get_their_own_receipt(transport: str) -> None:
    async with building(_line(transport)) as house:
        unit = await sipp(_port(house), transport, "press", PRESS, receipt="receipt", calls=20)
        # They have one `ref`, so they are one press; each waits for its receipt all the same.
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>0</snu></mrs>"] * 20
        assert len(house.presses) == 1


async def test_a_request_that_comes_again_is_answered_again_and_is_one_press() -> None:
    async with building(_line("udp")) as house:
        unit = await sipp(_port(house), "udp", "copies", PRESS, receipt="receipt", resends=False)
        assert unit.heard("SIP/2.0 200 OK") == 3
        assert unit.heard("MESSAGE sip:26317@") == 1
        assert len(house.desk.taken) == 1


async def test_a_receipt_is_repeated_over_udp_until_the_unit_has_answered_it() -> None:
    async with building(_line("udp")) as house:
        unit = await sipp(_port(house), "udp", "patient", PRESS, receipt="late")
        assert unit.heard("MESSAGE sip:26317@") == 2, "at once and after 0.5 s; then it was told"
        assert house.desk.raw == [], "nobody complains of a receipt nobody took"


@BOTH
async def test_where_the_site_says_so_the_receipt_is_in_the_answer(transport: str) -> None:
    line = _line(transport, (("receipts", "in_response"),))
    async with building(line) as house:
        unit = await sipp(_port(house), transport, "in_response", PRESS)
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>0</snu></mrs>"]
        assert len(house.presses) == 1


@BOTH
async def test_xml_that_breaks_off_is_a_call_in_doubt_and_its_unit_is_told(transport: str) -> None:
    broken = PRESS.partition("<stc>")[0]
    async with building(_line(transport)) as house:
        unit = await sipp(_port(house), transport, "press", broken, receipt="receipt")
        assert "<snu>2</snu>" in unit.logged[0]
        press = house.readings[0]
        assert (press.device, press.type, press.kind) == (
            "26317",
            SignalType.ALARM,
            AlarmKind.SOS,
        )


async def test_a_message_without_a_tag_it_must_have_is_raised_and_its_unit_is_told() -> None:
    without = PRESS.replace("<dty>0003</dty>", "")
    async with building(_line("tcp")) as house:
        unit = await sipp(_port(house), "tcp", "press", without, receipt="receipt")
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>7</snu><ste>missing: dty</ste></mrs>"]
        assert house.readings[0].type is SignalType.ALARM


@BOTH
async def test_what_is_no_scaip_is_refused_with_415_and_kept(transport: str) -> None:
    async with building(_line(transport)) as house:
        unit = await sipp(_port(house), transport, "refused", "Hello", media="text/plain")
        assert unit.logged == [f"accepted is {SCAIP}"]
        assert b"Hello" in house.desk.raw[0][3]
        assert house.presses == []


@BOTH
async def test_a_request_without_a_sender_gets_400_and_its_press_is_raised(transport: str) -> None:
    async with building(_line(transport)) as house:
        await sipp(_port(house), transport, "nameless", PRESS)
        assert house.readings[0].type is SignalType.ALARM
        assert house.readings[0].odd == ("message: a SIP header is missing",)


@BOTH
async def test_a_voice_call_is_refused_with_405_and_options_are_answered(transport: str) -> None:
    async with building(_line(transport)) as house:
        unit = await sipp(_port(house), transport, "call", "")
        assert unit.logged == ["allowed is MESSAGE"]
        await sipp(_port(house), transport, "options", "")
        assert house.desk.taken == []
        assert house.desk.raw == []


# -------------------------------------------------------------------------------------------


def _port(house: Building) -> int:
    return house.port("units")


def _line(transport: str, settings: tuple[tuple[str, str], ...] = ()) -> Line:
    return Line("units", SITE, "scaip", f"{transport}://127.0.0.1:0", settings=settings)
