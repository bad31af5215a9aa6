"""Whose word is a receipt: a badge that stands here, there, or in two houses at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core import settings
from core.clock import ServiceClock
from devices.registry import Device, RemoteGateway
from gateway.app import Gateway
from gateway.handover import Down, Part, Up
from tests.support.gateway import PREFIX, SOON_S, StoringDesk

pytestmark = pytest.mark.shell

BADGE = Device("badge-anna", "badge", "home", person="anna", password="demo")
FAR = ("house-b", "house-c")
DOWN = msgspec.json.Decoder(Down)


async def test_while_a_badge_is_connected_here_only_its_own_word_is_a_receipt() -> None:
    async with gateway() as house:
        badge = await house.badge_here()
        async with house.listening("house-b") as far:
            assert house.tells()
            told = await badge.told()
            await house.says("house-b", acknowledged=(await far.told(),))
            assert house.receipts == 0, "a token may be in the wrong hands"
            badge.receives(told)
            await house.until_receipt()
            assert house.receipts == 1
        await badge.gone()


async def test_a_badge_here_needs_no_word_of_the_gateways_that_hold_it_too() -> None:
    async with gateway() as house:
        badge = await house.badge_here()
        async with house.listening("house-b"), house.listening("house-c"):
            assert house.tells()
            badge.receives(await badge.told())
            await house.until_receipt()
        await badge.gone()


async def test_where_only_gateways_hold_a_badge_all_of_them_have_to_say_so() -> None:
    async with gateway() as house:
        async with house.listening("house-b") as one, house.listening("house-c") as other:
            assert house.tells()
            first, second = await one.told(), await other.told()
            await house.says("house-b", acknowledged=(first, first, second))
            assert house.receipts == 0
            await house.says("house-c", acknowledged=(second,))
            assert house.receipts == 1


async def test_a_gateway_that_does_not_hold_the_badge_has_no_word_in_it() -> None:
    async with gateway() as house:
        async with house.listening("house-b") as far:
            await house.says("house-c", connected=())
            assert house.tells()
            number = await far.told()
            await house.says("house-c", connected=(), acknowledged=(number,))
            assert house.receipts == 0
            await house.says("house-b", acknowledged=(number,))
            assert house.receipts == 1


async def test_a_badge_that_is_nowhere_is_told_nothing() -> None:
    async with gateway() as house:
        await house.says("house-b", connected=())
        assert not house.tells()
        assert house.receipts == 0


@dataclass
class Told:
    """The numbers of what came down to one gateway for the badge."""

    numbers: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    async def told(self) -> int:
        async with asyncio.timeout(SOON_S):
            return await self.numbers.get()


class Badge:
    """Logged in at our own listener; it acknowledges what it is told only when the test says so."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[paho.MQTTMessage] = asyncio.Queue()
        self._listens = asyncio.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, BADGE.id, manual_ack=True, clean_session=True
        )
        self._client.username_pw_set(BADGE.id, BADGE.password)
        self._client.on_message = lambda *came: self._hear(came[2])
        self._client.on_subscribe = self._subscribed

    async def connect(self, port: int) -> None:
        await asyncio.to_thread(self._client.connect, "127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(f"{PREFIX}/{BADGE.id}/down", 1)
        async with asyncio.timeout(SOON_S):
            await self._listens.wait()

    async def told(self) -> paho.MQTTMessage:
        async with asyncio.timeout(SOON_S):
            return await self._told.get()

    def receives(self, message: paho.MQTTMessage) -> None:
        self._client.ack(message.mid, message.qos)

    async def gone(self) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _subscribed(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._listens.set)

    def _hear(self, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._told.put_nowait, message)


class House:
    """A dispatcher's gateway with two more in other houses."""

    def __init__(self, running: Gateway) -> None:
        self.running = running
        self.receipts = 0
        self._receipt = asyncio.Event()

    def tells(self) -> bool:
        return self.running.tell(BADGE.id, b"{}", self._received)

    async def says(
        self, name: str, *, connected: Sequence[str] = (BADGE.id,), acknowledged: Sequence[int] = ()
    ) -> None:
        up = Up(connected=tuple(connected), acknowledged=tuple(acknowledged))
        await self.running.remote.up(name, up)

    async def badge_here(self) -> Badge:
        assert self.running.listener.port is not None
        badge = Badge()
        await badge.connect(self.running.listener.port)
        return badge

    async def until_receipt(self) -> None:
        async with asyncio.timeout(SOON_S):
            await self._receipt.wait()

    @asynccontextmanager
    async def listening(self, name: str) -> AsyncIterator[Told]:
        """The badge is connected there too, and the gateway's stream down is open."""
        await self.says(name)
        told, opened = Told(), asyncio.Event()

        async def read() -> None:
            async with aclosing(self.running.remote.down(name)) as stream:
                async for line in stream:
                    opened.set()
                    if line.strip() and (down := DOWN.decode(line)).device:
                        told.numbers.put_nowait(down.number)

        reading = asyncio.create_task(read())
        async with asyncio.timeout(SOON_S):
            await opened.wait()
        try:
            yield told
        finally:
            reading.cancel()
            await asyncio.wait((reading,))

    def _received(self) -> None:
        self.receipts += 1
        self._receipt.set()


@asynccontextmanager
async def gateway() -> AsyncIterator[House]:
    running = Gateway(settings.load(mqtt_port=0), ServiceClock(), StoringDesk())
    part = Part(1, "home", devices=(BADGE,))
    far = [(RemoteGateway(name, "home", "token"), part) for name in FAR]
    running.configure((BADGE,), (), {}, gateways=far)
    await running.start(())
    try:
        yield House(running)
    finally:
        await running.stop()
