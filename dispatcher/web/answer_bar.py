"""The buttons somebody answers with. Each has one place, whatever the state of the alarm.

A finger that comes down twice, or late, finds the button it was aiming at, or none: never another.
What takes help away stands apart from the others, is asked once more, and the yes stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alarms.model import Alarm, Call, Standpoint
from core.signals import AnswerKind
from core.words import Words
from dispatcher.web import labels
from dispatcher.web.asking import TAKES_AWAY, UNDO_S, asked_at


@dataclass(frozen=True, slots=True)
class Choice:
    """One button; `done` marks what the person has said already: it stands there and does nothing.

    `big` ones call help or say that it is there, the others take it away.
    """

    answer: AnswerKind
    label: str
    done: bool = False

    @property
    def size(self) -> str:
        return "small" if self.answer in TAKES_AWAY else "big"


Bar = tuple[Choice | None, ...]
"""Five places: coming, here, more help; apart from them: cannot, over. None: the place is empty."""

NOTHING: Bar = (None,) * 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked once more before an answer is taken. `undo_s`: how long the page holds it back.

    Whoever cannot come takes that back by coming: the button for it stands there all the time.
    """

    answer: AnswerKind
    head: str
    text: str
    yes: str
    no: str
    undo_s: int
    asked: str


def bar_of(w: Words, alarm: Alarm, call: Call | None, *, may_end: bool) -> Bar:
    """The places for this person; `may_end` where this page itself ends the alarm.

    What they have said already is asked of them anew when the wearer presses again.
    """
    standing, asked = (call.standpoint, _is_asked(alarm, call)) if call else (None, False)
    here, coming = standing is Standpoint.ARRIVED, standing is Standpoint.ACCEPTED
    no = AnswerKind.WITHDRAW if here or coming else AnswerKind.DECLINE
    return (
        _choice(w, AnswerKind.ACCEPT, done=here or (coming and not asked)),
        _choice(w, AnswerKind.ARRIVED, done=here and not asked),
        _choice(w, AnswerKind.MORE_HELP),
        _choice(w, no, done=standing is Standpoint.DECLINED),
        _choice(w, AnswerKind.OVER) if may_end and here else None,
    )


def only_seen(w: Words) -> Bar:
    """For somebody who is told and not called."""
    return (_choice(w, AnswerKind.SEEN), None, None, None, None)


def only_more_help(w: Words) -> Bar:
    """For somebody who has pressed themselves: of what they say only this counts (law 6)."""
    return (None, None, _choice(w, AnswerKind.MORE_HELP), None, None)


def has_pressed(alarms: Iterable[Alarm], person: str) -> bool:
    """Whether they are the victim of one of these alarms."""
    return any(presser.person == person for alarm in alarms for presser in alarm.pressers)


def question_of(w: Words, answer: AnswerKind, now: datetime) -> Question | None:
    """None for an answer that needs no second thought."""
    if answer not in TAKES_AWAY:
        return None
    if answer is AnswerKind.OVER:
        head, text = w("Is it over?"), w("Everybody hears that the alarm has ended.")
        yes, undo_s = w("Yes, end the alarm"), UNDO_S
    else:
        head, text = w("Can you not come?"), w("Then we call the next one.")
        yes, undo_s = w("I cannot come"), 0
    return Question(answer, head, text, yes, w("No, back"), undo_s, asked_at(now))


def _is_asked(alarm: Alarm, call: Call) -> bool:
    """Nobody who is there or coming has answered the newest press yet, or not this one."""
    state = alarm.escalation
    return not call.counts or (state is not None and state.need.due is not None)


def _choice(w: Words, answer: AnswerKind, *, done: bool = False) -> Choice:
    return Choice(answer, w(labels.ANSWERS[answer]), done)
