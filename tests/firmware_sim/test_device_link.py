"""Simulated devices on our own listener: they come back, they find out, hundreds fit a process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import pytest

from core.chance import seeded
from core.clock import ServiceClock
from core.errors import ConfigError
from core.signals import Owed, Taken
from core.values import replace
from firmware_sim.device.faults import Faults
from firmware_sim.device.link import Broker, DeviceLink, Surroundings, broker_at
from firmware_sim.device.state import Act, ButtonDown, Feel, Felt, Odd
from firmware_sim.device.wearable import switched_on
from gateway.links.mqtt_listener import NativeMqttListener
from gateway.links.mqtt_sockets import ListenerSettings
from gateway.links.ports import Login, Published
from tests.support.mqtt import answer_when_known

WAIT_S = 10.0
HUNDREDS = 200

pytestmark = pytest.mark.shell


async def test_a_press_is_published_and_felt_as_sent() -> None:
    async with listening() as house, living(house, "badge-anna") as (anna, heard):
        anna.happen(ButtonDown())
        press = await house.next_press()
        assert press["type"] == "alarm"
        house.tell("badge-anna", type="received", boot=press["boot"], seq=press["seq"], alarm="a1")
        await heard.until(Feel.SENT)


async def test_a_device_comes_back_after_the_listener_was_away_and_says_its_press_again() -> None:
    house = House()
    await house.open()
    async with living(house, "badge-anna") as (anna, _):
        anna.happen(ButtonDown())
        first = await house.next_press()
        await house.close()
        await house.open()
        again = await house.next_press()
        assert (again["boot"], again["seq"], again["at"]) == (
            first["boot"],
            first["seq"],
            first["at"],
        )
    await house.close()


async def test_out_of_reach_breaks_without_a_goodbye_and_back_in_reach_connects() -> None:
    async with listening() as house, living(house, "badge-anna") as (anna, _):
        anna.out_of_reach()
        assert "goodbye" not in await house.left.get()
        anna.happen(ButtonDown())
        anna.in_reach()
        press = await house.next_press()
        assert press["device"] == "badge-anna"


async def test_a_refused_login_is_told_once_in_one_line() -> None:
    async with listening() as house:
        house.refuses = True
        heard = Heard()
        link = device(house, "badge-anna", heard)
        task = asyncio.create_task(link.run())
        try:
            text = await asyncio.wait_for(heard.odd.get(), WAIT_S)
            assert "no connection" in text
            await house.logins_are(3)
            assert heard.odd.empty()
        finally:
            await ended(task)


async def test_hundreds_of_devices_live_in_one_process() -> None:
    async with listening() as house:
        heard = Heard()
        links = [device(house, f"badge-{number}", heard) for number in range(HUNDREDS)]
        tasks = [asyncio.create_task(link.run()) for link in links]
        try:
            async with asyncio.timeout(60):
                for link in links:
                    await link.connected()
            links[-1].happen(ButtonDown())
            assert (await house.next_press())["device"] == f"badge-{HUNDREDS - 1}"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_on_a_line_that_loses_half_a_press_still_arrives() -> None:
    async with listening() as house, living(house, "badge-anna") as (anna, heard):
        anna.around = replace(anna.around, faults=Faults(lost=0.5))
        house.answers = True
        anna.happen(ButtonDown())
        await heard.until(Feel.SENT, 90)


def test_an_address_that_is_none_is_refused_with_an_example() -> None:
    assert broker_at("127.0.0.1:18830") == Broker("127.0.0.1", 18830)
    assert broker_at("mqtt://[::1]:1883").host == "::1"
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:1883"):
        broker_at("localhost")


class Heard:
    """What a device's person felt, and what was odd."""

    def __init__(self) -> None:
        self.felt: list[Feel] = []
        self.odd: asyncio.Queue[str] = asyncio.Queue()
        self._more = asyncio.Event()

    def __call__(self, _: str, act: Act, __: datetime) -> None:
        if isinstance(act, Felt):
            self.felt.append(act.feel)
            self._more.set()
        if isinstance(act, Odd):
            self.odd.put_nowait(act.text)

    async def until(self, feel: Feel, within_s: float = WAIT_S) -> None:
        async with asyncio.timeout(within_s):
            while feel not in self.felt:
                self._more.clear()
                await self._more.wait()


class House:
    """Our listener with an application that believes everybody and keeps what they say."""

    def __init__(self) -> None:
        self.refuses = False
        self.answers = False
        self.left: asyncio.Queue[str] = asyncio.Queue()
        self._presses: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self._logins = 0
        self._login = asyncio.Event()
        self._port = 0
        self._listener: NativeMqttListener | None = None

    async def open(self) -> None:
        settings = ListenerSettings(host="127.0.0.1", port=self._port)
        self._listener = NativeMqttListener(self, ServiceClock(), settings)
        await self._listener.start()
        self._port = self._listener.port or 0

    async def close(self) -> None:
        assert self._listener is not None
        await self._listener.close()

    @property
    def broker(self) -> Broker:
        return Broker("127.0.0.1", self._port)

    async def next_press(self) -> dict[str, object]:
        return await asyncio.wait_for(self._presses.get(), 30)

    async def logins_are(self, count: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while self._logins < count:
                self._login.clear()
                await self._login.wait()

    def tell(self, device: str, **message: object) -> None:
        assert self._listener is not None
        self._listener.publish(f"tilkald/v1/{device}/down", json.dumps(message).encode())

    # gateway.links.ports.Application

    def login(self, username: str, password: bytes | None, client_id: str, peer: str) -> Login:
        self._logins += 1
        self._login.set()
        right = password == f"secret-{username}".encode() and not self.refuses
        return Login.ALLOWED if right else Login.BAD_CREDENTIALS

    def may_publish(self, username: str, topic: str) -> bool:
        return topic.startswith(f"tilkald/v1/{username}/")

    def may_subscribe(self, username: str, topic_filter: str) -> bool:
        return topic_filter == f"tilkald/v1/{username}/down"

    def published(self, message: Published, owed: Owed) -> None:
        answer_when_known(self._published(message, partial(owed, Taken.UNSTORED)), owed)

    async def _published(self, message: Published, called: Callable[[], None]) -> bool:
        if message.topic.endswith("/up"):
            body = json.loads(message.payload)
            if body["type"] == "alarm":
                self._presses.put_nowait({**body, "device": message.username})
                if self.answers:
                    boot, seq = body["boot"], body["seq"]
                    self.tell(message.username, type="received", boot=boot, seq=seq)
        return True

    def subscribed(self, username: str, topic_filter: str) -> None:
        pass

    def connected(self, username: str, client_id: str) -> None:
        pass

    def disconnected(self, username: str, client_id: str, why: str) -> None:
        self.left.put_nowait(why)

    def noticed(self, what: str, username: str, detail: str) -> None:
        pass


@asynccontextmanager
async def listening() -> AsyncIterator[House]:
    house = House()
    await house.open()
    try:
        yield house
    finally:
        await house.close()


@asynccontextmanager
async def living(house: House, name: str) -> AsyncIterator[tuple[DeviceLink, Heard]]:
    heard = Heard()
    link = device(house, name, heard)
    task = asyncio.create_task(link.run())
    try:
        await asyncio.wait_for(link.connected(), WAIT_S)
        yield link, heard
    finally:
        await ended(task)


def device(house: House, name: str, heard: Heard) -> DeviceLink:
    clock = ServiceClock()
    around = Surroundings(house.broker, clock, seeded(3))
    return DeviceLink(switched_on(name, 7, clock.wall()), f"secret-{name}", around, heard)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
