"""The connected devices of a site, and what becomes of each press: its PUBACK, its first notice.

Who may be called is connected here; who presses, in a process of its own (`presser`). Where a
measurement wants its alarms closed again, whoever is called first accepts, arrives and says that it
is over, all in one breath.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from core.clock import monotonic_s, sleep
from core.errors import TilkaldError
from firmware_sim.bench import presser
from firmware_sim.bench.mqtt_device import BenchDevice, connect_all
from firmware_sim.bench.programs import running
from firmware_sim.bench.sized_site import PASSWORD
from firmware_sim.bench.versions import THIS
from firmware_sim.device.link import Broker

SETTLES_WITHIN_S = 15.0
CONNECTS_WITHIN_S = 120.0

_ANSWERS = ("accept", "arrived", "over")
_DOWN = msgspec.json.Decoder(presser.Down)
_SAY = msgspec.json.Decoder(presser.Say)


@dataclass(slots=True)
class Press:
    """One press, by monotonic seconds. None: not yet, or not known yet."""

    device: str
    zone: str
    number: int
    at_s: float | None = None
    puback_s: float | None = None
    noticed_s: float | None = None
    closed: bool = False

    @property
    def to_puback_s(self) -> float | None:
        return _between(self.at_s, self.puback_s)

    @property
    def to_notice_s(self) -> float | None:
        return _between(self.at_s, self.noticed_s)

    @property
    def puback_is_later(self) -> bool:
        """Than the first notice; also when there was none."""
        if self.noticed_s is None:
            return False
        return self.puback_s is None or self.puback_s > self.noticed_s


class ConnectedDevices:
    """Devices by their names, and the presses under way by their places. Made by `connected`."""

    def __init__(self, broker: Broker, process: asyncio.subprocess.Process, closing: bool) -> None:
        self.devices: dict[str, BenchDevice] = {}
        self._broker = broker
        self._process = process
        self._closing = closing
        self._presses: dict[int, Press] = {}
        self._at_place: dict[str, Press] = {}
        self._waiting = 0
        self._all_noticed = asyncio.Event()
        self._said: asyncio.Queue[presser.Connected | presser.Seen | None] = asyncio.Queue()
        self._seq = 0

    async def connect(self, names: Iterable[str]) -> None:
        """Devices that can be called, or only say that they are there."""
        self.devices |= await connect_all(names, self._broker, PASSWORD, self._heard)

    async def connect_pressing(self, names: Iterable[str]) -> None:
        """Devices that press. Raises TilkaldError when the process that holds them cannot."""
        there = self._broker
        self._ask(presser.Connect(list(names), there.host, there.port, there.prefix, PASSWORD))
        await self._answer(CONNECTS_WITHIN_S)

    def press(self, who: Sequence[tuple[str, str]]) -> list[Press]:
        """Alarms of devices that have none open, from places that have none, all at once."""
        presses = [Press(device, zone, self._next()) for device, zone in who]
        for press in presses:
            before = self._at_place.get(press.zone)
            assert before is None or before.noticed_s, "two presses at one place are one alarm"
            self._at_place[press.zone] = self._presses[press.number] = press
        self._waiting += len(presses)
        self._all_noticed.clear()
        self._ask(presser.Press([(each.device, each.zone, each.number) for each in presses]))
        return presses

    async def press_evenly(self, who: Iterable[tuple[str, str]], per_second: float) -> list[Press]:
        """One press after the other at that pace; returns when all are settled, or in time."""
        presses: list[Press] = []
        began_s = monotonic_s()
        for number, one in enumerate(who):
            await sleep(max(0.0, began_s + number / per_second - monotonic_s()))
            presses += self.press([one])
        await self.settled(SETTLES_WITHIN_S)
        return presses

    async def settled(self, within_s: float) -> None:
        """Until every press has its notice, its PUBACK and, if wanted, its end; or the time is up.

        Only then are the moments of the presses and their PUBACKs known.
        """
        until_s = monotonic_s() + within_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._all_noticed.wait()
        left_s = max(1.0, until_s - monotonic_s())
        self._ask(presser.Settle(left_s, self._closing))
        seen = await self._answer(left_s + SETTLES_WITHIN_S)
        assert isinstance(seen, presser.Seen)
        for number, at_s, puback_s, closed in seen.presses:
            press = self._presses.pop(number)
            press.at_s, press.puback_s, press.closed = at_s, puback_s, closed
        self._at_place.clear()
        self._waiting = 0

    async def read_on(self) -> None:
        """What the process that presses says."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = _SAY.decode(line)
            if isinstance(said, presser.Paged):
                self._noticed(said.zone, said.at_s)
            else:
                self._said.put_nowait(said)
        self._said.put_nowait(None)

    def close(self) -> None:
        for device in self.devices.values():
            device.close()

    def _heard(self, device: BenchDevice, payload: bytes, at_s: float) -> None:
        down = _DOWN.decode(payload)
        if down.type != "page" or not self._noticed(down.zone, at_s):
            return
        for answer in _ANSWERS if self._closing else ():
            said = {"type": "answer", "notice": down.notice, "answer": answer, "boot": 1}
            said_now = msgspec.json.encode(said | {"seq": self._next()})
            device.publish("up", said_now, lambda _: None)

    def _noticed(self, zone: str | None, at_s: float) -> bool:
        """Whether that was the first notice of the press at that place."""
        press = self._at_place.get(zone or "")
        if press is None or press.noticed_s is not None:
            return False
        press.noticed_s = at_s
        self._waiting -= 1
        if not self._waiting:
            self._all_noticed.set()
        return True

    def _ask(self, ask: presser.Ask) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(ask) + b"\n")

    async def _answer(self, within_s: float) -> presser.Connected | presser.Seen:
        async with asyncio.timeout(within_s):
            said = await self._said.get()
        if said is None:
            raise TilkaldError("the process that presses ended")
        return said

    def _next(self) -> int:
        self._seq += 1
        return self._seq


@asynccontextmanager
async def connected(broker: Broker, *, closing: bool) -> AsyncIterator[ConnectedDevices]:
    """Nobody yet. Ended with everything that was connected."""
    program = (sys.executable, presser.__file__)
    async with running(*program, environment=THIS.environment) as process:
        devices = ConnectedDevices(broker, process, closing)
        reading = asyncio.create_task(devices.read_on())
        try:
            yield devices
        finally:
            devices.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def _between(earlier: float | None, later: float | None) -> float | None:
    return None if earlier is None or later is None else later - earlier
