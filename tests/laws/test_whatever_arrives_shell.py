"""Whatever arrives is raised or not acknowledged, on every link: a press whose end never comes.

The last byte of each family's press is missing, and then its connection, its datagram, its cable or
its message ends. It is heard at once or, where a sum says that it is damaged, at its third copy.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from core.clock import sleep
from devices.contacts import FAMILIES as INPUT_BOARDS
from devices.family import open_port
from devices.protocols import FAMILIES, LINE_PROTOCOLS
from devices.session import DeviceSession, Heard
from gateway.links.mqtt_line import Called, MqttLine
from gateway.links.serial_line import SerialLine, SerialSettings
from gateway.links.tcp_line import TcpLine
from gateway.links.udp_line import UdpLine
from tests.laws.test_whatever_arrives import CALLS, COPIES
from tests.support.lines import SOON_S, SlowHouse
from tests.support.pty_line import PtyCable
from tests.support.samples import PRESSES

pytestmark = pytest.mark.shell

POLLED = [family.name for family in INPUT_BOARDS]
TOLD = tuple(name for name in LINE_PROTOCOLS if name not in POLLED)
"""What speaks by itself; of what is asked the next answer shows the same."""


@pytest.mark.parametrize("name", TOLD)
async def test_over_tcp(name: str) -> None:
    house = PatientHouse()
    line = TcpLine("127.0.0.1", 0, open_port(FAMILIES[name], {}).connect, house)
    running = asyncio.create_task(line.run())
    await house.until(lambda: house.states == ["up"])
    for _ in range(COPIES):
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(half(name))
        writer.write_eof()
        async with asyncio.timeout(SOON_S):
            while await reader.read(1_024):
                pass
        writer.close()
    await house.has_called()
    running.cancel()
    await line.close()


@pytest.mark.parametrize("name", [name for name in TOLD if "datagrams" in PRESSES[name].ways])
async def test_over_udp(name: str) -> None:
    house = PatientHouse()
    port = open_port(FAMILIES[name], {}, datagrams=True)
    line = UdpLine("127.0.0.1", 0, port.connect, house)
    running = asyncio.create_task(line.run())
    await house.until(lambda: house.states == ["up"])
    assert line.port is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unit:
        for _ in range(COPIES):
            unit.sendto(half(name), ("127.0.0.1", line.port))
    await house.has_called()
    running.cancel()
    await line.close()


@pytest.mark.parametrize("name", TOLD)
async def test_over_a_cable_that_is_unplugged(name: str, tmp_path: Path) -> None:
    house, cable = PatientHouse(), PtyCable(tmp_path / "line", speed_bd=115_200)
    connect, taps = open_port(FAMILIES[name], {}).connect, list[Tap]()

    def tapped() -> Tap:
        taps.append(Tap(connect()))
        return taps[-1]

    line = SerialLine(SerialSettings(str(cable.path)), tapped, house, reopen_s=0.02)
    running = asyncio.create_task(line.run())
    for _ in range(COPIES):
        taps.clear()
        cable.plug_in()
        await until(lambda: bool(taps))
        await asyncio.to_thread(cable.write, half(name))
        await until(lambda: taps[-1].received >= len(half(name)))
        await asyncio.to_thread(cable.unplug)
        await until(lambda: taps[-1].has_ended)
    await house.has_called()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("name", TOLD)
async def test_by_messages_of_our_own_listener(name: str) -> None:
    house = PatientHouse()
    line = MqttLine("receiver", open_port(FAMILIES[name], {}).connect, house)
    for _ in range(COPIES):
        line.connected()
        assert await line.published(half(name), nothing)
        line.disconnected()
    await house.has_called()
    await line.close()


class PatientHouse(SlowHouse):
    """The house behind any link."""

    async def kept(self, message: Heard, called: Called | None) -> bool:
        return await self.heard(message)

    async def has_called(self) -> None:
        await self.until(lambda: any(_calls(message) for message in self.messages))


class Tap:
    """A session, and how much of it has come."""

    def __init__(self, session: DeviceSession) -> None:
        self._session = session
        self.received = 0
        self.has_ended = False

    @property
    def wake_at(self) -> datetime | None:
        return self._session.wake_at

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        self.received += len(data)
        return self._session.receive(data, now, wall)

    def wake(self, now: datetime) -> Sequence[Heard]:
        return self._session.wake(now)

    def ended(self, now: datetime) -> Sequence[Heard]:
        self.has_ended = True
        return self._session.ended(now)

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        self._session.stored(ticket, kept, now)

    def to_send(self) -> bytes:
        return self._session.to_send()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await sleep(0.005)


def half(name: str) -> bytes:
    return PRESSES[name].messages[0][:-1]


def nothing() -> None:
    """It is kept at once."""


def _calls(message: Heard) -> bool:
    return message.reading is not None and message.reading.type in CALLS
