"""The dispatcher's side of remote gateways: what they hand over comes in, what is told goes down.

The law kept here: *acknowledge after durable* (law 1). A record is thanked for once it is committed
here; one nobody can read is kept as bytes, and raised as a call for help, because it may be one.
A gateway that says nothing for `SILENT_AFTER_S` is a line that is down, with every device on it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from core.clock import Clock, sleep
from core.errors import StoreUnavailable
from core.log import logger
from core.values import replace
from devices.findings import OWN_LINE
from devices.protocols import sounders
from devices.registry import RemoteGateway
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from gateway.handover import (
    ALIVE_EVERY_S,
    SILENT_AFTER_S,
    Down,
    Part,
    Thanks,
    Up,
    aged,
)
from gateway.intake import Intake, IsStored, Lateness
from gateway.outposts.handed import HandedOver
from gateway.supervision import Supervision
from gateway.trust import Trust

TELLS_MAX, SPARE_TELLS_MAX = 2_000, 200
"""Messages that may wait for one stream down; past this a device counts as not connected. With so
many waiting only urgent ones are taken."""

PROBLEMS_MAX, PROBLEM_CHARS_MAX = 50, 500
UNREGISTERED_MAX = 100
"""What is kept of a gateway's own words."""

LOOKS_APART_S = 1.0


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
    is_cut: bool = False
    cut: tuple[str, ...] = ()
    up: Up = field(default_factory=Up)
    connected: dict[str, None] = field(default_factory=dict)
    stream: _Stream | None = None
    owed: dict[int, Callable[[], None]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    devices: dict[str, None] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The gateway's name among the lines."""
        return f"gateway {self.settings.id}"

    def configured(self, settings: RemoteGateway, part: Part) -> None:
        self.settings, self.part = settings, part
        self.devices = dict.fromkeys(device.id for device in part.devices)
        self.connected = {device: None for device in self.connected if device in self.devices}

    def is_reached(self, now: datetime) -> bool:
        return self.heard is not None and now - self.heard < timedelta(seconds=SILENT_AFTER_S)

    def has_line(self, name: str) -> bool:
        """Whether it is one of its lines, or a board on one: `hall/2`."""
        return any(name == line.id or name.startswith(f"{line.id}/") for line in self.part.lines)

    @property
    def has_sounders(self) -> bool:
        return any(sounders(line.protocol, dict(line.settings)) for line in self.part.lines)

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
        problem: Callable[[str, str | None], None] = lambda part, text: None,
        is_connected_here: Callable[[str], bool] = lambda device: False,
    ) -> None:
        """`problem`: something is degraded at a gateway, for every page; None: well again.

        `is_connected_here`: whether our own listener holds a connection of this device.
        """
        self._is_connected_here = is_connected_here
        self._problem = problem
        self._clock = clock
        self._intake = intake
        self._supervision = supervision
        self._subscribed = subscribed
        self._is_stored = is_stored
        self._handed = HandedOver(intake, is_stored)
        self._gateways: dict[str, _Gateway] = {}
        self._numbers = 0
        self._log = logger("gateway.receiving")

    def configure(self, gateways: Iterable[tuple[RemoteGateway, Part]]) -> None:
        """Take over these gateways and no others; whoever listens gets its new part."""
        before, self._gateways = self._gateways, {}
        for settings, part in gateways:
            known = before.pop(settings.id, None)
            if known is None:
                known = _Gateway(settings, part, self._clock.now())
            self._gateways[settings.id] = known
            self._reconfigure(known, settings, part)
        for gone in before.values():
            self._remove(gone)

    def _reconfigure(self, known: _Gateway, settings: RemoteGateway, part: Part) -> None:
        if known.settings.token != settings.token:
            self._end_stream(known)  # it has to show itself anew
        lines = known.up.lines
        known.configured(settings, part)
        for line in [name for name in (*known.cut, *lines) if not known.has_line(name)]:
            self._supervision.line_up(line)  # a line that is no more is not down either
        if known.is_cut:
            new = [line.id for line in part.lines if line.id not in known.cut]
            gone = self._supervision.cut_off(known.line, new, settings.site)
            known.cut = (*(line for line in known.cut if known.has_line(line)), *gone)
        if known.stream is not None:
            known.stream.more.set()
        for device in known.connected:
            self._supervision.moved(device, known.line)

    def _remove(self, gone: _Gateway) -> None:
        """A gateway that is no more is not down either, nor is anything on it."""
        self._end_stream(gone)
        for line in (*gone.cut, *gone.up.lines, gone.line):
            self._supervision.line_up(line)
        for device in gone.connected:
            if not self._holding(device):
                self._supervision.moved(device, OWN_LINE)
        self._say_problems(gone, {})
        self._handed.forget(gone.settings.id)

    async def close(self) -> None:
        """Take nothing more in; before intake is closed."""
        await self._handed.close()

    def settings(self, gateway: str) -> RemoteGateway | None:
        known = self._gateways.get(gateway)
        return None if known is None else known.settings

    # What a gateway says

    async def up(self, gateway: str, up: Up) -> Thanks:
        """Take in everything one request carries. Raises KeyError for an unknown gateway."""
        known = self._gateways[gateway]
        self._note(known, up)
        trust = self._trust(known)
        kept = await self._handed.take(known.settings, up.handed, trust)
        for again in up.again:
            late, site = Lateness(aged(again.age_s)), known.settings.site
            # A copy of what we have committed: a store that does not answer makes it no new press.
            with contextlib.suppress(StoreUnavailable):
                await self._intake.take_over(again.signal, late, self._is_stored, site, trust)
        return Thanks(kept)

    def noted_odd(self, gateway: str, odd: Sequence[str]) -> None:
        """Show that part of a request could not be read; the rest is taken."""
        if odd:
            self._log.warning(
                "not understood", lane=gateway, gateway=gateway, count=len(odd), done="left out"
            )

    def _note(self, known: _Gateway, up: Up) -> None:
        """How the gateway and its house stand. Of other houses it may say nothing."""
        now, site = self._clock.now(), known.settings.site
        known.heard, known.up = now, up
        self._supervision.line_up(known.line)
        self._supervision.rejoined(known.cut)
        known.is_cut, known.cut = False, ()
        self._move(known, [device for device in up.connected if device in known.devices])
        self._note_lines(known, up)
        self._say_problems(known, up.problems)
        trust = self._trust(known)
        for device in up.alive:
            if device in known.devices and not trust.elsewhere(device):
                self._supervision.alive(device)
        for light in up.light:
            late = Lateness(aged(light.age_s))
            self._intake.heard_elsewhere(light.reading, late, site, trust)
        self._supervision.report(
            replace(finding, key=f"{known.settings.id}:{finding.key}", at=now, site=site)
            for finding in up.findings
            if all(one in known.devices and not trust.elsewhere(one) for one in finding.devices)
        )
        for device in up.listening:
            if device in known.devices:
                self._subscribed(device)
        for number in up.acknowledged:
            on_ack = known.owed.pop(number, None)
            if on_ack is not None:
                on_ack()

    def _note_lines(self, known: _Gateway, up: Up) -> None:
        for line, is_well in up.lines.items():
            if not known.has_line(line):
                continue
            if is_well:
                self._supervision.line_up(line)
            else:
                self._supervision.line_down(line, known.settings.site)

    def _say_problems(self, known: _Gateway, problems: Mapping[str, str]) -> None:
        said = {part: text[:PROBLEM_CHARS_MAX] for part, text in problems.items()}
        said = dict(list(said.items())[:PROBLEMS_MAX])
        for part in known.problems:
            if part not in said:
                self._problem(f"gateway:{known.settings.id}:{part}", None)
        for part, text in said.items():
            if known.problems.get(part) != text:
                self._problem(f"gateway:{known.settings.id}:{part}", f"{known.settings.id}: {text}")
        known.problems = said

    def _move(self, known: _Gateway, connected: Sequence[str]) -> None:
        """Move the devices that speak at this gateway now."""
        before, known.connected = known.connected, dict.fromkeys(connected)
        for device in known.connected:
            if not self._is_connected_here(device):
                self._supervision.moved(device, known.line)
        for device in before:
            if not self._holding(device):
                self._supervision.moved(device, OWN_LINE)

    def _trust(self, known: _Gateway) -> Trust:
        """What the gateway's token may say now (law 6)."""

        def elsewhere(device: str) -> bool:
            held = any(one is not known for one in self._holding(device))
            return held or self._is_connected_here(device)

        return Trust(known.part.lines, elsewhere)

    # What a gateway is told

    def tell(
        self,
        device: str,
        payload: bytes,
        on_ack: Callable[[], None] | None = None,
        urgent: bool = True,
    ) -> bool:
        """True when a gateway holds a connection of this device and will pass it on.

        Where several do, it is received when all of them say so: one of them may be wrong.
        """
        down = Down(device=device, payload=payload, urgent=urgent)
        takers = [known for known in self._holding(device) if _takes(known, urgent)]
        on_ack = None if on_ack is None else _by_all(on_ack, len(takers))
        for known in takers:
            self._tell(known, down, on_ack)
        return bool(takers)

    def is_connected(self, device: str) -> bool:
        return bool(self._holding(device))

    def sound(self, site: str, for_: timedelta) -> int:
        """Start the sirens on the lines of this site's gateways; how many are on lines that are
        well."""
        reached = [one for one in self._gateways.values() if one.settings.site == site]
        return sum(self._sound(known, for_.total_seconds()) for known in reached)

    def _sound(self, known: _Gateway, for_s: float) -> int:
        stream = known.stream
        if stream is None or len(stream.waiting) >= TELLS_MAX or not known.has_sounders:
            return 0
        self._numbers += 1
        stream.waiting.append(Down(self._numbers, sound_s=for_s))
        stream.more.set()
        well = (line for line in known.part.lines if known.up.lines.get(line.id, False))
        return sum(len(sounders(line.protocol, dict(line.settings))) for line in well)

    def _tell(self, known: _Gateway, down: Down, on_ack: Callable[[], None] | None) -> None:
        assert known.stream is not None, "it takes more"
        self._numbers += 1
        if on_ack is not None:
            if len(known.owed) >= TELLS_MAX:
                del known.owed[next(iter(known.owed))]
            known.owed[self._numbers] = on_ack
        known.stream.waiting.append(msgspec.structs.replace(down, number=self._numbers))
        known.stream.more.set()

    async def down(self, gateway: str) -> AsyncGenerator[bytes, None]:
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
        every = (known.up.unregistered[:UNREGISTERED_MAX] for known in self._gateways.values())
        return tuple(one for some in every for one in some)

    async def watch(self) -> None:
        """Report each gateway that is not heard any more, until cancelled."""
        while True:
            self.look()
            await sleep(LOOKS_APART_S)

    def look(self) -> None:
        """Report the gateways that have been silent for too long."""
        now = self._clock.now()
        for known in self._gateways.values():
            since = known.heard or known.expected_from
            if now - since >= timedelta(seconds=SILENT_AFTER_S):
                self._cut_off(known)

    def _cut_off(self, known: _Gateway) -> None:
        """One cause is one finding (law 12): its lines go down with it, unsaid."""
        if known.is_cut:
            return
        known.is_cut = True
        ends = [line.id for line in known.part.lines]
        known.cut = self._supervision.cut_off(known.line, ends, known.settings.site)
        self._end_stream(known)  # whatever still stands of it leads nowhere

    def _standing(self, known: _Gateway) -> GatewayStanding:
        up, reached = known.up, known.is_reached(self._clock.now())
        return GatewayStanding(
            id=known.settings.id,
            site=known.settings.site,
            reached=reached,
            heard=known.heard,
            backlog=up.backlog,
            oldest=aged(up.oldest_s),
            lines=tuple(known.line_standings(reached)),
            problems=tuple(known.problems.values()),
            connected=len(known.connected),
        )

    def _holding(self, device: str) -> list[_Gateway]:
        """Every gateway that is reached and holds a connection of this device: mostly one.

        While a badge is carried over there are two, and nobody knows which connection is the dead
        one: it is told on both.
        """
        now = self._clock.now()
        return [
            known
            for known in self._gateways.values()
            if device in known.connected and known.is_reached(now)
        ]

    def _end_stream(self, known: _Gateway) -> None:
        if known.stream is not None:
            known.stream.over = True
            known.stream.more.set()
            known.stream = None


def _takes(known: _Gateway, urgent: bool) -> bool:
    """Whether its stream down stands, and is not too far behind."""
    most = TELLS_MAX if urgent else SPARE_TELLS_MAX
    return known.stream is not None and len(known.stream.waiting) < most


def _by_all(on_ack: Callable[[], None], count: int) -> Callable[[], None]:
    """Call `on_ack` once as many have acknowledged."""
    left = [None] * count

    def acknowledged() -> None:
        if left:
            left.pop()
            if not left:
                on_ack()

    return acknowledged


def _line(down: Down) -> bytes:
    return msgspec.json.encode(down) + b"\n"
