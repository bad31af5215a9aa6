"""What a remote gateway has to say beside its spool: who was heard, how its lines are, what is odd.

None of it is kept over a restart, and little of it over a cut: what matters is how things stand
when somebody can be told again. Implements `gateway.ports.Supervises`, and `gateway.ports.Desk`'s
`problem`; the watching itself happens where the dispatcher is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from core.clock import Clock
from core.signals import Reading, Signal, SignalType
from devices.watch import Finding
from gateway.remote.contract import Light

LIGHT = (SignalType.HEARTBEAT, SignalType.POSITION, SignalType.PRESENCE)
DEVICES_MAX = 20_000
"""Devices whose newest sign of life waits to be told."""

Key = TypeVar("Key")
Value = TypeVar("Value")

AGAIN_MAX, FINDINGS_MAX, ACKNOWLEDGED_MAX = 1_000, 1_000, 10_000


@dataclass(slots=True)
class Told:
    """What one request carries; `News.give_back` when it did not arrive."""

    again: tuple[Signal, ...] = ()
    light: tuple[Light, ...] = ()
    alive: tuple[str, ...] = ()
    listening: tuple[str, ...] = ()
    acknowledged: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class News:
    """One gateway's."""

    clock: Clock
    lines: dict[str, bool] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    _again: dict[str, Signal] = field(default_factory=dict)
    _light: dict[tuple[str, SignalType], tuple[Reading, datetime]] = field(default_factory=dict)
    _alive: dict[str, None] = field(default_factory=dict)
    _listening: dict[str, None] = field(default_factory=dict)
    _acknowledged: deque[int] = field(default_factory=lambda: deque(maxlen=ACKNOWLEDGED_MAX))
    _findings: deque[Finding] = field(default_factory=lambda: deque(maxlen=FINDINGS_MAX))

    # What intake, lines and listener tell (`gateway.ports.Supervises`)

    def heard(self, reading: Reading, device: str) -> None:
        """Heavier messages say by themselves that their device is there."""
        if reading.type in LIGHT:
            _put(self._light, (device, reading.type), (reading, self.clock.now()), DEVICES_MAX)

    def alive(self, device: str) -> None:
        _put(self._alive, device, None, DEVICES_MAX)

    def line_down(self, line: str, site: str = "") -> None:
        self.lines[line] = False

    def line_up(self, line: str) -> None:
        self.lines[line] = True

    def report(self, findings: Iterable[Finding]) -> None:
        self._findings.extend(findings)

    # What the desk tells

    def again(self, signal: Signal) -> None:
        """A copy: its device wants to be told once more."""
        _put(self._again, signal.identity, signal, AGAIN_MAX)

    def listens(self, device: str) -> None:
        """A device subscribed: it wants to know how things stand."""
        _put(self._listening, device, None, DEVICES_MAX)

    def acknowledged(self, number: int) -> None:
        """A device has what it was told."""
        self._acknowledged.append(number)

    def problem(self, part: str, text: str | None) -> None:
        if text is None:
            self.problems.pop(part, None)
        else:
            self.problems[part] = text

    # What the uplink asks

    @property
    def waits(self) -> bool:
        """Whether somebody waits to be told: more than signs of life."""
        return bool(self._again or self._listening or self._acknowledged or self._findings)

    def take(self) -> Told:
        now = self.clock.now()
        told = Told(
            again=tuple(self._again.values()),
            light=tuple(_aged(reading, at, now) for reading, at in self._light.values()),
            alive=tuple(self._alive),
            listening=tuple(self._listening),
            acknowledged=tuple(self._acknowledged),
            findings=tuple(self._findings),
        )
        for kept in (self._again, self._light, self._alive, self._listening):
            kept.clear()
        self._acknowledged.clear()
        self._findings.clear()
        return told

    def give_back(self, told: Told) -> None:
        """It did not arrive. A copy will come again by itself, a sign of life is old by then."""
        for device in told.listening:
            self.listens(device)
        self._acknowledged.extendleft(reversed(told.acknowledged))
        self._findings.extendleft(reversed(told.findings))


def _put(kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """The newest; of too many the one told first is dropped."""
    kept.pop(key, None)
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value


def _aged(reading: Reading, at: datetime, now: datetime) -> Light:
    return Light(reading, max((now - at).total_seconds(), 0.0))
