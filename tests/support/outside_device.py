"""A device whose MQTT is not ours: Eclipse paho in a thread of its own, as others would have it."""

from __future__ import annotations

import asyncio
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.crash_device import ANSWERED_WITHIN_S, PASSWORD, PREFIX, CrashDevice, Said


class OutsideDevice(CrashDevice):
    """Says what a `CrashDevice` says; what paho gives as published has its PUBACK."""

    _client: mqtt.Client | None = None
    _under_way: dict[int, int]

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.is_connected()

    async def connect(self, host: str, port: int) -> None:
        loop, listening = asyncio.get_running_loop(), asyncio.Event()
        self._under_way = {}
        client = mqtt.Client(CallbackAPIVersion.VERSION2, self.name, reconnect_on_failure=False)
        client.username_pw_set(self.name, PASSWORD)

        def soon(action: Any, *of: object) -> None:
            loop.call_soon_threadsafe(action, *of)

        def connected(*_: object) -> None:
            client.subscribe(f"{PREFIX}/{self.name}/down", 1)

        client.on_connect = connected
        client.on_subscribe = lambda *_: soon(listening.set)
        client.on_disconnect = lambda *_: soon(listening.set)
        client.on_message = lambda _, __, message: soon(self.came, message.payload)
        client.on_publish = lambda _, __, number, *___: soon(self._published, client, number)
        self._client = client
        client.connect_async(host, port)
        client.loop_start()
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await listening.wait()
        for said in list(self.unacknowledged.values()):
            self._send(said)

    async def hung_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    def _send(self, said: Said) -> None:
        if self.is_connected and self._client is not None:
            topic = f"{PREFIX}/{said.device}/up"
            self._under_way[self._client.publish(topic, said.body, qos=1).mid] = said.seq

    def _published(self, client: mqtt.Client, number: int) -> None:
        if client is self._client:
            self.was_acknowledged(self._under_way.pop(number))
