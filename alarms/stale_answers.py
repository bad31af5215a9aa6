"""Whether an answer still counts, by when it was said (law 6). Pure."""

from __future__ import annotations

from datetime import datetime

from alarms.model import Answered, Call, Standpoint
from alarms.vocabulary import AnswerVerdict, StaleWhy
from core.freshness import is_answer_fresh
from core.signals import AnswerKind

_COMES = (AnswerKind.ACCEPT, AnswerKind.ARRIVED)
_GOES = (AnswerKind.DECLINE, AnswerKind.WITHDRAW)
_COMING = (Standpoint.ACCEPTED, Standpoint.ARRIVED)
_ASKED_NO_MORE = (*_COMING, Standpoint.DECLINED, Standpoint.STOOD_DOWN)


def judge(
    call: Call | None, event: Answered, now: datetime
) -> tuple[AnswerVerdict, StaleWhy | None]:
    """Judge what becomes of an answer, and why it is not counted."""
    said = event.said_at or now
    if is_answer_fresh(said, now, event.answer):
        overtaken = call is not None and call.said_at is not None and said < call.said_at
        lowers = event.answer in (*_COMES, *_GOES)
        if overtaken and lowers:
            return AnswerVerdict.PASSED_OVER, StaleWhy.OVERTAKEN
        return AnswerVerdict.COUNTS, None
    if call is None:
        return AnswerVerdict.PASSED_OVER, StaleWhy.TOO_OLD
    if event.answer in _COMES and call.standpoint not in _ASKED_NO_MORE and not call.asked_again:
        return AnswerVerdict.ASK, StaleWhy.TOO_OLD
    later = call.said_at is None or call.said_at <= said
    if event.answer in _GOES and call.standpoint in _COMING and later:
        return AnswerVerdict.DOUBT, StaleWhy.TOO_OLD
    return AnswerVerdict.PASSED_OVER, StaleWhy.TOO_OLD
