"""Alarm units played by sipp 3.6: SCAIP in SIP MESSAGE, over UDP and TCP, by the scenarios beside.

sipp checks our answers itself: anything but the status its scenario expects ends it with an error.
What our receipts say it logs, and the tests read there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.signals import AlarmKind, SignalType
from devices.registry import Line
from tests.support.interplay import SITE, SOON_S, Building, building, program

pytestmark = pytest.mark.shell

SCENARIOS = Path(__file__).with_name("sipp")
SCAIP = "application/scaip+xml"

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
        unit = await _sipp(house, transport, "press", PRESS, receipt="receipt")
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>0</snu></mrs>"]
        press = house.readings[0]
        assert (press.device, press.type, press.kind) == ("26317", SignalType.ALARM, AlarmKind.SOS)
        assert (press.code, press.authenticated, press.odd) == ("ME 3/10", False, ())
        assert len(house.presses) == 1


@BOTH
async def test_twenty_units_at_once_each_get_their_own_receipt(transport: str) -> None:
    async with building(_line(transport)) as house:
        unit = await _sipp(house, transport, "press", PRESS, receipt="receipt", calls=20)
        # They have one `ref`, so they are one press; each waits for its receipt all the same.
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>0</snu></mrs>"] * 20
        assert len(house.presses) == 1


async def test_a_request_that_comes_again_is_answered_again_and_is_one_press() -> None:
    async with building(_line("udp")) as house:
        unit = await _sipp(house, "udp", "copies", PRESS, receipt="receipt", resends=False)
        assert unit.heard("SIP/2.0 200 OK") == 3
        assert unit.heard("MESSAGE sip:26317@") == 1
        assert len(house.desk.taken) == 1


async def test_a_receipt_is_repeated_over_udp_until_the_unit_has_answered_it() -> None:
    async with building(_line("udp")) as house:
        unit = await _sipp(house, "udp", "patient", PRESS, receipt="late")
        assert unit.heard("MESSAGE sip:26317@") == 2, "at once and after 0.5 s; then it was told"
        assert house.desk.raw == [], "nobody complains of a receipt nobody took"


@BOTH
async def test_where_the_site_says_so_the_receipt_is_in_the_answer(transport: str) -> None:
    line = _line(transport, (("receipts", "in_response"),))
    async with building(line) as house:
        unit = await _sipp(house, transport, "in_response", PRESS)
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>0</snu></mrs>"]
        assert len(house.presses) == 1


@BOTH
async def test_xml_that_breaks_off_is_a_call_in_doubt_and_its_unit_is_told(transport: str) -> None:
    broken = PRESS.partition("<stc>")[0]
    async with building(_line(transport)) as house:
        unit = await _sipp(house, transport, "press", broken, receipt="receipt")
        assert "<snu>2</snu>" in unit.logged[0]
        press = house.readings[0]
        assert (press.device, press.type, press.kind) == (
            "26317",
            SignalType.ALARM,
            AlarmKind.UNKNOWN,
        )


async def test_a_message_without_a_tag_it_must_have_is_raised_and_its_unit_is_told() -> None:
    without = PRESS.replace("<dty>0003</dty>", "")
    async with building(_line("tcp")) as house:
        unit = await _sipp(house, "tcp", "press", without, receipt="receipt")
        assert unit.logged == ["<mrs><ref>1A85</ref><snu>7</snu><ste>missing: dty</ste></mrs>"]
        assert house.readings[0].type is SignalType.ALARM


@BOTH
async def test_what_is_no_scaip_is_refused_with_415_and_kept(transport: str) -> None:
    async with building(_line(transport)) as house:
        unit = await _sipp(house, transport, "refused", "Hello", media="text/plain")
        assert unit.logged == [f"accepted is {SCAIP}"]
        assert b"Hello" in house.desk.raw[0][3]
        assert house.presses == []


@BOTH
async def test_a_request_without_a_sender_gets_400_and_its_press_is_raised(transport: str) -> None:
    async with building(_line(transport)) as house:
        await _sipp(house, transport, "nameless", PRESS)
        assert house.readings[0].type is SignalType.ALARM
        assert house.readings[0].odd == ("message: a SIP header is missing",)


@BOTH
async def test_a_voice_call_is_refused_with_405_and_options_are_answered(transport: str) -> None:
    async with building(_line(transport)) as house:
        unit = await _sipp(house, transport, "call", "")
        assert unit.logged == ["allowed is MESSAGE"]
        await _sipp(house, transport, "options", "")
        assert house.desk.taken == []
        assert house.desk.raw == []


# -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Unit:
    """What one run of sipp left behind: what its scenarios logged, and every message."""

    logged: list[str]
    messages: str

    def heard(self, start: str) -> int:
        """How many messages it was sent began with this line."""
        came = self.messages.split(" message received [")[1:]
        return sum(message.partition("\n\n")[2].startswith(start) for message in came)


async def _sipp(
    house: Building,
    transport: str,
    scenario: str,
    body: str,
    *,
    media: str = SCAIP,
    receipt: str = "",
    calls: int = 1,
    resends: bool = True,
) -> _Unit:
    """Run a scenario to its end; `receipt` is what happens to messages of ours.

    Not `resends`: sipp sends what its scenario says and no copies of its own.
    """
    sipp = program("sipp", "sip-tester")
    with TemporaryDirectory() as folder:
        out = Path(folder)
        options = [
            *("-sf", str(SCENARIOS / f"{scenario}.xml"), "-nostdin"),
            *("-i", "127.0.0.1", "-t", "u1" if transport == "udp" else "t1"),
            *("-m", str(calls), "-r", str(10 * calls), "-timeout", "30s", "-timeout_error"),
            *("-key", "mrq", body, "-key", "type", media),
            *("-trace_msg", "-message_file", str(out / "messages")),
            *("-trace_logs", "-log_file", str(out / "logs")),
        ]
        if receipt:
            options += ["-oocsf", str(SCENARIOS / f"{receipt}.xml")]
        if not resends:
            options += ["-nr"]
        running = await asyncio.create_subprocess_exec(
            sipp,
            *options,
            f"127.0.0.1:{house.port('units')}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=out,
        )
        _, said = await asyncio.wait_for(running.communicate(), 2 * SOON_S)
        assert running.returncode == 0, said.decode()
        logs = out / "logs"
        return _Unit(
            logs.read_text().splitlines() if logs.exists() else [],
            (out / "messages").read_text(),
        )


def _line(transport: str, settings: tuple[tuple[str, str], ...] = ()) -> Line:
    return Line("units", SITE, "scaip", f"{transport}://127.0.0.1:0", settings=settings)
