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
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from devices.catalogue import kind
from devices.common_cause import CommonCauses
from devices.findings import OWN_LINE, Finding, Health, State, Trouble
from devices.registry import Device
from devices.watched import Watched

COMMON_LEAST = 3
"""From so many losses of one line on they are one finding."""

LATE_KEPT = 100
"""Late devices kept in mind between two looks."""

HELD_FOR = timedelta(seconds=60)
"""The longest a loss waits for others of its line: 120 s + 60 s are the 180 s at most within which
a worn device is missed."""


class Watch:
    """The supervision of every device of an installation."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._expected: dict[str, None] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._queued: dict[str, datetime] = {}
        self._held: dict[str, dict[str, datetime]] = {}
        self._late: list[str] = []
        self._causes = CommonCauses()
        self._down: dict[str, datetime] = {}

    # What is to be watched

    def configure(
        self, devices: Iterable[Device], now: datetime, lines: Mapping[str, str] | None = None
    ) -> tuple[Finding, ...]:
        """Watch these devices and no others; what is known of those that stay is kept.

        `lines`: device → its line, where that is not our own listener. The losses of devices that
        are gone are over.
        """
        watched: dict[str, Watched] = {}
        for device in devices:
            silent_after = kind(device.kind).silent_after
            line = (lines or {}).get(device.id, OWN_LINE)
            known = self._watched.get(device.id) or Watched(device, silent_after, line, now, now)
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
        watched.was_heard(now, charging if authenticated or not charging else None)
        self._let_go(device)
        if device in self._expected:
            self._queue(device, watched.deadline())
        found = self._returned(watched, now)
        return found if battery is None else (*found, *watched.took_battery(battery, now))

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
        if watched is not None:
            watched.says_low(about)

    def tampered(self, device: str, about: str = "") -> None:
        """Somebody opened or removed it, or a part of it; its own message is the alarm."""
        watched = self._watched.get(device)
        if watched is not None:
            watched.says_tampered(about)

    def part_restored(self, device: str, about: str) -> None:
        """Forget the trouble of one part; the device's own message ends the alarm."""
        watched = self._watched.get(device)
        if watched is not None:
            watched.says_well(about)

    def restored(self, device: str, now: datetime) -> tuple[Finding, ...]:
        """The tamper is over. The caller knows who may say so (law 6)."""
        watched = self._watched.get(device)
        if watched is None or not watched.tampered:
            return ()
        watched.tampered = False
        return (watched.finding(Trouble.TAMPER, now, over=True),)

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
        state = watched.state(now, line_down=self._is_down(watched.line))
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
        if len(overdue) < COMMON_LEAST and self._causes.growing(line, now) is None:
            return [self._lost(device, now) for device in overdue]
        return [self._lost_together(line, tuple(overdue), now)]

    def _some_late(self, line: str, now: datetime, least: int) -> bool:
        """Whether others of this line, not yet overdue, have missed a beat as well.

        Those found last time are asked first: thousands may be lost together, one look at a time.
        """
        late = [device for device in self._late if self._may_follow(device, line, now)]
        if len(late) < least:
            following = (d for d in self._expected if self._may_follow(d, line, now))
            late = list(islice(following, LATE_KEPT))
        self._late = late
        return len(late) >= least

    def _may_follow(self, device: str, line: str, now: datetime) -> bool:
        watched = self._watched.get(device)
        held = device in self._held.get(line, {})
        if watched is None or held or device not in self._expected:
            return False
        return watched.line == line and not watched.lost_in and watched.late(now)

    def _lost(self, device: str, now: datetime) -> Finding:
        finding = self._watched[device].finding(Trouble.SILENT, now)
        self._watched[device].lost_in = finding.key
        return finding

    def _lost_together(self, line: str, overdue: Sequence[str], now: datetime) -> Finding:
        cause = self._causes.lost(line, overdue, now)
        for device in overdue:
            self._watched[device].lost_in = cause.key
        named = tuple(cause.missing)
        return Finding(cause.key, Trouble.COMMON_CAUSE, named, now, line, self._site(named))

    def _returned(self, watched: Watched, now: datetime) -> tuple[Finding, ...]:
        """A lost device is back: its silence is over, and with the last one the common cause."""
        key, watched.lost_in = watched.lost_in, ""
        if not key:
            return ()
        back = watched.finding(Trouble.SILENT, now, over=True)
        ended = self._causes.back(key, watched.device.id)
        if ended is None:
            return (back,)
        named, site = tuple(ended.named), watched.device.site
        over = Finding(key, Trouble.COMMON_CAUSE, named, now, ended.line, site, over=True)
        return (back, over)

    def _beats(self, device: str) -> bool:
        """Whether it is known, and gives signs of life that can be missed."""
        watched = self._watched.get(device)
        return watched is not None and watched.beats

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
