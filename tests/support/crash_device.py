"""A device that lives through crashes: it says again what was not acknowledged, byte for byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

from devices.mqtt.decode import Decoder
from devices.mqtt.encode import encode
from devices.mqtt.limits import MqttLimits
from devices.mqtt.packets import Connack, Connect, Puback, Publish, Suback, Subscribe

PREFIX = "tilkald/v1"
PASSWORD = "measured"
ANSWERED_WITHIN_S = 10.0

_LIMITS = MqttLimits()


@dataclass(frozen=True, slots=True)
class Said:
    """One message up, as the device counts it."""

    device: str
    seq: int
    type: str
    body: bytes
    notice: str = ""
    answer: str = ""


Hear = Callable[["CrashDevice", dict[str, object]], None]


class CrashDevice:
    """One device over all lives of the service. `acknowledged` is what it has a PUBACK for."""

    def __init__(self, name: str, hear: Hear) -> None:
        self.name = name
        self.acknowledged: list[Said] = []
        self.unacknowledged: dict[int, Said] = {}
        self.alarm: str | None = None
        self._hear = hear
        self._wire: _Wire | None = None
        self._seq = 0

    @property
    def is_connected(self) -> bool:
        return self._wire is not None and self._wire.transport is not None

    async def connect(self, host: str, port: int) -> None:
        """Log in, listen, and say again what was never acknowledged. OSError: it is gone again."""
        wire = self._wire = _Wire(self)
        await asyncio.get_running_loop().create_connection(lambda: wire, host, port)
        asked = Connect(self.name, username=self.name, password=PASSWORD.encode())
        await wire.ask(encode(asked))
        await wire.ask(encode(Subscribe(1, ((f"{PREFIX}/{self.name}/down", 1),))))
        wire.greeted = True
        for said in list(self.unacknowledged.values()):
            wire.publish(said)

    def say(self, type_: str, **more: object) -> Said:
        """A new message; it is repeated after every crash until it has its PUBACK."""
        self._seq += 1
        body = {"type": type_, "seq": self._seq, "boot": 1, **more}
        said = Said(
            self.name,
            self._seq,
            type_,
            json.dumps(body).encode(),
            str(more.get("notice", "")),
            str(more.get("answer", "")),
        )
        self.unacknowledged[said.seq] = said
        self._send(said)
        return said

    async def hung_up(self) -> None:
        """Return when nothing of the connection is left."""
        wire, self._wire = self._wire, None
        if wire is None:
            return
        wire.abandoned = True
        if wire.transport is not None:
            wire.transport.abort()
            await wire.gone.wait()

    def _send(self, said: Said) -> None:
        if self._wire is not None:
            self._wire.publish(said)

    def came(self, payload: bytes) -> None:
        self._hear(self, json.loads(payload))

    def was_acknowledged(self, seq: int) -> None:
        said = self.unacknowledged.pop(seq, None)
        if said is not None:
            self.acknowledged.append(said)


class WaitedFor(CrashDevice):
    """A device whose acknowledgement, and what it is told, a test may wait for."""

    def __init__(self, name: str) -> None:
        super().__init__(name, lambda _, told: self._of(str(told["type"])).set())
        self._events: dict[str, asyncio.Event] = {}

    async def told(self, type_: str) -> None:
        await self._of(type_).wait()

    async def acknowledgement(self) -> None:
        await self._of("PUBACK").wait()

    def was_acknowledged(self, seq: int) -> None:
        super().was_acknowledged(seq)
        self._of("PUBACK").set()

    def _of(self, what: str) -> asyncio.Event:
        return self._events.setdefault(what, asyncio.Event())


class _Wire(asyncio.Protocol):
    """One connection; the packet id of a message is its number on this connection."""

    def __init__(self, device: CrashDevice) -> None:
        self.transport: asyncio.Transport | None = None
        self.greeted = False
        self.abandoned = False
        self.gone = asyncio.Event()
        self._device = device
        self._decoder = Decoder(_LIMITS, bytes_max=_LIMITS.packet_bytes_max, cut_publish=False)
        self._answer: asyncio.Future[None] | None = None
        self._under_way: dict[int, int] = {}
        self._packet_id = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.abandoned:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.gone.set()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the service died"))

    def data_received(self, data: bytes) -> None:
        self._decoder.feed(data)
        while (packet := self._decoder.next_packet()) is not None:
            match packet:
                case Publish():
                    if packet.qos and self.transport is not None:
                        self.transport.write(encode(Puback(packet.packet_id)))
                    self._device.came(packet.payload)
                case Puback(packet_id):
                    self._device.was_acknowledged(self._under_way.pop(packet_id))
                case Connack() | Suback() if self._answer is not None:
                    self._answer.set_result(None)
                case _:
                    raise AssertionError(f"{self._device.name} was sent {packet}")

    def publish(self, said: Said) -> None:
        """Before the listener has greeted us nothing is said: `connect` says it then."""
        if self.transport is None or self.transport.is_closing() or not self.greeted:
            return
        self._packet_id += 1
        self._under_way[self._packet_id] = said.seq
        topic = f"{PREFIX}/{said.device}/up"
        self.transport.write(encode(Publish(topic, said.body, 1, self._packet_id)))

    async def ask(self, packet: bytes) -> None:
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("the service died")
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(packet)
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await self._answer
