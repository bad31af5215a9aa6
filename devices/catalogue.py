"""The kinds of device: what each can say and be told, how it is supervised, what its class allows.

The alarm times are those of a personal emergency alarm over public networks (PNA-11), DGUV
Information 212-139, annex 2, table 5: the only published limits made for exactly these devices.
A configuration outside them is refused by `tilkald check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.signals import AlarmKind, Level, SignalType


class Down(StrEnum):
    """What a device can be told (docs/contract.md)."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    NOBODY_YET = "nobody_yet"
    NOT_SENT = "not_sent"
    CLOSED = "closed"
    TEST_OK = "test_ok"
    PAGE = "page"
    STAND_DOWN = "stand_down"


@dataclass(frozen=True, slots=True)
class AlarmTimes:
    """The longest a class of device may wait before it raises, its pre-alarm included."""

    manual: timedelta
    automatic: timedelta  # position, no motion, loss of the device
    flight: timedelta
    check_in: timedelta
    pre_alarm: timedelta

    def longest(self, kind: AlarmKind) -> timedelta:
        """The limit for one kind of alarm; a kind nobody names by hand counts as manual."""
        match kind:
            case AlarmKind.MAN_DOWN | AlarmKind.NO_MOTION | AlarmKind.FALL | AlarmKind.LOSS:
                return self.automatic
            case AlarmKind.MISSED_CHECK_IN:
                return self.check_in
            case _:
                return self.manual


PNA_11 = AlarmTimes(
    manual=timedelta(seconds=60),
    automatic=timedelta(seconds=90),
    flight=timedelta(seconds=10),
    check_in=timedelta(minutes=15),
    pre_alarm=timedelta(seconds=45),
)

SILENT_WORN = timedelta(seconds=120)
"""A worn device quiet this long on shift is a technical alarm; our goal is at most 180 s."""

SILENT_FIXED = timedelta(seconds=90)
"""A fixed point or gateway: 90 s, as EN 50136-1 DP4."""


PROVEN_FOR = timedelta(days=31)
"""What gives no signs of life is proven by its last press or test for so long, then unknown."""


@dataclass(frozen=True, slots=True)
class DeviceKind:
    """One kind of device. `worn`: it follows a person, else it hangs in a zone.

    `presses_in_doubt`: the device is there to be pressed, so what it sends and nobody can read is
    a press. `times` None: it raises no automatic alarm and its button has no pre-alarm. `beats`: it
    gives signs of life by itself; else only its line can be watched, and its test must prove it.
    """

    name: str
    worn: bool
    says: tuple[SignalType, ...]
    told: tuple[Down, ...]
    silent_after: timedelta
    level: Level = Level.RED
    presses_in_doubt: bool = True
    times: AlarmTimes | None = None
    beats: bool = True


_ALIVE = (SignalType.HEARTBEAT, SignalType.PRESENCE, SignalType.LOW_BATTERY, SignalType.TAMPER)
_PRESSES = (SignalType.ALARM, SignalType.CANCEL, SignalType.TEST, *_ALIVE)
_WEARER = (
    Down.RECEIVED,
    Down.ACCEPTED,
    Down.ARRIVED,
    Down.NOBODY_YET,
    Down.NOT_SENT,
    Down.CLOSED,
    Down.TEST_OK,
)
_PAGED = (Down.PAGE, Down.STAND_DOWN)
_CHECKS = (SignalType.CHECK_IN, SignalType.CHECK_OUT)

KINDS: dict[str, DeviceKind] = {
    kind.name: kind
    for kind in (
        DeviceKind(
            "badge",
            worn=True,
            says=(*_PRESSES, *_CHECKS, SignalType.POSITION, SignalType.ANSWER),
            told=(*_WEARER, *_PAGED),
            silent_after=SILENT_WORN,
            times=PNA_11,
        ),
        DeviceKind(
            "pager",
            worn=True,
            says=(*_ALIVE, SignalType.ANSWER),
            told=_PAGED,
            silent_after=SILENT_WORN,
            presses_in_doubt=False,
        ),
        DeviceKind(
            "fixed_button",
            worn=False,
            says=_PRESSES,
            told=_WEARER,
            silent_after=SILENT_FIXED,
        ),
        DeviceKind(
            "phone",
            worn=True,
            says=(*_PRESSES, *_CHECKS, SignalType.POSITION, SignalType.ANSWER),
            told=(*_WEARER, *_PAGED),
            silent_after=SILENT_WORN,
            # An app can always say what it means; garbage from it is a fault, not a press.
            presses_in_doubt=False,
            times=PNA_11,
        ),
        # A room of a nurse call system, a point of an alarm panel, a rocker without a battery.
        DeviceKind(
            "call_point",
            worn=False,
            says=(*_PRESSES, SignalType.RESTORE),
            told=(),
            silent_after=SILENT_FIXED,
            beats=False,
        ),
        # The far end of a line that logs in: a radio receiver that passes on what it hears.
        DeviceKind(
            "receiver",
            worn=False,
            says=(SignalType.PRESENCE,),
            told=(),
            silent_after=SILENT_FIXED,
            presses_in_doubt=False,
            beats=False,
        ),
        # A radio transmitter on a person that speaks only when it is pressed.
        DeviceKind(
            "pendant",
            worn=True,
            says=(*_PRESSES, SignalType.RESTORE),
            told=(),
            silent_after=SILENT_WORN,
            beats=False,
        ),
    )
}

UNKNOWN_KIND = DeviceKind(
    "unknown", worn=False, says=tuple(SignalType), told=(), silent_after=SILENT_WORN
)
"""What a device of an unlisted kind is taken for: it may say anything, and in doubt it presses."""


def kind(name: str) -> DeviceKind:
    """The row of that name; an unlisted one is `UNKNOWN_KIND`, never an error."""
    return KINDS.get(name, UNKNOWN_KIND)
