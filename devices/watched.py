"""What is known of one supervised device: heard when, how charged, whether opened, whether lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.catalogue import PROVEN_FOR, kind
from devices.findings import Finding, State, Trouble
from devices.registry import Device

LOW_BATTERY = 0.20
BATTERY_GOOD = 0.30
"""Between the two nothing changes, so a battery at the edge does not report twice."""

LATE_FROM = 0.55
"""The share of its interval after which a device that beats twice in it must have missed one."""

POINTS_MAX = 1_000
"""Parts of one device that are remembered as low or open; a panel has fewer."""

CHARGING_FOR = timedelta(hours=4)
"""How long "I am charging" excuses a silence; then a worn device should be on a person again."""


@dataclass(slots=True)
class Watched:
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

    @property
    def beats(self) -> bool:
        """Whether it gives signs of life that can be missed."""
        return kind(self.device.kind).beats

    def was_heard(self, now: datetime, charging: bool | None) -> None:
        """`charging` None: it did not say, or nobody can believe it."""
        self.heard = now
        if charging is not None:
            self.charging_until = now + CHARGING_FOR if charging else None

    def took_battery(self, battery: float, now: datetime) -> tuple[Finding, ...]:
        """The battery is low, or good again; between the two nothing changes."""
        self.battery = battery
        if not self.low and battery < LOW_BATTERY:
            self.low = True
            return (self.finding(Trouble.LOW_BATTERY, now),)
        if self.low and battery >= BATTERY_GOOD:
            self.low = False
            return (self.finding(Trouble.LOW_BATTERY, now, over=True),)
        return ()

    def says_low(self, about: str) -> None:
        """`about`: only a part of it; empty: the device itself."""
        if not about:
            self.low = True
        elif len(self.low_points) < POINTS_MAX:
            self.low_points[about] = None

    def says_tampered(self, about: str) -> None:
        if not about:
            self.tampered = True
        elif len(self.tampered_points) < POINTS_MAX:
            self.tampered_points[about] = None

    def says_well(self, about: str) -> None:
        self.low_points.pop(about, None)
        self.tampered_points.pop(about, None)

    def finding(self, trouble: Trouble, now: datetime, *, over: bool = False) -> Finding:
        key, device = f"{trouble}:{self.device.id}", self.device
        return Finding(key, trouble, (device.id,), now, self.line, device.site, over)

    def state(self, now: datetime, *, line_down: bool) -> State:
        """The most serious thing first."""
        if self.device.revoked:
            return State.REVOKED
        if self.device.withdrawn:
            return State.WITHDRAWN
        if self.tampered or self.tampered_points:
            return State.TAMPER
        last = self.heard or self.known_since
        if self.lost_in or line_down or (self.beats and now - last >= self.silent_after):
            return State.SILENT
        proof = self.heard if self.beats else self.pressed
        if proof is None or (not self.beats and now - proof >= PROVEN_FOR):
            return State.UNKNOWN
        return State.LOW_BATTERY if self.low or self.low_points else State.OK
