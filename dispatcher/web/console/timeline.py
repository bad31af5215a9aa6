"""The timeline of an alarm in sentences. A token nobody listed is told plainly, never dropped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alarms.model import Cause, TellType
from alarms.vocabulary import LostWhy, RaisedWhy, StaleWhy, StandDownWhy, Timeline
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState
from core.words import Words
from dispatcher.store.ports import ChainedEntry
from dispatcher.web import labels
from dispatcher.web.moments import Moments
from dispatcher.web.names import Names

TOLD: Mapping[str, str] = {
    Timeline.OPENED: "Alarm received",
    Timeline.PRESSED_AGAIN: "Pressed again",
    Timeline.TEXT: "{text}",
    Timeline.HELD_AFTER_DOWN_TIME: "The service was away. The duty leader decides first.",
    Timeline.STEP: "Step {number}: called {people}",
    Timeline.ROUND: "Round {number}: called {people} on every way",
    Timeline.RANG_LOCALLY: "Sirens in the house rang: {count}",
    Timeline.NO_SOUNDER: "No siren rang. There is none, or none answers.",
    Timeline.JOINED: "One more person pressed at the same place",
    Timeline.RAISED: "The alarm became more serious",
    Timeline.ANEW: "The calling begins anew",
    Timeline.NOT_ANSWERED: "No answer to the new press from {people}",
    Timeline.RECALLED: "Not enough are coming any more: called again {people}",
    Timeline.SHIFT_OVER_THERE: "The shift of {person} has ended. Asked: is it over?",
    Timeline.SILENT_AFTER_SHIFT: "No answer from {person} since the shift ended",
    Timeline.SAYS_OVER: "{by} says it is over. Somebody must see.",
    Timeline.RESPONDER_SAYS_OVER: "{person} says it is over",
    Timeline.ASKED_WHETHER_OVER: "Asked: is it over?",
    Timeline.ACCEPTED: "{person} is coming",
    Timeline.SURPLUS_ACCEPT: "{person} answered too; others are enough",
    Timeline.DECLINED: "{person} cannot come",
    Timeline.WITHDREW: "{person} cannot come after all",
    Timeline.ARRIVED: "{person} is there",
    Timeline.MORE_HELP: "{person} asks for more help",
    Timeline.ACCEPT_LAPSED: "{person} did not get there in time and is asked again",
    Timeline.RESPONDER_LOST: "{person} can no longer come: {why}",
    Timeline.SEND_FAILED: "Could not reach {person} by {channel}",
    Timeline.RECEIPT_MISSING: "No receipt from {person} by {channel}",
    Timeline.NOT_COUNTED: "{person} answered “{answer}”. It does not count: {why}",
    Timeline.OFF_DUTY_NOT_COUNTED: "{person} says: off duty. It does not count: {why}",
    Timeline.LATE_ANSWER: "{person} answered after the end: {answer}",
    Timeline.HOUSE_EMPTY: "{unit} stands empty; {told} was told",
    Timeline.TOLD_WEARER: "The wearer's alarm shows: {what}",
    Timeline.CLOSED: "Over: {cause} ({by})",
    Timeline.ERASED: "What stood here was erased",
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


def _token(table: Mapping[Any, str], kind: Callable[[str], Any]) -> Callable[[Words, str], str]:
    def read(w: Words, text: str) -> str:
        try:
            return w(table[kind(text)])
        except (KeyError, ValueError):
            return text.replace("_", " ")

    return read


WHYS: Mapping[str, str] = {
    LostWhy.PRESSED: "pressed the alarm",
    LostWhy.DEVICE_LOST: "alarm has no contact",
    LostWhy.OFF_DUTY: "not on shift",
    LostWhy.SHIFT_OVER: "not on shift",
    LostWhy.REMOVED: "no longer here",
    LostWhy.REVOKED: "their alarm is reported stolen",
    LostWhy.ELSEWHERE: "said later that they go to another alarm",
    LostWhy.DOUBTED: "said earlier that they cannot come",
    StaleWhy.TOO_OLD: "said too long ago",
    StaleWhy.OVERTAKEN: "they have said otherwise since",
    StandDownWhy.ENOUGH: "others are enough",
    StandDownWhy.CLOSED: "it is over",
    StandDownWhy.CANCELLED: "it was cancelled",
    RaisedWhy.JOINED: "somebody else pressed too",
    RaisedWhy.LEVEL: "more serious",
    RaisedWhy.PLACE: "another place",
    RaisedWhy.NOT_OVER: "not over after all",
    RaisedWhy.OTHER_WORDS: "another message",
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
