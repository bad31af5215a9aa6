"""The lines of a site: opened, listened to, closed again, as its configuration says.

One `LineWatch` watches each line: it gives what was heard to intake, remembers who is not
registered, and tells supervision whether the line is there. A line may be down for two reasons, it
is not open or it is silent, and is up again when neither holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from core.clock import Clock, sleep
from core.errors import ConfigError
from core.log import logger
from core.signals import Reading, SignalType, Standing
from core.values import replace
from devices.family import Family, LocalSounder, Port, open_line
from devices.findings import Finding, Trouble
from devices.protocols import FAMILIES, board_of, is_of_the_line, line_answers
from devices.registry import Line, Parity, Registration, Registry
from devices.scan import Scan
from devices.session import Heard
from devices.standing import LineStanding
from gateway.intake import Called, Intake
from gateway.links.mqtt_line import MqttLine
from gateway.links.pump import Pump
from gateway.links.serial_line import SerialLine, SerialSettings
from gateway.links.tcp_line import TcpLine
from gateway.links.udp_line import UdpLine
from gateway.ports import Supervises
from gateway.strangers import POINTS_MOST, Strangers

AGAIN_S = 1.0
"""A line that ended by a mistake of ours is started again after this."""

SILENCED_WITHIN_S, SILENCED_LOOKS_S = 1.5, 0.02
"""A line that is closed while it sounds waits so long for its sirens to be switched off."""

_PARITIES = {Parity.NONE: "N", Parity.EVEN: "E", Parity.ODD: "O"}
_TAKES_AWAY = (SignalType.CANCEL, SignalType.RESTORE)
_PRESSES = (SignalType.ALARM, SignalType.TEST)


class Link(Protocol):
    """What carries one line: `serial_line`, `tcp_line`, `udp_line`."""

    async def run(self) -> None: ...

    def stop_reading(self) -> None: ...

    async def close(self) -> None: ...


class DeviceLines:
    """All lines of a process. `configure` at any time; open between `start` and `close`."""

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        intake: Intake,
        supervision: Supervises,
        families: dict[str, Family] | None = None,
        certificate: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """`certificate`: what `tls://` ports show; it raises ConfigError when it is none."""
        self._families = FAMILIES if families is None else families
        self._certificate = certificate
        self._registry = registry
        self._clock = clock
        self._intake = intake
        self._supervision = supervision
        self._scan = Scan()
        self._wanted: dict[str, Line] = {}
        self._open: dict[str, _OpenLine] = {}
        self._closing: dict[asyncio.Task[None], None] = {}
        self._logged_in: dict[str, MqttLine] = {}
        self._started = False
        self._log = logger("gateway.lines")

    @property
    def scan(self) -> Scan:
        """The senders on these lines that are not registered."""
        return self._scan

    def configure(self, lines: Iterable[Line]) -> None:
        """Open these lines and no others; one that did not change stays open."""
        before, self._wanted = self._wanted, {line.id: line for line in lines}
        for name in before:
            if name not in self._wanted:
                self._supervision.line_up(name)  # a line that is no more is not down either
        self._scan.forget(self._is_registered)
        if self._started:
            self._bring_about()

    def start(self) -> None:
        self._started = True
        self._bring_about()

    def stop_reading(self) -> None:
        """Hear nothing more; what was heard is still stored and answered."""
        self._started = False
        for line in self._open.values():
            line.link.stop_reading()

    async def close(self) -> None:
        """Close every line. Call `stop_reading` before, and wait for what intake has."""
        for name in list(self._open):
            self._shut(name)
        await asyncio.gather(*self._closing)

    def port(self, name: str) -> int | None:
        """The real port of a listening line, where it asked for any free one."""
        link = self._open[name].link if name in self._open else None
        return link.port if isinstance(link, TcpLine | UdpLine) else None

    def standing(self) -> tuple[LineStanding, ...]:
        return tuple(
            LineStanding(line.id, line.protocol, self.is_well(line.id))
            for line in self._wanted.values()
        )

    def sound(self, site: str, for_: timedelta) -> int:
        """Start every siren and lamp of a site; how many of them are there and answer."""
        now, sounding = self._clock.now(), 0
        for line in self._open.values():
            if line.line.site == site and line.sounder is not None:
                answering = line.sounder.sound(now, for_)
                sounding += answering if line.watch.is_well else 0
        return sounding

    def of_device(self, device: str) -> MqttLine | None:
        """The open line whose far end logs in as this device."""
        return self._logged_in.get(device)

    def is_well(self, name: str) -> bool:
        """Whether a line is open and not silent."""
        return name in self._open and self._open[name].watch.is_well

    def _bring_about(self) -> None:
        for name, opened in list(self._open.items()):
            if self._wanted.get(name) != opened.line:
                opened.watch.forget_the_silent()
                self._shut(name)
        for name, line in self._wanted.items():
            if name not in self._open:
                self._begin(line)

    def _begin(self, line: Line) -> None:
        watch = LineWatch(line, self)
        try:
            port = open_line(self._families[line.protocol], line)
            link = self._link(line, port, watch)
        except (KeyError, ConfigError) as error:
            # The files were checked; an older stored configuration may still name it.
            watch.down(f"{line.id} cannot be opened: {error}")
            return
        if isinstance(link, MqttLine):
            self._logged_in[link.device] = link
        self._open[line.id] = _OpenLine(line, watch, port, link, self._shutting)

    def _link(self, line: Line, port: Port, watch: LineWatch) -> Link:
        """What the URL asks for. What no other link opens is pyserial's. Raises ConfigError."""
        parts = urlsplit(line.url)
        host, number = parts.hostname or "", parts.port or 0
        match parts.scheme:
            case "mqtt":
                return MqttLine(host, port.connect, watch)
            case "udp":
                return UdpLine(host, number, port.connect, watch)
            case "tcp":
                return TcpLine(host, number, port.connect, watch)
            case "tls":
                if self._certificate is None:
                    raise ConfigError("there is no certificate: set TILKALD_MQTT_TLS_CERT and _KEY")
                return TcpLine(host, number, port.connect, watch, tls=self._certificate())
            case _:
                return SerialLine(_serial(line), port.connect, watch)

    def _shut(self, name: str) -> None:
        opened = self._open.pop(name)
        if isinstance(opened.link, MqttLine):
            self._logged_in.pop(opened.link.device, None)
        task = asyncio.get_running_loop().create_task(opened.close())
        self._closing[task] = None
        task.add_done_callback(lambda done: self._closing.pop(done, None))

    def _shutting(self) -> list[asyncio.Task[None]]:
        """What must be closed before another line may open the same port."""
        return list(self._closing)

    def _is_registered(self, protocol: str, identity: str, point: str) -> bool:
        known = self._registry.resolve(protocol, identity, self._clock.wall(), point)
        return known.standing is not Standing.UNKNOWN

    # -- for the watches over the lines ----------------------------------------------------

    @property
    def clock(self) -> Clock:
        return self._clock

    @property
    def intake(self) -> Intake:
        return self._intake

    @property
    def supervision(self) -> Supervises:
        return self._supervision

    def device_of(self, reading: Reading) -> tuple[str, ...]:
        """The registered device that speaks under this name, if there is one."""
        known = self._resolved(reading)
        return () if known.standing is Standing.UNKNOWN else (known.device,)

    def may_close(self, line: Line) -> bool:
        """Whether the site trusts what this line says; radio proves nothing to anybody."""
        family = self._families.get(line.protocol)
        return line.closes and family is not None and not family.radio

    def is_stranger(self, line: Line, reading: Reading) -> bool:
        """Whether nobody registered who spoke. Then the scan remembers it.

        It remembers a point of a registered panel as well, when somebody presses it: it can be
        registered as a device of its own, with its own place.
        """
        known = self._resolved(reading)
        stranger = known.standing is Standing.UNKNOWN
        if stranger or (known.point and reading.type in _PRESSES):
            known_as = "" if stranger else known.device
            self._scan.heard(line.id, reading, self._clock.wall(), known_as)
        return stranger

    def is_strange_point(self, reading: Reading) -> bool:
        """Whether only the panel is registered, and not the point of it that spoke."""
        return bool(reading.point) and bool(self._resolved(reading).point)

    def _resolved(self, reading: Reading) -> Registration:
        wall = self._clock.wall()
        return self._registry.resolve(reading.protocol, reading.device, wall, reading.point)


class LineWatch:
    """What is watched and remembered of one line: `gateway.links.pump.LineOwner`."""

    def __init__(self, line: Line, lines: DeviceLines) -> None:
        self._line = line
        self._lines = lines
        self.own: Pump | None = None
        """Where the port has a session of its own: who watches over its panels."""
        self._missing: dict[str, Finding] = {}
        self._silent_boards: dict[str, None] = {}
        self._strangers = Strangers(f"strangers-{line.id}")
        self._points = Strangers("", POINTS_MOST)
        self._is_open: bool | None = None
        self._is_silent = False
        self._spoke_at: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._log = logger("gateway.lines")

    @property
    def is_well(self) -> bool:
        return self._is_open is True and not self._is_silent

    def now(self) -> datetime:
        return self._lines.clock.now()

    def wall(self) -> datetime:
        return self._lines.clock.wall()

    def spoke(self) -> None:
        self._spoke_at = self.now()
        if self.own is not None:
            # The bytes are read right after this; then its watch may have a new moment.
            asyncio.get_running_loop().call_soon(self.own.look)
        if self._is_silent and self._line.silent_after:
            self._silence(False)
            self._watch()

    async def heard(self, message: Heard) -> bool:
        return await self.kept(message, None)

    async def kept(self, message: Heard, called: Called | None) -> bool:
        reading = message.reading
        if reading is None:
            if not message.error and not message.raw:
                return True
            name = self._line.id
            why = message.error or "no meaning is known for it"
            protocol = self._line.protocol
            return await self._lines.intake.keep(
                protocol, name, why, message.raw, called, here=True
            )
        answers = line_answers(reading)
        if answers is not None:
            self._answers(reading, answers)
            return True
        is_stranger = not is_of_the_line(reading) and self._lines.is_stranger(self._line, reading)
        if is_stranger and self._line.only_registered:
            return True
        if is_stranger:
            reading = self._strangers.as_pressed(reading, self.now())
        elif self._lines.is_strange_point(reading):
            reading = self._points.as_pressed(reading, self.now())
        closes = self._lines.may_close(self._line) and reading.type in _TAKES_AWAY
        reading = replace(reading, line=self._line.id, closes=closes)
        return await self._lines.intake.take(reading, site=self._line.site, called=called)

    def up(self) -> None:
        self._is_open, self._is_silent = True, False
        for board in list(self._silent_boards):
            self._board_answers(board, True)  # its new session finds out by itself
        self._log.info("line open", lane=self._line.id, line=self._line.id)
        self._spoke_at = self.now()
        self._tell()
        self._watch()

    def down(self, why: str) -> None:
        if self._is_open is not False:
            line, done = self._line.id, "tried again and again"
            self._log.error("line down", lane=line, line=line, why=why, done=done)
        self._is_open = False
        self._tell()

    def noticed(self, what: str, detail: str) -> None:
        line = self._line.id
        self._log.warning("line noticed", lane=f"{line} {what}", line=line, why=what, detail=detail)

    def forget_the_silent(self) -> None:
        """The line is configured anew: whoever was silent on it is not missed any more."""
        for board in list(self._silent_boards):
            self._board_answers(board, True)
        over = [replace(found, over=True) for found in self._missing.values()]
        self._missing.clear()
        self._lines.supervision.report(over)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.own is not None:
            self.own.close()

    def _answers(self, reading: Reading, answers: bool) -> None:
        """Word of somebody's silence: on a cable the line's own, on a port that of one panel."""
        if self._line.listens:
            known = self._lines.device_of(reading)
            name, now = f"{self._line.id} ({reading.device})", self.now()
            key = f"line:{self._line.id}:{reading.device}"
            found = Finding(key, Trouble.LINE_DOWN, known, now, name, self._line.site)
            self._missing.pop(key, None)
            if not answers:
                self._missing[key] = found
            self._lines.supervision.report([replace(found, over=answers)])
        elif board := board_of(reading.protocol, reading.device):
            self._board_answers(f"{self._line.id}/{board}", answers)
        else:
            self._silence(not answers)

    def _board_answers(self, board: str, answers: bool) -> None:
        """One board of this cable; the others go on."""
        if answers:
            self._silent_boards.pop(board, None)
            self._lines.supervision.line_up(board)
        else:
            self._silent_boards[board] = None
            self._lines.supervision.line_down(board, self._line.site)

    def _silence(self, silent: bool) -> None:
        if silent != self._is_silent:
            what, line = "line silent" if silent else "line heard again", self._line.id
            self._log.warning(what, lane=line, line=line)
        self._is_silent = silent
        self._tell()

    def _tell(self) -> None:
        """Supervision tells people once, however often it is told."""
        supervision = self._lines.supervision
        if self.is_well:
            supervision.line_up(self._line.id)
        elif self._is_open is False or self._is_silent:
            supervision.line_down(self._line.id, self._line.site)

    def _watch(self) -> None:
        """Arm the one timer for the line's own silence, where the site asks for it."""
        if not self._line.silent_after or self._spoke_at is None or not self._is_open:
            return
        if self._timer is not None:
            self._timer.cancel()
        left_s = (self._spoke_at + self._line.silent_after - self.now()).total_seconds()
        if left_s <= 0:
            self._silence(True)
            return
        self._timer = asyncio.get_running_loop().call_later(left_s, self._watch)


class _OpenLine:
    """One line that runs: its link, and the session that belongs to no connection."""

    def __init__(
        self,
        line: Line,
        watch: LineWatch,
        port: Port,
        link: Link,
        before: Callable[[], list[asyncio.Task[None]]],
    ) -> None:
        self.line = line
        self.link = link
        self.watch = watch
        self.sounder: LocalSounder | None = port.sounder
        if port.own is not None:
            watch.own = Pump(port.own, watch, _NoWire())
            watch.own.start()
        self._log = logger("gateway.lines")
        self._running = asyncio.get_running_loop().create_task(self._run(before()))
        self._again: asyncio.TimerHandle | None = None
        self._running.add_done_callback(self._ended)

    async def close(self) -> None:
        if self.sounder is not None and self.watch.is_well:
            await self._silenced(self.sounder)
        self._running.remove_done_callback(self._ended)
        if self._again is not None:
            self._again.cancel()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self.watch.close()
        await self.link.close()

    async def _silenced(self, sounder: LocalSounder) -> None:
        """Stop the sirens of one line: a board would sound on when we are gone."""
        sounder.stop(self.watch.now())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENCED_WITHIN_S):
                while sounder.is_sounding:
                    await sleep(SILENCED_LOOKS_S)

    async def _run(self, before: list[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        await self.link.run()

    def _ended(self, running: asyncio.Task[None]) -> None:
        """A line runs until it is closed: this one broke, by a mistake of ours."""
        if running.cancelled():
            return
        self._log.error("a line broke", line=self.line.id, error=running.exception())
        self.watch.down("a mistake of ours ended it")
        self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._restart)

    def _restart(self) -> None:
        self._running = asyncio.get_running_loop().create_task(self.link.run())
        self._running.add_done_callback(self._ended)


class _NoWire:
    """A session without a connection has nobody to write to."""

    def write(self, content: bytes) -> None:
        """Drop the bytes: there is nobody."""

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""


def _serial(line: Line) -> SerialSettings:
    parity = _PARITIES[line.parity]
    return SerialSettings(line.url, line.speed_bd, line.data_bits, parity, line.stop_bits)
