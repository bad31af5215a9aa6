"""The devices that press, in a process of their own that does nothing else meanwhile.

A process that answers a page before it reads the next socket sees a PUBACK late. This one only
reads what its devices are sent, and says what it saw when it is asked (`settle`). Started by
`presses`, which talks to it in JSON lines; both read the same monotonic clock.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from core.clock import monotonic_s
from firmware_sim.bench.mqtt_device import BenchDevice, connect_all
from firmware_sim.bench.programs import LINE_BYTES_MAX
from firmware_sim.device.link import Broker


class Connect(msgspec.Struct, tag=True, frozen=True):
    """Log these devices in."""

    names: list[str]
    host: str
    port: int
    prefix: str
    password: str


class Press(msgspec.Struct, tag=True, frozen=True):
    """Press them all within one turn: device, place and number of each press."""

    presses: list[tuple[str, str, int]]


class Settle(msgspec.Struct, tag=True, frozen=True):
    """Wait until each press has its PUBACK (and its end, if `closing`), then say what was seen."""

    within_s: float
    closing: bool


class Connected(msgspec.Struct, tag=True, frozen=True):
    """All of them are."""


class Paged(msgspec.Struct, tag=True, frozen=True):
    """A device that presses was called to somebody else's alarm."""

    zone: str
    at_s: float


class Seen(msgspec.Struct, tag=True, frozen=True):
    """Of each press: its number, its moment, that of its PUBACK, and whether it was closed."""

    presses: list[tuple[int, float, float | None, bool]]


Ask = Connect | Press | Settle
Say = Connected | Paged | Seen


class Down(msgspec.Struct):
    """Of a message down what is needed here."""

    type: str
    zone: str | None = None
    notice: str = ""


@dataclass(slots=True)
class _Pressed:
    number: int
    at_s: float
    puback_s: float | None = None
    closed: bool = False


@dataclass(slots=True)
class _Finger:
    """Presses the buttons of its devices."""

    devices: dict[str, BenchDevice] = field(default_factory=dict)
    pressed: list[_Pressed] = field(default_factory=list)
    of_device: dict[str, _Pressed] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def do(self, ask: Ask) -> Say | None:
        match ask:
            case Connect():
                broker = Broker(ask.host, ask.port, ask.prefix)
                self.devices |= await connect_all(ask.names, broker, ask.password, self._heard)
                return Connected()
            case Press():
                self._press(ask)
                return None
            case Settle():
                return await self._settled(ask)

    def _press(self, ask: Press) -> None:
        bodies = [_alarm(zone, number) for _, zone, number in ask.presses]
        for (name, _, number), body in zip(ask.presses, bodies, strict=True):
            pressed = self.of_device[name] = _Pressed(number, monotonic_s())
            self.devices[name].publish("up", body, self._acked(pressed))
            self.pressed.append(pressed)

    def _acked(self, pressed: _Pressed) -> Callable[[float], None]:
        def acked(at_s: float) -> None:
            pressed.puback_s = at_s
            self.changed.set()

        return acked

    def _heard(self, device: BenchDevice, payload: bytes, at_s: float) -> None:
        down = _DOWN.decode(payload)
        if down.type == "page" and down.zone is not None:
            _say(Paged(down.zone, at_s))
        elif down.type == "closed" and device.name in self.of_device:
            self.of_device[device.name].closed = True
            self.changed.set()

    async def _settled(self, ask: Settle) -> Seen:
        def open_still() -> bool:
            return any(
                each.puback_s is None or (ask.closing and not each.closed) for each in self.pressed
            )

        try:
            async with asyncio.timeout(ask.within_s):
                while open_still():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            pass
        seen = [(each.number, each.at_s, each.puback_s, each.closed) for each in self.pressed]
        self.pressed.clear()
        return Seen(seen)


_DOWN = msgspec.json.Decoder(Down)
_ASK = msgspec.json.Decoder(Ask)


def _alarm(zone: str, number: int) -> bytes:
    said = {"type": "alarm", "seq": number, "boot": 1, "level": "red", "zone": zone}
    return msgspec.json.encode(said)


def _say(said: Say) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


async def _run() -> None:
    """Until nobody asks any more."""
    lines = asyncio.StreamReader(LINE_BYTES_MAX)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    finger = _Finger()
    while line := await lines.readline():
        said = await finger.do(_ASK.decode(line))
        if said is not None:
            _say(said)


if __name__ == "__main__":
    asyncio.run(_run())
