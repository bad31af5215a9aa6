"""What a called person's answer, silence or loss means for the escalation."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from alarms import renewal
from alarms.channel import Rings
from alarms.model import (
    Answered,
    Call,
    Purpose,
    Receipt,
    ResponderLost,
    StandDown,
    Standpoint,
    TellType,
)
from alarms.receipts import UNDER_WAY, moves_forward
from alarms.stale_answers import judge
from alarms.turn import (
    AWAY,
    BELIEVED_MOST,
    COMING,
    WAITING,
    Turn,
    counts,
    may_be_heard,
)
from alarms.view import Unusual
from alarms.vocabulary import AnswerVerdict, ClockPoint, LostWhy, StaleWhy, StandDownWhy, Timeline
from core.signals import AnswerKind, ReceiptState
from core.values import replace

DEADLINE_FACTOR = 2
DEADLINE_SHORTEST = timedelta(seconds=45)
DEADLINE_LONGEST = timedelta(seconds=180)
IS_IT_OVER_AFTER = timedelta(minutes=10)


def answered(turn: Turn, event: Answered) -> None:
    """An answer whose source the engine has checked. Answers of people never called count too."""
    known = turn.call_of(event.person)
    if known is None and event.answer in (AnswerKind.RANG, AnswerKind.SEEN):
        return  # told of something, not asked to come
    verdict, why = judge(known, event, turn.now)
    if why is not None:
        _not_counted(turn, event, known, verdict, why)
        return
    call = _heard(turn, known or _volunteer(turn, event), event)
    if known is not None and event.answer is not AnswerKind.RANG:
        call = renewal.hear_called(turn, call, event.answer)
    match event.answer:
        case AnswerKind.RANG:
            _rang(turn, call)
        case AnswerKind.SEEN:
            _seen(turn, call)
        case AnswerKind.ACCEPT:
            _accept(turn, call)
        case AnswerKind.DECLINE | AnswerKind.WITHDRAW:
            _decline(turn, call, event.answer)
        case AnswerKind.ARRIVED:
            _arrive(turn, call)
        case AnswerKind.MORE_HELP:
            _more_help(turn, call)
        case AnswerKind.OVER:
            turn.annotate(Timeline.RESPONDER_SAYS_OVER, person=call.person)
        case _:
            assert_never(event.answer)


def receipt(turn: Turn, event: Receipt) -> None:
    """A receipt only moves forward; a failure makes the person's next route due now (law 4)."""
    call = turn.call_with(event.notice)
    if call is None:
        return
    sent = next(s for s in call.sent if s.notice == event.notice)
    if not moves_forward(sent.state, event.state):
        return
    arrived = event.state in (ReceiptState.DELIVERED, ReceiptState.READ)
    moved = replace(sent, state=event.state, missing=sent.missing and not arrived)
    call = turn.put(replace(call, sent=tuple(moved if s == sent else s for s in call.sent)))
    if event.state is ReceiptState.DELIVERED and not turn.view.channel(sent.channel).says_rang:
        turn.stamp(ClockPoint.RANG)
    if event.state.failed:
        turn.annotate(
            Timeline.SEND_FAILED, person=call.person, channel=sent.channel, why=event.detail
        )
        _after_failure(turn, call, sent.channel)


def lost(turn: Turn, event: ResponderLost) -> None:
    """Pressed too, device gone, off duty: if they were coming, the escalation goes on at once.

    Who has arrived stays when the roster's hour strikes: the wearer would be told "nobody yet" by
    a clock while a colleague stands beside them. But nobody counts on them for long.
    """
    call = turn.call_of(event.person)
    if event.why is LostWhy.ELSEWHERE:
        if call is not None and counts(call):
            renewal.goes_elsewhere(turn, call)
        return
    if (
        call is not None
        and call.standpoint is Standpoint.ARRIVED
        and event.why is LostWhy.SHIFT_OVER
    ):
        renewal.stays_after_shift(turn, call)
        return
    if call is None or call.standpoint in (Standpoint.LOST, Standpoint.DECLINED):
        if call is not None and event.why.for_good:
            _take_back(turn, call, event.why)
        return
    if call.standpoint is Standpoint.STOOD_DOWN and not event.why.for_good:
        return
    if (
        event.why is LostWhy.DEVICE_LOST
        and call.standpoint in WAITING
        and _hears_otherwise(turn, call)
    ):
        return
    turn.annotate(Timeline.RESPONDER_LOST, person=event.person, why=event.why)
    gone = turn.put(replace(call, standpoint=Standpoint.LOST, deadline=None))
    if event.why.for_good:
        _take_back(turn, gone, event.why)
    elif call.standpoint in COMING:
        turn.ask_again(gone)
    _go_on(turn, call)


def miss_receipts(turn: Turn) -> None:
    """No receipt within the channel's time: the next route, while the first may still be heard."""
    for call in turn.calls:
        if call.standpoint in COMING:
            continue
        for sent in call.sent:
            if sent.due is not None and sent.due <= turn.now and sent.state in UNDER_WAY:
                _missed(turn, turn.call_of(call.person) or call, sent.notice)


def lapse(turn: Turn) -> None:
    """Ask once more who accepted and has not arrived by the deadline; the plan goes on."""
    for call in turn.calls:
        late = call.deadline is not None and call.deadline <= turn.now
        if call.standpoint is not Standpoint.ACCEPTED or not late:
            continue
        lapsed = replace(
            call,
            standpoint=Standpoint.LAPSED,
            deadline=None,
            asked_again=True,
            let_down=call.let_down + 1,
        )
        turn.annotate(Timeline.ACCEPT_LAPSED, person=call.person)
        turn.ask_again(turn.put(lapsed))
        _go_on(turn, call)


def _not_counted(
    turn: Turn, event: Answered, call: Call | None, verdict: AnswerVerdict, why: StaleWhy
) -> None:
    """Record an answer that takes no help away; ask once whether it is still so, or doubt it."""
    turn.annotate(Timeline.NOT_COUNTED, person=event.person, answer=event.answer, why=why)
    if call is not None and verdict is AnswerVerdict.ASK:
        turn.ask_again(turn.put(replace(call, asked_again=True)))
    elif verdict is AnswerVerdict.DOUBT:
        lost(turn, ResponderLost(event.person, LostWhy.DOUBTED))


def _heard(turn: Turn, call: Call, event: Answered) -> Call:
    """Take an answer as the best receipt: this notice needs no other any more."""
    sent = tuple(replace(s, due=None) if s.notice == event.notice else s for s in call.sent)
    if event.answer is AnswerKind.RANG:
        return replace(call, sent=sent)  # the device's own word, not the person's
    said = event.said_at or turn.now
    if call.said_at is not None and said < call.said_at:
        return replace(call, sent=sent)  # what they have said since is their last word
    return replace(call, sent=sent, said_by=event.by, said_at=said)


def _take_back(turn: Turn, call: Call, why: LostWhy) -> None:
    """Law 3: nothing more goes to a presser, nor to somebody who is not of the site any more; what
    has not left is taken back."""
    turn.put(replace(call, standpoint=Standpoint.LOST, sent=()))
    turn.effect(StandDown(call.person, tuple(s.notice for s in call.sent), StandDownWhy(why)))


def _hears_otherwise(turn: Turn, call: Call) -> bool:
    """Law 4: a called person whose badge is gone may still be rung by phone, now if not before."""
    if turn.next_route(call):
        return True
    others = (s for s in call.sent if turn.view.channel(s.channel).rings is not Rings.DEVICE)
    return any(map(may_be_heard, others))


def _volunteer(turn: Turn, event: Answered) -> Call:
    candidate = turn.candidate(event.person)
    return Call(
        person=event.person,
        first_name=candidate.first_name if candidate else event.person,
        step=turn.state.next_step,
        asked_at=turn.now,
        standpoint=Standpoint.CALLED,
        expected_s=candidate.expected_s if candidate else None,
        unusual=candidate.unusual if candidate else (),
    )


def _rang(turn: Turn, call: Call) -> None:
    turn.stamp(ClockPoint.RANG)
    rang = call.standpoint is Standpoint.CALLED
    turn.put(replace(call, standpoint=Standpoint.RANG) if rang else call)


def _seen(turn: Turn, call: Call) -> None:
    turn.stamp(ClockPoint.ACKNOWLEDGED)
    waiting = call.standpoint in WAITING
    turn.put(replace(call, standpoint=Standpoint.SEEN) if waiting else call)


def _accept(turn: Turn, call: Call) -> None:
    """Never refused. A surplus one is recorded and answered with a stand-down.

    Who let an accept lapse, or turned back, is followed but not waited for: a badge that accepts
    by itself must not hold the circle.
    """
    if call.standpoint in COMING:
        return
    if turn.enough and turn.state.need.due is None:
        turn.annotate(Timeline.SURPLUS_ACCEPT, person=call.person)
        turn.stand_down(call, StandDownWhy.ENOUGH)
        return
    turn.stamp(ClockPoint.ACKNOWLEDGED)
    turn.stamp(ClockPoint.ACCEPTED)
    deadline = turn.now + accept_deadline(call.expected_s)
    call = turn.put(
        replace(
            call,
            standpoint=Standpoint.ACCEPTED,
            deadline=deadline,
            counts=not call.let_down,
        )
    )
    turn.annotate(Timeline.ACCEPTED, person=call.person)
    if call.let_down < BELIEVED_MOST:
        turn.tell(TellType.ACCEPTED)
    _tell_of_empty_house(turn, call)
    if counts(call):
        renewal.hear_of_coming(turn, call)
        turn.stand_down_the_rest()


def accept_deadline(expected_s: float | None) -> timedelta:
    """Law 2: twice the expected seconds, at least 45 s, at most 180 s."""
    if expected_s is None:
        return DEADLINE_LONGEST
    wanted = timedelta(seconds=expected_s * DEADLINE_FACTOR)
    return min(max(wanted, DEADLINE_SHORTEST), DEADLINE_LONGEST)


def _decline(turn: Turn, call: Call, answer: AnswerKind) -> None:
    turn.stamp(ClockPoint.ACKNOWLEDGED)
    let_down = call.let_down + (call.standpoint in COMING)
    turn.put(replace(call, standpoint=Standpoint.DECLINED, deadline=None, let_down=let_down))
    declines = answer is AnswerKind.DECLINE
    turn.annotate(Timeline.DECLINED if declines else Timeline.WITHDREW, person=call.person)
    _go_on(turn, call)


def _arrive(turn: Turn, call: Call) -> None:
    if call.standpoint is Standpoint.ARRIVED:
        return
    for point in (ClockPoint.ACKNOWLEDGED, ClockPoint.ACCEPTED, ClockPoint.ARRIVED):
        turn.stamp(point)
    turn.put(replace(call, standpoint=Standpoint.ARRIVED, deadline=None, counts=True))
    turn.annotate(Timeline.ARRIVED, person=call.person)
    turn.tell(TellType.ARRIVED)
    if len(turn.arrived()) == 1:
        turn.update(over_due=turn.now + IS_IT_OVER_AFTER, over_unanswered=0)
    renewal.hear_of_coming(turn, call)
    turn.stand_down_the_rest()


def _more_help(turn: Turn, call: Call) -> None:
    """Call one more than are coming, by the next step now; after the last step, by a round."""
    turn.annotate(Timeline.MORE_HELP, person=call.person)
    if call.standpoint is Standpoint.STOOD_DOWN:
        turn.put(replace(call, standpoint=Standpoint.SEEN))  # who asks for others is not rung
    wanted = len(turn.counted()) + 1
    turn.update(needed=wanted, responders=max(turn.state.responders + 1, wanted))
    if turn.steps_left:
        _bring_forward(turn)
    else:
        turn.update(round_due=turn.now)


def _after_failure(turn: Turn, call: Call, channel: str) -> None:
    if call.standpoint not in WAITING:
        return
    alive = any(not sent.state.failed for sent in call.sent)
    if alive and not turn.view.channel(channel).personal:
        return  # nobody was looking there; the person's own device is ringing
    if not turn.next_route(call) and not alive:
        turn.put(replace(call, standpoint=Standpoint.UNREACHED))


def _missed(turn: Turn, call: Call, notice: str) -> None:
    missed = (replace(s, due=None, missing=True) if s.notice == notice else s for s in call.sent)
    call = turn.put(replace(call, sent=(sent := tuple(missed))))
    channel = next(s.channel for s in sent if s.notice == notice)
    turn.annotate(Timeline.RECEIPT_MISSING, person=call.person, channel=channel)
    if call.standpoint not in AWAY and call.standpoint is not Standpoint.DECLINED:
        turn.next_route(call)


def _go_on(turn: Turn, was: Call) -> None:
    """Tell the wearer that who was coming is not any more, and go on with the plan now."""
    if was.standpoint not in COMING:
        return
    if not turn.counted() and was.let_down < BELIEVED_MOST:
        turn.update(told_nobody_yet=True)
        turn.tell(TellType.NOBODY_YET)
    elif not turn.counted():
        renewal.look_out_again(turn)
    if turn.enough or not counts(was):
        return
    if turn.steps_left:
        _bring_forward(turn)
    else:
        turn.update(round_due=turn.now)


def _bring_forward(turn: Turn) -> None:
    """The next step is due now, and the later ones by as much earlier (or from now on)."""
    step = turn.alarm.plan.steps[turn.state.next_step]
    turn.update(shift=turn.now - turn.state.started - step.after)


def _tell_of_empty_house(turn: Turn, call: Call) -> None:
    """Law 3: the neighbour, else the duty leader, hears which house stands empty now."""
    if Unusual.MINIMUM_STAFF not in call.unusual:
        return
    called = [c.person for c in turn.calls]
    candidate = turn.candidate(call.person)
    unit = candidate.unit_name if candidate else ""
    others = (*turn.view.nearest, *turn.view.leaders)
    neighbour = next((c for c in others if c.person not in called), None)
    if neighbour is not None:
        turn.inform(neighbour, Purpose.HOUSE_EMPTY, unit)
        turn.annotate(Timeline.HOUSE_EMPTY, unit=unit, told=neighbour.person)
