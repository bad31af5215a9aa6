"""What was observed of lines, and what each expectation of one comes to. Pure.

Nothing lost: each call has arrived, by its device, where that device is. Nothing invented: no
device has more presses than were made, no line more technical alarms than it was unplugged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from alarms.model import Cause
from firmware_sim.drill.line_sentences import (
    Back,
    CallsTaken,
    LineMeaning,
    Missed,
    RaisesAlarms,
    TechnicalAre,
)
from firmware_sim.drill.staff_api import AlarmSeen
from firmware_sim.drill.verdict import Found, State, lasting
from firmware_sim.people.events import CalledOn, CallTaken, Fact, PluggedIn, Unplugged

SKEW = timedelta(milliseconds=100)
"""The drill and the service read the same clock; each rounds for itself."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A device that calls on a line, and where its alarms must be.

    `answered`: its line's protocol acknowledges. `outlasts`: a call made while the line is out
    arrives when it is back.
    """

    device: str
    line: str
    zone: str | None
    person: str | None
    answered: bool
    outlasts: bool


@dataclass(frozen=True, slots=True)
class LinesSeen:
    """All that was observed: facts, alarms of callers, alarms about equipment."""

    callers: Mapping[str, Caller] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    alarms: Sequence[AlarmSeen] = ()
    technical: Sequence[AlarmSeen] = ()

    def alarms_of(self, line: str) -> list[AlarmSeen]:
        return [
            alarm
            for alarm in self.alarms
            if any(self._is_on(presser.device, line) for presser in alarm.pressers)
        ]

    def about(self, line: str) -> list[AlarmSeen]:
        """Technical alarms that name the line, oldest first."""
        name = re.compile(rf"(?<![\w-]){re.escape(line)}(?![\w-])")
        found = [alarm for alarm in self.technical if name.search(alarm.text)]
        return sorted(found, key=lambda alarm: _stored(alarm))

    def presses(self, line: str) -> list[Press]:
        """Every call on a line, and from when on it could arrive."""
        outages = self.outages(line)
        taken = {
            fact.what.number: fact.at for fact in self.facts if isinstance(fact.what, CallTaken)
        }
        made = []
        for fact in self.facts:
            if isinstance(fact.what, CalledOn) and fact.what.line == line:
                number, at = fact.what.number, fact.at
                out = next((one for one in outages if one.lasts_at(at)), None)
                since = at if out is None else out.end
                lost = out is not None and not self.callers[fact.device].outlasts
                made.append(Press(fact.device, since, taken.get(number), lost))
        return made

    def outages(self, line: str) -> list[Outage]:
        made: list[Outage] = []
        for fact in self.facts:
            match fact.what:
                case Unplugged(name) if name == line:
                    made.append(Outage(fact.at, None))
                case PluggedIn(name) if name == line:
                    made[-1] = Outage(made[-1].start, fact.at)
                case _:
                    pass
        return made

    def _is_on(self, device: str, line: str) -> bool:
        return device in self.callers and self.callers[device].line == line


@dataclass(frozen=True, slots=True)
class Press:
    """One call on a line. `since`: when it could arrive, None while its line is out.

    `lost`: pressed into an open cable where nothing says it again; it must not come any more.
    """

    device: str
    since: datetime | None
    taken: datetime | None
    lost: bool


@dataclass(frozen=True, slots=True)
class Outage:
    """A line was unplugged. `end` None: it still is."""

    start: datetime
    end: datetime | None

    def lasts_at(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class LineFigures:
    """One line in a drill's report. Spans in seconds, the longest of all; None: none."""

    line: str
    protocol: str
    calls: int
    acknowledged: int
    alarms: int
    unplugged: int
    missed_s: float | None
    back_s: float | None


def found(what: LineMeaning, seen: LinesSeen, now: datetime, *, final: bool) -> Found:
    """What an expectation of a line has come to at `now`; `final`: nothing more will come."""
    match what:
        case RaisesAlarms(line, count):
            return _raises(seen, line, count, final=final)
        case TechnicalAre(count):
            return _counted(len(seen.technical), count, final=final)
        case CallsTaken(line, most):
            states = _taken(seen, line, most, now)
        case Missed(line, most):
            states = _missed(seen, line, most, now)
        case Back(line, most):
            states = _back(seen, line, most, now)
        case _:
            assert_never(what)
    return _all_of(states, final=final)


def figures(line: str, protocol: str, seen: LinesSeen) -> LineFigures:
    presses, outages = seen.presses(line), seen.outages(line)
    told = [(one, _of(one, outages, seen.about(line))) for one in outages]
    missed = [_stored(alarms[0]) - one.start for one, alarms in told if alarms]
    back = [
        closed - one.end
        for one, alarms in told
        if alarms and one.end is not None and (closed := alarms[0].times.get("closed")) is not None
    ]
    return LineFigures(
        line,
        protocol,
        len(presses),
        sum(press.taken is not None for press in presses),
        len(seen.alarms_of(line)),
        len(outages),
        _longest_s(missed),
        _longest_s(back),
    )


def _raises(seen: LinesSeen, line: str, count: int, *, final: bool) -> Found:
    alarms = seen.alarms_of(line)
    for alarm in alarms:
        strayed = _strayed(alarm, seen)
        if strayed:
            return State.MISSED, strayed
    return _counted(len(alarms), count, final=final)


def _counted(found: int, count: int, *, final: bool) -> Found:
    detail = f"there are {found}"
    if found == count:
        return lasting(final=final, detail=detail)
    return (State.MISSED if final or found > count else State.WAITING), detail


def _strayed(alarm: AlarmSeen, seen: LinesSeen) -> str:
    """How an alarm is not where its caller is; empty when it is."""
    for presser in alarm.pressers:
        caller = seen.callers.get(presser.device)
        if caller is None:
            return f"{presser.device} has a part in it and never called"
        if caller.zone is not None and alarm.place.zone != caller.zone:
            return f"{caller.device} called at {alarm.place.zone}, not at {caller.zone}"
        if presser.person != caller.person:
            return f"{caller.device} is {presser.person}, not {caller.person}"
    return ""


def _taken(seen: LinesSeen, line: str, most: timedelta, now: datetime) -> list[Found]:
    presses = seen.presses(line)
    states: list[Found] = []
    for device in dict.fromkeys(press.device for press in presses):
        mine = [press for press in presses if press.device == device and not press.lost]
        arrived = _arrivals(device, seen)
        if len(arrived) > len(mine):
            states.append((State.MISSED, f"{device}: {len(mine)} calls, {len(arrived)} arrived"))
        for number, press in enumerate(mine):
            came = arrived[number] if number < len(arrived) else None
            states.append(_in_time(device, press.since, came, most, now))
            if seen.callers[device].answered:
                states.append(_in_time(f"{device}'s answer", press.since, press.taken, most, now))
    return states


def _arrivals(device: str, seen: LinesSeen) -> list[datetime]:
    """When its presses arrived: one that joined an open alarm of its own counts as with it."""
    arrived = []
    for alarm in sorted(seen.alarms, key=lambda alarm: _stored(alarm)):
        for presser in alarm.pressers:
            if presser.device == device:
                arrived += [_stored(alarm)] * presser.presses
    return arrived


def _missed(seen: LinesSeen, line: str, most: timedelta, now: datetime) -> list[Found]:
    outages, told = seen.outages(line), seen.about(line)
    states = [_one_of_its_own(outages, told, line)]
    for outage in outages:
        mine = _of(outage, outages, told)
        came = _stored(mine[0]) if mine else None
        states.append(_in_time(f"{line} missed", outage.start, came, most, now))
    return states


def _one_of_its_own(outages: list[Outage], told: list[AlarmSeen], line: str) -> Found:
    counts = [len(_of(outage, outages, told)) for outage in outages]
    if sum(counts) < len(told) or any(count > 1 for count in counts):
        return State.MISSED, f"{line}: {len(told)} alarms for {len(outages)} times unplugged"
    return State.MET, ""


def _back(seen: LinesSeen, line: str, most: timedelta, now: datetime) -> list[Found]:
    outages, told = seen.outages(line), seen.about(line)
    states: list[Found] = []
    for outage in outages:
        mine = _of(outage, outages, told)
        closed = mine[0].times.get("closed") if mine else None
        if closed is not None and not _ended_by_itself(mine[0]):
            states.append((State.MISSED, f"{line}: somebody closed its alarm by hand"))
        elif closed is not None and (outage.end is None or closed < outage.end - SKEW):
            states.append((State.MISSED, f"{line}: told well while it was out"))
        else:
            states.append(_in_time(f"{line} back", outage.end, closed, most, now))
    return states


def _ended_by_itself(alarm: AlarmSeen) -> bool:
    return alarm.closing is None or alarm.closing.cause == Cause.RESTORED.value


def _of(outage: Outage, outages: list[Outage], told: Sequence[AlarmSeen]) -> list[AlarmSeen]:
    """The technical alarms raised from this outage on, before the next one."""
    later = [one.start for one in outages if one.start > outage.start]
    end = min(later, default=None)
    return [
        alarm
        for alarm in told
        if _stored(alarm) >= outage.start - SKEW and (end is None or _stored(alarm) < end - SKEW)
    ]


def _in_time(
    what: str, since: datetime | None, came: datetime | None, most: timedelta, now: datetime
) -> Found:
    if came is not None and since is not None:
        span = came - since
        state = State.MET if span <= most else State.MISSED
        return state, f"{what} after {span.total_seconds():.2f} s"
    if came is not None:
        return State.MISSED, f"{what} while the line was out"
    if since is None or now - since <= most:
        return State.WAITING, f"{what} not yet"
    return State.MISSED, f"{what} did not come in time"


def _all_of(states: list[Found], *, final: bool) -> Found:
    for wanted in (State.MISSED, State.WAITING):
        details = [detail for state, detail in states if state is wanted]
        if details:
            return (State.MISSED if final else wanted), "; ".join(details)
    return lasting(final=final, detail=max((detail for _, detail in states), default=""))


def _stored(alarm: AlarmSeen) -> datetime:
    stored = alarm.times.get("stored")
    assert stored is not None, "an alarm the API shows is stored"
    return stored


def _longest_s(spans: Sequence[timedelta]) -> float | None:
    return max((span.total_seconds() for span in spans), default=None)
