"""A site's lines over loopback and ptys: from bytes to a stored signal, and back to the device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from operator import xor
from pathlib import Path

import pytest

from core.clock import ServiceClock
from core.signals import SignalType, Standing, Taken
from core.values import replace
from devices.callsystems.espax.codec import Message, encode
from devices.findings import Trouble
from devices.registry import Device, Line, MemoryRegistry
from devices.watch import Watch
from gateway.intake import Intake
from gateway.lines import DeviceLines
from gateway.strangers import STRANGERS_MOST
from gateway.supervision import Supervision
from tests.support.gateway import StoringDesk
from tests.support.pty_line import PtyCable

pytestmark = pytest.mark.shell

CALL = bytes.fromhex(
    "013102311f303831351e321f4665756572205a696d6d65722031321e331f321e341f331e351f311e361f310342"
)
RESET = bytes.fromhex("013102311f303831351e341f310316")
ROOM = Device("room-12", "fixed_button", "home", zone="hall", wire=("espa444:0815",))
SOON_S = 10.0


async def test_a_call_on_a_serial_line_becomes_a_signal_and_is_acknowledged_after_its_commit(
    tmp_path: Path,
) -> None:
    async with House(tmp_path) as house:
        house.desk.gate.clear()
        await house.say(CALL)
        await house.desk.until(lambda: len(house.desk.taken) == 1)
        signal = house.desk.taken[0]
        assert (signal.device, signal.standing, signal.zone) == (
            "room-12",
            Standing.ASSIGNED,
            "hall",
        )
        assert (signal.site, signal.type) == ("home", SignalType.ALARM)
        assert not signal.reading.authenticated
        house.desk.gate.set()
        await house.hears(b"\x06")


async def test_a_call_that_could_not_be_stored_is_not_acknowledged(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        house.desk.answer = Taken.UNSTORED
        await house.say(CALL)
        said = await house.hears(b"\x15")
        assert b"\x06" not in said


async def test_an_unknown_sender_is_taken_for_the_lines_site_and_remembered_for_the_scan(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, devices=()) as house:
        await house.say(CALL)
        await house.desk.until(lambda: len(house.desk.taken) == 1)
        signal = house.desk.taken[0]
        assert (signal.standing, signal.site) == (Standing.UNKNOWN, "home")
        assert signal.device == "espa444:0815"
        found = house.lines.scan.newest_first()
        assert [(one.line, one.wire, one.text) for one in found] == [
            ("nurse-call", "espa444:0815", "Feuer Zimmer 12")
        ]
        house.registry.load([ROOM], ())
        house.lines.configure([house.line])
        assert house.lines.scan.newest_first() == ()


async def test_where_the_site_says_so_a_stranger_calls_nobody_and_is_still_found_by_a_scan(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, devices=()) as house:
        house.lines.configure([replace(house.line, only_registered=True)])
        await house.say_until(CALL, lambda: len(house.lines.scan.newest_first()) == 1)
        await house.hears(b"\x06")
        assert house.desk.taken == []
        house.registry.load([ROOM], ())
        await house.say_until(CALL, lambda: len(house.desk.taken) >= 1)
        assert house.desk.taken[0].device == "room-12"


async def test_many_unknown_senders_of_one_line_press_as_one_past_a_limit(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, devices=()) as house:
        for number in range(STRANGERS_MOST + 5):
            block = CALL[:-1].replace(b"0815", b"%04d" % (9_000 + number))
            await house.say(block + bytes([reduce(xor, block[1:])]))
            await house.hears(b"\x06")
        devices = [signal.device for signal in house.desk.taken]
        assert devices[-5:] == ["espa444:strangers-nurse-call"] * 5
        assert len(set(devices)) == STRANGERS_MOST + 1
        assert len(house.lines.scan.newest_first()) == STRANGERS_MOST + 5


async def test_an_unknown_sender_never_passes_for_a_device_of_that_name(tmp_path: Path) -> None:
    badge = Device("0815", "badge", "home", "anna")
    async with House(tmp_path, devices=(badge,)) as house:
        await house.say(CALL)
        await house.desk.until(lambda: len(house.desk.taken) == 1)
        assert house.desk.taken[0].person is None
        assert house.desk.taken[0].device == "espa444:0815"


async def test_only_a_line_the_site_trusts_may_close_without_proof(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        await house.say(RESET)
        await house.desk.until(lambda: len(house.desk.taken) == 1)
        assert house.desk.taken[0].type is SignalType.RESTORE
        assert not house.desk.taken[0].reading.closes
        house.lines.configure([replace(house.line, closes=True)])
        await house.say_until(RESET, lambda: house.desk.taken[-1].reading.closes)
        assert house.desk.taken[-1].reading.closes
        await house.say(CALL)
        await house.desk.until(lambda: house.desk.taken[-1].type is SignalType.ALARM)
        assert not house.desk.taken[-1].reading.closes


async def test_what_nobody_can_read_is_kept_with_its_line(tmp_path: Path) -> None:
    async with House(tmp_path, protocol="esp3") as house:
        await house.say(b"\x55\x00\x07\x07\x01\xff" + b"junk" * 10)
        await house.desk.until(lambda: len(house.desk.raw) >= 1)
        assert house.desk.raw[0][:2] == ("esp3", "nurse-call")


async def test_an_unplugged_line_is_one_finding_that_names_its_devices_and_ends(
    tmp_path: Path,
) -> None:
    async with House(tmp_path) as house:
        await asyncio.to_thread(house.cable.unplug)
        await house.desk.until(lambda: len(house.desk.findings) == 1)
        down = house.desk.findings[0]
        assert (down.trouble, down.line, down.site) == (Trouble.LINE_DOWN, "nurse-call", "home")
        assert down.devices == ("room-12",)
        house.cable.plug_in()
        await house.desk.until(lambda: len(house.desk.findings) == 2)
        assert house.desk.findings[1].over
        await house.say(CALL)
        await house.desk.until(lambda: len(house.desk.taken) == 1)


async def test_a_line_the_site_calls_silent_after_a_while_is_found_and_ends_when_it_speaks(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, silent_after=timedelta(milliseconds=100)) as house:
        await house.desk.until(lambda: len(house.desk.findings) == 1)
        assert house.desk.findings[0].trouble is Trouble.LINE_DOWN
        await house.say(CALL)
        await house.desk.until(lambda: any(found.over for found in house.desk.findings))


async def test_what_the_session_says_of_its_own_line_is_the_lines_finding_and_no_signal(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, settings=(("silent_s", "0.1"),)) as house:
        await house.say(b"\x04")
        await house.desk.until(lambda: len(house.desk.findings) == 1)
        assert house.desk.findings[0].key == "line:nurse-call"
        await house.say(CALL)
        await house.desk.until(lambda: any(found.over for found in house.desk.findings))
        assert {signal.type for signal in house.desk.taken} <= {SignalType.ALARM}


async def test_a_port_for_panels_is_opened_moved_and_closed_by_the_configuration() -> None:
    desk, lines, _ = _lines(())
    panels = Line("panels", "home", "dc09", "tcp://127.0.0.1:0")
    lines.configure([panels])
    lines.start()
    port = await _open(lines, "panels")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    frame = b'\n9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]\r'
    writer.write(frame)
    answer = await asyncio.wait_for(reader.readuntil(b"\r"), SOON_S)
    assert b'"ACK"0001L0#1002[]' in answer
    assert desk.taken[0].type is SignalType.TEST
    lines.configure([replace(panels, closes=True)])
    assert await asyncio.wait_for(reader.read(), SOON_S) == b"", "the old line is closed"
    writer.close()
    assert await _open(lines, "panels") > 0
    lines.configure([])
    lines.stop_reading()
    await lines.close()
    assert lines.port("panels") is None


async def test_a_client_that_hangs_up_and_stays_away_is_missed_and_its_return_ends_it() -> None:
    ward = Device("ward", "fixed_button", "home", zone="hall", wire=("espax:ward",))
    desk, lines, _ = _lines((ward,))
    supervising = _supervised(lines)
    settings = (("silent_s", "0.3"),)
    lines.configure([Line("pages", "home", "espax", "tcp://127.0.0.1:0", settings=settings)])
    lines.start()
    port = await _open(lines, "pages")
    await _logs_in_and_hangs_up(port)
    await desk.until(lambda: len(desk.findings) == 1)
    lost = desk.findings[0]
    assert (lost.trouble, lost.devices, lost.over) == (Trouble.LINE_DOWN, ("ward",), False)
    await _logs_in_and_hangs_up(port)
    await desk.until(lambda: len(desk.findings) >= 2)
    assert (desk.findings[1].key, desk.findings[1].over) == (lost.key, True)
    supervising.cancel()
    lines.stop_reading()
    await lines.close()


async def _logs_in_and_hangs_up(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(encode(Message("REQ.LOGIN", {"invokeID": "1"}, {"LI-USER": "ward"}), 1))
    assert b"RSP.LOGIN" in await asyncio.wait_for(reader.readuntil(b"</ESPA-X>"), SOON_S)
    writer.close()


async def test_a_panel_that_falls_silent_is_one_finding_and_its_return_ends_it() -> None:
    panel = Device("panel-1002", "fixed_button", "home", zone="hall", wire=("dc09:1002",))
    desk, lines, _ = _lines((panel,))
    supervising = _supervised(lines)
    settings = (("silent_s.1002", "0.3"),)
    lines.configure([Line("panels", "home", "dc09", "tcp://127.0.0.1:0", settings=settings)])
    lines.start()
    port = await _open(lines, "panels")
    await _report(port)
    await desk.until(lambda: len(desk.findings) == 1)
    found = desk.findings[0]
    assert (found.trouble, found.devices, found.over) == (
        Trouble.LINE_DOWN,
        ("panel-1002",),
        False,
    )
    await _report(port)
    await desk.until(lambda: len(desk.findings) == 2)
    assert (desk.findings[1].key, desk.findings[1].over) == (found.key, True)
    await desk.until(lambda: len(desk.findings) == 3)
    lines.configure([])
    await desk.until(lambda: len(desk.findings) == 4)
    assert desk.findings[3].over, "nobody is missed on a line that is no more"
    supervising.cancel()
    lines.stop_reading()
    await lines.close()


async def test_a_line_that_did_not_change_stays_open() -> None:
    desk, lines, _ = _lines(())
    panels = Line("panels", "home", "dc09", "tcp://127.0.0.1:0")
    lines.configure([panels])
    lines.start()
    port = await _open(lines, "panels")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines.configure([panels, Line("more", "home", "dc09", "udp://127.0.0.1:0")])
    assert await _open(lines, "more") > 0
    writer.write(b'\n9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]\r')
    assert b'"ACK"' in await asyncio.wait_for(reader.readuntil(b"\r"), SOON_S)
    writer.close()
    lines.stop_reading()
    await lines.close()
    assert desk.findings == []


class House:
    """A serial line on a cable, and everything behind it up to the desk."""

    def __init__(
        self,
        folder: Path,
        devices: tuple[Device, ...] = (ROOM,),
        protocol: str = "espa444",
        silent_after: timedelta = timedelta(),
        settings: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.cable = PtyCable(folder / "line")
        self.line = Line(
            "nurse-call",
            "home",
            protocol,
            str(self.cable.path),
            silent_after=silent_after,
            settings=settings,
        )
        self.desk, self.lines, self.registry = _lines(devices)

    async def __aenter__(self) -> House:
        self.cable.plug_in()
        self._supervising = _supervised(self.lines)
        self.lines.configure([self.line])
        self.lines.start()
        await _well(self.lines, self.line.id)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.lines.stop_reading()
        await self.lines.intake.close()
        await self.lines.close()
        self._supervising.cancel()
        await asyncio.to_thread(self.cable.unplug)

    async def say(self, content: bytes) -> None:
        await asyncio.to_thread(self.cable.write, content)

    async def say_until(self, content: bytes, true: Callable[[], bool]) -> None:
        """Again and again: what is said while a line is closed and opened is said to nobody."""
        async with asyncio.timeout(SOON_S):
            while not true():
                await self.say(content)
                await _turn()

    async def hears(self, what: bytes) -> bytes:
        return await asyncio.to_thread(self.cable.until_said, lambda said: what in said)


def _supervised(lines: DeviceLines) -> asyncio.Task[None]:
    assert isinstance(lines.supervision, Supervision)
    return asyncio.create_task(lines.supervision.run())


def _lines(devices: tuple[Device, ...]) -> tuple[StoringDesk, DeviceLines, MemoryRegistry]:
    clock, desk, registry = ServiceClock(), StoringDesk(), MemoryRegistry(devices)
    supervision = Supervision(Watch(), desk, clock)
    supervision.configure(devices, {device.id: "nurse-call" for device in devices})
    supervision.expect([device.id for device in devices])
    intake = Intake(desk, registry, clock, supervision, {"hall": "hall"})
    return desk, DeviceLines(registry, clock, intake, supervision), registry


async def _report(port: int) -> None:
    """One message of panel 1002, over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'\n9EC40027"ADM-CID"0001L0#1002[#1002|1602 00 001]\r')
    assert b'"ACK"' in await asyncio.wait_for(reader.readuntil(b"\r"), SOON_S)
    writer.close()


async def _open(lines: DeviceLines, name: str) -> int:
    async with asyncio.timeout(SOON_S):
        while not (port := lines.port(name)):
            await _turn()
    return port


async def _well(lines: DeviceLines, name: str) -> None:
    """Until it is open: whatever stood in a serial port before is not for us."""
    async with asyncio.timeout(SOON_S):
        while not lines.is_well(name):
            await _turn()


async def _turn() -> None:
    """One turn of the loop."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.005, done.set_result, None)
    await done
