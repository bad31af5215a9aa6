"""A radio receiver that logs in at our listener: its events are frames of a line, by real MQTT."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core import settings
from core.clock import ServiceClock, sleep
from core.signals import AlarmKind, SignalType, Taken
from core.values import replace
from devices.registry import Device, Line
from gateway.app import Gateway
from tests.support.gateway import PREFIX, SOON_S, StoringDesk

pytestmark = pytest.mark.shell

RECEIVER = Device("rtl-hall", "receiver", "home", zone="hall", password="demo")
PENDANT = Device("pendant-7", "pendant", "home", person="anna", wire=("rtl433:X10-Security/a1b2",))
LINE = Line("radio", "home", "rtl433", "mqtt://rtl-hall")
PANIC = json.dumps({"model": "X10-Security", "id": "a1b2", "code": "98", "event": "PANIC"})
EVENTS = f"{PREFIX}/rtl-hall/events"


async def test_an_event_is_a_press_and_acknowledged_only_when_it_is_kept() -> None:
    async with gateway() as (running, desk):
        desk.gate.clear()
        radio = await logged_in(running)
        sent = radio.publish(EVENTS, PANIC, 1)
        await desk.until(lambda: len(desk.taken) == 1)
        assert not sent.is_published()
        desk.gate.set()
        await asyncio.to_thread(sent.wait_for_publish, SOON_S)
        (signal,) = desk.taken
        assert (signal.device, signal.person) == ("pendant-7", "anna")
        assert (signal.type, signal.reading.kind) == (SignalType.ALARM, AlarmKind.ATTACK)
        await gone(radio)


async def test_an_event_nobody_could_keep_is_not_acknowledged() -> None:
    async with gateway() as (running, desk):
        desk.answer = Taken.UNSTORED
        radio = await logged_in(running)
        sent = radio.publish(EVENTS, PANIC, 1)
        await desk.until(lambda: len(desk.taken) == 1)
        # What follows is answered: nothing waits behind it.
        beat = radio.publish(f"{PREFIX}/rtl-hall/other", "x", 0)
        await asyncio.to_thread(beat.wait_for_publish, SOON_S)
        await desk.until(lambda: len(desk.raw) == 1)
        assert not sent.is_published()
        # Stored after all: the far end, which waited, goes on.
        desk.settle(stored=True)
        await asyncio.to_thread(sent.wait_for_publish, SOON_S)
        await gone(radio)


async def test_the_line_is_down_while_nobody_is_logged_in() -> None:
    async with gateway() as (running, _):
        assert not running.lines.is_well("radio")
        radio = await logged_in(running)
        assert running.lines.is_well("radio")
        await gone(radio)
        async with asyncio.timeout(SOON_S):
            while running.lines.is_well("radio"):
                await sleep(0.01)


async def test_a_line_that_is_configured_anew_knows_who_is_logged_in() -> None:
    async with gateway() as (running, desk):
        radio = await logged_in(running)
        closing = replace(LINE, only_registered=True)
        running.configure((RECEIVER, PENDANT), (), {"hall": "hall"}, lines=(closing,))
        assert running.lines.is_well("radio")
        sent = radio.publish(EVENTS, PANIC, 1)
        await asyncio.to_thread(sent.wait_for_publish, SOON_S)
        assert len(desk.taken) == 1
        await gone(radio)


async def test_another_topic_is_kept_and_calls_nobody() -> None:
    async with gateway() as (running, desk):
        radio = await logged_in(running)
        sent = radio.publish(f"{PREFIX}/rtl-hall/devices/X10/code", "98", 1)
        await asyncio.to_thread(sent.wait_for_publish, SOON_S)
        assert desk.taken == []
        assert len(desk.raw) == 1
        await gone(radio)


@asynccontextmanager
async def gateway() -> AsyncIterator[tuple[Gateway, StoringDesk]]:
    desk = StoringDesk()
    loaded = settings.load(mqtt_port=0)
    running = Gateway(loaded, ServiceClock(), desk)
    running.configure((RECEIVER, PENDANT), (), {"hall": "hall"}, lines=(LINE,))
    await running.start(())
    try:
        yield running, desk
    finally:
        desk.gate.set()
        await running.stop()


async def logged_in(running: Gateway) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, "rtl-hall")
    client.username_pw_set("rtl-hall", "demo")
    assert running.listener.port is not None
    await asyncio.to_thread(client.connect, "127.0.0.1", running.listener.port)
    client.loop_start()
    async with asyncio.timeout(SOON_S):
        while not (client.is_connected() and running.lines.is_well("radio")):
            await sleep(0.01)
    return client


async def gone(client: paho.Client) -> None:
    client.disconnect()
    await asyncio.to_thread(client.loop_stop)
