"""The dispatcher's side of remote gateways: what they hand over comes in, what is told goes down.

The law kept here: *acknowledge after durable* (law 1). A record is thanked for once it is committed
here; one nobody can read is kept as bytes, and raised as a call for help, because it may be one.
A gateway that says nothing for `SILENT_AFTER_S` is a line that is down, with every device on it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from core.clock import Clock, sleep
from core.log import logger
from core.signals import AlarmKind, Reading, SignalType
from devices.registry import RemoteGateway
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from devices.watch import OWN_LINE
from gateway.intake import Intake, IsStored, Lateness
from gateway.remote.contract import (
    ALIVE_EVERY_S,
    SILENT_AFTER_S,
    Down,
    Handed,
    Part,
    RawRecord,
    Record,
    Thanks,
    Up,
)
from gateway.supervision import Supervision

PROTOCOL = "gateway"
TELLS_MAX = 2_000
"""Messages that may wait for one stream down; past this a device counts as not connected."""

LOOKS_APART_S = 1.0

_RECORDS = msgspec.json.Decoder(Record)


@dataclass(slots=True)
class _Stream:
    """One stream down. `more` is set when something waits, or when it is to end."""

    configuration: int
    waiting: deque[Down] = field(default_factory=deque)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False


@dataclass(slots=True)
class _Gateway:
    """One gateway of the configuration and what is known of it."""

    settings: RemoteGateway
    part: Part
    expected_from: datetime
    heard: datetime | None = None
    cut: tuple[str, ...] = ()
    up: Up = field(default_factory=Up)
    connected: dict[str, None] = field(default_factory=dict)
    stream: _Stream | None = None
    owed: dict[int, Callable[[], None]] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """Its name among the lines."""
        return f"gateway {self.settings.id}"

    def line_standings(self, reached: bool) -> Iterator[LineStanding]:
        """Nobody knows how a line stands at a gateway that is not reached: that is not well."""
        for line in self.part.lines:
            well = reached and self.up.lines.get(line.id, False)
            yield LineStanding(line.id, line.protocol, well, self.settings.id)


class RemoteGateways:
    """All gateways of an installation that stand on other machines."""

    def __init__(
        self,
        clock: Clock,
        intake: Intake,
        supervision: Supervision,
        subscribed: Callable[[str], None],
        is_stored: IsStored,
    ) -> None:
        self._clock = clock
        self._intake = intake
        self._supervision = supervision
        self._subscribed = subscribed
        self._is_stored = is_stored
        self._gateways: dict[str, _Gateway] = {}
        self._numbers = 0
        self._log = logger("gateway.receiving")

    def configure(self, gateways: Iterable[tuple[RemoteGateway, Part]]) -> None:
        """These gateways and no others; whoever listens gets its new part."""
        before, self._gateways = self._gateways, {}
        for settings, part in gateways:
            known = before.pop(settings.id, None)
            if known is None:
                known = _Gateway(settings, part, self._clock.now())
            known.settings, known.part = settings, part
            self._gateways[settings.id] = known
            if known.stream is not None:
                known.stream.more.set()
            for device in known.connected:
                self._supervision.moved(device, known.line)
        for gone in before.values():
            self._end_stream(gone)
            self._supervision.line_up(gone.line)  # a gateway that is no more is not down either

    def settings(self, gateway: str) -> RemoteGateway | None:
        known = self._gateways.get(gateway)
        return None if known is None else known.settings

    # What a gateway says

    async def up(self, gateway: str, up: Up) -> Thanks:
        """Everything one request carries. Raises KeyError for a gateway nobody configured."""
        known = self._gateways[gateway]
        self._note(known, up)
        for signal in up.again:
            await self._intake.take_over(signal, Lateness(timedelta()), None)
        kept = await asyncio.gather(*(self._take(known, handed) for handed in up.handed))
        return Thanks(
            tuple(h.number for h, is_kept in zip(up.handed, kept, strict=True) if is_kept)
        )

    def _note(self, known: _Gateway, up: Up) -> None:
        """How the gateway and its house stand."""
        known.heard, known.up = self._clock.now(), up
        self._supervision.line_up(known.line)
        self._supervision.rejoined(known.cut)
        known.cut = ()
        self._move(known, up.connected)
        for line, is_well in up.lines.items():
            if is_well:
                self._supervision.line_up(line)
            else:
                self._supervision.line_down(line, known.settings.site)
        for device in up.alive:
            self._supervision.alive(device)
        for light in up.light:
            self._intake.heard_elsewhere(light.reading, Lateness(timedelta(seconds=light.age_s)))
        now = self._clock.now()
        self._supervision.report(replace(finding, at=now) for finding in up.findings)
        for device in up.listening:
            self._subscribed(device)
        for number in up.acknowledged:
            on_ack = known.owed.pop(number, None)
            if on_ack is not None:
                on_ack()

    def _move(self, known: _Gateway, connected: Sequence[str]) -> None:
        """Whose devices speak there now."""
        before, known.connected = known.connected, dict.fromkeys(connected)
        for device in known.connected:
            if device not in before:
                self._supervision.moved(device, known.line)
        for device in before:
            if device not in known.connected and self._of(device) is None:
                self._supervision.moved(device, OWN_LINE)

    async def _take(self, known: _Gateway, handed: Handed) -> bool:
        try:
            record = _RECORDS.decode(handed.record)
        except msgspec.MsgspecError as wrong:
            return await self._unreadable(known, handed, str(wrong))
        if record.raw is not None:
            raw: RawRecord = record.raw
            return await self._intake.keep(raw.protocol, raw.sender, raw.why, raw.content)
        assert record.signal is not None, "a record is a signal or bytes"
        pressed = None if handed.pressed_s is None else timedelta(seconds=handed.pressed_s)
        late = Lateness(timedelta(seconds=handed.age_s), pressed)
        is_stored = self._is_stored if handed.old else None
        return await self._intake.take_over(record.signal, late, is_stored)

    async def _unreadable(self, known: _Gateway, handed: Handed, why: str) -> bool:
        """It was accepted there as something that matters."""
        content = bytes(handed.record)
        reading = Reading(
            PROTOCOL,
            known.settings.id,
            SignalType.ALARM,
            AlarmKind.UNKNOWN,
            text=f"a message of {known.settings.id} that this version cannot read",
            seq=handed.number,
            age=timedelta(seconds=handed.age_s),
            raw=content,
        )
        kept = await self._intake.keep(PROTOCOL, known.settings.id, why, content)
        return kept and await self._intake.take(reading, site=known.settings.site)

    # What a gateway is told

    def tell(self, device: str, payload: bytes, on_ack: Callable[[], None] | None = None) -> bool:
        """True when a gateway holds a connection of this device and will pass it on."""
        known = self._of(device)
        if known is None or known.stream is None or len(known.stream.waiting) >= TELLS_MAX:
            return False
        self._numbers += 1
        if on_ack is not None:
            if len(known.owed) >= TELLS_MAX:
                del known.owed[next(iter(known.owed))]
            known.owed[self._numbers] = on_ack
        known.stream.waiting.append(Down(self._numbers, device, payload))
        known.stream.more.set()
        return True

    def is_connected(self, device: str) -> bool:
        return self._of(device) is not None

    async def down(self, gateway: str) -> AsyncIterator[bytes]:
        """Lines for one gateway until it goes, or opens another. Raises KeyError."""
        known = self._gateways[gateway]
        self._end_stream(known)
        stream = known.stream = _Stream(configuration=-1)
        try:
            while not stream.over:
                stream.more.clear()
                if stream.configuration != known.part.version:
                    stream.configuration = known.part.version
                    yield _line(Down(part=known.part))
                while stream.waiting:
                    yield _line(stream.waiting.popleft())
                yield await self._or_blank(stream)
        finally:
            if known.stream is stream:
                known.stream = None

    async def _or_blank(self, stream: _Stream) -> bytes:
        """Nothing when something waits; a blank line when it has been quiet for too long."""
        try:
            async with asyncio.timeout(ALIVE_EVERY_S):
                await stream.more.wait()
        except TimeoutError:
            return b"\n"
        return b""

    # How they stand

    def standing(self) -> tuple[GatewayStanding, ...]:
        return tuple(self._standing(known) for known in self._gateways.values())

    def unregistered(self) -> tuple[Unregistered, ...]:
        """Who speaks on their lines and stands in no configuration."""
        return tuple(one for known in self._gateways.values() for one in known.up.unregistered)

    async def watch(self) -> None:
        """Say when one of them is not heard any more. Until cancelled."""
        while True:
            now = self._clock.now()
            for known in self._gateways.values():
                since = known.heard or known.expected_from
                if now - since >= timedelta(seconds=SILENT_AFTER_S):
                    self._cut_off(known)
            await sleep(LOOKS_APART_S)

    def _cut_off(self, known: _Gateway) -> None:
        """One cause is one finding (law 12): its lines go down with it, unsaid."""
        self._supervision.line_down(known.line, known.settings.site)
        if not known.cut:
            known.cut = tuple(line.id for line in known.part.lines)
            self._supervision.cut_off(known.cut)

    def _standing(self, known: _Gateway) -> GatewayStanding:
        patience = timedelta(seconds=SILENT_AFTER_S)
        up = known.up
        reached = known.heard is not None and self._clock.now() - known.heard < patience
        return GatewayStanding(
            id=known.settings.id,
            site=known.settings.site,
            reached=reached,
            heard=known.heard,
            backlog=up.backlog,
            oldest=timedelta(seconds=up.oldest_s),
            lines=tuple(known.line_standings(reached)),
            problems=tuple(up.problems.values()),
            connected=len(known.connected),
        )

    def _of(self, device: str) -> _Gateway | None:
        """The gateway a device is connected to; the one heard last, where there are two."""
        those = [known for known in self._gateways.values() if device in known.connected]
        return max(those, key=lambda known: known.heard or known.expected_from, default=None)

    def _end_stream(self, known: _Gateway) -> None:
        if known.stream is not None:
            known.stream.over = True
            known.stream.more.set()
            known.stream = None


def _line(down: Down) -> bytes:
    return msgspec.json.encode(down) + b"\n"
