"""A far end and the service's own session on a wire in memory, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.signals import Reading, SignalType
from devices.family import LocalSounder, open_line
from devices.protocols import FAMILIES
from devices.registry import Line, wire_names
from devices.session import DeviceSession, Heard
from firmware_sim.speakers.ports import Call, Speaker

START = datetime(2026, 11, 21, 19, tzinfo=UTC)
STEPS_MAX = 200_000


@dataclass
class Duet:
    """`plug_in` first. `keeps` False: the store is away, nothing is acknowledged."""

    line: Line
    speaker: Speaker
    names: tuple[str, ...] = ()
    now: datetime = START
    keeps: bool = True
    heard: list[Heard] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    sounder: LocalSounder | None = None
    _session: DeviceSession | None = None
    _calls: int = 0

    @property
    def alarms(self) -> list[Reading]:
        """Each press once: a copy under the same name is known to intake."""
        said = [one.reading for one in self.heard if one.reading is not None]
        presses = [one for one in said if one.type is SignalType.ALARM]
        return list({(one.device, one.boot, one.seq or one.raw): one for one in presses}.values())

    @property
    def callers(self) -> list[str]:
        """Who called, by the name the far end knows them by."""
        return [_named(one, self.names) for one in self.alarms]

    @property
    def errors(self) -> list[str]:
        return [one.error for one in self.heard if one.error]

    def plug_in(self) -> None:
        """A cable that comes back meets a fresh session."""
        port = open_line(FAMILIES[self.line.protocol], self.line)
        self.sounder = port.sounder
        self._session = port.connect()
        self.speaker.lost(self.now)
        self.speaker.connected(self.now, self.now)
        self._take(self._session.receive(b"", self.now, self.now))
        self._exchange()

    def unplug(self) -> None:
        self._session = None

    def call(self, who: str) -> None:
        self._calls += 1
        self.speaker.calls.add(Call(self._calls, who))
        self.speaker.wake(self.now, self.now)
        self._exchange()

    def run(self, seconds: float) -> None:
        """Let so much time pass, from one timer to the next."""
        end = self.now + timedelta(seconds=seconds)
        for _ in range(STEPS_MAX):
            wake_at = self._wake_at()
            if wake_at is None or wake_at > end:
                break
            self.now = max(self.now, wake_at)
            if self._session is not None and _is_due(self._session.wake_at, self.now):
                self._take(self._session.wake(self.now))
            if _is_due(self.speaker.wake_at, self.now):
                self.speaker.wake(self.now, self.now)
            self._exchange()
        else:
            raise AssertionError("timers that never move on")
        self.now = end

    def _wake_at(self) -> datetime | None:
        ours = None if self._session is None else self._session.wake_at
        return min((at for at in (ours, self.speaker.wake_at) if at is not None), default=None)

    def _exchange(self) -> None:
        """Carry what either says to the other until both have said all."""
        for _ in range(STEPS_MAX):
            self.taken += [call.who for call in self.speaker.calls.taken()]
            far = list(self.speaker.to_send())
            near = self._to_send()
            if not far and not near:
                return
            if self._session is None:
                continue
            for piece in far:
                self._take(self._session.receive(piece, self.now, self.now))
            for piece in near:
                self.speaker.receive(piece, self.now, self.now)
        raise AssertionError("two ends that never come to rest")

    def _to_send(self) -> list[bytes]:
        pieces = []
        while self._session is not None and (piece := self._session.to_send()):
            pieces.append(piece)
        return pieces

    def _take(self, messages: object) -> None:
        assert self._session is not None
        assert isinstance(messages, list | tuple)
        for message in messages:
            if self.keeps:
                self.heard.append(message)
            if message.ticket:
                self._session.stored(message.ticket, self.keeps, self.now)


def _named(reading: Reading, names: tuple[str, ...]) -> str:
    """As the registry would find it: under the narrowest of its names that is known."""
    said = [name for name, _ in wire_names(reading.device, reading.point)]
    return next((name for name in said if name in names), said[0])


def _is_due(wake_at: datetime | None, now: datetime) -> bool:
    return wake_at is not None and wake_at <= now
