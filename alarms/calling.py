"""Running one step of the plan, and the rounds after the last one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain

from alarms.model import Exhausted, Standpoint
from alarms.plan import EVERY_WAY, ROUND_LONGEST, ROUND_SHORTEST, Callee, Step
from alarms.turn import COMING, Turn
from alarms.view import Candidate, Unusual, View
from alarms.vocabulary import Timeline, Who
from core.values import replace


def run_step(turn: Turn) -> None:
    """Call everybody the next step names."""
    number = turn.state.next_step
    step = turn.alarm.plan.steps[number]
    chosen = candidates(step, _the_circle(turn))
    for candidate in chosen:
        turn.call(candidate, step.by, number)
    turn.update(next_step=number + 1)
    turn.annotate(
        Timeline.STEP,
        number=str(number + 1),
        call=str(step.call),
        people=",".join(c.person for c in chosen),
        late="yes" if turn.late else "no",
    )


def call_newcomer(turn: Turn, person: str) -> None:
    """Somebody can be called only now: they are, where a step that has run would have called them.

    What rings already at them is left alone.
    """
    for number, step in enumerate(turn.alarm.plan.steps[: turn.state.next_step]):
        for candidate in candidates(step, _the_circle(turn)):
            if candidate.person == person:
                turn.call(candidate, step.by, number)


def recall(turn: Turn) -> None:
    """Ring first whoever was stood down as one too many: not enough are coming any more."""
    stood_down = {c.person: c for c in turn.calls if c.standpoint is Standpoint.STOOD_DOWN}
    chosen = [c for c in _in_order(turn.view) if c.person in stood_down] if stood_down else []
    for candidate in chosen:
        before = stood_down[candidate.person]
        channels = tuple(dict.fromkeys(sent.channel for sent in before.sent)) or EVERY_WAY
        turn.call(candidate, channels, max(turn.state.next_step - 1, 0))
    if chosen:
        turn.annotate(Timeline.RECALLED, people=",".join(c.person for c in chosen))


def _in_order(view: View) -> list[Candidate]:
    """Everybody on duty who can be called, nearest first, each once."""
    lists = (view.nearest, view.leaders, view.deputies, view.on_call, view.named)
    everyone: dict[str, Candidate] = {}
    for candidate in chain(*lists):
        if Unusual.OFF_DUTY not in candidate.unusual:
            everyone.setdefault(candidate.person, candidate)
    return list(everyone.values())


def run_round(turn: Turn) -> None:
    """Everybody the plan knows, on every route, and the site's last resort: nobody has accepted.

    One round rings each person once, in the order of the steps. A step that reached nobody is
    thereby tried again (law 4).
    """
    number = turn.state.round + 1
    turn.update(round=number)
    last = len(turn.alarm.plan.steps) - 1
    everyone: dict[str, Candidate] = {}
    for step in turn.alarm.plan.steps:
        for candidate in candidates(step, turn.view):
            everyone.setdefault(candidate.person, candidate)
    for candidate in turn.view.last_resort:
        everyone.setdefault(candidate.person, candidate)
    for candidate in _asked_now(turn, everyone.values()):
        turn.call_again(candidate, last)
    for call in turn.coming():
        if not call.counts:
            turn.ask_again(call)  # they may have left, or not come, and be the nearest
    turn.effect(Exhausted(number))
    turn.annotate(Timeline.ROUND, number=str(number), people=",".join(everyone))


def _asked_now(turn: Turn, everyone: Iterable[Candidate]) -> list[Candidate]:
    """All of them; by a plan that says so those first who have not declined."""
    declined = [c.person for c in turn.calls if c.standpoint is Standpoint.DECLINED]
    called = list(everyone)
    others = [candidate for candidate in called if candidate.person not in declined]
    return others if others and turn.alarm.plan.patient else called


def next_round(turn: Turn) -> datetime:
    """At most 30 s on (law 2); at once when nobody called can answer, 5 s apart (law 4)."""
    state, technical = turn.state, turn.alarm.technical
    pause = max(turn.alarm.plan.round, ROUND_SHORTEST)
    latest = turn.now + (pause if technical else min(pause, ROUND_LONGEST))
    due = min(state.round_due or latest, latest)
    may_answer = any(c.standpoint in COMING or turn.can_still_answer(c) for c in turn.calls)
    if not technical and not may_answer and not turn.alarm.plan.patient:
        due = turn.now
    return due if state.round_at is None else max(due, state.round_at + ROUND_SHORTEST)


def candidates(step: Step, view: View) -> Sequence[Candidate]:
    """Whom a step calls, in order."""
    match step.call.who:
        case Who.NEAREST:
            return view.nearest[: step.count]
        case Who.LEADER:
            return view.leaders[: step.count]
        case Who.DEPUTIES:
            return view.deputies
        case Who.ON_CALL:
            return view.on_call
        case Who.LAST_RESORT:
            return view.last_resort
        case Who.PERSON:
            return tuple(c for c in view.named if c.person == step.call.person)
        case _:  # everyone; and what another release calls in a plan of its own is never nobody
            return view.nearest


def _the_circle(turn: Turn) -> View:
    """The circle counts people who may still come, not whoever declined or is not waited for.

    A round asks those again.
    """
    others = [c.person for c in turn.calls if c.standpoint is Standpoint.DECLINED]
    others += [c.person for c in turn.coming() if not c.counts]
    if not others:
        return turn.view
    nearest = tuple(c for c in turn.view.nearest if c.person not in others)
    return replace(turn.view, nearest=nearest)


def with_leader_first(steps: tuple[Step, ...], by: tuple[str, ...]) -> tuple[Step, ...]:
    """The plan for an alarm nobody can place: the duty leader with what is known, then the rest."""
    first = Step(timedelta(), Callee(Who.LEADER), by)
    return (first, *(replace(step, after=step.after + timedelta(seconds=15)) for step in steps))
