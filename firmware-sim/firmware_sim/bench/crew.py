"""The connected devices of a town, and what becomes of each press: its PUBACK, its first notice.

Whoever is called first accepts, arrives and says that it is over, all in one breath, when the
measurement wants its alarms closed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from core.clock import monotonic_s
from firmware_sim.bench.device import BenchDevice
from firmware_sim.bench.town import PASSWORD
from firmware_sim.device_link import Broker

CONNECTING_AT_ONCE = 50
ADDRESSES = 8
"""Loopback addresses devices come from: one has some 28,000 ports to give."""

_ANSWERS = ("accept", "arrived", "over")


class _Down(msgspec.Struct):
    """Of a message down what is needed here."""

    type: str
    zone: str | None = None
    notice: str = ""


_DOWN = msgspec.json.Decoder(_Down)


@dataclass(slots=True)
class Press:
    """One press, by monotonic seconds."""

    zone: str
    at_s: float
    puback_s: float | None = None
    noticed_s: float | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class Crew:
    """Devices by their names, and the presses under way by their places."""

    def __init__(self, broker: Broker, *, closing: bool) -> None:
        self.devices: dict[str, BenchDevice] = {}
        self._broker = broker
        self._closing = closing
        self._presses: dict[str, Press] = {}
        self._done = asyncio.Event()
        self._seq = 0

    async def connect(self, names: Iterable[str]) -> None:
        """Some at a time, from several addresses."""
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def one(number: int, name: str) -> None:
            device = BenchDevice(name, self._broker, self._heard)
            async with gate:
                await device.connect(self._broker, PASSWORD, f"127.0.0.{1 + number % ADDRESSES}")
            self.devices[name] = device

        async with asyncio.TaskGroup() as connecting:
            for number, name in enumerate(names):
                connecting.create_task(one(number, name))

    def press(self, device: str, zone: str) -> Press:
        """Publish an alarm from a place where none is open."""
        assert zone not in self._presses, "two presses at one place would be one alarm"
        self._done.clear()
        payload = msgspec.json.encode(
            {"type": "alarm", "seq": self._next(), "boot": 1, "level": "red", "zone": zone}
        )
        press = self._presses[zone] = Press(zone, monotonic_s())

        def acked(at_s: float) -> None:
            press.puback_s = at_s
            self._look(press)

        self.devices[device].publish("up", payload, acked)
        return press

    async def settled(self, within_s: float) -> bool:
        """Whether every press has its PUBACK and its notice, and is closed where that is wanted."""
        try:
            async with asyncio.timeout(within_s):
                await self._done.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        for device in self.devices.values():
            device.close()

    def _heard(self, device: BenchDevice, payload: bytes, at_s: float) -> None:
        down = _DOWN.decode(payload)
        if down.type == "page" and down.zone is not None:
            self._paged(device, down.zone, down.notice, at_s)
        elif down.type == "closed" and self._closing:
            # To the button that pressed; its place is free again.
            self._forget(device)

    def _paged(self, device: BenchDevice, zone: str, notice: str, at_s: float) -> None:
        press = self._presses.get(zone)
        if press is None or press.noticed_s is not None:
            return
        press.noticed_s = at_s
        self._look(press)
        if self._closing:
            for answer in _ANSWERS:
                self._answer(device, notice, answer)

    def _answer(self, device: BenchDevice, notice: str, answer: str) -> None:
        payload = {"type": "answer", "notice": notice, "answer": answer, "boot": 1}
        device.publish("up", msgspec.json.encode(payload | {"seq": self._next()}), lambda _: None)

    def _forget(self, device: BenchDevice) -> None:
        del device

    def _look(self, press: Press) -> None:
        if press.puback_s is None or press.noticed_s is None:
            return
        del press

    def _next(self) -> int:
        self._seq += 1
        return self._seq


def waits_ms(presses: Sequence[Press]) -> None:
    del presses
