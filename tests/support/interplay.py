"""What stands between the real gateway and programs that others wrote.

A program or package that is missing is a loud skip, and with CI=true a failure: what nobody else's
program has agreed with is not proven.
"""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shutil
import threading
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.clock import ServiceClock
from core.signals import Reading, Signal
from devices.registry import Device, Line, MemoryRegistry
from devices.watch import Watch
from gateway.intake import Intake
from gateway.lines import DeviceLines
from gateway.supervision import Supervision
from tests.support.gateway import StoringDesk
from tests.support.pty_line import BITS_PER_BYTE, READ_LOOKS_S

SOON_S = 20.0
"""How long a test waits for another program before it fails; some of them sleep a lot."""

SITE = "home"


def package(module: str, distribution: str) -> Any:
    """A module of a package others wrote."""
    if find_spec(module.partition(".")[0]) is None:
        _missing(f"the package {distribution} is missing: install `.[dev]` to run this test")
    return import_module(module)


def program(name: str, debian: str) -> str:
    """The path of a program others wrote."""
    found = shutil.which(name)
    if found is None:
        _missing(f"{name} is missing: install Debian's {debian} to run this test")
    assert found is not None
    return found


def _missing(text: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


class Building:
    """The lines of a building on real ports, with everything behind them up to a desk."""

    def __init__(self, devices: tuple[Device, ...] = ()) -> None:
        clock = ServiceClock()
        self.desk = StoringDesk()
        self.supervision = Supervision(Watch(), self.desk, clock)
        registry = MemoryRegistry(devices)
        self.intake = Intake(self.desk, registry, clock, self.supervision, {})
        self.lines = DeviceLines(registry, clock, self.intake, self.supervision)

    @property
    def presses(self) -> list[Signal]:
        """What came as new, repeats left out."""
        return self.desk.presses

    @property
    def readings(self) -> list[Reading]:
        return [signal.reading for signal in self.desk.presses]

    def port(self, line: str) -> int:
        port = self.lines.port(line)
        assert port is not None, f"{line} is not open"
        return port

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for what the desk is told."""
        async with asyncio.timeout(SOON_S), self.desk.asked:
            await self.desk.asked.wait_for(true)


@asynccontextmanager
async def building(*lines: Line, devices: tuple[Device, ...] = ()) -> AsyncIterator[Building]:
    """Every line open; closed again at the end."""
    built = Building(devices)
    supervising = asyncio.create_task(built.supervision.run())
    built.lines.configure(lines)
    built.lines.start()
    try:
        await well(built.lines, *(line.id for line in lines))
        yield built
    finally:
        built.lines.stop_reading()
        await built.intake.close()
        await built.lines.close()
        supervising.cancel()


async def well(lines: DeviceLines, *names: str) -> None:
    """Until these lines are open."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(SOON_S):
        while not all(lines.is_well(name) for name in names):
            turn: asyncio.Future[None] = loop.create_future()
            loop.call_later(0.005, turn.set_result, None)
            await turn


class NullModem:
    """A crossed cable with a serial port at both ends, as slow as its speed, byte by byte.

    `here` is what the gateway opens, `there` what the other program opens.
    """

    def __init__(self, folder: Path, speed_bd: int) -> None:
        self.here = folder / "here"
        self.there = folder / "there"
        self._byte_s = BITS_PER_BYTE / speed_bd
        self._ended = threading.Event()
        self._masters: list[int] = []
        self._carriers: list[threading.Thread] = []

    def __enter__(self) -> NullModem:
        self._masters = [_plug(self.here), _plug(self.there)]
        for one, other in (self._masters, self._masters[::-1]):
            carrier = threading.Thread(target=self._carry, args=(one, other), daemon=True)
            carrier.start()
            self._carriers.append(carrier)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for carrier in self._carriers:
            carrier.join(SOON_S)
        for master in self._masters:
            os.close(master)

    def _carry(self, one: int, other: int) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([one], [], [], READ_LOOKS_S)
            if not ready:
                continue
            try:
                said = os.read(one, 4_096)
            except OSError:  # nobody has this end open
                self._ended.wait(READ_LOOKS_S)
                continue
            for number in said:
                self._ended.wait(self._byte_s)
                os.write(other, bytes((number,)))


def _plug(path: Path) -> int:
    master, slave = pty.openpty()
    tty.setraw(slave)
    path.symlink_to(os.ttyname(slave))
    os.close(slave)
    return master
