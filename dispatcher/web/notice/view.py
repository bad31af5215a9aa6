"""What the notice page says to one called person, as a value. Pure: alarm and notice in.

A link is *gone* when its person was removed, or an hour after the alarm was closed. It is *dead*
when its person was stood down: then the page says "Afblæst" and nothing about the alarm. While its
person is a victim, of whatever alarm, it says that, and nothing about this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from alarms.late_presses import counted_from
from alarms.model import Alarm, Call, Notice, Purpose, Standpoint
from alarms.turn import counts
from core.errors import DomainError
from core.signals import AlarmKind, AnswerKind, ReceiptState
from core.words import Words
from dispatcher.web import labels
from dispatcher.web.answer_bar import Bar, bar_of, only_more_help, only_seen
from dispatcher.web.console.board import joined, late_notes, meeting_words, place_notes, place_words
from dispatcher.web.moments import Moments, ago
from dispatcher.web.names import Names

LIVES_AFTER_CLOSE = timedelta(hours=1)
OLD_AFTER = timedelta(minutes=5)


class Phase(StrEnum):
    """Where the reader of a notice page stands."""

    GONE = "gone"
    STOOD_DOWN = "stood_down"
    CLOSED = "closed"
    CALLED = "called"
    COMING = "coming"
    ARRIVED = "arrived"
    INFORMED = "informed"
    PRESSED = "pressed"


@dataclass(frozen=True, slots=True)
class NoticeView:
    """Everything the page shows. `version` changes whenever the reader should look again."""

    phase: Phase
    level: str
    level_word: str
    kind_word: str
    place: str
    place_notes: tuple[str, ...]
    who: str
    since: str
    with_you: str
    meeting: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    bar: Bar
    rev: int
    version: str


def phase_of(alarm: Alarm, notice: Notice, moments: Moments, *, pressed: bool) -> Phase:
    """Whether the link still lives, and if it does, what its person has done so far.

    `pressed`: they are the victim of an open alarm, this one or another.
    """
    call = call_of(alarm, notice.person)
    if alarm.closing is not None:
        closed = alarm.times.closed or moments.now
        return Phase.GONE if moments.now - closed >= LIVES_AFTER_CLOSE else Phase.CLOSED
    if pressed:
        return Phase.PRESSED
    if _stood_down(notice, call):
        return Phase.STOOD_DOWN
    match call.standpoint if call else None:
        case Standpoint.ACCEPTED:
            return Phase.COMING
        case Standpoint.ARRIVED:
            return Phase.ARRIVED
        case _:
            return Phase.INFORMED if notice.purpose is Purpose.HOUSE_EMPTY else Phase.CALLED


def call_of(alarm: Alarm, person: str) -> Call | None:
    calls = alarm.escalation.calls if alarm.escalation else ()
    return next((call for call in calls if call.person == person), None)


def view_of(
    alarm: Alarm,
    notice: Notice,
    phase: Phase,
    w: Words,
    own: Mapping[str, str],
    moments: Moments,
    names: Names,
) -> NoticeView:
    """The page of a living link, from the alarm as it is now and not as it was when sent."""
    call = call_of(alarm, notice.person)
    return NoticeView(
        phase=phase,
        level=alarm.level,
        level_word=labels.level(w, alarm.level, own),
        kind_word=labels.kind(w, alarm.kind, own),
        place=place_words(w, alarm.place),
        place_notes=place_notes(w, alarm.place, moments),
        who=joined(w, (one.first_name for one in alarm.pressers)),
        since=_since(w, alarm, moments),
        with_you=joined(w, _others_coming(alarm, notice.person)),
        meeting=meeting_words(alarm.place, names),
        warnings=tuple(_warnings(w, alarm, notice, call)),
        notes=tuple(_notes(w, alarm, moments)),
        bar=_bar(w, phase, alarm, call),
        rev=alarm.rev,
        version=f"{alarm.rev}-{phase}",
    )


def allowed(phase: Phase, answer: AnswerKind) -> bool:
    """Which answers a page in this phase may send.

    A late accept is recorded, never refused; a call for more help is believed from anyone (law 6),
    also from a page that was still open when its link died.
    """
    if answer is AnswerKind.MORE_HELP:
        return phase is not Phase.GONE
    if phase in (Phase.STOOD_DOWN, Phase.PRESSED):
        return answer is AnswerKind.ACCEPT
    return phase in (Phase.CALLED, Phase.COMING, Phase.ARRIVED, Phase.INFORMED)


def answer_from(text: str) -> AnswerKind:
    """The token a button posts. Raises DomainError `invalid`, also for a device's `rang`."""
    try:
        answer = AnswerKind(text)
    except ValueError:
        raise DomainError("invalid", "That is no answer this page knows.") from None
    if answer is AnswerKind.RANG:
        raise DomainError("invalid", "Only a device can say that it rang.")
    return answer


def _since(w: Words, alarm: Alarm, moments: Moments) -> str:
    since, by_press = counted_from(alarm)
    if since is None:
        return ""
    word = w("pressed at") if by_press else f"· {w('received at')}"
    return f"{word} {moments.short(since)}"


def _stood_down(notice: Notice, call: Call | None) -> bool:
    taken_back = notice.state is ReceiptState.WITHDRAWN or notice.purpose is Purpose.STAND_DOWN
    gone = call is not None and call.standpoint is Standpoint.STOOD_DOWN
    return taken_back or gone


def _others_coming(alarm: Alarm, person: str) -> list[str]:
    """Nobody goes in by the word of one who is not waited for."""
    calls = alarm.escalation.calls if alarm.escalation else ()
    return [call.first_name for call in calls if counts(call) and call.person != person]


def _warnings(w: Words, alarm: Alarm, notice: Notice, call: Call | None) -> list[str]:
    """What must be read before anybody runs."""
    warnings = []
    if alarm.kind is AlarmKind.WEAPON:
        warnings.append(w("DO NOT GO IN. Lock the door."))
    if notice.purpose is Purpose.HOUSE_EMPTY:
        unit = notice.text or w("The house")
        warnings.append(w("{unit} stands empty. Look after it.", unit=unit))
    elif call is not None:
        warnings += [w(labels.UNUSUALS[one]) for one in call.unusual]
    return warnings


def _notes(w: Words, alarm: Alarm, moments: Moments) -> list[str]:
    notes = []
    since, _ = counted_from(alarm)
    if since is not None and moments.now - since >= OLD_AFTER:
        notes.append(w("Pressed {ago}", ago=ago(w, moments.now - since)))
    notes += [
        w("{name} says it is over. Go and see.", name=one.name)
        for one in alarm.pressers
        if one.says_over_at is not None
    ]
    notes += [
        w("Pressed {count} times", count=one.presses) for one in alarm.pressers if one.presses > 1
    ]
    if alarm.drill:
        notes.insert(0, w("Alarm drill"))
    return [*notes, *late_notes(w, alarm)]


def _bar(w: Words, phase: Phase, alarm: Alarm, call: Call | None) -> Bar:
    if phase is Phase.PRESSED:
        return only_more_help(w)
    if phase is Phase.INFORMED:
        return only_seen(w)
    return bar_of(w, alarm, call, may_end=True)
