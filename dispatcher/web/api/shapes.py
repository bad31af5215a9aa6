"""The shapes of the API, apart from the domain's so that either may change.

Times are RFC 3339, UTC, wall clock. Durations name their unit. Tokens are open lists: a client
must tolerate new ones. Numbers of phones never leave; they are shown by their last two digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from alarms.late_presses import came_late
from alarms.model import Alarm, Call, Cause, Notice, Place, Presser, Times
from alarms.view import Candidate, LeftOut, View
from core.signals import AlarmKind, AnswerKind, Level
from core.values import field_names
from devices.findings import State
from dispatcher.channels.desk import AnswerOutcome
from dispatcher.engine.ports import DeviceState, PersonState
from dispatcher.store.ports import ChainedEntry
from dispatcher.web import labels
from dispatcher.web.console.timeline import read_body

ID_LONGEST = 200
TEXT_LONGEST = 500


Rev = Annotated[int, Field(ge=0, strict=True)]


class AnswerIn(BaseModel):
    """An answer of the person the token names.

    `over`, `decline` and `withdraw` take help away: they need the `rev` of the alarm you looked at.
    """

    model_config = ConfigDict(extra="forbid")
    answer: AnswerKind
    rev: Rev | None = None


class CloseIn(BaseModel):
    """Close as the duty leader or a responder who has arrived. `rev` is the one you looked at."""

    model_config = ConfigDict(extra="forbid")
    rev: Rev
    cause: Cause
    text: Annotated[str, Field(max_length=TEXT_LONGEST)] = ""


class PressIn(BaseModel):
    """Press the simulated device of a person (demonstration only)."""

    model_config = ConfigDict(extra="forbid")
    person: Annotated[str, Field(min_length=1, max_length=ID_LONGEST)]
    level: Level = Level.RED
    kind: AlarmKind = AlarmKind.ATTACK


@dataclass(frozen=True, slots=True)
class AnswerOut:
    outcome: AnswerOutcome


@dataclass(frozen=True, slots=True)
class PlaceOut:
    zone: str | None
    label: str
    source: str
    age_s: float | None
    meeting: str | None
    lat: float | None
    lon: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class PresserOut:
    device: str
    point: str
    person: str | None
    first_name: str
    presses: int
    pressed_at: datetime | None
    received_at: datetime
    late_s: float
    age_unknown: bool
    says_over_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallOut:
    person: str
    first_name: str
    standpoint: str
    step: int
    asked_at: datetime
    expected_s: float | None
    deadline: datetime | None
    unusual: list[str]
    counts: bool


@dataclass(frozen=True, slots=True)
class ClosingOut:
    by: str
    cause: str
    text: str


@dataclass(frozen=True, slots=True)
class AlarmOut:
    """One alarm. `wake_at`, `wake_why`: when and why the service looks at it next."""

    id: str
    site: str
    kind: str
    level: str
    open: bool
    technical: bool
    drill: bool
    rev: int
    place: PlaceOut
    pressers: list[PresserOut]
    calls: list[CallOut]
    times: dict[str, datetime | None]
    late_s: float
    unstored: bool
    odd: list[str]
    text: str
    wake_at: datetime | None
    wake_why: str | None
    closing: ClosingOut | None


@dataclass(frozen=True, slots=True)
class AlarmsOut:
    """A page, newest first. `cursor` gives the next page; null: this was the last.

    `complete` false: the store does not answer, and these are the alarms memory has.
    """

    alarms: list[AlarmOut]
    cursor: str | None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class NoticeOut:
    id: str
    person: str
    channel: str
    address: str
    purpose: str
    state: str
    created: datetime
    expires: datetime
    step: int
    round: int


@dataclass(frozen=True, slots=True)
class EntryOut:
    number: int
    at: datetime
    what: str
    fields: dict[str, object] | None
    hash: str


@dataclass(frozen=True, slots=True)
class CandidateOut:
    person: str
    first_name: str
    expected_s: float | None
    why: list[str]
    unusual: list[str]
    routes: list[str]


@dataclass(frozen=True, slots=True)
class LeftOutOut:
    person: str
    why: str


@dataclass(frozen=True, slots=True)
class ViewOut:
    """Who could be called at the newest decision, in calling order, and who was left out."""

    at: datetime
    nearest: list[CandidateOut]
    leaders: list[CandidateOut]
    deputies: list[CandidateOut]
    on_call: list[CandidateOut]
    last_resort: list[CandidateOut]
    named: list[CandidateOut]
    left_out: list[LeftOutOut]


@dataclass(frozen=True, slots=True)
class DeviceOut:
    device: str
    kind: str
    person: str | None
    heard_s: float | None
    battery: float | None
    state: str


@dataclass(frozen=True, slots=True)
class PersonOut:
    person: str
    first_name: str
    unit: str | None
    duty: str | None
    on_shift: bool
    runner: bool
    protected: bool
    devices: list[DeviceOut]


@dataclass(frozen=True, slots=True)
class ProblemOut:
    part: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PeopleOut:
    people: list[PersonOut]


@dataclass(frozen=True, slots=True)
class DevicesOut:
    devices: list[DeviceOut]


@dataclass(frozen=True, slots=True)
class NoticesOut:
    notices: list[NoticeOut]


@dataclass(frozen=True, slots=True)
class TimelineOut:
    entries: list[EntryOut]


@dataclass(frozen=True, slots=True)
class Outward:
    """Turns domain values into API values; `offset` is wall clock minus service time `now`."""

    offset: timedelta
    now: datetime

    def alarm(self, alarm: Alarm) -> AlarmOut:
        running = alarm.escalation
        late = [came_late(one).total_seconds() for one in alarm.pressers]
        return AlarmOut(
            id=alarm.id,
            site=alarm.site,
            kind=alarm.kind,
            level=alarm.level,
            open=alarm.open,
            technical=alarm.technical,
            drill=alarm.drill,
            rev=alarm.rev,
            place=_place(alarm.place, alarm.times.closed or self.now),
            pressers=[self._presser(one) for one in alarm.pressers],
            calls=[self._call(one) for one in (running.calls if running else ())],
            times=self._times(alarm.times),
            late_s=min(late, default=alarm.late.total_seconds()),
            unstored=alarm.unstored,
            odd=list(alarm.odd),
            text=alarm.text,
            wake_at=self._wall(running.wake_at) if running and alarm.open else None,
            wake_why=running.wake_reason if running and alarm.open else None,
            closing=_closing(alarm),
        )

    def notice(self, notice: Notice) -> NoticeOut:
        return NoticeOut(
            id=notice.id,
            person=notice.person,
            channel=notice.channel,
            address=labels.masked(notice.channel, notice.address),
            purpose=notice.purpose,
            state=notice.state,
            created=notice.created + self.offset,
            expires=notice.expires + self.offset,
            step=notice.step,
            round=notice.round,
        )

    def entry(self, entry: ChainedEntry) -> EntryOut:
        body = None if entry.body is None else read_body(entry.body)
        return EntryOut(entry.number, entry.wall, entry.what, body, entry.hash)

    def view(self, view: View) -> ViewOut:
        return ViewOut(
            at=view.wall,
            nearest=_candidates(view.nearest),
            leaders=_candidates(view.leaders),
            deputies=_candidates(view.deputies),
            on_call=_candidates(view.on_call),
            last_resort=_candidates(view.last_resort),
            named=_candidates(view.named),
            left_out=[_left_out(one) for one in view.left_out],
        )

    def _wall(self, moment: datetime | None) -> datetime | None:
        return None if moment is None else moment + self.offset

    def _presser(self, one: Presser) -> PresserOut:
        return PresserOut(
            device=one.device,
            point=one.point,
            person=one.person,
            first_name=one.first_name,
            presses=one.presses,
            pressed_at=self._wall(one.pressed_at),
            received_at=one.at + self.offset,
            late_s=came_late(one).total_seconds(),
            age_unknown=one.age_unknown and not one.pressed_anew,
            says_over_at=self._wall(one.says_over_at),
        )

    def _call(self, call: Call) -> CallOut:
        return CallOut(
            person=call.person,
            first_name=call.first_name,
            standpoint=call.standpoint,
            step=call.step,
            asked_at=call.asked_at + self.offset,
            expected_s=call.expected_s,
            deadline=self._wall(call.deadline),
            unusual=list(call.unusual),
            counts=call.counts,
        )

    def _times(self, times: Times) -> dict[str, datetime | None]:
        return {name: self._wall(getattr(times, name)) for name in field_names(times)}


def device(state: DeviceState) -> DeviceOut:
    return DeviceOut(
        device=state.device,
        kind=state.kind,
        person=state.person,
        heard_s=state.heard_s,
        battery=state.battery,
        state=state.state,
    )


def person(state: PersonState) -> PersonOut:
    return PersonOut(
        person=state.person,
        first_name=state.first_name,
        unit=state.unit,
        duty=state.duty,
        on_shift=state.on_shift,
        runner=state.runner,
        protected=protected(state),
        devices=[device(one) for one in state.devices],
    )


def protected(state: PersonState) -> bool:
    """Law 9: somebody whose alarm is heard and charged now. Unknown is not proven."""
    return any(one.state is State.OK for one in state.devices)


def _place(place: Place, now: datetime) -> PlaceOut:
    return PlaceOut(
        zone=place.zone,
        label=place.label,
        source=place.source,
        age_s=place.age(now),
        meeting=place.meeting,
        lat=place.lat,
        lon=place.lon,
        accuracy_m=place.accuracy_m,
    )


def _closing(alarm: Alarm) -> ClosingOut | None:
    end = alarm.closing
    return None if end is None else ClosingOut(end.by, end.cause, end.text)


def _candidates(people: Sequence[Candidate]) -> list[CandidateOut]:
    return [
        CandidateOut(
            person=one.person,
            first_name=one.first_name,
            expected_s=one.expected_s,
            why=[str(reason) for reason in one.why],
            unusual=list(one.unusual),
            routes=[route.channel for route in one.routes],
        )
        for one in people
    ]


def _left_out(one: LeftOut) -> LeftOutOut:
    return LeftOutOut(one.person, one.why)
