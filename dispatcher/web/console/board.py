"""The live board: each open alarm as one card, in words. Pure: alarm and time in, card out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from alarms.late_presses import came_late, counted_from
from alarms.model import Alarm, Call, Escalation, Place, Presser, Standpoint
from alarms.turn import COMING, counts
from alarms.vocabulary import WakeWhy
from core.levels import LEVELS, BoardSound
from core.signals import AlarmKind
from core.words import Words
from dispatcher.web import labels
from dispatcher.web.moments import Moments, stopwatch
from dispatcher.web.names import Names
from dispatcher.web.pages import TECHNICAL

PLACE_STALE_S = 60.0
"""An older place is called the last known one, never the present one (law 8)."""

WALK_IN_MINUTES_FROM_S = 120.0
"""Nobody counts more seconds than this while they wait."""

ON_THE_WAY = (Standpoint.CALLED, Standpoint.RANG, Standpoint.SEEN, Standpoint.ACCEPTED)
"""Those whose walking time still says something."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes a page is for: their words, their site's own words, their time, the names."""

    w: Words
    own: Mapping[str, str]
    moments: Moments
    names: Names


@dataclass(frozen=True, slots=True)
class Called:
    """One called person on a card. `counts`: not of one who says to come, or to be there, and is

    waited for no more.
    """

    person: str
    name: str
    standpoint: str
    said: str
    walk: str = ""
    unusual: tuple[str, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """What the board says of one alarm. `tone` of the status: `nobody`, `coming`, `here`, `over`.

    `seconds` counts since the press, or, where that moment is not known (`pressed` is false), since
    it was received.
    """

    id: str
    level: str
    level_word: str
    sound: str
    kind_word: str
    place: str
    headline: str
    place_notes: tuple[str, ...]
    who: str
    pressed: bool
    since_word: str
    since_clock: str
    seconds: int
    stopwatch: str
    status: str
    tone: str
    called: tuple[Called, ...]
    notes: tuple[str, ...]
    next: str
    meeting: str
    technical: bool
    calls_out: bool
    text: str = ""


def card(alarm: Alarm, reader: Reader) -> Card:
    """One alarm for the board and the head of its page."""
    w, moments = reader.w, reader.moments
    since, by_press = counted_from(alarm)
    since = since or moments.now
    calls = alarm.escalation.calls if alarm.escalation else ()
    status, tone = _status(w, alarm, calls)
    end = alarm.times.closed if alarm.closing else None
    seconds = moments.seconds_since(since) - (moments.seconds_since(end) if end else 0)
    technical = alarm.kind is AlarmKind.TECHNICAL
    return Card(
        id=alarm.id,
        level=TECHNICAL if technical else alarm.level,
        level_word=_level_word(alarm, reader),
        sound=BoardSound.SILENT if technical else LEVELS[alarm.level].sound,
        kind_word=labels.kind(w, alarm.kind, reader.own),
        place=place_words(w, alarm.place),
        headline=(alarm.text if alarm.technical else "") or place_words(w, alarm.place),
        place_notes=place_notes(w, alarm.place, moments),
        who=_who(alarm.pressers),
        pressed=by_press,
        since_word=w("pressed at") if by_press else w("received at"),
        since_clock=moments.clock(since),
        seconds=seconds,
        stopwatch=stopwatch(seconds),
        status=status,
        tone=tone,
        called=tuple(called(w, call) for call in _coming_first(calls)),
        notes=tuple(_notes(alarm, reader)),
        next=_next(w, alarm, moments),
        meeting=meeting_words(alarm.place, reader.names),
        technical=alarm.technical,
        calls_out=tone == "nobody" and not alarm.technical and alarm.open,
        text=alarm.text,
    )


def called(w: Words, call: Call) -> Called:
    walks = call.standpoint in ON_THE_WAY and call.expected_s is not None
    return Called(
        person=call.person,
        name=call.first_name,
        standpoint=call.standpoint,
        said=_said(w, call),
        walk=_walk(w, call.expected_s or 0.0) if walks else "",
        unusual=tuple(w(labels.UNUSUALS_OF_ANOTHER[one]) for one in call.unusual),
        counts=not _is_left(call),
    )


def _said(w: Words, call: Call) -> str:
    said = w(labels.STANDPOINTS[call.standpoint])
    if not _is_left(call):
        return said
    why = w("did not get there last time") if call.let_down else w("does not answer now")
    return f"{said} · {why}"


def _is_left(call: Call) -> bool:
    """They say to be there or to come, and nobody waits for them any more."""
    return call.standpoint in COMING and not call.counts


def _walk(w: Words, seconds: float) -> str:
    if seconds < WALK_IN_MINUTES_FROM_S:
        return w("about {seconds} s walk", seconds=round(seconds))
    return w("about {minutes} min away", minutes=round(seconds / 60))


def place_words(w: Words, place: Place) -> str:
    return place.label or w("Place unknown")


def place_notes(w: Words, place: Place, moments: Moments) -> tuple[str, ...]:
    """Where the place comes from, how old and how exact it is: never a bare claim (law 8)."""
    notes = [labels.known(w, labels.SOURCES, place.source)]
    age_s = place.age(moments.now)
    if age_s is not None:
        # By the clock too: a page that nobody draws anew would show it younger than it is.
        seen = moments.clock(moments.now - timedelta(seconds=age_s))
        notes.append(f"{_age(w, age_s)} ({seen})")
    if place.is_of_unknown_age():
        notes.append(w("nobody knows how old"))
    if place.is_of_unknown_age() or (age_s is not None and age_s > PLACE_STALE_S):
        notes.insert(0, w("last known place"))
    if place.accuracy_m is not None:
        notes.append(w("within {metres} m", metres=round(place.accuracy_m)))
    return tuple(notes)


def meeting_words(place: Place, names: Names) -> str:
    return names.zone(place.meeting) if place.meeting else ""


def joined(w: Words, names: Iterable[str]) -> str:
    """`Bo`, `Bo and Ida`, `Bo, Ida and Eva`."""
    listed = [name for name in names if name]
    if len(listed) < 2:
        return "".join(listed)
    return w("{first} and {last}", first=", ".join(listed[:-1]), last=listed[-1])


def _level_word(alarm: Alarm, reader: Reader) -> str:
    if alarm.kind is AlarmKind.TECHNICAL:
        return reader.w("Technical")
    return labels.level(reader.w, alarm.level, reader.own)


def _age(w: Words, age_s: float) -> str:
    if age_s < 120:
        return w("{seconds} s old", seconds=round(age_s))
    return w("{minutes} min old", minutes=round(age_s / 60))


def _who(pressers: tuple[Presser, ...]) -> str:
    return ", ".join(one.name for one in pressers)


def _coming_first(calls: Iterable[Call]) -> list[Call]:
    order = list(Standpoint)
    rank = {Standpoint.ARRIVED: -2, Standpoint.ACCEPTED: -1}
    return sorted(calls, key=lambda call: rank.get(call.standpoint, order.index(call.standpoint)))


def _status(w: Words, alarm: Alarm, calls: Iterable[Call]) -> tuple[str, str]:
    """The one line everybody reads first: is somebody there, is somebody coming, or nobody."""
    if alarm.closing is not None:
        return w("Over"), "over"
    calls = list(calls)
    standing = {point: [c for c in calls if c.standpoint is point] for point in Standpoint}
    here = [call for call in standing[Standpoint.ARRIVED] if counts(call)]
    coming = [call for call in standing[Standpoint.ACCEPTED] if counts(call)]
    if here:
        there = joined(w, (c.first_name for c in here))
        return w.many("{names} is there", "{names} are there", len(here), names=there), "here"
    if coming:
        who = joined(w, (c.first_name for c in coming))
        return w.many("{names} is coming", "{names} are coming", len(coming), names=who), "coming"
    left = [call.first_name for call in calls if _is_left(call)]
    if left:
        who = joined(w, left)
        return w("Nobody waits for {names} any more. Others are called.", names=who), "nobody"
    if standing[Standpoint.SEEN] or standing[Standpoint.DECLINED] or standing[Standpoint.LAPSED]:
        return w("Nobody is coming yet"), "nobody"
    return w("Nobody has answered yet"), "nobody"


def _notes(alarm: Alarm, reader: Reader) -> Iterable[str]:
    """What is unusual about this alarm, each in one short sentence."""
    w, moments = reader.w, reader.moments
    if alarm.drill:
        yield w("Alarm drill")
    yield from late_notes(w, alarm)
    if alarm.unstored:
        yield w("Not stored. Write it down.")
    for presser in alarm.pressers:
        if presser.says_over_at is not None:
            at = moments.clock(presser.says_over_at)
            yield w("{name} says it is over ({at}). Go and see.", name=presser.name, at=at)
        if presser.presses > 1:
            yield w("Pressed {count} times", count=presser.presses)
    if alarm.escalation is not None and alarm.escalation.round:
        yield w.many(
            "Everybody has been called {count} time",
            "Everybody has been called {count} times",
            alarm.escalation.round,
        )


def late_notes(w: Words, alarm: Alarm) -> Iterable[str]:
    """Whose press came late or may be of any age; of several each by name (law 8)."""
    several = len(alarm.pressers) > 1
    for presser in alarm.pressers:
        late, name = came_late(presser), presser.name
        minutes = max(1, round(late.total_seconds() / 60))
        if late and several:
            yield w("{name}: came late, pressed {minutes} min before", name=name, minutes=minutes)
        elif late:
            yield w("Came late: pressed {minutes} min before", minutes=minutes)
        if presser.age_unknown and not presser.pressed_anew:
            yield w("Nobody knows when {name} pressed", name=name)


def _next(w: Words, alarm: Alarm, moments: Moments) -> str:
    """When the circle widens, where that is what the alarm waits for."""
    running: Escalation | None = alarm.escalation
    if alarm.closing is not None or running is None:
        return ""
    if running.wake_why in (WakeWhy.STEP, WakeWhy.ROUND):
        return w("Widens at {at}", at=moments.clock(running.wake_at))
    if running.wake_why is WakeWhy.DEADLINE:
        return w("Must be there by {at}", at=moments.clock(running.wake_at))
    return ""
