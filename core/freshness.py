"""How old a word may be that takes help away (law 6): the one table and the one question. Pure.

What raises help is never dropped for its age; it is called with it. What would take help away is
counted only while it is fresh, whatever the way it came in. What is too old is recorded and shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from core.signals import AnswerKind, Signal


class Lowers(StrEnum):
    """Everything a person or a device may say that takes help away."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVED = "arrived"
    OVER = "over"
    CANCEL = "cancel"
    RESTORE = "restore"
    TEST = "test"
    CHECK_OUT = "check_out"
    CHARGING = "charging"


FRESH_FOR: Mapping[Lowers, timedelta] = {
    # Somebody who was coming this long ago is there by now, or does not come (law 2: 180 s).
    Lowers.ACCEPT: timedelta(minutes=2),
    Lowers.DECLINE: timedelta(minutes=2),
    # Whoever is with somebody often has no hand free, and no network in a cellar.
    Lowers.ARRIVED: timedelta(minutes=10),
    Lowers.OVER: timedelta(minutes=2),
    # A cancel that names no press: an old one may mean an older alarm.
    Lowers.CANCEL: timedelta(minutes=2),
    Lowers.RESTORE: timedelta(minutes=2),
    # It proves the way here as it is now.
    Lowers.TEST: timedelta(minutes=5),
    # Said at the door, and sent when the network is back; hours later another shift has begun.
    Lowers.CHECK_OUT: timedelta(minutes=10),
    Lowers.CHARGING: timedelta(minutes=5),
}

_OF_ANSWERS: Mapping[AnswerKind, Lowers] = {
    AnswerKind.ACCEPT: Lowers.ACCEPT,
    AnswerKind.DECLINE: Lowers.DECLINE,
    AnswerKind.WITHDRAW: Lowers.DECLINE,
    AnswerKind.ARRIVED: Lowers.ARRIVED,
    AnswerKind.OVER: Lowers.OVER,
}


def is_fresh(said_at: datetime | None, now: datetime, what: Lowers) -> bool:
    """Whether a word of that moment still counts; None: it may be of any age."""
    return said_at is not None and now - said_at <= FRESH_FOR[what]


def is_answer_fresh(said_at: datetime | None, now: datetime, answer: AnswerKind) -> bool:
    """The same of an answer; what calls help, or only says that it was heard, has no limit."""
    what = _OF_ANSWERS.get(answer)
    return what is None or is_fresh(said_at, now, what)


def said_at(signal: Signal, not_before: datetime | None = None) -> datetime | None:
    """The earliest moment it may have been said; None: it may be of any age.

    `not_before`: a copy of any age speaks of something that did not exist before.
    """
    claims = [at for at in (signal.said_at, signal.pressed_at) if at is not None]
    if not claims and signal.age_unknown:
        return not_before
    return min((signal.at, *claims))
