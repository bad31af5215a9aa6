"""A text message from a phone: to which notice it answers, and the few words that go back.

The law it keeps: an answer counts only from the number its notice was sent to (law 6). What is
unclear never counts as more than "seen", and is answered by how to say it clearly. A number that
is nobody's gets no answer at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from core.signals import AnswerKind
from core.words import Words, words
from dispatcher.alarms.model import Notice, Purpose
from dispatcher.channels.clean import device_id, name_of
from dispatcher.channels.concerns import Concerns
from dispatcher.channels.gsm import Line, cut, fitted
from dispatcher.channels.replies import Reply, parse_reply
from dispatcher.channels.wording import FIRST_LINE_MOST, LOCALES, place_of
from dispatcher.engine.ports import AnswerOutcome, Desk, Source, SourceKind
from dispatcher.roster.model import Language, Person

LISTED_MOST = 4
"""So many alarms are listed when a reply must name one; a fifth line would be a third segment."""

_ANSWERABLE = (
    Purpose.CALL,
    Purpose.ASK_AGAIN,
    Purpose.CHANGE,
    Purpose.PRESSES_AGAIN,
    Purpose.IS_IT_OVER,
    Purpose.SAYS_OVER,
)
_ON_THE_SPOT = (Purpose.IS_IT_OVER, Purpose.SAYS_OVER)


async def inbound(desk: Desk, concerns: Concerns, number: str, text: str) -> str:
    """Take one message from `number` (E.164); returns the text to send back, "" for none."""
    standing = _newest_by_alarm(await desk.standing_notices(number))
    writer = _writer(desk, number, standing)
    if writer is None and not standing:
        concerns.noticed("sms_from_unknown_number", "a message from a number nobody here has")
        return ""
    say = words(writer.language if writer else Language.ENGLISH, LOCALES)
    if not standing:
        return say("No open alarm for you. Press your alarm.")
    reply = parse_reply(text)
    named = _named(standing, reply)
    if reply is None or named is None:
        return await _unclear(desk, standing, number, say)
    return await _answer(desk, named, reply.answer, number, say)


def owner(desk: Desk, number: str) -> Person | None:
    """Whose number this is; of a shared duty phone, the first person who may carry it."""
    for person in desk.organisation().people:
        if any(phone.number == number for phone in person.phones):
            return person
    return None


async def _answer(desk: Desk, notice: Notice, answer: AnswerKind, number: str, say: Words) -> str:
    if answer is AnswerKind.DECLINE and notice.purpose in _ON_THE_SPOT:
        # "No" to "is it over?" means that it goes on, not that somebody goes away.
        await desk.answer(notice.id, AnswerKind.SEEN, Source(SourceKind.NUMBER, number))
        return say("Thank you. We ask again later.")
    outcome = await desk.answer(notice.id, answer, Source(SourceKind.NUMBER, number))
    match outcome:
        case AnswerOutcome.COUNTED:
            return _counted(desk, notice, answer, say)
        case AnswerOutcome.STOOD_DOWN:
            return say("Stand down. You need not come.")
        case AnswerOutcome.ALREADY:
            return say("We have your answer.")
        case AnswerOutcome.CLOSED:
            return say("The alarm is over.")
        case AnswerOutcome.NOT_YET:
            there = say("Reply 3{letter} when you are there.", letter=_shown(notice))
            return f"{say('Thank you. The alarm is still open.')} {there}"
        case AnswerOutcome.NOT_YOURS | AnswerOutcome.UNKNOWN:
            return say("We cannot use that answer. Open the link.")
        case _:
            assert_never(outcome)


def _counted(desk: Desk, notice: Notice, answer: AnswerKind, say: Words) -> str:
    letter = _shown(notice)
    match answer:
        case AnswerKind.ACCEPT:
            told = say("Thank you. {who} is told.", who=_presser(notice, say))
            return f"{told} {say('Reply 3{letter} when you are there.', letter=letter)}"
        case AnswerKind.ARRIVED:
            over = say("Reply 5{letter}: Calmed down. 4{letter}: More help.", letter=letter)
            return f"{say('Thank you. You are there.')} {over}"
        case AnswerKind.MORE_HELP:
            return say("We call more help.")
        case AnswerKind.OVER:
            return _after_over(desk, notice, say)
        case AnswerKind.DECLINE | AnswerKind.WITHDRAW:
            return say("Thank you. We ask others.")
        case AnswerKind.RANG | AnswerKind.SEEN:
            return ""
        case _:
            assert_never(answer)


def _after_over(desk: Desk, notice: Notice, say: Words) -> str:
    """Counted is not closed: only what the desk shows as closed is said to be."""
    alarm = desk.open_alarm(notice.alarm)
    if alarm is not None and alarm.open:
        return say("Thank you. The alarm is still open.")
    return say("Thank you. The alarm is over.")


async def _unclear(desk: Desk, standing: Sequence[Notice], number: str, say: Words) -> str:
    """One alarm: somebody has read about it (law 2's clock goes on). Several: say which."""
    if len(standing) == 1:
        await desk.answer(standing[0].id, AnswerKind.SEEN, Source(SourceKind.NUMBER, number))
        return _how_to_answer(standing[0], say, _shown(standing[0]))
    lines = [Line(say("More than one alarm."))]
    lines += [Line(_how_to_answer(n, say, n.letter), spare=i) for i, n in enumerate(standing)]
    return fitted(lines[: LISTED_MOST + 1])


def _how_to_answer(notice: Notice, say: Words, letter: str) -> str:
    place = cut(place_of(notice, say), FIRST_LINE_MOST)
    if notice.purpose in _ON_THE_SPOT:
        keys = "{place}: 5{letter} calmed down, 4{letter} more help."
        return say(keys, place=place, letter=letter)
    return say("{place}: 1{letter} on my way, 2{letter} I cannot.", place=place, letter=letter)


def _named(standing: Sequence[Notice], reply: Reply | None) -> Notice | None:
    """The notice a reply names; a bare key only when exactly one alarm is outstanding.

    Beside a call for help technical alarms do not count (law 12): theirs is never the bare key.
    """
    if reply is None:
        return None
    if reply.letter is None:
        asked = [notice for notice in standing if not notice.technical] or standing
        return asked[0] if len(asked) == 1 else None
    return next((notice for notice in standing if notice.letter == reply.letter), None)


def _newest_by_alarm(notices: Sequence[Notice]) -> list[Notice]:
    """One for each alarm: a call and the question after it are answered by the same key."""
    newest: dict[str, Notice] = {}
    for notice in notices:
        if notice.purpose in _ANSWERABLE:
            newest.setdefault(notice.alarm, notice)
    return list(newest.values())


def _writer(desk: Desk, number: str, standing: Sequence[Notice]) -> Person | None:
    """Who writes: whom the newest notice is for, else whoever has the number; None: nobody."""
    called = standing[0].person if standing else ""
    people = desk.organisation().people
    return next((p for p in people if p.id == called), None) or owner(desk, number)


def _presser(notice: Notice, say: Words) -> str:
    names = [name_of(name) for name in notice.presser_names if not device_id(name)]
    return names[0] if names else say("Your colleague")


def _shown(notice: Notice) -> str:
    return "" if notice.letter == "A" else notice.letter
