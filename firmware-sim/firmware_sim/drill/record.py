"""What was observed in a drill, and what each expectation comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from firmware_sim.device.state import Feel, Felt, Pressed
from firmware_sim.drill import line_record
from firmware_sim.drill.line_record import Caller, LinesSeen
from firmware_sim.drill.line_sentences import Back, CallsTaken, Missed, RaisesAlarms, TechnicalAre
from firmware_sim.drill.measure import MEANINGS, Clocked
from firmware_sim.drill.sentences import (
    AlarmsAre,
    CalledAs,
    ClosesWithin,
    Expectation,
    NeverCalled,
    RingsAfter,
    RingsBefore,
    RingsTimes,
    RingsWithin,
    StaysOpen,
    ToldWithin,
)
from firmware_sim.drill.staff_api import AlarmSeen
from firmware_sim.drill.verdict import Found, State, Verdict
from firmware_sim.people.events import CalledOn, Fact, Texted

FACTS_MAX = 100_000
RINGING = (Feel.RINGS, Feel.RINGS_QUIETLY)


@dataclass(slots=True)
class Record:
    """Everything observed: what the staff felt and did, and the alarms as the API shows them.

    `whole`: the service is the drill's alone, so every alarm counts, whoever it says has pressed.
    `callers` are the devices that call on lines.
    """

    started: datetime
    whole: bool = False
    callers: Mapping[str, Caller] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    alarms: tuple[AlarmSeen, ...] = ()
    technical: tuple[AlarmSeen, ...] = ()
    called_as: dict[str, dict[str, None]] = field(default_factory=dict)

    def heard(self, fact: Fact) -> None:
        if len(self.facts) < FACTS_MAX:
            self.facts.append(fact)

    def saw(self, alarms: tuple[AlarmSeen, ...]) -> None:
        """Take a look at the API: the drill's alarms, oldest first."""
        ours = [alarm for alarm in reversed(alarms) if self._is_ours(alarm)]
        self.alarms = tuple(ours)
        self.technical = tuple(alarm for alarm in alarms if alarm.technical)
        for alarm in ours:
            for call in alarm.calls:
                self.called_as.setdefault(call.person, {}).update(dict.fromkeys(call.unusual))

    @property
    def lines(self) -> LinesSeen:
        return LinesSeen(self.callers, self.facts, self.alarms, self.technical)

    @property
    def pressed(self) -> datetime | None:
        """The first press of the drill: times of expectations count from it."""
        presses = (_pressed_at(fact) for fact in self.facts)
        return min((at for at in presses if at is not None), default=None)

    def rings(self, person: str) -> datetime | None:
        """When a call first reached a person, on a device or a telephone."""
        return next(iter(self.every_ring(person)), None)

    def every_ring(self, person: str) -> list[datetime]:
        """Each time a call reached a person, oldest first."""
        return sorted(f.at for f in self.facts if f.person == person and _is_call(f))

    def told(self, person: str, feel: Feel) -> datetime | None:
        moments = (
            fact.at
            for fact in self.facts
            if fact.person == person and isinstance(fact.what, Felt) and fact.what.feel is feel
        )
        return min(moments, default=None)

    def clocked(self) -> tuple[Clocked, ...]:
        """Every alarm with T0 from the device that pressed and T1 to T8 from the service."""
        used: dict[str, datetime] = {}
        made = []
        for alarm in self.alarms:
            device = alarm.pressers[0].device
            stored = alarm.times.get("stored")
            pressed = self._press_of(device, used.get(device), stored)
            later = [alarm.times.get(name) for name in MEANINGS[1:]]
            made.append(Clocked(alarm.id, alarm.pressers[0].person or device, (pressed, *later)))
            used[device] = alarm.times.get("closed") or stored or self.started
        return tuple(made)

    def device_rang(self, alarm: str) -> datetime | None:
        """T2 as the first responder's device knows it."""
        moments = (
            fact.at
            for fact in self.facts
            if isinstance(fact.what, Felt)
            and fact.what.feel in RINGING
            and fact.what.alarm == alarm
        )
        return min(moments, default=None)

    def _press_of(
        self, device: str, after: datetime | None, stored: datetime | None
    ) -> datetime | None:
        presses = (
            at
            for fact in self.facts
            if fact.device == device and (at := _pressed_at(fact)) is not None
        )
        fits = (
            at
            for at in presses
            if (after is None or at > after) and (stored is None or at <= stored)
        )
        return min(fits, default=None)

    def _is_ours(self, alarm: AlarmSeen) -> bool:
        stored = alarm.times.get("stored")
        if alarm.technical or not alarm.pressers or stored is None or stored < self.started:
            return False
        if self.whole:
            return True
        pressed = {fact.device for fact in self.facts if _pressed_at(fact)}
        return alarm.pressers[0].device in pressed


def judge(expectation: Expectation, record: Record, now: datetime, *, final: bool) -> Verdict:
    """What an expectation has come to at `now`; `final`: nothing more will come."""
    what = expectation.what
    start = record.pressed
    if start is None:
        return Verdict(expectation.text, State.MISSED if final else State.WAITING, "no press yet")
    match what:
        case RingsWithin(person, most):
            found = _within(record.rings(person), start, most, now, final=final)
        case ToldWithin(person, feel, most):
            found = _within(record.told(person, feel), start, most, now, final=final)
        case ClosesWithin(most):
            found = _within(_all_closed(record), start, most, now, final=final)
        case RingsAfter(person, least):
            found = _after(record.rings(person), start, least, final=final)
        case RingsBefore(person, other):
            found = _before(record.rings(person), record.rings(other), final=final)
        case RingsTimes(person, least, most):
            rings = record.every_ring(person)
            last = rings[least - 1] if least <= len(rings) else None
            found = _within(last, start, most, now, final=final)
        case NeverCalled(person):
            called = record.rings(person) is not None or person in record.called_as
            found = _lasting(not called, "called", final=final)
        case StaysOpen():
            closed = any(not alarm.open for alarm in record.alarms)
            found = _lasting(not closed, "an alarm closed", final=final)
        case AlarmsAre(count):
            found = _alarms_are(len(record.alarms), count, final=final)
        case CalledAs(person, unusual):
            found = _called_as(record, person, unusual, final=final)
        case RaisesAlarms() | CallsTaken() | Missed() | Back() | TechnicalAre():
            found = line_record.found(what, record.lines, now, final=final)
        case _:
            assert_never(what)
    return Verdict(expectation.text, *found)


def _within(
    reached: datetime | None, start: datetime, most: timedelta, now: datetime, *, final: bool
) -> Found:
    if reached is not None:
        state = State.MET if reached - start <= most else State.MISSED
        return state, f"after {_s(reached - start)}"
    if final or now - start > most:
        return State.MISSED, "did not happen in time"
    return State.WAITING, ""


def _after(reached: datetime | None, start: datetime, least: timedelta, *, final: bool) -> Found:
    if reached is None:
        return (State.MISSED, "never rang") if final else (State.WAITING, "")
    state = State.MET if reached - start >= least else State.MISSED
    return state, f"after {_s(reached - start)}"


def _before(first: datetime | None, second: datetime | None, *, final: bool) -> Found:
    if first is None:
        missed = final or second is not None
        return (State.MISSED, "did not ring first") if missed else (State.WAITING, "")
    if second is None:
        return State.MET if final else State.LASTING, "the other did not ring"
    return State.MET if first <= second else State.MISSED, f"by {_s(second - first)}"


def _lasting(holds: bool, otherwise: str, *, final: bool) -> Found:
    if not holds:
        return State.MISSED, otherwise
    return (State.MET, "") if final else (State.LASTING, "")


def _alarms_are(found: int, count: int, *, final: bool) -> Found:
    if found > count:
        return State.MISSED, f"there are {found}"
    if not final:
        return (State.LASTING if found == count else State.WAITING), ""
    return (State.MET if found == count else State.MISSED), f"there are {found}"


def _called_as(record: Record, person: str, unusual: str, *, final: bool) -> Found:
    said = record.called_as.get(person, {})
    if unusual in said:
        return State.MET, ""
    if not final:
        return State.WAITING, ""
    return State.MISSED, f"called as {', '.join(said) or 'usual'}" if said else "not called so"


def _all_closed(record: Record) -> datetime | None:
    if not record.alarms or any(alarm.open for alarm in record.alarms):
        return None
    closed = [alarm.times.get("closed") for alarm in record.alarms]
    return max((moment for moment in closed if moment is not None), default=None)


def _pressed_at(fact: Fact) -> datetime | None:
    match fact.what:
        case Pressed(at=at):
            return at
        case CalledOn():
            return fact.at
        case _:
            return None


def _is_call(fact: Fact) -> bool:
    match fact.what:
        case Texted():
            return True
        case Felt(feel):
            return feel in RINGING
        case _:
            return False


def _s(span: timedelta) -> str:
    return f"{span.total_seconds():.2f} s"
