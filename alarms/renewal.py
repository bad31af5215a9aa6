"""A new press is new need, also when somebody is there or coming already.

They hear it at once. When none of them says anything, when what they last said is too old to go by,
or when they are off shift by now, the circle widens anew from its first step (laws 2 and 7). So no
alarm that nobody closes leaves a button dead.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alarms.model import Call, Purpose, Standpoint, TellType
from alarms.turn import COMING, Turn, counts
from alarms.view import Unusual
from alarms.vocabulary import LostWhy, Timeline
from core.signals import AnswerKind
from core.values import replace

NOBODY_YET_AFTER = timedelta(seconds=20)
"""Law 7: nobody has accepted by then, and the wearer is told so: get out, shout."""

ANSWERED_WITHIN = NOBODY_YET_AFTER
"""Who is there says something to a new press by then, or others are called, and she knows it."""

TAKEN_FOR_GRANTED_FOR = timedelta(minutes=5)
"""Who said nothing for longer may have left: at a new press others are called beside them."""

STAYS_AFTER_SHIFT = timedelta(minutes=5)
"""Who is there when their shift ends says by then that they stay, or others are called."""

NEWS_PACE = timedelta(seconds=15)
"""Presses are told at once, then at most this often: somebody may press every second."""

_SAYS_PRESENT = (AnswerKind.SEEN, AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.MORE_HELP)
"""Not that it is over: that may have been said before the press was heard."""


def renew(turn: Turn, purpose: Purpose, *, at_once: bool = False) -> None:
    """Somebody pressed again or joined: who is there or coming hears it, and is to answer."""
    tell_or_keep(turn, purpose, at_once=at_once)
    look_out_again(turn)
    was_resting = turn.resting
    for call in turn.counted():
        if not _is_taken_for_granted(turn, call):
            turn.put(replace(call, counts=False))
    if turn.state.need.due is None:
        _update(turn, since=turn.now)
    _ask_for_an_answer(turn)
    if was_resting and not turn.resting:
        begin_anew(turn)


def look_out_again(turn: Turn) -> None:
    """Law 7: she hears in time that nobody comes, also for a new press."""
    state = turn.state
    if turn.alarm.technical or (state.nobody_yet_due is not None and not state.told_nobody_yet):
        return
    turn.update(nobody_yet_due=turn.now + NOBODY_YET_AFTER, told_nobody_yet=False)


def begin_anew(turn: Turn) -> None:
    """The circle widens from its first step, at once; its later steps keep their distances."""
    turn.annotate(Timeline.ANEW)
    turn.update(next_step=0, shift=turn.now - turn.state.started, round_due=None)
    _update(turn, anew_at=turn.now)


def hear_called(turn: Turn, call: Call, answer: AnswerKind) -> Call:
    """Somebody who was called says something: whoever is there or coming is waited for again."""
    turn.update(over_unanswered=0)
    here, waited_for = call.standpoint is Standpoint.ARRIVED, counts(call)
    call = turn.put(replace(call, deadline=None if here else call.deadline))
    if call.standpoint not in COMING or answer not in _SAYS_PRESENT or _is_from_before(turn, call):
        return call
    call = turn.put(replace(call, counts=here or not call.let_down))
    if counts(call):
        arrives = answer is AnswerKind.ARRIVED and not here
        if not arrives and (turn.state.need.due is not None or not waited_for):
            turn.tell(TellType.ARRIVED if turn.arrived() else TellType.ACCEPTED)
        end_wait(turn)
        if answer is not AnswerKind.MORE_HELP:
            turn.stand_down_the_rest()
    return call


def tell_or_keep(turn: Turn, purpose: Purpose, *, at_once: bool = False) -> None:
    """Tell everybody there, coming or still called, or keep it until its turn comes."""
    due = _may_tell_at(turn, purpose)
    if due is None:
        return  # whoever is called later reads of the alarm as it is then
    if at_once or due <= turn.now:
        _tell(turn, purpose)
    elif turn.state.need.untold is not Purpose.CHANGE:
        _update(turn, untold=purpose)


def end_wait(turn: Turn) -> None:
    """Somebody there or coming knows of every press they were told of."""
    _update(turn, due=None)


def hear_of_coming(turn: Turn, call: Call) -> None:
    """Somebody comes, or is there, since the newest press: it need not be told them."""
    if _is_from_before(turn, call):
        return
    end_wait(turn)
    if turn.state.need.untold is Purpose.PRESSES_AGAIN:
        _update(turn, untold=None)


def run_due(turn: Turn) -> None:
    """What has waited for its turn is told; what nobody answered makes the circle widen."""
    due = told_when(turn)
    if due is not None and due <= turn.now:
        assert turn.state.need.untold is not None
        _tell(turn, turn.state.need.untold)
        _ask_for_an_answer(turn)
    need = turn.state.need
    if need.due is not None and need.due <= turn.now:
        end_wait(turn)
        _count_no_more(turn, turn.counted())
        if not turn.alarm.technical:
            turn.update(nobody_yet_due=turn.now, told_nobody_yet=False)
    _lapse_after_shift(turn)


def told_when(turn: Turn) -> datetime | None:
    """When the news that waits is told; None when there is none, or nobody to tell."""
    return _may_tell_at(turn, turn.state.need.untold) if turn.state.need.untold else None


def stays_after_shift(turn: Turn, call: Call) -> None:
    """Their shift ends at the wearer's side: a clock takes nobody away, but they are asked."""
    turn.annotate(Timeline.SHIFT_OVER_THERE, person=call.person)
    turn.put(replace(call, deadline=turn.now + STAYS_AFTER_SHIFT))
    turn.notify(call.person, Purpose.IS_IT_OVER)


def goes_elsewhere(turn: Turn, call: Call) -> None:
    """Nobody is in two places: others are called here, until they say that they are here after all.

    They are not asked: a badge that accepts by itself would go to and fro without end.
    """
    was_resting = turn.resting
    turn.annotate(Timeline.RESPONDER_LOST, person=call.person, why=LostWhy.ELSEWHERE)
    turn.put(replace(call, counts=False))
    look_out_again(turn)
    if was_resting and not turn.resting:
        begin_anew(turn)


def _lapse_after_shift(turn: Turn) -> None:
    for call in turn.arrived():
        if call.deadline is None or call.deadline > turn.now:
            continue
        turn.annotate(Timeline.SILENT_AFTER_SHIFT, person=call.person)
        silent = turn.put(replace(call, deadline=None))
        turn.notify(call.person, Purpose.IS_IT_OVER)
        _count_no_more(turn, [silent])


def _count_no_more(turn: Turn, calls: list[Call]) -> None:
    was_resting = turn.resting
    for call in calls:
        turn.put(replace(call, counts=False))
    turn.annotate(Timeline.NOT_ANSWERED, people=",".join(call.person for call in calls))
    if was_resting and not turn.resting:
        begin_anew(turn)


def _is_from_before(turn: Turn, call: Call) -> bool:
    """It was said before the press it would answer, and has come only now."""
    said, since = call.said_at, turn.state.need.since
    return said is not None and since is not None and said < since


def _ask_for_an_answer(turn: Turn) -> None:
    if turn.counted() and turn.state.need.due is None:
        _update(turn, due=turn.now + ANSWERED_WITHIN)


def _is_taken_for_granted(turn: Turn, call: Call) -> bool:
    """They said something lately, and are not off shift: their answer is waited for."""
    lately = call.said_at is not None and turn.now - call.said_at <= TAKEN_FOR_GRANTED_FOR
    known = turn.candidate(call.person)
    return lately and known is not None and Unusual.OFF_DUTY not in known.unusual


def _may_tell_at(turn: Turn, purpose: Purpose) -> datetime | None:
    """At once the first time; None: there is nobody to tell. A change waits for changes only.

    Whoever is being called has just been rung: while nobody is coming, a press waits for that too.
    """
    need, waiting = turn.state.need, _waiting(turn)
    if not turn.coming() and not waiting:
        return None
    told = [need.changed_told_at]
    if purpose is Purpose.PRESSES_AGAIN:
        told.append(need.pressed_told_at)
        told += [] if turn.coming() else [min(call.asked_at for call in waiting)]
    return max((at + NEWS_PACE for at in told if at is not None), default=turn.now)


def _tell(turn: Turn, purpose: Purpose) -> None:
    """The notice carries the place as it is now, so nothing else is left to tell."""
    for call in turn.calls:
        if call.standpoint in COMING or turn.can_still_answer(call):
            turn.notify(call.person, purpose)
    if purpose is Purpose.CHANGE:
        _update(turn, untold=None, changed_told_at=turn.now)
    else:
        _update(turn, untold=None, pressed_told_at=turn.now)


def _waiting(turn: Turn) -> list[Call]:
    return [call for call in turn.calls if turn.can_still_answer(call)]


def _update(turn: Turn, **fields: object) -> None:
    turn.update(need=replace(turn.state.need, **fields))  # type: ignore[arg-type]
