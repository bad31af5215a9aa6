"""One MQTT device, lean enough to measure a service with: bytes in, a callback, bytes out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from core.clock import monotonic_s
from core.errors import TilkaldError
from devices.mqtt.decode import Decoder
from devices.mqtt.encode import encode
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import (
    PACKET_ID_MAX,
    Connack,
    Connect,
    ConnectCode,
    Puback,
    Publish,
    Suback,
    Subscribe,
)
from firmware_sim.device.link import Broker

ANSWER_WITHIN_S = 30.0
CONNECTING_AT_ONCE = 50
ADDRESSES = 8
"""Loopback addresses devices come from: one has some 28,000 ports to give."""

KEEP_ALIVE_S = 600
"""Longer than any measurement: a PINGREQ is not what is measured."""

_LIMITS = MqttLimits()


class Refused(TilkaldError):
    """The listener did not let a device in."""


class Hears(Protocol):
    """Told of each message down, with the moment it was read."""

    def __call__(self, device: BenchDevice, payload: bytes, at_s: float) -> None: ...


class BenchDevice(asyncio.Protocol):
    """A connected device. Answers every message at once, as hardware does."""

    def __init__(self, name: str, broker: Broker, hears: Hears) -> None:
        self.name = name
        self._prefix = broker.prefix
        self._hears = hears
        self._decoder = Decoder(_LIMITS, bytes_max=_LIMITS.packet_bytes_max, cut_publish=False)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Connack | Suback] | None = None
        self._acked: dict[int, Callable[[float], None]] = {}
        self._packet_id = 0

    async def connect(self, broker: Broker, password: str, source: str = "127.0.0.1") -> None:
        """Log in and subscribe to its own `down`. Raises Refused, OSError, TimeoutError."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, broker.host, broker.port, local_addr=(source, 0))
        asked = Connect(
            self.name,
            keep_alive_s=KEEP_ALIVE_S,
            username=self.name,
            password=password.encode(),
        )
        answer = await self._ask(encode(asked))
        if not isinstance(answer, Connack) or answer.code != ConnectCode.ACCEPTED:
            raise Refused(f"{self.name} was refused: {answer}")
        await self._ask(encode(Subscribe(1, ((self._own("down"), 1),))))

    def publish(
        self,
        leaf: str,
        payload: bytes,
        acked: Callable[[float], None] | None = None,
    ) -> None:
        """To the service; at QoS 1 when somebody wants to know of the PUBACK, else at QoS 0."""
        assert self._transport is not None, "connected first"
        if acked is None:
            self._transport.write(encode(Publish(self._own(leaf), payload)))
            return
        self._packet_id = self._packet_id % PACKET_ID_MAX + 1
        self._acked[self._packet_id] = acked
        packet = Publish(self._own(leaf), payload, 1, self._packet_id)
        self._transport.write(encode(packet))

    def publish_to(self, device: str, payload: bytes) -> None:
        """To another device past the service, where a broker allows it; its PUBACK is dropped."""
        assert self._transport is not None, "connected first"
        self._acked[PACKET_ID_MAX] = _not_asked
        topic = f"{self._prefix}/{device}/down"
        self._transport.write(encode(Publish(topic, payload, 1, PACKET_ID_MAX)))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- called by asyncio ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        at_s = monotonic_s()
        self._decoder.feed(data)
        while (packet := self._decoder.next_packet()) is not None:
            match packet:
                case Publish():
                    self._came(packet, at_s)
                case Puback(packet_id):
                    self._acked.pop(packet_id)(at_s)
                case Connack() | Suback() if self._answer is not None:
                    self._answer.set_result(packet)
                case _:
                    raise Refused(f"{self.name} was sent {packet}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def _came(self, packet: Publish, at_s: float) -> None:
        if packet.qos and self._transport is not None:
            self._transport.write(encode(Puback(packet.packet_id)))
        self._hears(self, packet.payload, at_s)

    def _own(self, leaf: str) -> str:
        return f"{self._prefix}/{self.name}/{leaf}"

    async def _ask(self, packet: bytes) -> Connack | Suback:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(packet)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self._answer


async def connect_all(
    names: Iterable[str], broker: Broker, password: str, hears: Hears
) -> dict[str, BenchDevice]:
    """Those devices connected, some at a time, from several addresses."""
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    made = {name: BenchDevice(name, broker, hears) for name in names}

    async def one(number: int, device: BenchDevice) -> None:
        async with gate:
            await device.connect(broker, password, f"127.0.0.{1 + number % ADDRESSES}")

    async with asyncio.TaskGroup() as connecting:
        for number, device in enumerate(made.values()):
            connecting.create_task(one(number, device))
    return made


def _not_asked(at_s: float) -> None:
    """Nobody waits for this PUBACK."""
