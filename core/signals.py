"""The words every part shares: what a device said, and the closed lists of tokens.

Tokens are the same on the wire, in the API and in files, and are never translated. Clients must
tolerate new ones; we read an unknown token as `unknown` and keep what was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from core.levels import Level as Level
from core.values import value


class SignalType(StrEnum):
    """What a device's message is about."""

    ALARM = "alarm"
    CANCEL = "cancel"
    RESTORE = "restore"
    TEST = "test"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    HEARTBEAT = "heartbeat"
    POSITION = "position"
    PRESENCE = "presence"
    TAMPER = "tamper"
    LOW_BATTERY = "low_battery"
    TECHNICAL = "technical"
    ANSWER = "answer"
    UNKNOWN = "unknown"


class AlarmKind(StrEnum):
    """What happened, as far as the device can say."""

    ATTACK = "attack"
    ASSIST = "assist"
    WEAPON = "weapon"
    MEDICAL = "medical"
    FIRE = "fire"
    MAN_DOWN = "man_down"
    NO_MOTION = "no_motion"
    FALL = "fall"
    MISSED_CHECK_IN = "missed_check_in"
    DURESS = "duress"
    TAMPER = "tamper"
    LOSS = "loss"
    CALL = "call"
    SOS = "sos"
    TECHNICAL = "technical"
    UNKNOWN = "unknown"


class ReceiptState(StrEnum):
    """How far one notice has come, as its channel says. Only moves forward."""

    PENDING = "pending"
    SENDING = "sending"
    MAYBE_SENT = "maybe_sent"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED_TEMPORARY = "failed_temporary"
    FAILED_PERMANENT = "failed_permanent"
    WITHDRAWN = "withdrawn"

    @property
    def failed(self) -> bool:
        return self in (ReceiptState.FAILED_TEMPORARY, ReceiptState.FAILED_PERMANENT)


class AnswerKind(StrEnum):
    """What a person, or for `rang` their device, answers to a notice."""

    RANG = "rang"
    SEEN = "seen"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    ARRIVED = "arrived"
    MORE_HELP = "more_help"
    OVER = "over"


class Standing(StrEnum):
    """What the registry knows of the device that spoke."""

    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@value(frozen=True)
class Position:
    """A place on the globe, always with its source, age and accuracy (law 8). WGS 84 degrees."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    at: datetime | None = None
    source: str = ""


@value(frozen=True)
class MessageRef:
    """An earlier message of the same device: what a cancel cancels."""

    seq: int
    boot: str | None = None


@value(frozen=True)
class Reading:
    """One thing a device said, before the registry has said whose device it is.

    `device` is the identity on the wire. `at` is the device's own clock, unproven; `age` is how
    long ago it says the thing happened. `odd` names what was wrong with the message and was read
    past, each as `field: what is wrong (what stood there)`: an odd press is still a press. `raw`
    holds the bytes, cut at the codec's limit. `closes`: the site says that this line may close an
    alarm without proof (law 6).

    `line` is the line it came by, where that has a name. `point` is which of a device's many points
    spoke: `7`, `2/7` (area and point), `2/*` (an area), `user3`; empty: the device itself. `about`
    is what a technical message and that of its end have in common. `line_test`: a test that proves
    the way here; no button was pressed, so it proves none (law 9).
    """

    protocol: str
    device: str
    type: SignalType
    kind: AlarmKind | None = None
    level: Level | None = None
    at: datetime | None = None
    age: timedelta | None = None
    seq: int | None = None
    boot: str | None = None
    battery: float | None = None
    zone: str | None = None
    position: Position | None = None
    text: str = ""
    code: str = ""
    cancels: MessageRef | None = None
    notice: str | None = None
    answer: AnswerKind | None = None
    authenticated: bool = False
    closes: bool = False
    line: str = ""
    point: str = ""
    about: str = ""
    line_test: bool = False
    retained: bool = False
    odd: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)


@value(frozen=True)
class Signal:
    """A Reading with its identity, its owner and its place: what the dispatcher decides on.

    `at` (T1) and `pressed_at` (T0, None when unknown: never guessed) are service time; `wall` is
    the wall clock at T1. `identity` is the same for every copy of one message and `id` is derived
    from it, so a repeat is recognisable everywhere. `epoch` is our own count of the device's starts
    where it names no `boot`. `said_at` is the earliest moment at which it may have been said, where
    anything speaks of its age, also a clock that has not proven itself; `age_unknown`: it is a copy
    that may have waited anywhere. Both are for what takes help away (law 6). `level` is the
    reading's, else the device's, else its class's default.
    `repeat` marks a copy of one already taken. `point` is the point of the device that spoke, where
    the site has registered the device as a whole: another point is somebody else.
    """

    id: str
    identity: str
    reading: Reading
    site: str
    device: str
    standing: Standing
    at: datetime
    wall: datetime
    person: str | None = None
    zone: str | None = None
    pressed_at: datetime | None = None
    level: Level | None = None
    epoch: int = 0
    repeat: bool = False
    point: str = ""
    said_at: datetime | None = None
    age_unknown: bool = False

    @property
    def account(self) -> str:
        """Who spoke on the wire, without its point: `dc09:1234`."""
        return f"{self.reading.protocol}:{self.reading.device}"

    @property
    def type(self) -> SignalType:
        return self.reading.type


class Taken(StrEnum):
    """What became of a signal, for the side that owes the device an acknowledgement (law 1).

    After UNSTORED it is said once more: STORED after all, or that it NEVER will be.
    """

    STORED = "stored"
    UNSTORED = "unstored"
    NEVER = "never"


Owed: TypeAlias = Callable[[Taken], None]
"""Whoever owes an acknowledgement: told what became of a message, after UNSTORED once more."""

UNKNOWN_WORD = "unknown_word"
"""`Reading.code` of what a device says in a word nobody knows: whoever carries it is asked."""
