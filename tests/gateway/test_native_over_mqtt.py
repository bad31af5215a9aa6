"""The whole device side over real sockets: a device as anybody could write it, with paho."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core.clock import ServiceClock
from core.signals import SignalType, Taken
from devices.buttons.native import messages
from devices.buttons.native.messages import Head
from devices.findings import State
from gateway.links.mqtt_listener import NativeMqttListener
from gateway.links.mqtt_sockets import ListenerSettings
from tests.support.gateway import NOW, PREFIX, SOON_S, House

pytestmark = pytest.mark.shell

UP, DOWN, BEAT = (f"{PREFIX}/badge-anna/{leaf}" for leaf in ("up", "down", "beat"))


async def test_a_press_is_answered_after_the_commit_and_the_wearer_is_told() -> None:
    async with house_with_a_line() as (house, port):
        house.desk.gate.clear()
        anna = Badge(port)
        await anna.subscribed()
        press = anna.client.publish(UP, b'{"type":"alarm","seq":412,"boot":7,"kind":"attack"}', 1)
        await house.desk.until(lambda: len(house.desk.taken) == 1)
        assert not press.is_published()
        house.desk.gate.set()
        await asyncio.to_thread(press.wait_for_publish, SOON_S)
        assert press.is_published()

        (signal,) = house.desk.taken
        acked = asyncio.Event()
        said = messages.received(Head("m_1", NOW, "a_1", 1), signal.reading.boot, 412)
        assert house.native.tell("badge-anna", said, acked.set)
        told = await anna.told()
        assert (told["type"], told["boot"], told["seq"]) == ("received", 7, 412)
        await asyncio.wait_for(acked.wait(), SOON_S)
        await anna.leaves()


async def test_a_press_nobody_could_store_is_never_answered() -> None:
    async with house_with_a_line() as (house, port):
        house.desk.answer = Taken.UNSTORED
        anna = Badge(port)
        await anna.subscribed()
        press = anna.client.publish(UP, b'{"type":"alarm"}', 1)
        await house.desk.until(lambda: len(house.desk.taken) == 1)
        # What it says afterwards is answered: nothing waits behind the press.
        beat = anna.client.publish(BEAT, b'{"type":"heartbeat"}', 1)
        await asyncio.to_thread(beat.wait_for_publish, SOON_S)
        assert not press.is_published()
        await anna.leaves()


async def test_a_press_goes_through_between_garbage_of_every_kind() -> None:
    async with house_with_a_line() as (house, port):
        anna = Badge(port)
        await anna.subscribed()
        garbage = [b"\x80\x81", b'{"type":"heartbeat",', b"[" * 50_000, b"x" * 60_000]
        for payload in garbage:
            anna.client.publish(BEAT, payload, 1)
        press = anna.client.publish(UP, b'{"type":"alarm","battery":"87%","seq":"x"}', 1)
        await asyncio.to_thread(press.wait_for_publish, SOON_S)
        alarms = [s for s in house.desk.taken if s.type is SignalType.ALARM]
        assert len(alarms) == 1
        assert len(house.desk.raw) == len(garbage)
        assert house.supervision.health("badge-anna").state is State.OK
        await anna.leaves()


async def test_every_subscription_to_down_is_told_to_the_desk() -> None:
    async with house_with_a_line() as (house, port):
        anna = Badge(port)
        await anna.subscribed()
        assert house.desk.subscribed == ["badge-anna"]
        assert house.native.is_connected("badge-anna")
        await anna.leaves()


@asynccontextmanager
async def house_with_a_line() -> AsyncIterator[tuple[House, int]]:
    house = House()
    listener = NativeMqttListener(house.native, ServiceClock(), ListenerSettings(port=0))
    house.native.listening(listener)
    await listener.start()
    assert listener.port is not None
    try:
        yield house, listener.port
    finally:
        await listener.close()
        await house.intake.close()


class Badge:
    """badge-anna on paho's own thread."""

    def __init__(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._granted = asyncio.Event()
        self._told: asyncio.Queue[bytes] = asyncio.Queue()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="anna-1")
        self.client.username_pw_set("badge-anna", "demo-anna")
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()

    async def subscribed(self) -> None:
        await asyncio.wait_for(self._granted.wait(), SOON_S)

    async def told(self) -> dict[str, object]:
        said: dict[str, object] = json.loads(await asyncio.wait_for(self._told.get(), SOON_S))
        return said

    async def leaves(self) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe(DOWN, 1)

    def _on_subscribe(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._granted.set)

    def _on_message(self, _client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._told.put_nowait, bytes(message.payload))
