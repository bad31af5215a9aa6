"""The running plan: whom to call next, and when to look again.

The law this machine keeps (law 2): *no open alarm without a next moment.* Every decision ends in
`_settle`, which does what is due now and sets `wake_at` with its reason. It reads like this:

    not enough coming   → the next step at its second; brought forward when nobody called by the
                          last step can still answer (law 4); after the last step, rounds over all
                          routes until somebody accepts
    enough coming       → the widening pauses; each accept has a deadline
    a deadline passes   → that person is asked once more, and the next step is due now
    not enough any more → who was stood down as one too many rings first
    somebody arrived    → "is it over?" after ten minutes, again and again
    pressed again       → they hear it; unless they say something, from the first step (`renewal`)
    nobody for 20 s     → the wearer feels that nobody comes (law 7)

A step is due at `started + after + shift`. Bringing a step forward, or going on after a pause,
moves `shift`, so the later steps keep their distances. Nothing here reads a clock: `now` and the
view of the world come in, the new state and the effects go out (law 5).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import assert_never

from alarms import answers, renewal
from alarms.answers import IS_IT_OVER_AFTER
from alarms.calling import call_newcomer, next_round, recall, run_round, run_step
from alarms.model import (
    STATE_VERSION,
    Alarm,
    Answered,
    Cancelled,
    Closed,
    Decision,
    Due,
    Escalation,
    Event,
    Joined,
    PressedAgain,
    Purpose,
    Raised,
    Reachable,
    Receipt,
    ResponderLost,
    Standpoint,
    TellType,
)
from alarms.receipts import UNDER_WAY
from alarms.renewal import NOBODY_YET_AFTER as NOBODY_YET_AFTER
from alarms.turn import COMING, Turn, counts
from alarms.view import Candidate, View
from alarms.vocabulary import ClockPoint, LostWhy, RaisedWhy, StandDownWhy, Timeline, WakeWhy
from core.values import replace

OTHERS_ASKED_FROM = 2
"""So often it is asked in vain whether it is over; from then on somebody else is asked too."""

LATE_AFTER = timedelta(seconds=2)
"""A step this much behind its second goes on from now, with the later ones at their distances."""

SETTLE_MAX = 64
"""One settle runs every step and one round at most; more would be a loop of our own making."""


def begin(alarm: Alarm, view: View, now: datetime) -> Decision:
    """Start the plan the alarm carries. T1 (`times.stored`) is second zero."""
    started = alarm.times.stored or now
    state = Escalation(
        version=STATE_VERSION,
        started=started,
        shift=timedelta(),
        next_step=0,
        round=0,
        wake_at=now,
        wake_why=WakeWhy.BEGIN,
        responders=alarm.plan.responders,
        nobody_yet_due=None if alarm.technical else started + NOBODY_YET_AFTER,
    )
    turn = Turn(replace(alarm, rev=alarm.rev - 1), state, view, now)
    return _settle(turn)


def advance(alarm: Alarm, event: Event, view: View, now: datetime) -> Decision:
    """What `event` changes. The alarm must be running; closing is the one event that ends it."""
    assert alarm.escalation is not None, "begin comes first"
    turn = Turn(alarm, alarm.escalation, view, now)
    _end_hold(turn, event)
    match event:
        case Due():
            turn.late = event.late
        case Answered():
            answers.answered(turn, event)
        case Receipt():
            answers.receipt(turn, event)
        case ResponderLost():
            answers.lost(turn, event)
        case Reachable():
            if not turn.resting and turn.state.held_until is None:
                call_newcomer(turn, event.person)
        case Cancelled():
            _cancelled(turn)
        case Joined():
            _joined(turn, event)
        case PressedAgain():
            turn.annotate(Timeline.PRESSED_AGAIN, device=event.device)
            renewal.renew(turn, Purpose.PRESSES_AGAIN)
        case Raised():
            _raised(turn, event)
        case Closed():
            return _closed(turn)
        case _:
            assert_never(event)
    return _settle(turn)


def _end_hold(turn: Turn, event: Event) -> None:
    """After a long down time only a person's word, or the moment itself, widens the circle."""
    until = turn.state.held_until
    by_itself = isinstance(event, Due | Reachable | Receipt | ResponderLost)
    if until is not None and (until <= turn.now or not by_itself):
        turn.update(held_until=None)


def _settle(turn: Turn) -> Decision:
    """Do everything that is due now, then say when to wake next and why."""
    renewal.run_due(turn)
    _tell_nobody_yet(turn)
    answers.miss_receipts(turn)
    answers.lapse(turn)
    _ask_whether_over(turn)
    for _ in range(SETTLE_MAX):
        if not _widen(turn):
            break
    else:
        raise AssertionError(f"alarm {turn.alarm.id} does not settle")
    wake_at, why, of = min(_moments(turn))
    turn.update(wake_at=max(wake_at, turn.now), wake_why=why, wake_of=of)
    return turn.decision()


def _widen(turn: Turn) -> bool:
    """Run the next step or a round if one is due; whether there may be more to do."""
    if turn.enough or turn.state.held_until is not None:
        return False
    if turn.steps_left:
        recall(turn)
        if not _step_is_due(turn):
            return False
        run_step(turn)
        return True
    if turn.resting:
        recall(turn)
        return False  # everybody was called and somebody comes: the deadlines watch over it
    turn.update(round_due=next_round(turn))
    if next_round(turn) <= turn.now:
        run_round(turn)
        turn.update(round_at=turn.now, round_due=None)
        turn.update(round_due=next_round(turn))
    recall(turn)  # a round has rung those of them whom the plan names
    return False


def _step_is_due(turn: Turn) -> bool:
    """At its second; now when nobody the last step called can still answer, or after a pause."""
    due = _step_due(turn)
    nobody_left = turn.state.next_step > 0 and not _last_step_can_answer(turn)
    if due > turn.now and not nobody_left:
        return False
    if due > turn.now or turn.now - due > LATE_AFTER:
        turn.update(shift=turn.state.shift + (turn.now - due))
    return True


def _last_step_can_answer(turn: Turn) -> bool:
    last = turn.state.next_step - 1
    called = [call for call in turn.calls if call.step == last]
    # Somebody who accepted is an answer; a plan that wants two goes on by its seconds.
    return any(turn.is_waited_for(c) or counts(c) for c in called)


def _step_due(turn: Turn) -> datetime:
    step = turn.alarm.plan.steps[turn.state.next_step]
    return turn.state.started + step.after + turn.state.shift


def _tell_nobody_yet(turn: Turn) -> None:
    due = turn.state.nobody_yet_due
    if due is None or due > turn.now or turn.state.told_nobody_yet:
        return
    turn.update(told_nobody_yet=True)
    if not turn.counted():
        turn.tell(TellType.NOBODY_YET)


def _ask_whether_over(turn: Turn) -> None:
    due = turn.state.over_due
    if due is None or due > turn.now or not turn.arrived():
        return
    for call in turn.arrived():
        turn.notify(call.person, Purpose.IS_IT_OVER)
    state = turn.state
    others = max(state.over_unanswered - OTHERS_ASKED_FROM + 1, 0)
    for candidate in _others_to_ask(turn)[:others] if others else []:
        turn.ask(candidate, Purpose.IS_IT_OVER)
    turn.annotate(Timeline.ASKED_WHETHER_OVER, times=str(state.over_asked + 1))
    turn.update(
        over_due=turn.now + IS_IT_OVER_AFTER,
        over_asked=state.over_asked + 1,
        over_unanswered=state.over_unanswered + 1,
    )


def _others_to_ask(turn: Turn) -> list[Candidate]:
    """Who else may know whether it is over, the duty leader first: one more each time in vain."""
    view, there = turn.view, [call.person for call in turn.arrived()]
    lists = (view.leaders, view.deputies, view.on_call, view.last_resort, view.nearest)
    others: dict[str, Candidate] = {}
    for candidate in chain(*lists):
        if candidate.person not in there:
            others.setdefault(candidate.person, candidate)
    return list(others.values())


def _moments(turn: Turn) -> list[tuple[datetime, WakeWhy, str]]:
    """Every moment this alarm must be looked at again; law 2: never empty."""
    state = turn.state
    moments: list[tuple[datetime, WakeWhy, str]] = []
    if state.held_until is not None:
        moments.append((state.held_until, WakeWhy.HELD, ""))
    elif turn.steps_left and not turn.enough:
        moments.append((_step_due(turn), WakeWhy.STEP, str(state.next_step)))
    elif not turn.resting and state.round_due is not None:
        moments.append((state.round_due, WakeWhy.ROUND, str(state.round + 1)))
    if state.need.due is not None:
        moments.append((state.need.due, WakeWhy.PRESSED_AGAIN, ""))
    news = renewal.told_when(turn)
    if news is not None:
        moments.append((news, WakeWhy.NEWS, ""))
    if state.nobody_yet_due is not None and not state.told_nobody_yet:
        moments.append((state.nobody_yet_due, WakeWhy.NOBODY_YET, ""))
    if state.over_due is not None and turn.arrived():
        moments.append((state.over_due, WakeWhy.IS_IT_OVER, ""))
    for call in turn.calls:
        if call.deadline is not None and call.standpoint in COMING:
            moments.append((call.deadline, WakeWhy.DEADLINE, call.person))
        if call.standpoint not in COMING:
            dues = [s.due for s in call.sent if s.due is not None and s.state in UNDER_WAY]
            moments.extend((due, WakeWhy.RECEIPT, call.person) for due in dues)
    assert moments, f"alarm {turn.alarm.id} would sleep for ever"
    return moments


def _cancelled(turn: Turn) -> None:
    """Law 6: the wearer's word stands nobody down; the responders hear it and go and see her."""
    turn.annotate(Timeline.SAYS_OVER, by=_names(turn))
    for call in turn.calls:
        if call.standpoint in COMING or turn.can_still_answer(call):
            turn.notify(call.person, Purpose.SAYS_OVER)


def _joined(turn: Turn, event: Joined) -> None:
    turn.annotate(Timeline.JOINED, device=event.presser.device)
    if event.presser.person is not None:
        answers.lost(turn, ResponderLost(event.presser.person, LostWhy.PRESSED))
    renewal.renew(turn, Purpose.CHANGE, at_once=event.raised)
    _tell_newcomer(turn)
    if event.raised:
        _new_plan(turn, RaisedWhy.JOINED)


def _raised(turn: Turn, event: Raised) -> None:
    if event.again:
        renewal.renew(turn, Purpose.CHANGE, at_once=event.worse)
    else:
        renewal.tell_or_keep(turn, Purpose.CHANGE, at_once=event.worse)
    _new_plan(turn, event.why)


def _new_plan(turn: Turn, why: RaisedWhy) -> None:
    """A new plan snapshot: its steps already due run at once; nobody called is dropped."""
    turn.annotate(Timeline.RAISED, why=why, level=turn.alarm.level)
    turn.update(
        next_step=0,
        shift=timedelta(),
        round_due=None,
        responders=max(turn.state.responders, turn.alarm.plan.responders),
    )
    if turn.state.nobody_yet_due is None and not turn.alarm.technical:
        turn.update(nobody_yet_due=turn.now + NOBODY_YET_AFTER)  # advice that has turned acute
    while not turn.enough and turn.steps_left and _step_due(turn) <= turn.now:
        run_step(turn)


def _tell_newcomer(turn: Turn) -> None:
    """Law 7 for a second victim: who comes already, or that nobody does 20 s from now."""
    if any(counts(call) for call in turn.arrived()):
        turn.tell(TellType.ARRIVED)
    elif turn.counted():
        turn.tell(TellType.ACCEPTED)


def _closed(turn: Turn) -> Decision:
    turn.stamp(ClockPoint.CLOSED)
    for call in turn.calls:
        if call.sent and call.standpoint is not Standpoint.STOOD_DOWN:
            turn.stand_down(call, StandDownWhy.CLOSED)
    turn.tell(TellType.CLOSED)
    turn.update(wake_why=WakeWhy.CLOSED, wake_of="")
    return turn.decision()


def _names(turn: Turn) -> str:
    return ", ".join(presser.name for presser in turn.alarm.pressers)
