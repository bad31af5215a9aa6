"""A simulated wearable's values: how it is built, what it remembers, what happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.signals import AlarmKind, AnswerKind, Level
from firmware_sim.device.wire import Up

PENDING_MAX = 32
PAGES_MAX = 16
ALARMS_REMEMBERED_MAX = 32

NOT_SENT_AFTER = timedelta(seconds=5)
"""Law 7: no `received` by then, and the wearer feels that nobody knows."""

NOBODY_YET_AFTER = timedelta(seconds=22)
"""The service says `nobody_yet` at 20 s; the device says so itself when that word is lost."""

TEST_FAILED_AFTER = timedelta(seconds=10)

REPEAT_FIRST = timedelta(seconds=1)
REPEAT_LONGEST = timedelta(seconds=15)
"""Repeats double from the first to the longest wait and never end: a press is never given up."""


class Feel(StrEnum):
    """What a person wearing the device feels or hears from it."""

    SENT = "sent"
    COMING = "coming"
    HERE = "here"
    NOT_SENT = "not_sent"
    NOBODY_YET = "nobody_yet"
    CLOSED = "closed"
    TEST_OK = "test_ok"
    TEST_FAILED = "test_failed"
    RINGS = "rings"
    RINGS_QUIETLY = "rings_quietly"
    STOOD_DOWN = "stood_down"
    EXPIRED = "expired"


_LONG, _SHORT, _PAUSE = 800, 150, 200

VIBRATION_MS: dict[Feel, tuple[int, ...]] = {
    Feel.SENT: (_SHORT,),
    Feel.COMING: (_SHORT, _PAUSE, _SHORT),
    Feel.HERE: (_SHORT, _PAUSE, _SHORT, _PAUSE, _SHORT),
    Feel.NOT_SENT: (_LONG, _PAUSE, _LONG, _PAUSE, _LONG),
    Feel.NOBODY_YET: (_LONG, _PAUSE, _LONG),
    Feel.CLOSED: (_LONG,),
    Feel.TEST_OK: (_SHORT, _PAUSE, _LONG),
    Feel.TEST_FAILED: (_LONG, _PAUSE, _SHORT),
    Feel.RINGS: (_LONG, _PAUSE) * 5,
    Feel.RINGS_QUIETLY: (_SHORT, _PAUSE) * 3,
    Feel.STOOD_DOWN: (_LONG, _PAUSE, _SHORT, _PAUSE, _SHORT),
    Feel.EXPIRED: (),
}
"""Pulse, pause, pulse … in ms: each answer is told apart without looking (law 7)."""

LIT: tuple[Feel, ...] = (Feel.COMING, Feel.HERE)
"""When the lamp is on, and only on a device whose site asked for light."""


@dataclass(frozen=True, slots=True)
class Make:
    """How this kind of device is built. `light`: the site asked for a lamp (law 7: else none)."""

    hold: timedelta = timedelta(milliseconds=300)
    heartbeat: timedelta = timedelta(seconds=60)
    has_clock: bool = True
    light: bool = False
    drain_per_hour: float = 0.02
    low_at: float = 0.15


@dataclass(frozen=True, slots=True)
class Pending:
    """A message kept (in flash: it survives a reboot) until the service has it.

    `said` is the exact body of a device without a clock: only the same bytes are a repeat of it.
    """

    up: Up
    due: datetime
    tries: int = 0
    said: bytes | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A button under a finger."""

    since: datetime
    level: Level
    kind: AlarmKind


@dataclass(frozen=True, slots=True)
class Own:
    """The wearer's own alarm as their device knows it. `alarm` is None until the service told."""

    boot: int
    seq: int
    level: Level
    pressed: datetime
    alarm: str | None = None
    not_sent_due: datetime | None = None
    nobody_yet_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A call for this person, as it stands on their device. One that is `taken` never expires."""

    notice: str
    alarm: str | None
    text: str
    level: str | None
    zone: str | None
    quiet: bool
    expires: datetime | None
    ringing: bool = True
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Wearable:
    """Everything one device remembers. Change it only by `wearable.advance`."""

    device: str
    make: Make
    boot: int
    battery: float
    battery_at: datetime
    seq: int = 0
    on: bool = True
    linked: bool = False
    zone: str | None = None
    held: Held | None = None
    own: Own | None = None
    test_due: datetime | None = None
    pending: tuple[Pending, ...] = ()
    pages: tuple[Page, ...] = ()
    revs: tuple[tuple[str, int], ...] = ()
    beat_due: datetime | None = None
    low_told: bool = False
    felt: Feel | None = None
    lamp: bool = False


# Events: what can happen to a device.


@dataclass(frozen=True, slots=True)
class ButtonDown:
    level: Level = Level.RED
    kind: AlarmKind = AlarmKind.ATTACK


@dataclass(frozen=True, slots=True)
class ButtonUp:
    pass


@dataclass(frozen=True, slots=True)
class TestPress:
    """The wearer tests their alarm."""

    __test__ = False  # not a test class, whatever its name says to pytest


@dataclass(frozen=True, slots=True)
class CancelPress:
    """The wearer says it is over."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The wearer answers a page with their device's buttons."""

    notice: str
    answer: AnswerKind


@dataclass(frozen=True, slots=True)
class Came:
    """A message came down."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class LinkUp:
    pass


@dataclass(frozen=True, slots=True)
class LinkDown:
    pass


@dataclass(frozen=True, slots=True)
class Acked:
    """The service's PUBACK for a message came."""

    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Moved:
    zone: str | None


@dataclass(frozen=True, slots=True)
class Charged:
    battery: float


@dataclass(frozen=True, slots=True)
class Rebooted:
    """Started again, with a new boot (best: random). What is in flash is kept, pages are not."""

    boot: int


@dataclass(frozen=True, slots=True)
class Due:
    """`wake_at` has come."""


Event = (
    ButtonDown
    | ButtonUp
    | TestPress
    | CancelPress
    | Answered
    | Came
    | LinkUp
    | LinkDown
    | Acked
    | Moved
    | Charged
    | Rebooted
    | Due
)


# What a device does.


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish `payload` on the device's `lane`: `up` (QoS 1) or `beat` (QoS 0)."""

    lane: str
    payload: bytes
    boot: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press was held long enough and counts: T0 as the device knows it."""

    boot: int
    seq: int
    level: Level
    at: datetime


@dataclass(frozen=True, slots=True)
class Felt:
    """The person feels `feel`; the rest says what it is about."""

    feel: Feel
    alarm: str | None = None
    notice: str | None = None
    by: str = ""
    eta_s: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Odd:
    """Something the device could not use: one clear line."""

    text: str


@dataclass(frozen=True, slots=True)
class Died:
    """The battery is empty."""


Act = Publish | Pressed | Felt | Odd | Died


@dataclass(frozen=True, slots=True)
class Step:
    """The device as it is now, and what it did."""

    wearable: Wearable
    acts: tuple[Act, ...] = ()
