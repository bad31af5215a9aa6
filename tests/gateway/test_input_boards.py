"""Boards played by pymodbus' own server, behind a site's real lines: buttons, and sirens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import ServiceClock
from core.signals import AlarmKind, Signal, SignalType, Standing
from core.values import replace
from devices.findings import Finding, State, Trouble
from devices.registry import Device, Line, MemoryRegistry
from devices.watch import Watch
from gateway.app import _line_of
from gateway.intake import Intake
from gateway.lines import DeviceLines
from gateway.supervision import Supervision
from tests.support.boards import CUT, SPEED_BD, boards_on, boards_over_tcp, turn
from tests.support.gateway import StoringDesk
from tests.support.rs485 import Rs485

pytestmark = pytest.mark.shell

SOON_S = 20.0
DESK = Device("desk", "fixed_button", "home", zone="hall", wire=("modbus:desk/1/3",))
HALL = Device("hall", "call_point", "home", zone="hall", wire=("modbus:desk/2/5",))
DEVICES = (DESK, HALL)
SETTINGS = (
    ("name", "desk"),
    ("point.1/3", "bands attack"),
    ("bands", "short 200 normal 1200 alarm 2600 cut"),
    ("point.2/5", "closes"),
    ("silent_s", "1"),
    ("sounder", "2/7"),
)


async def test_a_press_at_a_board_over_tcp_is_a_signal_of_its_place() -> None:
    async with boards_over_tcp() as (boards, port), building(over_tcp(port)) as house:
        await boards.press()
        signal = await house.hears("desk", SignalType.ALARM)
        assert (signal.standing, signal.zone, signal.reading.kind) == (
            Standing.ASSIGNED,
            "hall",
            AlarmKind.ATTACK,
        )
        assert not signal.reading.authenticated
        await boards.measure(CUT)
        assert (await house.hears("desk", SignalType.TAMPER)).reading.code == "cut"
        await boards.close(5)
        assert (await house.hears("hall", SignalType.ALARM)).reading.code == "pressed"
        assert house.watch.health("desk", house.clock.now()).state is State.TAMPER


async def test_a_board_over_tcp_that_is_gone_is_told_and_asked_again_when_it_is_back() -> None:
    async with boards_over_tcp() as (boards, port), building(over_tcp(port)) as house:
        await boards.stop()
        await house.finds(lambda found: found.line == "boards" and not found.over)
        assert house.watch.health("desk", house.clock.now()).state is State.SILENT
        async with boards_over_tcp(port) as (again, _):
            await house.finds(lambda found: found.line == "boards" and found.over)
            await again.press()
            await house.hears("desk", SignalType.ALARM)


async def test_two_boards_on_one_serial_line_are_heard_and_missed_each_by_itself(
    tmp_path: Path,
) -> None:
    with Rs485(tmp_path, SPEED_BD) as cable:
        line = Line("boards", "home", "modbus", str(cable.ours), SPEED_BD, settings=SETTINGS)
        async with boards_on(cable.theirs) as boards, building(line) as house:
            await boards.press()
            await house.hears("desk", SignalType.ALARM)
            await boards.close(5)
            await house.hears("hall", SignalType.ALARM)
            boards.silent = 2
            silent = await house.finds(lambda found: found.line == "boards/2")
            assert (silent.trouble, silent.devices) == (Trouble.LINE_DOWN, ("hall",))
            assert house.watch.health("hall", house.clock.now()).state is State.SILENT
            assert house.watch.health("desk", house.clock.now()).state is State.OK
            boards.silent = 0
            await house.finds(lambda found: found.line == "boards/2" and found.over)
            again = await house.hears("hall", SignalType.ALARM, 2)
            assert again.reading.code == "found_pressed"


async def test_a_serial_line_of_boards_is_unplugged_and_comes_back_by_itself(
    tmp_path: Path,
) -> None:
    with Rs485(tmp_path, SPEED_BD) as cable:
        line = Line("boards", "home", "modbus", str(cable.ours), SPEED_BD, settings=SETTINGS)
        async with boards_on(cable.theirs) as boards, building(line) as house:
            cable.unplug()
            down = await house.finds(lambda found: found.line == "boards")
            assert down.devices == ("desk", "hall")
            await boards.press()
            cable.plug_in()
            await house.finds(lambda found: found.line == "boards" and found.over)
            pressed = await house.hears("desk", SignalType.ALARM)
            assert pressed.reading.code == "found_pressed", "pressed while the line was away"


async def test_a_siren_on_a_serial_line_sounds_within_a_second_and_stops_in_time(
    tmp_path: Path,
) -> None:
    with Rs485(tmp_path, SPEED_BD) as cable:
        line = Line("boards", "home", "modbus", str(cable.ours), SPEED_BD, settings=SETTINGS)
        async with boards_on(cable.theirs) as boards, building(line) as house:
            called = house.clock.now()
            assert house.lines.sound("home", timedelta(seconds=2)) == 1
            assert house.lines.sound("elsewhere", timedelta(seconds=20)) == 0
            await boards.siren(True)
            assert house.clock.now() - called < timedelta(seconds=1)
            await boards.press()
            await house.hears("desk", SignalType.ALARM)
            await boards.siren(False)
            assert timedelta(seconds=1.9) < house.clock.now() - called < timedelta(seconds=3)


async def test_a_siren_found_on_is_switched_off_and_one_that_sounds_when_its_line_is_closed(
    tmp_path: Path,
) -> None:
    with Rs485(tmp_path, SPEED_BD) as cable:
        line = Line("boards", "home", "modbus", str(cable.ours), SPEED_BD, settings=SETTINGS)
        async with boards_on(cable.theirs) as boards:
            await boards.leave_siren_on()
            async with building(line) as house:
                await boards.siren(False)
                house.lines.sound("home", timedelta(seconds=30))
                await boards.siren(True)
            await boards.siren(False)


async def test_a_siren_over_tcp_sounds_on_at_a_board_that_has_restarted() -> None:
    async with boards_over_tcp() as (boards, port), building(over_tcp(port)) as house:
        house.lines.sound("home", timedelta(seconds=30))
        await boards.siren(True)
        await boards.stop()
        await house.finds(lambda found: found.line == "boards" and not found.over)
        assert house.lines.sound("home", timedelta(seconds=30)) == 0, "nobody can say it sounds"
        async with boards_over_tcp(port) as (again, _):
            await again.siren(True)
            assert house.lines.sound("home", timedelta(seconds=30)) == 1


async def test_a_siren_that_is_refused_is_told_also_where_strangers_are_not_heard() -> None:
    settings = (*SETTINGS[:-1], ("sounder", "2/99"))
    async with boards_over_tcp() as (_, port):
        line = replace(over_tcp(port), only_registered=True, settings=settings)
        async with building(line) as house:
            told = await house.hears("modbus:desk/2/99", SignalType.TECHNICAL)
            assert "it has no such output" in told.reading.text
            assert house.lines.scan.newest_first() == ()


def test_of_two_lines_of_boards_each_point_hangs_on_that_of_its_name() -> None:
    def line(name: str, protocol: str) -> Line:
        return Line(f"{name}-line", "home", protocol, f"/dev/{name}", settings=(("name", name),))

    lines = [line("attic", "modbus"), line("desk", "modbus-tcp")]
    assert _line_of(DEVICES, lines) == {"desk": "desk-line/1", "hall": "desk-line/2"}


class House:
    """A site's lines with everything behind them, up to the desk."""

    def __init__(self, line: Line) -> None:
        self.clock, self.desk, self.watch = ServiceClock(), StoringDesk(), Watch()
        registry = MemoryRegistry(DEVICES)
        supervision = Supervision(self.watch, self.desk, self.clock)
        supervision.configure(DEVICES, _line_of(DEVICES, [line]))
        supervision.expect([device.id for device in DEVICES])
        self.supervision = supervision
        self.intake = Intake(self.desk, registry, self.clock, supervision, {"hall": "hall"})
        self.lines = DeviceLines(registry, self.clock, self.intake, supervision)

    async def hears_it_live(self, device: str) -> None:
        """Until it gave a sign of life."""
        async with asyncio.timeout(SOON_S):
            while self.watch.health(device, self.clock.now()).heard is None:
                await turn()

    async def hears(self, device: str, type_: SignalType, nth: int = 1) -> Signal:
        """The nth of this type from a device."""

        def found() -> list[Signal]:
            return [one for one in self.desk.taken if (one.device, one.type) == (device, type_)]

        await self._until(lambda: len(found()) >= nth)
        return found()[nth - 1]

    async def finds(self, right: Callable[[Finding], bool]) -> Finding:
        await self._until(lambda: any(right(found) for found in self.desk.findings))
        return next(found for found in self.desk.findings if right(found))

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S), self.desk.asked:
            await self.desk.asked.wait_for(true)


def over_tcp(port: int) -> Line:
    url = f"socket://127.0.0.1:{port}"
    return Line("boards", "home", "modbus-tcp", url, settings=SETTINGS)


@asynccontextmanager
async def building(line: Line) -> AsyncIterator[House]:
    """The line open and its boards heard from, closed at the end."""
    house = House(line)
    supervising = asyncio.create_task(house.supervision.run())
    house.lines.configure([line])
    house.lines.start()
    try:
        await house.hears_it_live("desk")
        yield house
    finally:
        house.lines.stop_reading()
        await house.intake.close()
        await house.lines.close()
        supervising.cancel()
