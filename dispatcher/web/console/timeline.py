"""The timeline of an alarm in sentences. A token nobody listed is told plainly, never dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from alarms.model import Cause, TellType
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState
from core.words import Words
from dispatcher.store.ports import ChainedEntry
from dispatcher.web import labels
from dispatcher.web.moments import Moments
from dispatcher.web.names import Names

TOLD = {
    "opened": "Alarm received",
    "pressed_again": "Pressed again",
    "text": "{text}",
    "held_after_down_time": "The service was away. The duty leader decides first.",
    "step": "Step {number}: called {people}",
    "round": "Round {number}: called {people} on every way",
    "rang_locally": "Sirens in the house rang: {count}",
    "no_sounder": "No siren rang. There is none, or none answers.",
    "joined": "One more person pressed at the same place",
    "raised": "The alarm became more serious",
    "anew": "The calling begins anew",
    "not_answered": "No answer to the new press from {people}",
    "recalled": "Not enough are coming any more: called again {people}",
    "shift_over_there": "The shift of {person} has ended. Asked: is it over?",
    "silent_after_shift": "No answer from {person} since the shift ended",
    "says_over": "{by} says it is over. Somebody must see.",
    "responder_says_over": "{person} says it is over",
    "asked_whether_over": "Asked: is it over?",
    "accepted": "{person} is coming",
    "surplus_accept": "{person} answered too; others are enough",
    "declined": "{person} cannot come",
    "withdrew": "{person} cannot come after all",
    "arrived": "{person} is there",
    "more_help": "{person} asks for more help",
    "accept_lapsed": "{person} did not get there in time and is asked again",
    "responder_lost": "{person} can no longer come: {why}",
    "send_failed": "Could not reach {person} by {channel}",
    "receipt_missing": "No receipt from {person} by {channel}",
    "not_counted": "{person} answered “{answer}”. It does not count: {why}",
    "off_duty_not_counted": "{person} says: off duty. It does not count: {why}",
    "late_answer": "{person} answered after the end: {answer}",
    "house_empty": "{unit} stands empty; {told} was told",
    "told_wearer": "The wearer's alarm shows: {what}",
    "closed": "Over: {cause} ({by})",
    "erased": "What stood here was erased",
}
NOT_TOLD = ("view",)
"""The picture a decision used has its own place on the page."""

PEOPLE = ("people",)
PERSONS = ("person", "told", "by")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story; `iso` is for machines, `what` the token behind the sentence."""

    number: int
    clock: str
    iso: str
    text: str
    what: str


def story(
    w: Words, entries: Iterable[ChainedEntry], moments: Moments, names: Names
) -> tuple[Line, ...]:
    return tuple(
        Line(
            entry.number,
            moments.clock(entry.at),
            moments.iso(entry.at),
            sentence(w, entry.what, entry.body, names),
            entry.what,
        )
        for entry in entries
    )


def sentence(w: Words, what: str, body: str | None, names: Names) -> str:
    """One entry in words."""
    if body is None:
        return w("Erased")
    read = {key: value for key, value in read_body(body).items() if key not in NOT_TOLD}
    fields = {key: _value(w, key, value, names) for key, value in read.items()}
    told = TOLD.get(what)
    if told is None:
        return _plainly(what, fields)
    missing = _Missing(fields)
    return w(told).format_map(missing).strip()


class _Missing(dict[str, str]):
    """A field the entry lacks leaves an ellipsis, so one odd entry cannot hide the story."""

    def __missing__(self, key: str) -> str:
        return "…"


def read_body(body: str) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _value(w: Words, key: str, value: object, names: Names) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if key in PEOPLE:
        return names.everybody(text) or w("nobody")
    if key in PERSONS:
        return w("the service") if text == "service" else names.person(text)
    reader = _READERS.get(key)
    return reader(w, text) if reader else text


def _plainly(what: str, fields: dict[str, str]) -> str:
    values = ", ".join(f"{key} {value}" for key, value in sorted(fields.items()) if value)
    words = what.replace("_", " ").capitalize()
    return f"{words}: {values}" if values else words


def _token(table: dict[Any, str], kind: Callable[[str], Any]) -> Callable[[Words, str], str]:
    def read(w: Words, text: str) -> str:
        try:
            return w(table[kind(text)])
        except (KeyError, ValueError):
            return text.replace("_", " ")

    return read


WHYS = {
    "pressed": "pressed the alarm",
    "device_lost": "alarm has no contact",
    "off_duty": "not on shift",
    "shift_over": "not on shift",
    "removed": "no longer here",
    "revoked": "their alarm is reported stolen",
    "elsewhere": "said later that they go to another alarm",
    "doubted": "said earlier that they cannot come",
    "too_old": "said too long ago",
    "overtaken": "they have said otherwise since",
    "enough": "others are enough",
    "closed": "it is over",
    "cancelled": "it was cancelled",
    "joined": "somebody else pressed too",
    "level": "more serious",
    "place": "another place",
    "not over after all": "not over after all",
    "other words": "another message",
}
SHOWN_TO_WEARER = {
    TellType.RECEIVED: "sent",
    TellType.ACCEPTED: "a colleague is coming",
    TellType.ARRIVED: "a colleague is there",
    TellType.NOBODY_YET: "nobody yet",
    TellType.CLOSED: "over",
    TellType.TEST_OK: "test passed",
}
_READERS: dict[str, Callable[[Words, str], str]] = {
    "channel": _token(labels.CHANNELS, str),
    "state": _token(labels.RECEIPTS, ReceiptState),
    "cause": _token(labels.CAUSES, Cause),
    "level": _token(labels.LEVELS, Level),
    "kind": _token(labels.KINDS, AlarmKind),
    "answer": _token(labels.ANSWERS, AnswerKind),
    "what": _token(SHOWN_TO_WEARER, TellType),
    "why": _token(WHYS, str),
    "reason": _token(WHYS, str),
}
