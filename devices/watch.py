"""Supervision: who is silent, whose battery is low, what came back, and what has one cause.

The law kept here: *the watcher is watched* (law 12), and *nothing is protected that was not
proven* (law 9). Losses with one cause are one finding naming all: when a device falls silent while
others of its line are late as well, the finding waits for them, at most half a supervision
interval (`HELD_FOR`). Charging excuses a silence only when an authenticated device said so.

Time comes in as `now` (service time). One heap entry per device, corrected when it comes up, so a
heartbeat costs a dictionary write and 20,000 devices cost next to nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from devices.catalogue import PROVEN_FOR, kind
from devices.registry import Device

LOW_BATTERY = 0.20
BATTERY_GOOD = 0.30
"""Between the two nothing changes, so a battery at the edge does not report twice."""

COMMON_LEAST = 3
"""From so many losses of one line on they are one finding."""

LATE_FROM = 0.55
"""The share of its interval after which a device that beats twice in it must have missed one."""

POINTS_MAX = 1_000
"""Parts of one device that are remembered as low or open; a panel has fewer."""

LATE_KEPT = 100
"""Late devices kept in mind between two looks."""

HELD_FOR = timedelta(seconds=60)
"""The longest a loss waits for others of its line: 120 s + 60 s is standards.md row 7."""

JOINS_FOR = timedelta(minutes=3)
"""A loss this soon after the last one of a common cause has the same cause; later, its own."""

CHARGING_FOR = timedelta(hours=4)
"""How long "I am charging" excuses a silence; then a worn device should be on a person again."""

OWN_LINE = "mqtt"
"""The line of our own listener, where native devices live."""


CHARGING = "charging"
"""`Reading.code` of a heartbeat from a charger."""

OFFLINE = "offline"
"""`Reading.code` of a presence that says the line to the device is gone."""


class Trouble(StrEnum):
    """What a finding is about."""

    SILENT = "silent"
    COMMON_CAUSE = "common_cause"
    LINE_DOWN = "line_down"
    LOW_BATTERY = "low_battery"
    TAMPER = "tamper"
    TWO_CLAIM = "two_claim"


class State(StrEnum):
    """How a device stands, for pages and for the console."""

    OK = "ok"
    SILENT = "silent"
    LOW_BATTERY = "low_battery"
    TAMPER = "tamper"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One technical thing that is wrong, or (`over`) well again.

    `key` is the same for the trouble and its end; a later one with the same key and more devices
    is news about the same trouble. A device that comes back out of a common cause ends its own
    silence; with the last one the common cause is over. `site` is that of the first device.
    """

    key: str
    trouble: Trouble
    devices: tuple[str, ...]
    at: datetime
    line: str = ""
    site: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """One device now. `heard` None: not since the start."""

    device: str
    state: State
    heard: datetime | None
    battery: float | None


@dataclass(slots=True)
class _Watched:
    """What is known of one device. `lost_in` is the key of the finding it stands in.

    `low_points`, `tampered_points`: what of a panel is low or open, by `Reading.about`.

    `grace_from` is when it was last given a whole interval to be heard: its shift began, its line
    came back. It delays a finding and never makes the device look heard.
    """

    device: Device
    silent_after: timedelta
    line: str
    known_since: datetime
    grace_from: datetime
    heard: datetime | None = None
    pressed: datetime | None = None
    battery: float | None = None
    low: bool = False
    tampered: bool = False
    low_points: dict[str, None] = field(default_factory=dict)
    tampered_points: dict[str, None] = field(default_factory=dict)
    charging_until: datetime | None = None
    lost_in: str = ""

    def deadline(self) -> datetime:
        """When its silence becomes a loss. Unheard since the start: one interval after it."""
        plain = max(self.heard or self.known_since, self.grace_from) + self.silent_after
        return max(plain, self.charging_until) if self.charging_until is not None else plain

    def late(self, now: datetime) -> bool:
        """It has not been heard for so long that a beat is missing already."""
        last = max(self.heard or self.known_since, self.grace_from)
        return self.charging_until is None and now - last >= self.silent_after * LATE_FROM


@dataclass(slots=True)
class _Group:
    """Devices lost by one cause, and those not yet back; `grew`: when the last of them was lost."""

    line: str
    grew: datetime
    named: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)


class Watch:
    """The supervision of every device of an installation."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._expected: dict[str, None] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._queued: dict[str, datetime] = {}
        self._held: dict[str, dict[str, datetime]] = {}
        self._late: list[str] = []
        self._groups: dict[str, _Group] = {}
        self._down: dict[str, datetime] = {}

    # What is to be watched

    def configure(
        self, devices: Iterable[Device], now: datetime, lines: Mapping[str, str] | None = None
    ) -> tuple[Finding, ...]:
        """Watch these devices and no others; what is known of those that stay is kept.

        `lines`: device → its line, where that is not our own listener. The losses of devices that
        are gone are over.
        """
        watched: dict[str, _Watched] = {}
        for device in devices:
            silent_after = kind(device.kind).silent_after
            line = (lines or {}).get(device.id, OWN_LINE)
            known = self._watched.get(device.id) or _Watched(device, silent_after, line, now, now)
            if known.line != line:
                self._let_go(device.id)
                self._queue(device.id, known.deadline())
            known.device, known.silent_after, known.line = device, silent_after, line
            watched[device.id] = known
        self.expect([device for device in self._expected if device in watched], now)
        gone = [was for device, was in self._watched.items() if device not in watched]
        self._watched = watched
        return tuple(finding for was in gone for finding in self._returned(was, now))

    def expect(self, devices: Iterable[str], now: datetime) -> None:
        """These must be heard: devices whose wearer is on shift, and fixed ones. Replaces all.

        What speaks only when it is pressed is watched through its line alone. A device that was
        not expected before is given one interval from now to be heard.
        """
        before = self._expected
        self._expected = {device: None for device in devices if self._beats(device)}
        for device in self._expected:
            if device not in before:
                watched = self._watched[device]
                watched.grace_from = now
                self._queue(device, watched.deadline())
        for device in before:
            if device not in self._expected:
                self._let_go(device)

    # What happened

    def heard(
        self,
        device: str,
        now: datetime,
        *,
        battery: float | None = None,
        charging: bool | None = None,
        authenticated: bool = True,
    ) -> tuple[Finding, ...]:
        """Anything at all came from this device; `charging` None: it did not say."""
        watched = self._watched.get(device)
        if watched is None:
            return ()
        watched.heard = now
        if charging is not None and (authenticated or not charging):
            watched.charging_until = now + CHARGING_FOR if charging else None
        self._let_go(device)
        if device in self._expected:
            self._queue(device, watched.deadline())
        found = self._returned(watched, now)
        return found if battery is None else (*found, *_battery(watched, battery, now))

    def moved(self, device: str, line: str) -> None:
        """It speaks on another line now: a badge carried into the next house."""
        watched = self._watched.get(device)
        if watched is not None and watched.line != line:
            self._let_go(device)
            watched.line = line
            self._queue(device, watched.deadline())

    def pressed(self, device: str, now: datetime) -> None:
        """Somebody pressed it, for help or as a test. Only that proves what cannot beat (law 9)."""
        if device in self._watched:
            self._watched[device].pressed = now

    def low_battery(self, device: str, about: str = "") -> None:
        """The device said so itself; its own message is the alarm, so there is no finding.

        `about`: only a part of it, whose end is told by the same words.
        """
        watched = self._watched.get(device)
        if watched is not None and about:
            _noted(watched.low_points, about)
        elif watched is not None:
            watched.low = True

    def tampered(self, device: str, about: str = "") -> None:
        """Somebody opened or removed it, or a part of it; its own message is the alarm."""
        watched = self._watched.get(device)
        if watched is not None and about:
            _noted(watched.tampered_points, about)
        elif watched is not None:
            watched.tampered = True

    def well_again(self, device: str, about: str) -> None:
        """A part of it is well; its own message ends the alarm."""
        watched = self._watched.get(device)
        if watched is not None:
            watched.low_points.pop(about, None)
            watched.tampered_points.pop(about, None)

    def restored(self, device: str, now: datetime) -> tuple[Finding, ...]:
        """The tamper is over. The caller knows who may say so (law 6)."""
        watched = self._watched.get(device)
        if watched is None or not watched.tampered:
            return ()
        watched.tampered = False
        return (_finding(Trouble.TAMPER, watched, now, over=True),)

    def line_down(self, line: str, now: datetime, site: str = "") -> tuple[Finding, ...]:
        """A whole line is gone: one finding names every device on it that should be heard.

        `site` is the line's own, else that of its first device.
        """
        if line in self._down:
            return ()
        self._down[line] = now
        on_it = (d for d, watched in self._watched.items() if _is_on(watched.line, line))
        named = tuple(d for d in on_it if d in self._expected or not self._beats(d))
        self._held.pop(line, None)
        site = site or self._site(named)
        return (Finding(f"line:{line}", Trouble.LINE_DOWN, named, now, line, site),)

    def line_up(self, line: str, now: datetime) -> tuple[Finding, ...]:
        """The line is back; its devices have one interval to be heard again."""
        if self._down.pop(line, None) is None:
            return ()
        for device in self._expected:
            watched = self._watched[device]
            if _is_on(watched.line, line):
                watched.grace_from = now
                self._queue(device, watched.deadline())
        return (Finding(f"line:{line}", Trouble.LINE_DOWN, (), now, line, "", over=True),)

    # What follows from time alone

    @property
    def wake_at(self) -> datetime | None:
        """When `due` has something to look at, or None."""
        moments = [self._heap[0][0]] if self._heap else []
        moments += [_first(held) + HELD_FOR for held in self._held.values()]
        return min(moments) if moments else None

    def due(self, now: datetime) -> tuple[Finding, ...]:
        """The losses that are certain now."""
        while self._heap and self._heap[0][0] <= now:
            when, device = heapq.heappop(self._heap)
            if self._queued.get(device) == when:
                del self._queued[device]
                self._look_at(device, now)
        return tuple(finding for line in list(self._held) for finding in self._judge(line, now))

    def health(self, device: str, now: datetime) -> Health:
        """How one device stands now."""
        watched = self._watched.get(device)
        if watched is None:
            return Health(device, State.UNKNOWN, None, None)
        state = _state(watched, now, line_down=self._is_down(watched.line))
        return Health(device, state, watched.heard, watched.battery)

    # Inside

    def _look_at(self, device: str, now: datetime) -> None:
        """Its moment has come up: later after all, already lost, or overdue."""
        watched = self._watched.get(device)
        if watched is None or device not in self._expected or watched.lost_in:
            return
        deadline = watched.deadline()
        if deadline > now:
            self._queue(device, deadline)
        elif not self._is_down(watched.line):
            self._held.setdefault(watched.line, {})[device] = now

    def _judge(self, line: str, now: datetime) -> list[Finding]:
        """Overdue devices of one line: name them now, or wait for those that are late."""
        overdue = self._held[line]
        waited = now - _first(overdue)
        missing = max(COMMON_LEAST - len(overdue), 1)
        if waited < HELD_FOR and self._some_late(line, now, missing):
            return []
        del self._held[line]
        if len(overdue) < COMMON_LEAST and not self._growing(line, now):
            return [self._lost(device, now) for device in overdue]
        return [self._lost_together(line, tuple(overdue), now)]

    def _some_late(self, line: str, now: datetime, least: int) -> bool:
        """Whether others of this line, not yet overdue, have missed a beat as well.

        Those found last time are asked first: thousands may be lost together, one look at a time.
        """
        late = [device for device in self._late if self._may_follow(device, line, now)]
        if len(late) < least:
            late = list(islice(self._following(line, now), LATE_KEPT))
        self._late = late
        return len(late) >= least

    def _following(self, line: str, now: datetime) -> Iterator[str]:
        return (device for device in self._expected if self._may_follow(device, line, now))

    def _may_follow(self, device: str, line: str, now: datetime) -> bool:
        watched = self._watched.get(device)
        held = device in self._held.get(line, {})
        if watched is None or held or device not in self._expected:
            return False
        return watched.line == line and not watched.lost_in and watched.late(now)

    def _lost(self, device: str, now: datetime) -> Finding:
        finding = _finding(Trouble.SILENT, self._watched[device], now)
        self._watched[device].lost_in = finding.key
        return finding

    def _lost_together(self, line: str, overdue: Sequence[str], now: datetime) -> Finding:
        key = self._growing(line, now) or f"common_cause:{line}:{now.isoformat()}"
        group = self._groups.setdefault(key, _Group(line, now))
        group.grew = now
        for device in overdue:
            group.named[device] = group.missing[device] = None
            self._watched[device].lost_in = key
        named = tuple(group.missing)
        return Finding(key, Trouble.COMMON_CAUSE, named, now, line, self._site(named))

    def _growing(self, line: str, now: datetime) -> str:
        """The key of this line's common cause that may still name more devices, or empty."""
        for key, group in self._groups.items():
            if group.line == line and now - group.grew <= JOINS_FOR:
                return key
        return ""

    def _returned(self, watched: _Watched, now: datetime) -> tuple[Finding, ...]:
        """A lost device is back: its silence is over, and with the last one the common cause."""
        key, watched.lost_in = watched.lost_in, ""
        if not key:
            return ()
        back = _finding(Trouble.SILENT, watched, now, over=True)
        group = self._groups.get(key)
        if group is None:
            return (back,)
        del group.missing[watched.device.id]
        if group.missing:
            return (back,)
        del self._groups[key]
        named = tuple(group.named)
        site = watched.device.site
        over = Finding(key, Trouble.COMMON_CAUSE, named, now, group.line, site, over=True)
        return (back, over)

    def _beats(self, device: str) -> bool:
        """Whether it is known, and gives signs of life that can be missed."""
        watched = self._watched.get(device)
        return watched is not None and kind(watched.device.kind).beats

    def _is_down(self, line: str) -> bool:
        return any(_is_on(line, down) for down in self._down)

    def _site(self, devices: Sequence[str]) -> str:
        return self._watched[devices[0]].device.site if devices else ""

    def _let_go(self, device: str) -> None:
        """It is not overdue after all."""
        watched = self._watched.get(device)
        held = self._held.get(watched.line, {}) if watched is not None else {}
        if held.pop(device, None) is not None and watched is not None and not held:
            del self._held[watched.line]

    def _queue(self, device: str, when: datetime) -> None:
        """Look at it then, or earlier; an entry that an earlier one replaced is passed over."""
        queued = self._queued.get(device)
        if queued is None or when < queued:
            self._queued[device] = when
            heapq.heappush(self._heap, (when, device))


def _is_on(line: str, whole: str) -> bool:
    """Whether it is this line, or one board of it: `hall/2` is board 2 of the line `hall`."""
    return line == whole or line.startswith(f"{whole}/")


def _first(held: dict[str, datetime]) -> datetime:
    """When the oldest of them fell due: they stand in that order."""
    return next(iter(held.values()))


def _battery(watched: _Watched, battery: float, now: datetime) -> tuple[Finding, ...]:
    watched.battery = battery
    if not watched.low and battery < LOW_BATTERY:
        watched.low = True
        return (_finding(Trouble.LOW_BATTERY, watched, now),)
    if watched.low and battery >= BATTERY_GOOD:
        watched.low = False
        return (_finding(Trouble.LOW_BATTERY, watched, now, over=True),)
    return ()


def _finding(trouble: Trouble, watched: _Watched, now: datetime, *, over: bool = False) -> Finding:
    device = watched.device
    key = f"{trouble}:{device.id}"
    return Finding(key, trouble, (device.id,), now, watched.line, device.site, over)


def _state(watched: _Watched, now: datetime, *, line_down: bool) -> State:
    """The most serious thing first."""
    if watched.device.revoked:
        return State.REVOKED
    if watched.device.withdrawn:
        return State.WITHDRAWN
    if watched.tampered or watched.tampered_points:
        return State.TAMPER
    last = watched.heard or watched.known_since
    beats = kind(watched.device.kind).beats
    if watched.lost_in or line_down or (beats and now - last >= watched.silent_after):
        return State.SILENT
    proof = watched.heard if beats else watched.pressed
    if proof is None or (not beats and now - proof >= PROVEN_FOR):
        return State.UNKNOWN
    return State.LOW_BATTERY if watched.low or watched.low_points else State.OK


def _noted(points: dict[str, None], about: str) -> None:
    if len(points) < POINTS_MAX:
        points[about] = None
