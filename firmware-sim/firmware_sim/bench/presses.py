"""The connected devices of a site, and what becomes of each press: its PUBACK, its first notice.

Where a measurement wants its alarms closed again, whoever is called first accepts, arrives and
says that it is over, all in one breath.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from core.clock import monotonic_s, sleep
from firmware_sim.bench.mqtt_device import BenchDevice
from firmware_sim.bench.sized_site import PASSWORD
from firmware_sim.device.link import Broker

CONNECTING_AT_ONCE = 50
ADDRESSES = 8
"""Loopback addresses devices come from: one has some 28,000 ports to give."""

SETTLES_WITHIN_S = 15.0

_ANSWERS = ("accept", "arrived", "over")


class _Down(msgspec.Struct):
    """Of a message down what is needed here."""

    type: str
    zone: str | None = None
    notice: str = ""


_DOWN = msgspec.json.Decoder(_Down)


@dataclass(slots=True)
class Press:
    """One press, by monotonic seconds. None: not yet."""

    device: str
    zone: str
    at_s: float
    puback_s: float | None = None
    noticed_s: float | None = None
    closed: bool = False

    @property
    def to_puback_s(self) -> float | None:
        return None if self.puback_s is None else self.puback_s - self.at_s

    @property
    def to_notice_s(self) -> float | None:
        return None if self.noticed_s is None else self.noticed_s - self.at_s


class ConnectedDevices:
    """Devices by their names, and the presses under way by their places."""

    def __init__(self, broker: Broker, *, closing: bool) -> None:
        self.devices: dict[str, BenchDevice] = {}
        self._broker = broker
        self._closing = closing
        self._at_place: dict[str, Press] = {}
        self._of_device: dict[str, Press] = {}
        self._settled = asyncio.Event()
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
        """Publish an alarm of a device that has none open, from a place that has none."""
        assert zone not in self._at_place, "two presses at one place would be one alarm"
        said = {"type": "alarm", "seq": self._next(), "boot": 1, "level": "red", "zone": zone}
        payload = msgspec.json.encode(said)
        self._settled.clear()
        press = Press(device, zone, monotonic_s())
        self._at_place[zone] = self._of_device[device] = press

        def acked(at_s: float) -> None:
            press.puback_s = at_s
            self._look(press)

        self.devices[device].publish("up", payload, acked)
        return press

    async def press_evenly(self, who: Iterable[tuple[str, str]], per_second: float) -> list[Press]:
        """One press after the other at that pace; returns when all are settled, or in time."""
        presses: list[Press] = []
        began_s = monotonic_s()
        for number, (device, zone) in enumerate(who):
            await sleep(max(0.0, began_s + number / per_second - monotonic_s()))
            presses.append(self.press(device, zone))
        await self.settled(SETTLES_WITHIN_S)
        return presses

    async def settled(self, within_s: float) -> bool:
        """Whether in that time every press has its PUBACK, its notice and, if wanted, its end."""
        try:
            async with asyncio.timeout(within_s):
                await self._settled.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        for device in self.devices.values():
            device.close()

    def _heard(self, device: BenchDevice, payload: bytes, at_s: float) -> None:
        down = _DOWN.decode(payload)
        match down.type:
            case "page" if down.zone in self._at_place:
                self._paged(device, self._at_place[down.zone], down.notice, at_s)
            case "closed" if device.name in self._of_device:
                press = self._of_device[device.name]
                press.closed = True
                self._look(press)
            case _:
                pass

    def _paged(self, device: BenchDevice, press: Press, notice: str, at_s: float) -> None:
        if press.noticed_s is not None:
            return
        press.noticed_s = at_s
        self._look(press)
        for answer in _ANSWERS if self._closing else ():
            said = {"type": "answer", "notice": notice, "answer": answer, "boot": 1}
            said_now = msgspec.json.encode(said | {"seq": self._next()})
            device.publish("up", said_now, lambda _: None)

    def _look(self, press: Press) -> None:
        """Its place and its device are free again when nothing more is expected of a press."""
        ended = press.closed or not self._closing
        if press.puback_s is None or press.noticed_s is None or not ended:
            return
        self._at_place.pop(press.zone, None)
        self._of_device.pop(press.device, None)
        if not self._at_place:
            self._settled.set()

    def _next(self) -> int:
        self._seq += 1
        return self._seq
