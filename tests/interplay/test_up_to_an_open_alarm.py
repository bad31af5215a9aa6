"""Somebody else's program through the whole service: from its bytes to an open alarm that pages the
duty leader, since nobody has registered who calls, and back to the program's acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from alarms.model import Alarm
from core.clock import sleep
from core.signals import AlarmKind
from devices.registry import Line
from tests.support.foreign import RadioReceiver, dialler, has_sent, sipp
from tests.support.interplay import SOON_S, NullModem, well
from tests.support.whole_service import WholeService, whole_service

pytestmark = [
    pytest.mark.shell,
    # The enocean package reads its table of profiles with a parser for HTML.
    pytest.mark.filterwarnings("ignore:It looks like you're using an HTML parser"),
]

SITE, LEADER = "s0", "badge-s0-p5"
SPEED_BD = 57_600
NOW_AND_THEN_S = 0.02


async def test_dc09_spt_reports_and_an_alarm_is_open(tmp_path: Path) -> None:
    line = Line("panels", SITE, "dc09", "tcp://127.0.0.1:0")
    async with _service(tmp_path, line) as service, dialler("1234", _port(service, line)) as panel:
        service.store.held = True
        panel.send_msg("SIA", {"code": "PA", "zone": 501})
        await _until(lambda: service.store.waits > 0)
        assert not panel.isConnected(), "nothing is acknowledged before it is committed"
        service.store.let_go()
        await has_sent(panel)
        alarm = await _alarm(service)
        assert (alarm.pressers[0].device, alarm.kind) == ("dc09:1234/501", AlarmKind.ATTACK)


async def test_a_unit_of_sipp_calls_and_an_alarm_is_open(tmp_path: Path) -> None:
    line = Line("units", SITE, "scaip", "udp://127.0.0.1:0")
    press = "<mrq><ref>7</ref><cid>26317</cid><dty>0005</dty><stc>0009</stc></mrq>"
    async with _service(tmp_path, line) as service:
        unit = await sipp(_port(service, line), "udp", "press", press, receipt="receipt")
        assert unit.logged == ["<mrs><ref>7</ref><snu>0</snu></mrs>"]
        alarm = await _alarm(service)
        assert (alarm.pressers[0].device, alarm.kind) == ("scaip:26317", AlarmKind.FALL)


async def test_a_rocker_of_the_enocean_package_is_pressed_and_an_alarm_is_open(
    tmp_path: Path,
) -> None:
    with NullModem(tmp_path, SPEED_BD) as cable:
        line = Line("radio", SITE, "esp3", str(cable.here), SPEED_BD)
        async with (
            _service(tmp_path, line) as service,
            RadioReceiver(cable.there, [0x01, 0x81, 0xA3, 0xF2]) as receiver,
        ):
            receiver.transmits(R1=2, EB=1, T21=1, NU=1)
            alarm = await _alarm(service)
            assert (alarm.pressers[0].device, alarm.kind) == ("esp3:0181a3f2", AlarmKind.SOS)


# -------------------------------------------------------------------------------------------


@asynccontextmanager
async def _service(folder: Path, line: Line) -> AsyncIterator[WholeService]:
    async with whole_service(folder, (line,)) as service:
        await well(service.gateway.lines, line.id)
        yield service


async def _alarm(service: WholeService) -> Alarm:
    """The one alarm that is open, once the duty leader's badge is paged for it."""
    leader = await service.device(LEADER)
    await _until(lambda: "page" in service.told(LEADER))
    await leader.hung_up()
    (alarm,) = await service.store.open_alarms()
    return alarm


def _port(service: WholeService, line: Line) -> int:
    port = service.gateway.lines.port(line.id)
    assert port is not None
    return port


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await sleep(NOW_AND_THEN_S)
