"""One simulated device on a real MQTT connection: the shell around `wearable`.

It stays connected as a good device does: again and again, with growing waits and some chance in
them, so that a ward of devices does not return in one blow. Hundreds run in one process.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from core.chance import Chance
from core.clock import Clock, sleep
from core.errors import ConfigError
from firmware_sim.device.faults import Faults, passage
from firmware_sim.device.state import (
    Acked,
    Act,
    Came,
    Due,
    Event,
    LinkDown,
    LinkUp,
    Odd,
    Publish,
    Wearable,
)
from firmware_sim.device.wearable import advance, wake_at
from firmware_sim.timers import keep_awake

KEEP_ALIVE_S = 30
ANSWER_WAIT_S = 10.0
"""No CONNACK, SUBACK or PUBACK within this: the connection is dead, make a new one."""

RETRY_FIRST_S = 0.25
RETRY_LONGEST_S = 10.0
OUTBOX_MAX = 256
"""More than this waiting to leave is dropped here and said again by the device."""

_REFUSED_FROM = 128


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the service listens."""

    host: str
    port: int
    prefix: str = "tilkald/v1"


def broker_at(where: str, prefix: str = "tilkald/v1") -> Broker:
    """A listener's HOST:PORT as the service says it. Raises ConfigError with an example."""
    host, _, port = where.removeprefix("mqtt://").rpartition(":")
    if not port.isdecimal():
        raise ConfigError(f"{where!r} is no address of a listener, try 127.0.0.1:1883")
    return Broker(host.strip("[]") or "127.0.0.1", int(port), prefix)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a device lives in: where the service is, time, chance, and how bad the line is."""

    broker: Broker
    clock: Clock
    chance: Chance
    faults: Faults = Faults()  # noqa: RUF009 - frozen


Hear = Callable[[str, Act, datetime], None]
"""Told everything a device does: device id, what, when (wall clock)."""


class DeviceLink:
    """Run it as a task; press its buttons with `happen`. Ends only by being cancelled.

    `identifier`: the MQTT client id, the device's own unless a second session is wanted.
    """

    def __init__(
        self,
        wearable: Wearable,
        password: str,
        around: Surroundings,
        hear: Hear,
        identifier: str = "",
    ) -> None:
        self.wearable = wearable
        self.around = around
        self._password = password
        self._hear = hear
        self._identifier = identifier or wearable.device
        self._changed = asyncio.Event()
        self._happened = asyncio.Event()
        self._connected = asyncio.Event()
        self._in_reach = asyncio.Event()
        self._in_reach.set()
        self._outbox: asyncio.Queue[Publish] = asyncio.Queue(OUTBOX_MAX)
        self._last_trouble = ""
        self._ended = False
        self._client: aiomqtt.Client | None = None

    @property
    def device(self) -> str:
        return self.wearable.device

    @property
    def is_connected(self) -> bool:
        return self._connected.is_set()

    async def connected(self) -> None:
        """Return once the device is connected and subscribed."""
        await self._connected.wait()

    async def pressed(self) -> None:
        """Return once the button under the finger counts, or is let go."""
        while self.wearable.held is not None:
            self._happened.clear()
            await self._happened.wait()

    def happen(self, event: Event) -> None:
        """Something happens to the device now."""
        now = self.around.clock.wall()
        step = advance(self.wearable, event, now)
        self.wearable = step.wearable
        for act in step.acts:
            if isinstance(act, Publish):
                self._post(act)
            self._hear(self.device, act, now)
        self._changed.set()
        self._happened.set()

    def out_of_reach(self) -> None:
        """The radio is gone: the connection breaks without a goodbye."""
        self._in_reach.clear()
        self._break()

    def in_reach(self) -> None:
        self._in_reach.set()

    async def run(self) -> None:
        tasks = [
            asyncio.create_task(self._stay_awake()),
            asyncio.create_task(self._stay_connected()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            # `asyncio.wait_for` of Python 3.11 swallows a cancel that crosses its result.
            self._ended = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _stay_awake(self) -> None:
        await keep_awake(
            lambda: wake_at(self.wearable),
            lambda: self.happen(Due()),
            self._changed,
            self.around.clock,
        )

    async def _stay_connected(self) -> None:
        failures = 0
        while not self._ended:
            await self._in_reach.wait()
            try:
                await self._connection()
            except* aiomqtt.MqttError as trouble:
                failures = 0 if self._connected.is_set() else failures + 1
                self._tell_trouble(str(trouble.exceptions[0]))
            finally:
                self._connected.clear()
            if self._ended:
                return
            longest = min(RETRY_FIRST_S * 2 ** min(failures, 10), RETRY_LONGEST_S)
            await sleep(longest * (0.5 + self.around.chance.random() / 2))

    async def _connection(self) -> None:
        topic = f"{self.around.broker.prefix}/{self.device}"
        async with self._new_client(f"{topic}/status") as client:
            self._client = client
            try:
                await client.publish(f"{topic}/status", "online", qos=1, retain=True)
                granted = await client.subscribe(f"{topic}/down", qos=1)
                if any(_is_refusal(code) for code in granted):
                    raise aiomqtt.MqttError(f"{self.device} may not subscribe to its own messages")
                await self._converse(client, topic)
            finally:
                self._client = None

    async def _converse(self, client: aiomqtt.Client, topic: str) -> None:
        self._forget_outbox()
        self._connected.set()
        self._last_trouble = ""
        self.happen(LinkUp())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(client, tasks))
                tasks.create_task(self._send(client, topic, tasks))
        finally:
            self.happen(LinkDown())

    def _new_client(self, status: str) -> aiomqtt.Client:
        client = aiomqtt.Client(
            self.around.broker.host,
            self.around.broker.port,
            username=self.device,
            password=self._password,
            identifier=self._identifier,
            keepalive=KEEP_ALIVE_S,
            will=aiomqtt.Will(status, "offline", qos=1, retain=True),
            timeout=ANSWER_WAIT_S,
            max_inflight_messages=OUTBOX_MAX,
        )
        client.pending_calls_threshold = OUTBOX_MAX
        return client

    async def _listen(self, client: aiomqtt.Client, tasks: asyncio.TaskGroup) -> None:
        async for message in client.messages:
            payload = message.payload
            assert isinstance(payload, bytes), "paho hands over bytes"
            for wait in self._passage():
                if wait:
                    tasks.create_task(self._hear_later(wait, payload))
                else:
                    self.happen(Came(payload))

    async def _hear_later(self, wait: timedelta, payload: bytes) -> None:
        await sleep(wait.total_seconds())
        self.happen(Came(payload))

    async def _send(self, client: aiomqtt.Client, topic: str, tasks: asyncio.TaskGroup) -> None:
        """One task a message: a press whose PUBACK is held back holds up nothing behind it."""
        while True:
            publish = await self._outbox.get()
            for wait in self._passage():
                tasks.create_task(self._carry(client, topic, publish, wait))

    async def _carry(
        self, client: aiomqtt.Client, topic: str, publish: Publish, wait: timedelta
    ) -> None:
        if wait:
            await sleep(wait.total_seconds())
        qos = 1 if publish.lane == "up" else 0
        await client.publish(f"{topic}/{publish.lane}", publish.payload, qos=qos)
        if qos:
            self.happen(Acked(publish.boot, publish.seq))

    def _passage(self) -> tuple[timedelta, ...]:
        return passage(self.around.faults, self.around.chance)

    def _post(self, publish: Publish) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._outbox.put_nowait(publish)

    def _forget_outbox(self) -> None:
        """On a new connection the device says everything itself that still matters."""
        while not self._outbox.empty():
            self._outbox.get_nowait()

    def _break(self) -> None:
        if self._client is None:
            return
        # aiomqtt offers only the polite way out, which withdraws the will; a lost radio does not.
        wire = self._client._client.socket()
        if isinstance(wire, socket.socket):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _tell_trouble(self, text: str) -> None:
        if text != self._last_trouble:
            self._hear(self.device, Odd(f"no connection: {text}"), self.around.clock.wall())
        self._last_trouble = text


def _is_refusal(code: int | ReasonCode) -> bool:
    return code >= _REFUSED_FROM if isinstance(code, int) else code.is_failure
