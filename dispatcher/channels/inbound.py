"""A text message from a phone: to which notice it answers, and the few words that go back.

The law it keeps: an answer counts only from the number its notice was sent to (law 6). What is
unclear never counts as more than "seen", and is answered by how to say it clearly. An answer that
crosses a stand-down or a close finds its alarm; a plea finds one in any case: the alarms the writer
is asked about, else it is raised as the writer's own. A number that is nobody's gets no answer.

Every message is taken, however many come; only what goes back has a limit: a phone that answers
each text by itself would be answered without end, at the site's cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from alarms.model import Notice, Purpose
from alarms.turn import COMING, WAITING
from core.signals import AnswerKind
from core.token_buckets import TokenBuckets
from core.words import Words, words
from dispatcher.channels.clean import device_id, name_of
from dispatcher.channels.concerns import Concerns
from dispatcher.channels.desk import AnswerOutcome, ReplyDesk, Source, SourceKind
from dispatcher.channels.gsm import Line, cut, fitted
from dispatcher.channels.replies import Reply, parse_reply
from dispatcher.channels.reply_text import is_automatic
from dispatcher.channels.wording import FIRST_LINE_MOST, LOCALES, place_of
from dispatcher.roster.model import Language, Person

LISTED_MOST = 4
"""So many alarms are listed when a reply must name one; a fifth line would be a third segment."""

ASK_BACK_BURST, ASK_BACK_PER_SECOND = 10, 1 / 300
"""Texts back to one number that only ask or explain: ten at once, then one in five minutes. Nobody
who reads them needs an eleventh."""

TEXT_BACK_BURST, TEXT_BACK_PER_SECOND = 60, 1 / 60
"""Texts back to one number in all: what thanks for an answer or a plea may be answered by a machine
too. Nobody writes as many by hand."""

_ANSWERABLE = (
    Purpose.CALL,
    Purpose.ASK_AGAIN,
    Purpose.CHANGE,
    Purpose.PRESSES_AGAIN,
    Purpose.IS_IT_OVER,
    Purpose.SAYS_OVER,
)
_TAKEN_IN = (AnswerOutcome.COUNTED, AnswerOutcome.RAISED)
_ON_THE_SPOT = (Purpose.IS_IT_OVER, Purpose.SAYS_OVER)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a number has been asked, newest first, one notice an alarm."""

    standing: list[Notice]
    answered: list[Notice]
    """Of open alarms too, but stood down, declined or failed meanwhile."""
    closed: list[Notice]

    @property
    def nothing_open(self) -> bool:
        return not self.standing and not self.answered

    @property
    def all(self) -> list[Notice]:
        return [*self.standing, *self.answered, *self.closed]


@dataclass(frozen=True, slots=True)
class _Back:
    """What goes back, "" for nothing. `asks`: it only asks or explains; nothing was taken in."""

    text: str
    asks: bool = False


class Inbound:
    """The messages of all phones."""

    def __init__(self, desk: ReplyDesk, concerns: Concerns) -> None:
        self._desk = desk
        self._concerns = concerns
        self._asks = TokenBuckets(ASK_BACK_BURST, ASK_BACK_PER_SECOND)
        self._all = TokenBuckets(TEXT_BACK_BURST, TEXT_BACK_PER_SECOND)

    async def take(self, number: str, text: str) -> str:
        """Take one message from `number` (E.164); returns the text to send back, "" for none."""
        back = await _taken(self._desk, self._concerns, number, text)
        if not back.text or self._may_go_back(back, number):
            return back.text
        self._concerns.noticed("sms_no_text_back", "a number has been texted back too often")
        return ""

    def _may_go_back(self, back: _Back, number: str) -> bool:
        now = self._desk.now()
        asks = not back.asks or self._asks.allows(number, now)
        return asks and self._all.allows(number, now)


async def _taken(desk: ReplyDesk, concerns: Concerns, number: str, text: str) -> _Back:
    if is_automatic(text):
        concerns.noticed("sms_automatic_answer", "a phone has answered by itself; nobody has read")
        return _Back("")
    asked = await _asked(desk, number)
    writer = _writer(desk, number, asked.all)
    reply = parse_reply(text)
    if writer is None and not asked.all:
        await _stranger(desk, concerns, number, text, reply)
        return _Back("")
    say = words(writer.language if writer else Language.ENGLISH, LOCALES)
    if writer is not None and _has_pressed(desk, writer) and _is_of_the_victim(reply):
        await desk.call_for_help(writer.id, text)
        return _Back(say("We pass it on. Help is called."))
    if reply is not None and reply.answer is AnswerKind.MORE_HELP:
        return _Back(await _more_help(desk, asked, reply, writer, number, text, say))
    named = _named(asked, reply)
    if asked.nothing_open and writer is not None and _is_called(desk, writer):
        return _Back(say("An alarm is on. Answer on your alarm."), asks=True)
    if reply is None or named is None:
        return _Back(await _unclear(desk, asked, number, say), asks=True)
    return await _answer(desk, named, reply.answer, number, say)


def owner(desk: ReplyDesk, number: str) -> Person | None:
    """Whose number this is; of a shared duty phone, the first on duty who may carry it."""
    holders = [
        person
        for person in desk.organisation().people
        if any(phone.number == number for phone in person.phones)
    ]
    if len(holders) < 2:
        return holders[0] if holders else None
    on_shift = [state.person for state in desk.people() if state.on_shift]
    return next((person for person in holders if person.id in on_shift), holders[0])


async def _asked(desk: ReplyDesk, number: str) -> _Asked:
    standing = _newest_by_alarm(await desk.standing_notices(number))
    known = [notice.alarm for notice in standing]
    asked = _newest_by_alarm(await desk.asked_notices(number))
    closed = _newest_by_alarm(await desk.closed_notices(number))
    return _Asked(standing, [notice for notice in asked if notice.alarm not in known], closed)


async def _stranger(
    desk: ReplyDesk, concerns: Concerns, number: str, text: str, reply: Reply | None
) -> None:
    """Nobody here has this number. A plea is raised all the same, with the number to call back."""
    concerns.noticed("sms_from_unknown_number", "a message from a number nobody here has")
    if reply is not None and reply.answer is AnswerKind.MORE_HELP:
        await desk.call_for_help(None, f"{number}: {text}")


def _is_called(desk: ReplyDesk, writer: Person) -> bool:
    """Whether an open alarm has called them elsewhere: this number was not asked (law 6)."""
    running = (alarm.escalation for alarm in desk.open_alarms() if not alarm.technical)
    calls = (call for state in running if state is not None for call in state.calls)
    return any(call.person == writer.id and call.standpoint in WAITING for call in calls)


def _has_pressed(desk: ReplyDesk, writer: Person) -> bool:
    pressers = (presser for alarm in desk.open_alarms() for presser in alarm.pressers)
    return any(presser.person == writer.id for presser in pressers)


def _is_of_the_victim(reply: Reply | None) -> bool:
    """What they say of themselves: a plea, or anything that is no answer to a notice."""
    return reply is None or (reply.answer is AnswerKind.MORE_HELP and reply.letter is None)


async def _more_help(
    desk: ReplyDesk,
    asked: _Asked,
    reply: Reply,
    writer: Person | None,
    number: str,
    text: str,
    say: Words,
) -> str:
    """Help is not asked back: without a letter it is for each alarm the writer may mean."""
    raised = [
        await desk.answer(notice.id, AnswerKind.MORE_HELP, Source(SourceKind.NUMBER, number))
        for notice in _meant_by_plea(desk, asked, reply)
    ]
    if AnswerOutcome.COUNTED in raised:
        return say("We call more help.")
    if AnswerOutcome.RAISED not in raised:
        person, words_of_it = (writer.id, text) if writer else (None, f"{number}: {text}")
        await desk.call_for_help(person, words_of_it)
    return say("We call help for you.")


def _meant_by_plea(desk: ReplyDesk, asked: _Asked, reply: Reply) -> list[Notice]:
    """The alarm named; else where the writer is or is going; else every call for help."""
    if reply.letter is not None:
        named = _named(asked, reply)
        return [named] if named is not None else []
    calls = [n for n in (*asked.standing, *asked.answered) if not n.technical]
    return [notice for notice in calls if _is_coming(desk, notice)] or calls


def _is_coming(desk: ReplyDesk, notice: Notice) -> bool:
    alarm = desk.open_alarm(notice.alarm)
    running = alarm.escalation if alarm is not None else None
    calls = running.calls if running is not None else ()
    return any(c.person == notice.person and c.standpoint in COMING for c in calls)


async def _answer(
    desk: ReplyDesk, notice: Notice, answer: AnswerKind, number: str, say: Words
) -> _Back:
    if answer is AnswerKind.DECLINE and notice.purpose in _ON_THE_SPOT:
        # "No" to "is it over?" means that it goes on, not that somebody goes away.
        await desk.answer(notice.id, AnswerKind.SEEN, Source(SourceKind.NUMBER, number))
        return _Back(say("Thank you. We ask again later."), asks=True)
    outcome = await desk.answer(notice.id, answer, Source(SourceKind.NUMBER, number))
    return _Back(_said_of(outcome, desk, notice, answer, say), asks=outcome not in _TAKEN_IN)


def _said_of(
    outcome: AnswerOutcome, desk: ReplyDesk, notice: Notice, answer: AnswerKind, say: Words
) -> str:
    match outcome:
        case AnswerOutcome.COUNTED:
            return _counted(desk, notice, answer, say)
        case AnswerOutcome.STOOD_DOWN:
            return say("Stand down. You need not come.")
        case AnswerOutcome.ALREADY:
            return say("We have your answer.")
        case AnswerOutcome.CLOSED:
            return say("The alarm is over.")
        case AnswerOutcome.RAISED:
            return say("We call help for you.")
        case AnswerOutcome.NOT_YET:
            there = say("Reply 3{letter} when you are there.", letter=_shown(notice))
            return f"{say('Thank you. The alarm is still open.')} {there}"
        case AnswerOutcome.NOT_YOURS | AnswerOutcome.UNKNOWN:
            return say("We cannot use that answer. Open the link.")
        case _:
            assert_never(outcome)


def _counted(desk: ReplyDesk, notice: Notice, answer: AnswerKind, say: Words) -> str:
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


def _after_over(desk: ReplyDesk, notice: Notice, say: Words) -> str:
    """Counted is not closed: only what the desk shows as closed is said to be."""
    alarm = desk.open_alarm(notice.alarm)
    if alarm is not None and alarm.open:
        return say("Thank you. The alarm is still open.")
    return say("Thank you. The alarm is over.")


async def _unclear(desk: ReplyDesk, asked: _Asked, number: str, say: Words) -> str:
    """One alarm: somebody has read about it (law 2's clock goes on). Several: say which."""
    choices = asked.standing or asked.answered
    if not choices:
        return (
            say("The alarm is over.")
            if asked.closed
            else say("No open alarm for you. Press your alarm.")
        )
    if len(choices) > 1 or _may_mean_another(choices[0], asked):
        choices = [*asked.standing, *asked.answered]
        lines = [Line(say("More than one alarm."))]
        lines += [Line(_how_to_answer(n, say, n.letter), spare=i) for i, n in enumerate(choices)]
        return fitted(lines[: LISTED_MOST + 1])
    source = Source(SourceKind.NUMBER, number)
    outcome = await desk.answer(choices[0].id, AnswerKind.SEEN, source)
    if outcome is AnswerOutcome.STOOD_DOWN:
        return say("Stand down. You need not come.")
    return _how_to_answer(choices[0], say, _shown(choices[0]))


def _how_to_answer(notice: Notice, say: Words, letter: str) -> str:
    place = cut(place_of(notice, say), FIRST_LINE_MOST)
    if notice.purpose in _ON_THE_SPOT:
        keys = "{place}: 5{letter} calmed down, 4{letter} more help."
        return say(keys, place=place, letter=letter)
    return say("{place}: 1{letter} on my way, 2{letter} I cannot.", place=place, letter=letter)


def _named(asked: _Asked, reply: Reply | None) -> Notice | None:
    """The notice a reply names; a bare key only when exactly one alarm can be meant.

    Beside a call for help technical alarms do not count (law 12): theirs is never the bare key.
    """
    if reply is None:
        return None
    if reply.letter is not None:
        return next((notice for notice in asked.all if notice.letter == reply.letter), None)
    for notices in (asked.standing, asked.answered, asked.closed[:1]):
        meant = [notice for notice in notices if not notice.technical] or notices
        if meant:
            one = len(meant) == 1 and not _may_mean_another(meant[0], asked)
            return meant[0] if one else None
    return None


def _may_mean_another(notice: Notice, asked: _Asked) -> bool:
    """A bare key was asked for by "A": who has answered that may be changing their mind."""
    others = (n for n in asked.answered if n.alarm != notice.alarm and not n.technical)
    bare = any(other.letter == "A" for other in others)
    return bare and notice in asked.standing and notice.letter != "A" and not notice.technical


def _newest_by_alarm(notices: Sequence[Notice]) -> list[Notice]:
    """One for each alarm: a call and the question after it are answered by the same key."""
    newest: dict[str, Notice] = {}
    for notice in notices:
        if notice.purpose in _ANSWERABLE:
            newest.setdefault(notice.alarm, notice)
    return list(newest.values())


def _writer(desk: ReplyDesk, number: str, standing: Sequence[Notice]) -> Person | None:
    """Who writes: whom the newest notice is for, else whoever has the number; None: nobody."""
    called = standing[0].person if standing else ""
    people = desk.organisation().people
    return next((p for p in people if p.id == called), None) or owner(desk, number)


def _presser(notice: Notice, say: Words) -> str:
    names = [name_of(name) for name in notice.presser_names if not device_id(name)]
    return names[0] if names else say("Your colleague")


def _shown(notice: Notice) -> str:
    return "" if notice.letter == "A" else notice.letter
