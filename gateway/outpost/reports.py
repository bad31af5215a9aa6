"""What a remote gateway has to say beside its spool: who was heard, how its lines are, what is odd.

None of it is kept over a restart, and little of it over a cut: what matters is how things stand
when somebody can be told again. Implements `gateway.ports.Supervises`, and `gateway.ports.Desk`'s
`problem`; the watching itself happens where the dispatcher is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from core.clock import Clock
from core.signals import Reading, Signal, SignalType
from core.values import replace
from devices.findings import Finding
from gateway.handover import LIGHT_MAX, Again, Light

LIGHT = (SignalType.HEARTBEAT, SignalType.POSITION, SignalType.PRESENCE)
DEVICES_MAX = 20_000
"""Devices whose newest sign of life waits to be told."""

PROBLEMS_MAX = 1_000
"""Things that are wrong here; a sender nobody knows may bring one each."""

Key = TypeVar("Key")
Value = TypeVar("Value")

AGAIN_MAX, FINDINGS_MAX, ACKNOWLEDGED_MAX = 1_000, 1_000, 10_000


@dataclass(slots=True)
class Report:
    """What one request carries; `Reports.give_back` when it did not arrive."""

    again: tuple[Again, ...] = ()
    light: tuple[Light, ...] = ()
    alive: tuple[str, ...] = ()
    listening: tuple[str, ...] = ()
    acknowledged: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Reports:
    """One gateway's. `wake`: there is something that should not wait for the next sign of life."""

    clock: Clock
    wake: Callable[[], None] = lambda: None
    lines: dict[str, bool] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    _again: dict[str, tuple[Signal, datetime]] = field(default_factory=dict)
    _light: dict[tuple[str, SignalType], tuple[Reading, datetime]] = field(default_factory=dict)
    _alive: dict[str, None] = field(default_factory=dict)
    _listening: dict[str, None] = field(default_factory=dict)
    _acknowledged: deque[int] = field(default_factory=lambda: deque(maxlen=ACKNOWLEDGED_MAX))
    _findings: deque[Finding] = field(default_factory=lambda: deque(maxlen=FINDINGS_MAX))

    # What intake, lines and listener tell (`gateway.ports.Supervises`)

    def heard(self, reading: Reading, device: str) -> None:
        """Heavier messages say by themselves that their device is there."""
        if reading.type in LIGHT:
            reading = replace(reading, raw=b"")
            _put(self._light, (device, reading.type), (reading, self.clock.now()), DEVICES_MAX)

    def alive(self, device: str) -> None:
        _put(self._alive, device, None, DEVICES_MAX)

    def line_down(self, line: str, site: str = "") -> None:
        self._line(line, False)

    def line_up(self, line: str) -> None:
        self._line(line, True)

    def has_lines(self, names: Collection[str]) -> None:
        """Report on these lines and no others; one that has not opened is not told of."""
        self.lines = {
            name: is_well
            for name, is_well in self.lines.items()
            if name in names or _cable(name) in names
        }

    def report(self, findings: Iterable[Finding]) -> None:
        self._findings.extend(findings)
        self.wake()

    # What the desk tells

    def again(self, signal: Signal) -> None:
        """Report a copy: its device wants to be told once more."""
        signal = replace(signal, reading=replace(signal.reading, raw=b""))
        _put(self._again, signal.identity, (signal, self.clock.now()), AGAIN_MAX)

    def listens(self, device: str) -> None:
        """Report a device that subscribed: it wants to know how things stand."""
        _put(self._listening, device, None, DEVICES_MAX)

    def acknowledged(self, number: int) -> None:
        """Report that a device has what it was told."""
        self._acknowledged.append(number)

    def problem(self, part: str, text: str | None) -> None:
        if text is None:
            self.problems.pop(part, None)
        else:
            _put(self.problems, part, text, PROBLEMS_MAX)

    # What the uplink asks

    @property
    def waits(self) -> bool:
        """Whether somebody waits to be told: more than signs of life."""
        heavier = self._again or self._listening or self._findings
        return bool(heavier) or len(self._light) >= LIGHT_MAX

    def take(self) -> Report:
        now = self.clock.now()
        told = Report(
            again=tuple(Again(signal, _age_s(at, now)) for signal, at in self._again.values()),
            light=tuple(Light(reading, _age_s(at, now)) for reading, at in self._some_light()),
            alive=tuple(self._alive),
            listening=tuple(self._listening),
            acknowledged=tuple(self._acknowledged),
            findings=tuple(self._findings),
        )
        for kept in (self._again, self._alive, self._listening):
            kept.clear()
        self._acknowledged.clear()
        self._findings.clear()
        return told

    def give_back(self, told: Report) -> None:
        """Take back what did not arrive, less the signs of life: others come."""
        now = self.clock.now()
        for one in told.again:
            self._again.setdefault(
                one.signal.identity, (one.signal, now - timedelta(seconds=one.age_s))
            )
        for device in told.listening:
            self.listens(device)
        _before(self._acknowledged, told.acknowledged)
        _before(self._findings, told.findings)

    def _line(self, line: str, is_well: bool) -> None:
        if self.lines.get(line) is not is_well:
            self.lines[line] = is_well
            self.wake()

    def _some_light(self) -> Iterator[tuple[Reading, datetime]]:
        """The oldest of them; the others go with the next request."""
        for key in list(islice(self._light, LIGHT_MAX)):
            yield self._light.pop(key)


def _put(kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """The newest; of too many the one told first is dropped."""
    kept.pop(key, None)
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value


def _before(kept: deque[Value], earlier: Iterable[Value]) -> None:
    """Earlier ones back in front; of too many the oldest are dropped."""
    later = list(kept)
    kept.clear()
    kept.extend(earlier)
    kept.extend(later)


def _age_s(at: datetime, now: datetime) -> float:
    return max((now - at).total_seconds(), 0.0)


def _cable(name: str) -> str:
    """The line a board is on: `hall/2` is board 2 of the line `hall`."""
    cable, _, board = name.rpartition("/")
    return cable if board else ""
