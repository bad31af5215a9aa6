"""A simulated colleague: hears a call, reacts, goes there, says it is over. Pure.

People answer on the way they were reached first, and once: a badge that buzzes and an SMS about the
same alarm are one call to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from core.chance import Chance
from core.signals import AnswerKind
from core.values import replace

OVER_TRIES_MAX = 5
OVER_AGAIN_AFTER = timedelta(seconds=5)
"""A close is refused when somebody joined since (law 6): they say it again."""

_SEEN_SHARE = 0.5
"""How far through their reaction a person has looked at the call."""

_DONE_MAX = 64


class Willing(StrEnum):
    """What a colleague does with a call."""

    ACCEPT = "accept"
    DECLINE = "decline"
    IGNORE = "ignore"
    VANISH = "vanish"  # accepts and never arrives


class Way(StrEnum):
    """How a call reached them."""

    BADGE = "badge"
    SMS = "sms"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Habits:
    """How one person answers. `over` None: never says it.

    `looks`: presses "seen" before they decide. `by_link`: answers an SMS on the page behind its
    link instead of by a reply.
    """

    willing: Willing = Willing.ACCEPT
    reaction: timedelta = timedelta(seconds=3)
    walk: timedelta = timedelta(seconds=10)
    over: timedelta | None = timedelta(seconds=5)
    looks: bool = True
    by_link: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """How habits vary over a staff, seconds: reactions cluster low with a long tail."""

    reaction_s: float = 4.0
    reaction_sigma: float = 0.5
    walk_s: float = 12.0
    walk_sigma: float = 0.4
    over_s: float = 8.0
    declines: float = 0.1
    ignores: float = 0.05
    vanishes: float = 0.02


def drawn(spread: Spread, chance: Chance) -> Habits:
    """One person's habits for one call."""
    bounds = (
        (spread.ignores, Willing.IGNORE),
        (spread.declines, Willing.DECLINE),
        (spread.vanishes, Willing.VANISH),
    )
    willing, left = Willing.ACCEPT, chance.random()
    for share, kind in bounds:
        if left < share:
            willing = kind
            break
        left -= share
    return Habits(
        willing,
        timedelta(seconds=spread.reaction_s * chance.lognormvariate(0.0, spread.reaction_sigma)),
        timedelta(seconds=spread.walk_s * chance.lognormvariate(0.0, spread.walk_sigma)),
        timedelta(seconds=spread.over_s),
    )


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing a colleague will do with one call."""

    answer: AnswerKind
    at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """The call a colleague is on. `ref` is what they answer with: a notice, a number, a link."""

    ref: str
    way: Way
    alarm: str | None
    intents: tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class Colleague:
    """One person. `done` are refs of calls that ended for them."""

    person: str
    habits: Habits
    call: Call | None = None
    done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """A call reached them. An SMS does not say which alarm: `alarm` None."""

    ref: str
    way: Way
    alarm: str | None = None


@dataclass(frozen=True, slots=True)
class StoodDown:
    """A call was taken back. `ref` None: whatever they are on."""

    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """`wake_at` has come."""


Event = Called | StoodDown | Due


@dataclass(frozen=True, slots=True)
class Act:
    """The colleague answers `ref` on `way`."""

    ref: str
    way: Way
    alarm: str | None
    answer: AnswerKind


def advance(colleague: Colleague, event: Event, now: datetime) -> tuple[Colleague, tuple[Act, ...]]:
    """What they are about and what they do now. Call again at `wake_at`, with `Due`."""
    match event:
        case Called():
            colleague = _called(colleague, event, now)
        case StoodDown(ref):
            colleague = _stood_down(colleague, ref)
        case Due():
            pass
        case _:
            assert_never(event)
    return _act(colleague, now)


def wake_at(colleague: Colleague) -> datetime | None:
    """When they do something next; None while nobody needs them or they have done all."""
    if colleague.call is None:
        return None
    return min((intent.at for intent in colleague.call.intents), default=None)


def _called(colleague: Colleague, called: Called, now: datetime) -> Colleague:
    if called.ref in colleague.done or _same_call(colleague.call, called):
        return colleague
    if colleague.call is not None and _on_the_way(colleague.call):
        return colleague  # nobody can be in two places
    intents = _intents(colleague.habits, now)
    return replace(colleague, call=Call(called.ref, called.way, called.alarm, intents))


def _same_call(call: Call | None, called: Called) -> bool:
    if call is None:
        return False
    return called.ref == call.ref or called.alarm is None or called.alarm == call.alarm


def _on_the_way(call: Call) -> bool:
    ahead = (AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.OVER)
    return any(intent.answer in ahead for intent in call.intents)


def _intents(habits: Habits, now: datetime) -> tuple[Intent, ...]:
    decided = now + habits.reaction
    looked = Intent(AnswerKind.SEEN, now + habits.reaction * _SEEN_SHARE)
    match habits.willing:
        case Willing.IGNORE:
            return ()
        case Willing.DECLINE:
            then: tuple[Intent, ...] = (Intent(AnswerKind.DECLINE, decided),)
        case Willing.VANISH:
            then = (Intent(AnswerKind.ACCEPT, decided),)
        case Willing.ACCEPT:
            then = _goes(habits, decided)
        case _:
            assert_never(habits.willing)
    return (looked, *then) if habits.looks else then


def _goes(habits: Habits, decided: datetime) -> tuple[Intent, ...]:
    there = decided + habits.walk
    way = (Intent(AnswerKind.ACCEPT, decided), Intent(AnswerKind.ARRIVED, there))
    if habits.over is None:
        return way
    return (*way, Intent(AnswerKind.OVER, there + habits.over))


def _stood_down(colleague: Colleague, ref: str | None) -> Colleague:
    """A colleague on the spot stays: a stand-down of another call does not send them home."""
    call = colleague.call
    done = colleague.done if ref is None else (*colleague.done, ref)[-_DONE_MAX:]
    if call is not None and ref in (None, call.ref):
        return replace(colleague, call=None, done=(*done, call.ref)[-_DONE_MAX:])
    return replace(colleague, done=done)


def _act(colleague: Colleague, now: datetime) -> tuple[Colleague, tuple[Act, ...]]:
    call = colleague.call
    if call is None:
        return colleague, ()
    due = sorted((each for each in call.intents if each.at <= now), key=lambda each: each.at)
    later = tuple(each for each in call.intents if each.at > now)
    again = tuple(_again(each, now) for each in due if _is_repeated(each))
    acts = tuple(Act(call.ref, call.way, call.alarm, each.answer) for each in due)
    return replace(colleague, call=replace(call, intents=(*later, *again))), acts


def _is_repeated(intent: Intent) -> bool:
    return intent.answer is AnswerKind.OVER and intent.tries + 1 < OVER_TRIES_MAX


def _again(intent: Intent, now: datetime) -> Intent:
    return replace(intent, at=now + OVER_AGAIN_AFTER, tries=intent.tries + 1)
