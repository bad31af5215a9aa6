"""Our simulated panel against the receiver of pysiaalarm 3.2.2, over TCP and UDP.

It shows that the frames our encoder makes, clear and sealed, are those another receiver reads, and
that we read its acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from core.clock import ServiceClock
from firmware_sim.speakers.cables import Cable, DatagramCable, DialledCable
from firmware_sim.speakers.dc09 import CONTACT_ID, SIA, Panel
from firmware_sim.speakers.far_end import FarEnd
from firmware_sim.speakers.ports import Call
from tests.support.interplay import SOON_S, package

pytestmark = pytest.mark.shell

ACCOUNT = "1A2B"
KEYS = {"clear": None, "AES-128": "0123456789ABCDEF", "AES-256": "0123456789ABCDEF" * 2}


@pytest.mark.parametrize("key", list(KEYS))
@pytest.mark.parametrize("transport", ["TCP", "UDP"])
async def test_pysiaalarm_reads_a_call_of_our_panel_and_its_ack_ends_it(
    transport: str, key: str
) -> None:
    async with _receiver(transport, KEYS[key]) as receiver:
        await receiver.call(Call(1, f"{ACCOUNT}/7"), SIA)
        await receiver.until(lambda: len(receiver.took) == 1)
        event = receiver.alarms[0]
        assert (event.account, event.code, event.ri) == (ACCOUNT, "PA", "1")
        assert event.sia_code.type == "Panic Alarm"
        assert bool(event.encrypted) is (KEYS[key] is not None)
        assert event.valid_message
        assert receiver.refused == {}


@pytest.mark.parametrize("key", ["clear", "AES-128"])
async def test_pysiaalarm_reads_contact_id_of_our_panel(key: str) -> None:
    async with _receiver("TCP", KEYS[key]) as receiver:
        await receiver.call(Call(1, f"{ACCOUNT}/12"), CONTACT_ID)
        await receiver.until(lambda: len(receiver.took) == 1)
        event = receiver.alarms[0]
        assert (event.event_qualifier, event.event_type, event.ri) == ("1", "120", "012")
        assert event.code == "PA", "its own table of Contact ID agrees with ours"


@pytest.mark.parametrize("key", ["clear", "AES-128"])
async def test_pysiaalarm_counts_our_link_tests_as_heartbeats(key: str) -> None:
    async with _receiver("TCP", KEYS[key]) as receiver:
        await receiver.call(Call(1, f"{ACCOUNT}/7"), SIA)
        await receiver.until(lambda: len(receiver.events) >= 4)
        beats = [event for event in receiver.events if event not in receiver.alarms]
        assert len(receiver.alarms) == 1
        assert {(event.code, event.account) for event in beats} == {("RP", ACCOUNT)}
        assert receiver.refused == {}


async def test_a_call_under_another_key_is_never_taken_for_acknowledged() -> None:
    async with _receiver("TCP", KEYS["AES-128"], ours="FEDCBA9876543210") as receiver:
        await receiver.call(Call(1, f"{ACCOUNT}/7"), SIA)
        await receiver.until(lambda: sum(receiver.refused.values()) >= 3)
        assert receiver.took == []
        assert receiver.alarms == []


# -------------------------------------------------------------------------------------------


class _Receiver:
    """pysiaalarm's receiver, and our panel that reports to it."""

    def __init__(self, transport: str, key: str | None, ours: str | None) -> None:
        aio = package("pysiaalarm.aio", "pysiaalarm")
        self.events: list[Any] = []
        self.took: list[Call] = []
        protocol = aio.CommunicationsProtocol[transport]
        accounts = [aio.SIAAccount(ACCOUNT, key)]
        self._client = aio.SIAClient("127.0.0.1", 0, accounts, self._came, protocol=protocol)
        self._key = (ours or key or "").encode() or None
        self._is_udp = transport == "UDP"
        self._end: FarEnd | None = None

    @property
    def alarms(self) -> list[Any]:
        """What it took that was no link test."""
        return [event for event in self.events if event.message_type.value != "NULL"]

    @property
    def refused(self) -> dict[str, int]:
        """What it counted as wrong, by its own names; nothing is left out but what was right."""
        counts = vars(self._client.counts).items()
        return {name: count for name, count in counts if name.startswith("error") and count}

    async def start(self) -> None:
        await self._client.async_start()
        if self._is_udp:
            # It asserts that asyncio's is a DatagramTransport by name: true from Python 3.12 on.
            self._client.sia_server.transport = self._client.transport

    async def call(self, call: Call, speaks: str) -> None:
        """Lay the cable, press, and let the panel say it as long as it must."""
        panel = Panel(
            [ACCOUNT],
            timedelta(seconds=0.2),
            speaks=speaks,
            key=self._key,
            receiver="0",
            again_after=timedelta(seconds=0.2),
        )
        self._end = FarEnd(panel, self._cable(), ServiceClock(), self.took.append)
        await self._end.start()
        self._end.call(call)

    async def close(self) -> None:
        if self._end is not None:
            await self._end.close()
        await self.until(self._nobody_connected)
        await self._client.async_stop()

    @staticmethod
    def _nobody_connected() -> bool:
        """pysiaalarm cancels nothing of its own: a reader it still has breaks in the log."""
        names = [str(task.get_coro()) for task in asyncio.all_tasks()]
        return not any("handle_line" in name for name in names)

    async def until(self, true: Callable[[], bool]) -> None:
        """Nobody tells us of what it refuses: look again and again."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SOON_S):
            while not true():
                later: asyncio.Future[None] = loop.create_future()
                loop.call_later(0.01, later.set_result, None)
                await later

    def _cable(self) -> Cable:
        if self._is_udp:
            return DatagramCable(self._client.transport.get_extra_info("sockname")[1])
        return DialledCable(self._client.server.sockets[0].getsockname()[1])

    async def _came(self, event: Any) -> None:
        self.events.append(event)


@asynccontextmanager
async def _receiver(
    transport: str, key: str | None, ours: str | None = None
) -> AsyncIterator[_Receiver]:
    receiver = _Receiver(transport, key, ours)
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.close()
