"""Ringing with what is here when nobody there can be reached. Pure.

A press that the dispatcher has not committed within `RING_AFTER` is told to its wearer as *not
sent*, and people here are called: `alarms/` decides about it as it does for the dispatcher, by a
plan that calls everybody who is here at once, again and again. When the dispatcher has the press it
calls by its own plan, and the calls from here end.

    pressed      → an alarm that has not begun; 5 s later its wearer is told, and it begins
    handed over  → forgotten: who is called is stood down, who is there or coming goes on
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from alarms.closing import GREW_JUST_NOW, Word, may_end, saw_everybody
from alarms.model import (
    Alarm,
    Answered,
    Cause,
    Closed,
    Closing,
    Due,
    Event,
    Reachable,
    ResponderLost,
    Standpoint,
    call_of,
)
from alarms.pressed import joined, opened, renewed, says_over, wants_more
from alarms.triage import CloseIt, Join, NothingToDo, Open, Repeat, SayOver, Update, triage
from alarms.turn import counts
from alarms.vocabulary import LostWhy
from core.freshness import said_at
from core.ids import derived
from core.signals import AnswerKind, Signal, SignalType, Standing
from core.values import replace, value
from gateway.outpost.here import Here
from gateway.outpost.local_alarm import (
    Effect,
    LocalAlarm,
    Paged,
    Press,
    how_it_stands,
    stood_down,
)
from gateway.outpost.ring_turn import RingTurn

RING_AFTER = timedelta(seconds=5)

TRIED_AGAIN_AFTER = timedelta(seconds=5)
"""When an alarm is looked at again that could not be decided."""

ALARMS_MAX = 1_000
"""Kept in mind; past this one is forgotten: a stranger's first, then one somebody is at."""

PRESSES_OF_ONE_MAX = 50
"""Presses of one alarm; past this the oldest is no longer told of by itself."""

_COMES = (AnswerKind.ACCEPT, AnswerKind.ARRIVED)
_OUT = (Standpoint.LOST, Standpoint.STOOD_DOWN, Standpoint.DECLINED)


@value(frozen=True)
class Ring:
    """Every alarm of the house that is not handed over. Call `wake` at `wake_at`."""

    alarms: tuple[LocalAlarm, ...] = ()

    @property
    def wake_at(self) -> datetime | None:
        return min((local.wake_at for local in self.alarms), default=None)

    @property
    def ringing(self) -> tuple[LocalAlarm, ...]:
        """Those about which people here are being called."""
        return tuple(local for local in self.alarms if local.rings)

    @property
    def unanswered(self) -> tuple[LocalAlarm, ...]:
        """Those of them nobody here is at, or on their way to."""
        return tuple(local for local in self.ringing if not local.is_answered)

    def is_local(self, signal: Signal) -> bool:
        """Whether this answers a call from here: nobody there knows of it."""
        return signal.type is SignalType.ANSWER and _asked(self.alarms, signal) is not None


@value(frozen=True)
class Step:
    """What every event leaves: the ring as it now is, and what is to be said."""

    ring: Ring
    effects: tuple[Effect, ...] = ()
    mistakes: tuple[Exception, ...] = ()


def pressed(ring: Ring, signal: Signal, here: Here, heard: datetime | None = None) -> Step:
    """A press was accepted here, at `heard` if not now; somebody there should have it soon."""
    known = (press.identity for local in ring.alarms for press in local.presses)
    if not _calls_help(signal) or signal.identity in known:
        return Step(ring)
    turn = RingTurn(ring.alarms, here)
    due = max((heard or here.now) + RING_AFTER, here.now)
    place, name = here.place(signal), here.first_name(signal.person)
    verdict = triage(signal, _open(turn), True, place, name)
    press = _press(signal, due)
    match verdict:
        case Open():
            _make_room(turn)
            plan, site = here.plan(verdict.level, verdict.kind), here.part.site
            id_ = derived("local", signal.identity)
            alarm = opened(id_, signal, verdict, place, plan, site=site, stored=None)
            turn.put(LocalAlarm(alarm, due, (press,)))
        case Join():
            local = turn.alarms[verdict.alarm]
            both, event = joined(local.alarm, signal, verdict, place, here.plan, here.now)
            _goes_on(turn, _with_press(local, press), both, event)
        case Update():
            local = turn.alarms[verdict.alarm]
            told, news = renewed(local.alarm, signal, verdict, place, here.plan, here.now)
            _goes_on(turn, _with_press(local, press), told, news)
        case Repeat() | SayOver() | CloseIt() | NothingToDo():
            return Step(ring)
        case _:
            assert_never(verdict)
    _lose(turn, signal)
    return _step(turn)


def lowered(ring: Ring, signal: Signal, here: Here) -> Step:
    """A cancel or restore. Above yellow nobody stands down: somebody goes and sees her (law 6)."""
    turn = RingTurn(ring.alarms, here)
    match triage(signal, _open(turn), True, here.place(signal), ""):
        case SayOver(alarm=id_, presser=presser):
            alarm, event = says_over(turn.alarms[id_].alarm, presser, here.now)
            _goes_on(turn, turn.alarms[id_], alarm, event)
        case CloseIt(alarm=id_, device=device):
            _close(turn, turn.alarms[id_], Closing(device, Cause.CANCELLED))
        case _:
            pass
    return _step(turn)


def handed_over(ring: Ring, identities: Collection[str], here: Here) -> Step:
    """The dispatcher has these: it calls now.

    A press it has not yet is new need nobody there knows of: its alarm goes on until it has.
    """
    turn = RingTurn(ring.alarms, here)
    for local in ring.alarms:
        left = tuple(press for press in local.presses if press.identity not in identities)
        if len(left) == len(local.presses):
            continue
        if left:
            turn.put(replace(local, presses=left))
        else:
            del turn.alarms[local.alarm.id]
            turn.say(*stood_down(local))
    return _step(turn)


def answered(ring: Ring, signal: Signal, here: Here) -> Step:
    """An answer counts only from the device that was called, of somebody who is no victim here,
    while it is fresh (law 6)."""
    found, answer = _asked(ring.alarms, signal), signal.reading.answer
    if found is None or answer is None or signal.repeat:
        return Step(ring)
    turn = RingTurn(ring.alarms, here)
    if answer is not AnswerKind.MORE_HELP and turn.has_pressed(signal.device, signal.person):
        return Step(ring)
    local, paged = found
    person, alarm = signal.person or paged.person, local.alarm
    word = Word(signal.device, said_at(signal, paged.since), waits=GREW_JUST_NOW)
    if answer is AnswerKind.OVER and may_end(alarm, person, False, word, here.now):
        _close(turn, local, Closing(person, Cause.CALMED_DOWN))
        return _step(turn)
    if answer is AnswerKind.MORE_HELP:
        knew = saw_everybody(alarm, person, word, here.now)
        alarm = wants_more(alarm, person, knew, here.now)
    turn.advance(local, alarm, Answered(person, answer, paged.notice, word.by, word.said_at))
    if answer in _COMES:
        _goes_elsewhere(turn, alarm.id, person)
    return _step(turn)


def listens(ring: Ring, device: str, here: Here) -> Step:
    """A device listens again: how its own press stands, and whom it is called to."""
    turn = RingTurn(ring.alarms, here)
    for local in ring.ringing:
        own = [press for press in local.presses if press.device == device]
        if own and own[-1].tell_at is None:
            turn.say(how_it_stands(local, own[-1]))
        wearer = here.wearer(device)
        if wearer is None or device in turn.view.barred:
            continue
        standing = local.standing(device)
        if standing is not None:
            turn.page(local, standing)
        else:
            turn.advance(local, local.alarm, Reachable(wearer))
    return _step(turn)


def wake(ring: Ring, here: Here) -> Step:
    """What is due: each press is told of once, and each alarm decides what it does next.

    A mistake of ours about one alarm stops no other; that one is looked at again soon (law 2).
    """
    turn, mistakes = RingTurn(ring.alarms, here), list[Exception]()
    for local in ring.alarms:
        if local.wake_at > here.now:
            continue
        try:
            _run(turn, local)
        except Exception as mistake:
            mistakes.append(mistake)
            turn.put(_put_off(turn.alarms[local.alarm.id], here.now + TRIED_AGAIN_AFTER))
    return replace(_step(turn), mistakes=tuple(mistakes))


# Inside


def _step(turn: RingTurn) -> Step:
    return Step(Ring(tuple(turn.alarms.values())), turn.effects)


def _open(turn: RingTurn) -> Sequence[Alarm]:
    return [local.alarm for local in turn.alarms.values()]


def _goes_on(turn: RingTurn, local: LocalAlarm, alarm: Alarm, event: Event | None) -> None:
    """The alarm has taken something in; one that has begun decides about it now."""
    local = turn.put(replace(local, alarm=alarm))
    if local.rings and event is not None:
        turn.advance(local, alarm, event)


def _close(turn: RingTurn, local: LocalAlarm, closing: Closing) -> None:
    """It is over here. The dispatcher hears of the press and of its end all the same."""
    if local.rings:
        turn.advance(local, replace(local.alarm, closing=closing), Closed(closing))
    else:
        del turn.alarms[local.alarm.id]


def _run(turn: RingTurn, due: LocalAlarm) -> None:
    local, now = _tell_of_presses(turn, due), turn.here.now
    state = local.alarm.escalation
    if state is None and local.rings_at <= now:
        turn.begin(local)
    elif state is not None and state.wake_at <= now:
        _lose_who_is_gone(turn, local)
        local = turn.alarms[local.alarm.id]
        turn.advance(local, local.alarm, Due())


def _put_off(local: LocalAlarm, until: datetime) -> LocalAlarm:
    state = local.alarm.escalation
    if state is None:
        return replace(local, rings_at=until)
    return replace(local, alarm=replace(local.alarm, escalation=replace(state, wake_at=until)))


def _press(signal: Signal, due: datetime) -> Press:
    reading, at = signal.reading, signal.pressed_at or signal.at
    return Press(signal.identity, signal.device, reading.boot, reading.seq, at, due)


def _with_press(local: LocalAlarm, press: Press) -> LocalAlarm:
    return replace(local, presses=(*local.presses, press)[-PRESSES_OF_ONE_MAX:])


def _tell_of_presses(turn: RingTurn, local: LocalAlarm) -> LocalAlarm:
    now = turn.here.now
    due = [press for press in local.presses if press.tell_at is not None and press.tell_at <= now]
    turn.say(*(how_it_stands(local, press) for press in due))
    told = tuple(replace(one, tell_at=None) if one in due else one for one in local.presses)
    local = turn.alarms[local.alarm.id] = replace(local, presses=told)
    return local


def _lose(turn: RingTurn, signal: Signal) -> None:
    """Who presses is on their way to nobody else, nor with anybody, on whatever they wear."""
    for called in [local for local in turn.alarms.values() if local.paged]:
        page = called.page_of(signal.device)
        theirs = (signal.person, None if page is None else page.person)
        for person in dict.fromkeys(one for one in theirs if one is not None):
            local = turn.alarms[called.alarm.id]
            call = call_of(local.alarm, person)
            if call is not None and (call.standpoint not in _OUT or call.sent):
                turn.advance(local, local.alarm, ResponderLost(person, LostWhy.PRESSED))


def _lose_who_is_gone(turn: RingTurn, local: LocalAlarm) -> None:
    """Who is there is asked whether it is over; nobody can be asked whose device is gone."""
    state = local.alarm.escalation
    if state is None or state.over_due is None or state.over_due > turn.here.now:
        return
    for call in state.calls:
        if call.standpoint is Standpoint.ARRIVED and not turn.here.is_connected(call.person):
            now = turn.alarms[local.alarm.id]
            turn.advance(now, now.alarm, ResponderLost(call.person, LostWhy.DEVICE_LOST))


def _goes_elsewhere(turn: RingTurn, to: str, person: str) -> None:
    """Nobody is in two places: where else they were waited for, others are called."""
    call, zone = call_of(turn.alarms[to].alarm, person), turn.alarms[to].alarm.place.zone
    if call is None or not counts(call):
        return
    for local in list(turn.alarms.values()):
        beside = zone is not None and zone == local.alarm.place.zone
        if local.alarm.id != to and not beside and call_of(local.alarm, person) is not None:
            turn.advance(local, local.alarm, ResponderLost(person, LostWhy.ELSEWHERE))


def _asked(alarms: Sequence[LocalAlarm], signal: Signal) -> tuple[LocalAlarm, Paged] | None:
    """Which page of which alarm it answers: only on the device that reads it."""
    for local in alarms:
        paged = local.page_of(signal.device)
        if paged is not None and paged.notice == signal.reading.notice:
            return local, paged
    return None


def _make_room(turn: RingTurn) -> None:
    if len(turn.alarms) < ALARMS_MAX:
        return
    every = turn.alarms.items()
    strangers = (i for i, one in every if _is_strangers(one.alarm))
    settled = (i for i, one in every if any(c.standpoint is Standpoint.ARRIVED for c in one.calls))
    del turn.alarms[next(strangers, None) or next(settled, None) or next(iter(turn.alarms))]


def _is_strangers(alarm: Alarm) -> bool:
    return all(presser.standing is Standing.UNKNOWN for presser in alarm.pressers)


def _calls_help(signal: Signal) -> bool:
    """Also more help in an alarm nobody here knows of: whoever asks for it may be in need."""
    more = signal.type is SignalType.ANSWER and signal.reading.answer is AnswerKind.MORE_HELP
    return more or signal.type is SignalType.ALARM
