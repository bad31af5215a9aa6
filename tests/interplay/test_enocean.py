"""The enocean package 0.60.1 on the other end of a receiver's cable: it builds telegrams from its
own table of profiles, and reads what we say to a receiver.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.signals import AlarmKind, Reading, SignalType
from devices.receivers.esp3.codec import Packet, PacketType, Telegram, encode, radio
from devices.receivers.esp3.session import ASK_VERSION
from devices.registry import Line
from tests.support.foreign import BS1, RPS, RadioReceiver
from tests.support.interplay import SITE, Building, NullModem, building, package

pytestmark = [
    pytest.mark.shell,
    # It reads its table of profiles with a parser for HTML.
    pytest.mark.filterwarnings("ignore:It looks like you're using an HTML parser"),
]

SPEED_BD = 57_600
SENDER = [0x01, 0x81, 0xA3, 0xF2]
BUTTONS = {"AI": 0, "A0": 1, "BI": 2, "B0": 3}

NORMAL = {"T21": 1, "NU": 1}
RELEASE = {"R1": 0, "EB": 0, "T21": 1, "NU": 0}
LAST = {"R1": BUTTONS["BI"], "EB": 1, "R2": BUTTONS["A0"], "SA": 1} | NORMAL
"""A press no test is about: what came before it is all that came."""


@pytest.mark.parametrize("button", list(BUTTONS))
async def test_a_press_of_each_rocker_is_an_alarm_and_its_release_is_nothing_more(
    tmp_path: Path, button: str
) -> None:
    async with _receiver(tmp_path) as receiver:
        receiver.transmits(R1=BUTTONS[button], EB=1, **NORMAL)
        receiver.transmits(**RELEASE)
        receiver.transmits(**LAST)
        press = await receiver.hears_before_the_last()
        assert (press.device, press.type, press.kind) == (
            "0181a3f2",
            SignalType.ALARM,
            AlarmKind.SOS,
        )
        assert press.code == button
        assert not press.authenticated


async def test_two_rockers_at_once_are_one_alarm_that_names_both(tmp_path: Path) -> None:
    async with _receiver(tmp_path) as receiver:
        receiver.transmits(R1=BUTTONS["AI"], EB=1, R2=BUTTONS["BI"], SA=1, **NORMAL)
        receiver.transmits(**RELEASE)
        receiver.transmits(**LAST)
        press = await receiver.hears_before_the_last()
        assert press.code == "AI+BI"


async def test_the_three_copies_of_one_press_are_one_press(tmp_path: Path) -> None:
    async with _receiver(tmp_path) as receiver:
        for _ in range(3):
            receiver.transmits(R1=BUTTONS["B0"], EB=1, **NORMAL)
        receiver.transmits(**RELEASE)
        receiver.transmits(**LAST)
        press = await receiver.hears_before_the_last()
        assert press.code == "B0"


async def test_a_push_button_without_rockers_is_an_alarm(tmp_path: Path) -> None:
    async with _receiver(tmp_path) as receiver:
        receiver.transmits_as((RPS, 1, 1), PB=1)
        receiver.transmits_as((RPS, 1, 1), PB=0)
        receiver.transmits(**LAST)
        press = await receiver.hears_before_the_last()
        assert (press.type, press.kind) == (SignalType.ALARM, AlarmKind.SOS)


async def test_a_contact_that_calls_when_it_opens_calls_then_and_only_then(tmp_path: Path) -> None:
    call_point = (("call_points.0181A3F2", "open"),)
    async with _receiver(tmp_path, call_point) as receiver:
        receiver.transmits_as((BS1, 0, 1), CO=1)
        receiver.transmits_as((BS1, 0, 1), CO=0)
        receiver.transmits(**LAST)
        press = await receiver.hears_before_the_last()
        assert (press.type, press.code) == (SignalType.ALARM, "contact open")


async def test_its_communicator_hears_us_ask_for_the_version(tmp_path: Path) -> None:
    async with _receiver(tmp_path) as receiver:
        asked = await receiver.is_asked()
        assert (asked.packet_type, asked.data, asked.optional) == (
            PacketType.COMMON_COMMAND,
            [0x03],
            [],
        )


def test_it_reads_every_packet_our_encoder_makes() -> None:
    parser = package("enocean.protocol.packet", "enocean").Packet
    # It reads the strength of each telegram, so it must have its optional data.
    strength = bytes.fromhex("03ffffffff4a00")
    for payload in (b"\x10", b"\x30", b"\x50", b"\x70", b"\x15", b"\x55", b"\x00"):
        said = radio(Telegram(RPS, payload, "0181a3f2", 0x30))
        _, rest, read = parser.parse_msg(list(encode(Packet(said.type, said.data, strength))))
        assert (rest, read.rorg, read.sender_hex) == ([], RPS, "01:81:A3:F2")
        assert (bytes(read.data), read.dBm) == (said.data, -0x4A)
    _, rest, read = parser.parse_msg(list(ASK_VERSION))
    assert (rest, read.packet_type, read.data) == ([], PacketType.COMMON_COMMAND, [0x03])


# -------------------------------------------------------------------------------------------


class _Radio(RadioReceiver):
    """The receiver of a house."""

    def __init__(self, house: Building, port: Path) -> None:
        super().__init__(port, SENDER)
        self._house = house

    async def hears_before_the_last(self) -> Reading:
        """The one thing the house was told before what `LAST` says."""
        await self._house.until(lambda: len(self._house.readings) >= 2)
        told, last = self._house.readings
        assert last.code == "BI+A0"
        return told


@asynccontextmanager
async def _receiver(
    folder: Path, settings: tuple[tuple[str, str], ...] = ()
) -> AsyncIterator[_Radio]:
    with NullModem(folder, SPEED_BD) as cable:
        line = Line("radio", SITE, "esp3", str(cable.here), SPEED_BD, settings=settings)
        async with building(line) as house, _Radio(house, cable.there) as radio_receiver:
            yield radio_receiver
