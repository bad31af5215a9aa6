"""What a colleague reads while running: the words of one notice, in that person's language. Pure.

Order (glossary): the place as staff say it · a word for what · who pressed · who runs with you ·
where to meet. Three messages say the opposite of "come here" and open with their word instead:
weapon, stand-down, a house that stands empty. No resident's name, no alarm id, no link first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alarms.model import Notice, Purpose
from alarms.view import Unusual
from alarms.vocabulary import PlaceSource, StandDownWhy
from core.signals import AlarmKind, Level
from core.words import Words, words
from dispatcher.channels.clean import device_id, name_of, one_line
from dispatcher.channels.gsm import Line, cut, plain
from dispatcher.channels.ports import Addressee

LOCALES = Path(__file__).parent / "locales"
FIRST_LINE_MOST = 24
NAMES_MOST = 3
LATECOMERS_MOST = 2
LINE_MOST = 80

LATE_SAID_FROM = timedelta(seconds=30)
"""A press older than this when it is called says so (law 8, section 6)."""

STALE_FROM_S = 90.0
"""A place heard longer ago than this is said with its age; it is never shown as current."""

COARSE_FROM_M = 50.0
"""A position less accurate than this is said with its accuracy."""

_GENERIC = (
    AlarmKind.ATTACK,
    AlarmKind.ASSIST,
    AlarmKind.DURESS,
    AlarmKind.CALL,
    AlarmKind.SOS,
    AlarmKind.UNKNOWN,
)
"""Kinds every button sends: outside red the level says more about how to come."""

_KIND_WORDS = {
    AlarmKind.ATTACK: "Attack",
    AlarmKind.WEAPON: "Weapon",
    AlarmKind.MEDICAL: "Illness",
    AlarmKind.FIRE: "Fire",
    AlarmKind.MAN_DOWN: "Fall",
    AlarmKind.NO_MOTION: "No movement",
    AlarmKind.FALL: "Fall",
    AlarmKind.MISSED_CHECK_IN: "Has not reported in",
    AlarmKind.TAMPER: "Device torn off",
    AlarmKind.LOSS: "Device lost contact",
    AlarmKind.TECHNICAL: "Technical alarm",
}

_UNUSUAL = {
    Unusual.NOT_INSTRUCTED: "Do not go in alone.",
    Unusual.MINIMUM_STAFF: "Your house stands empty meanwhile.",
    Unusual.ASLEEP: "You sleep on duty. Get up.",
    Unusual.OFF_DUTY: "You are off. Nobody else can.",
    Unusual.ELSEWHERE: "You are called elsewhere too.",
}

_STAND_DOWN = {
    StandDownWhy.ENOUGH: "Others are on their way.",
    StandDownWhy.CLOSED: "The alarm is over.",
    StandDownWhy.CANCELLED: "No longer needed.",
}


def compose(notice: Notice, to: Addressee) -> tuple[Line, ...]:
    """The lines of a notice, the first at most 24 characters; `spare` lines may be left out."""
    say = words(to.language, LOCALES)
    lines = [*_lines(notice, to, say), Line(to.more)]
    first = Line(cut(plain(lines[0].text), FIRST_LINE_MOST))
    rest = (Line(cut(plain(line.text), LINE_MOST), line.spare) for line in lines[1:])
    return (first, *(line for line in rest if line.text))


def answer_keys(notice: Notice, to: Addressee) -> str:
    """How to answer by a reply, e.g. "Svar 1: Jeg kommer. 2: Kan ikke."; empty: no answer asked.

    The first notice on a number is answered by a bare digit; a further one shows its letter.
    """
    say = words(to.language, LOCALES)
    letter = "" if notice.letter == "A" else notice.letter
    if notice.kind is AlarmKind.WEAPON:
        return ""  # nobody is asked to come; the page behind the link says what to do
    match notice.purpose:
        case Purpose.CALL | Purpose.ASK_AGAIN | Purpose.CHANGE | Purpose.PRESSES_AGAIN:
            return say("Reply 1{letter}: On my way. 2{letter}: I cannot.", letter=letter)
        case Purpose.IS_IT_OVER | Purpose.SAYS_OVER:
            return say("Reply 5{letter}: Calmed down. 4{letter}: More help.", letter=letter)
        case Purpose.HOUSE_EMPTY | Purpose.STAND_DOWN:
            return ""
        case _:
            assert_never(notice.purpose)


def place_of(notice: Notice, say: Words) -> str:
    """The place as staff say it, or that nobody knows it (law 8)."""
    label = one_line(notice.place.label, LINE_MOST)
    if not label or notice.place.source is PlaceSource.UNKNOWN:
        label = say("Place unknown")
    return label.upper()


def _lines(notice: Notice, to: Addressee, say: Words) -> list[Line]:
    match notice.purpose:
        case Purpose.STAND_DOWN:
            return _stand_down(notice, say)
        case Purpose.HOUSE_EMPTY:
            return _house_empty(notice, say)
        case Purpose.IS_IT_OVER:
            return [Line(place_of(notice, say)), _drill(notice, say), Line(say("Is it over now?"))]
        case Purpose.SAYS_OVER:
            return _says_over(notice, say)
        case Purpose.CALL | Purpose.ASK_AGAIN | Purpose.CHANGE | Purpose.PRESSES_AGAIN:
            if notice.kind is AlarmKind.WEAPON:
                return _weapon(notice, to, say)
            return _call(notice, to, say)
        case _:
            assert_never(notice.purpose)


def _call(notice: Notice, to: Addressee, say: Words) -> list[Line]:
    before = (_drill(notice, say).text, _asked(notice, say))
    what = " ".join(part for part in (*before, _word(notice, to, say), _who(notice, say)) if part)
    return [
        Line(place_of(notice, say)),
        Line(what),
        *_honest_place(notice, say),
        *_when(notice, to, say),
        Line(_with_you(notice, say), spare=1),
        *(Line(say(_UNUSUAL[unusual])) for unusual in notice.unusual),
        Line(_errand(notice), spare=2),
    ]


def _asked(notice: Notice, say: Words) -> str:
    match notice.purpose:
        case Purpose.ASK_AGAIN:
            return say("Are you coming?")
        case Purpose.CHANGE:
            return say("Changed:")
        case Purpose.PRESSES_AGAIN:
            return say("Presses again:")
        case _:
            return ""


def _weapon(notice: Notice, to: Addressee, say: Words) -> list[Line]:
    """Everyone on site is told to stay out; nobody is sent in, so nobody "runs with you"."""
    word = say("Weapon").upper()
    again = _asked(notice, say) if notice.purpose is Purpose.PRESSES_AGAIN else ""
    who = (_drill(notice, say).text, again, _who(notice, say))
    place = cut(place_of(notice, say), FIRST_LINE_MOST - len(word) - 2)
    return [
        Line(f"{word} {place}."),
        Line(f"{say('DO NOT GO IN.')} {say('Lock the door.')}"),
        Line(" ".join(part for part in who if part)),
        *_honest_place(notice, say),
        *_when(notice, to, say),
    ]


def _stand_down(notice: Notice, say: Words) -> list[Line]:
    return [
        Line(f"{say('Stand down').upper()} {place_of(notice, say)}"),
        _drill(notice, say),
        Line(say(_STAND_DOWN[notice.reason]) if notice.reason in _STAND_DOWN else ""),
    ]


def _house_empty(notice: Notice, say: Words) -> list[Line]:
    house = name_of(notice.text) or place_of(notice, say)
    return [
        Line(house.upper()),
        _drill(notice, say),
        Line(say("{house} stands empty.", house=house)),
        Line(say("Keep an eye on the residents.")),
    ]


def _says_over(notice: Notice, say: Words) -> list[Line]:
    who = _who(notice, say) or say("Unknown alarm")
    return [
        Line(place_of(notice, say)),
        _drill(notice, say),
        Line(say("{who} says it is over.", who=who)),
        Line(say("Still go and see {who}.", who=who)),
    ]


def _drill(notice: Notice, say: Words) -> Line:
    return Line(say("Drill").upper() + ":" if notice.drill else "")


def _word(notice: Notice, to: Addressee, say: Words) -> str:
    """The site's own word for the kind, else for the level, else ours."""
    own, kind, level = dict(to.words), notice.kind, notice.level
    generic = kind in _GENERIC
    ours = say(level.word)
    if kind in _KIND_WORDS and not (generic and level is not Level.RED):
        ours = say(_KIND_WORDS[kind])
    own_level = own.get(f"level_{level}", "") if generic else ""
    chosen = one_line(own.get(f"kind_{kind}", ""), FIRST_LINE_MOST)
    return (chosen or one_line(own_level, FIRST_LINE_MOST) or ours).upper()


def _who(notice: Notice, say: Words) -> str:
    """First names of the pressers; a device nobody wears is an unknown alarm, with its label."""
    names = [_presser(name, say) for name in notice.presser_names if one_line(name, LINE_MOST)]
    if not names and notice.kind is not AlarmKind.TECHNICAL:
        return say("Unknown alarm")
    return _listed(names)


def _presser(name: str, say: Words) -> str:
    device = device_id(name)
    return say("Unknown alarm {device}", device=device) if device else name_of(name)


def _honest_place(notice: Notice, say: Words) -> list[Line]:
    """Law 8: what staff must know before they trust the place; nothing when it is fresh."""
    place, said = notice.place, []
    if place.source is PlaceSource.UNKNOWN or not one_line(place.label, LINE_MOST):
        # Never "call her": a ringing phone may betray somebody who hides.
        names = [name_of(name) for name in notice.presser_names if not device_id(name)]
        return [Line(say("Look for {who}.", who=_listed(names)))] if names else []
    if place.source is PlaceSource.ROSTER:
        said.append(Line(say("Place is from the roster.")))
    age_s = place.age(notice.created)
    if age_s is not None and age_s >= STALE_FROM_S:
        said.append(Line(say("Last seen there {ago} ago.", ago=_span(age_s, say))))
    if place.is_of_unknown_age():
        said.append(Line(say("Nobody knows how old the place is.")))
    if place.accuracy_m is not None and place.accuracy_m >= COARSE_FROM_M:
        said.append(Line(say("Place within {metres} m.", metres=f"{place.accuracy_m:.0f}")))
    return said


def _when(notice: Notice, to: Addressee, say: Words) -> list[Line]:
    """When they pressed, where that is not now; of several, whose press it is.

    By the clock where one came late and another did not: two ages side by side are read as one.
    """
    said = [
        say("{who} pressed at {time}.", who=_presser(late.name, say), time=_clock(late.wall, to))
        for late in notice.latecomers[:LATECOMERS_MOST]
    ]
    if notice.late >= LATE_SAID_FROM:
        said.append(say("Pressed {ago} ago.", ago=_span(notice.late.total_seconds(), say)))
    if notice.age_unknown:
        who = _listed([_presser(name, say) for name in notice.age_unknown])
        said.append(say("Nobody knows when {who} pressed.", who=who))
    return [Line(text) for text in said]


def _clock(wall: datetime, to: Addressee) -> str:
    try:
        return f"{wall.astimezone(ZoneInfo(to.timezone)):%H:%M}"
    except (ZoneInfoNotFoundError, ValueError):
        return f"{wall:%H:%M} UTC"


def _with_you(notice: Notice, say: Words) -> str:
    names = [name_of(name) for name in notice.with_you if name_of(name)]
    meeting = one_line(notice.place.meeting or "", FIRST_LINE_MOST)
    with_you = f"{say('You')} + {_listed(names)}." if names else ""
    meet = say("Meet: {place}.", place=meeting) if meeting else ""
    return " ".join(part for part in (with_you, meet) if part)


def _errand(notice: Notice) -> str:
    """What a technical alarm is about, or the agreed errand of a "come by".

    A device's own text goes out with nothing more acute: it may hold a resident's name. Where
    nobody knows who pressed nor where, it is all there is to find them by, and goes out.
    """
    mild = not notice.level.only_people_close
    strangers = all(device_id(name) for name in notice.presser_names)
    lost = strangers and (notice.place.source is PlaceSource.UNKNOWN or not notice.place.label)
    if not mild and not lost and notice.kind is not AlarmKind.TECHNICAL:
        return ""
    return one_line(notice.text, LINE_MOST)


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_MOST
    shown = " + ".join(names[:NAMES_MOST])
    return f"{shown} +{more}" if more > 0 else shown


def _span(seconds: float, say: Words) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return say("{count} s", count=round(seconds))
    if minutes < 120:
        return say("{count} min.", count=minutes)
    return say("{count} hours", count=round(minutes / 60))
