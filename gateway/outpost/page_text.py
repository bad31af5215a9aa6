"""What a colleague reads of an alarm when nobody there can be reached.

The place first, what is wrong, who; then what to do without a centre (glossary). It reads otherwise
every time people are called, so that their devices ring again.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from alarms.model import Alarm, Purpose
from core import words
from core.signals import AlarmKind
from core.words import Words
from gateway.outpost.here import Here
from gateway.outpost.local_alarm import Page

LOCALES = Path(__file__).parents[1] / "locales"
TEXT_CHARS_MAX = 100

MINUTE = timedelta(minutes=1)
OLD_FROM = timedelta(seconds=90)
"""A press older than this is told with its age."""

_KINDS = {
    AlarmKind.ATTACK: "Attack",
    AlarmKind.MEDICAL: "Illness",
    AlarmKind.FIRE: "Fire",
    AlarmKind.MAN_DOWN: "Fall",
    AlarmKind.FALL: "Fall",
}
"""What makes a difference to how one comes."""

_OF_PRESSES = (Purpose.PRESSES_AGAIN, Purpose.CHANGE)


def text(page: Page, here: Here) -> str:
    """The lines of one page, in the language of the site."""
    say, alarm = words.words(here.part.language, LOCALES), page.local.alarm
    lines = [_place(alarm, say), *_what_and_who(page, say)]
    if (age := here.now - page.local.pressed_at) >= OLD_FROM:
        lines.append(say("Pressed {minutes} min ago.", minutes=round(age / MINUTE)))
    who, presses = _who(alarm, page.purpose), sum(p.presses for p in alarm.pressers)
    if page.purpose in _OF_PRESSES and presses > 1 and "," not in who:
        lines.append(say("{who} has pressed {count} times.", who=who, count=presses))
    elif page.local.times > 1 and page.purpose is not Purpose.IS_IT_OVER:
        count = page.local.times
        lines.append(say("Called {count} times. Nobody has answered.", count=count))
    return "\n".join(lines)


def _what_and_who(page: Page, say: Words) -> list[str]:
    alarm, who = page.local.alarm, _who(page.local.alarm, page.purpose)
    if page.purpose is Purpose.IS_IT_OVER:
        return [say("Is it over now?"), say("The centre cannot be reached.")]
    over = all(presser.says_over_at is not None for presser in alarm.pressers)
    if over or page.purpose is Purpose.SAYS_OVER:
        return [say("{who} says it is over.", who=who), say("Still go and see {who}.", who=who)]
    calls = say("{who} calls for help.", who=who)
    if alarm.kind is AlarmKind.WEAPON:
        return [
            say("WEAPON. DO NOT GO IN."),
            say("Lock the door. Call the police yourself."),
            calls,
        ]
    kind = _KINDS.get(alarm.kind)
    first = calls if kind is None else f"{say(kind)}: {calls}"
    return [first, say("The centre cannot be reached. Go there, and call others yourself.")]


def _who(alarm: Alarm, purpose: Purpose) -> str:
    """Who pressed; of two victims only the one who says so says that it is over."""
    named = [
        presser.name
        for presser in alarm.pressers
        if purpose is not Purpose.SAYS_OVER or presser.says_over_at is not None
    ]
    return ", ".join(dict.fromkeys(named))


def _place(alarm: Alarm, say: Words) -> str:
    """The place as staff say it; else what the line's own text says of it."""
    said = " ".join(alarm.text.split())[:TEXT_CHARS_MAX]
    known = " ".join(filter(None, (alarm.place.label.upper(), said)))
    return known or say("Place unknown").upper()
