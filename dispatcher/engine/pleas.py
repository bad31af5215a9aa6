"""Somebody asks for help in words, beside any notice: raised in doubt, as a press of their own.

The law it keeps: anyone may raise (law 6), and what comes from somebody who may be in need and
cannot be placed is raised in doubt (law 1). A known person's own number, page or badge speaks for
that person; a number nobody has is an alarm nobody knows the sender of, so the duty leader is
called first, with the number to call back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alarms.model import Alarm
from core import ids
from core.signals import AlarmKind, Level, Reading, Signal, SignalType, Standing
from core.values import replace
from dispatcher.engine.outcome import Moment

BY_MESSAGE = "message"
"""The protocol of what is said in words; with the person it is the sender, like a device."""

STRANGER = f"{BY_MESSAGE}:unknown"
"""One sender for all unknown numbers, so that however many there are they are one alarm."""

STRANGERS_MOST = 6
"""Pleas of unknown numbers that ring in one alarm: a person looks at it by then."""

STRANGER_RINGS_EVERY = timedelta(minutes=5)
"""Past those, one rings this often: an alarm that nobody closes makes no number mute for good."""

WORDS_MOST = 120
"""Characters of a message that are quoted."""


def plea(person: str | None, site: str, words: str, at: Moment) -> Signal:
    """The press that stands for it. Each message is one: in doubt it is a new press."""
    sender = f"{BY_MESSAGE}:{person}" if person is not None else STRANGER
    identity = f"{sender}|{at.now.isoformat()}|{words}"
    reading = Reading(
        protocol=BY_MESSAGE,
        device=sender,
        type=SignalType.ALARM,
        kind=AlarmKind.SOS,
        text=words[:WORDS_MOST],
        odd=("asked for help in words",),
    )
    return Signal(
        id=ids.derived("s", identity),
        identity=identity,
        reading=reading,
        site=site,
        device=sender,
        standing=Standing.ASSIGNED if person is not None else Standing.UNKNOWN,
        at=at.now,
        wall=at.wall,
        person=person,
        level=Level.RED if person is not None else Level.YELLOW,
    )


def as_press(answer: Signal) -> Signal:
    """A device asks for more help in no alarm that can be found: its wearer may be in need."""
    reading = replace(
        answer.reading,
        type=SignalType.ALARM,
        kind=AlarmKind.SOS,
        odd=(*answer.reading.odd, "more help, but no alarm for it"),
    )
    return replace(answer, reading=reading)


def stranger_is_heard(alarm: Alarm, now: datetime) -> bool:
    """Whether unknown numbers have rung often enough lately; what they say is kept."""
    mine = (p for p in alarm.pressers if p.device == STRANGER)
    lately = alarm.grew_at is not None and now - alarm.grew_at < STRANGER_RINGS_EVERY
    return lately and any(p.presses >= STRANGERS_MOST for p in mine)
