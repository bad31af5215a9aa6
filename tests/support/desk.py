"""A desk in memory for the pages: it holds real alarms and notices and keeps the laws it shows.

It decides nothing about escalation; the engine does. What it does keep is what a page can break:
an answer counts only from its own link, a late accept is answered with a stand-down, and a close
needs somebody who has arrived and a `rev` from after the alarm last grew.
"""

from __future__ import annotations

import json
from asyncio import Event, Queue
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from alarms.model import (
    Alarm,
    Call,
    Cause,
    Closing,
    Escalation,
    Notice,
    Place,
    Presser,
    Purpose,
    Sent,
    Standpoint,
    Times,
)
from alarms.plan import Callee, Plan, Step
from alarms.view import Candidate, LeftOut, Reason, Route, Unusual, View
from alarms.vocabulary import ChosenWhy, LeftOutWhy, PlaceSource, WakeWhy, Who
from core.errors import DomainError
from core.ids import hashed
from core.signals import AlarmKind, AnswerKind, Level, Owed, ReceiptState, Signal, Standing, Taken
from core.values import replace
from devices.findings import State
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.engine.followers import Followers
from dispatcher.engine.ports import Change, DeviceState, PersonState, Problem
from dispatcher.roster.model import Language, Person, Phone, Shift, Unit, Zone
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.store.ports import AlarmPage, ChainedEntry, LinkWrite, RawBytes

NOW = datetime(2026, 11, 21, 18, 2, 11, tzinfo=UTC)
STANDS_AFTER = {
    AnswerKind.ACCEPT: Standpoint.ACCEPTED,
    AnswerKind.ARRIVED: Standpoint.ARRIVED,
    AnswerKind.DECLINE: Standpoint.DECLINED,
    AnswerKind.WITHDRAW: Standpoint.DECLINED,
    AnswerKind.SEEN: Standpoint.SEEN,
}
PLAN = Plan("acute", "lind", (Step(timedelta(), Callee(Who.NEAREST), ("wearable",)),))


@dataclass
class MemoryDesk:
    """Implements `Desk`, and the store's `link` and `alarms`."""

    configured: Organisation
    clock: datetime = NOW
    offset: timedelta = timedelta()
    held: dict[str, Alarm] = field(default_factory=dict)
    sent: dict[str, list[Notice]] = field(default_factory=dict)
    told: dict[str, list[ChainedEntry]] = field(default_factory=dict)
    pictures: dict[str, View] = field(default_factory=dict)
    links: dict[str, LinkWrite] = field(default_factory=dict)
    crew: tuple[PersonState, ...] = ()
    equipment: tuple[DeviceState, ...] = ()
    degraded: tuple[Problem, ...] = ()
    asked: list[tuple[str, AnswerKind, Source | str]] = field(default_factory=list)
    followers: Followers = field(default_factory=Followers)
    following: set[int] = field(default_factory=set)
    following_moved: Event = field(default_factory=Event)

    # What a test arranges

    def hold(self, alarm: Alarm) -> Alarm:
        self.held[alarm.id] = alarm
        self.followers.changed("alarm", alarm.id)
        return alarm

    def notify(self, alarm: Alarm, person: str, *, token: str = "", **fields: object) -> Notice:
        """Send one notice to a person by SMS, with a link where `token` is given."""
        number = len(self.sent.get(alarm.id, [])) + 1
        notice = replace(notice_of(alarm, person, f"{alarm.id}-{number}"), **fields)  # type: ignore[arg-type]
        self.sent.setdefault(alarm.id, []).append(notice)
        if token:
            digest = hashed(token)
            self.links[digest] = LinkWrite(digest, notice.id, person, alarm.id)
        return notice

    def tell(self, alarm: str, what: str, /, **fields: object) -> None:
        number = len(self.told.setdefault(alarm, [])) + 1
        body = json.dumps(fields)
        entry = ChainedEntry(alarm, number, self.clock, self.wall(), what, body, "", "", "abc")
        self.told[alarm].append(entry)

    def stand(self, alarm_id: str, person: str, standpoint: Standpoint) -> Alarm:
        alarm = self.held[alarm_id]
        running = alarm.escalation
        assert running is not None
        calls = tuple(
            replace(one, standpoint=standpoint) if one.person == person else one
            for one in running.calls
        )
        if all(one.person != person for one in calls):
            calls += (call_of(person, standpoint),)
        running = replace(running, calls=calls)
        return self.hold(replace(alarm, escalation=running, rev=alarm.rev + 1))

    def join(self, alarm_id: str, presser: Presser) -> Alarm:
        alarm = self.held[alarm_id]
        pressers, rev = (*alarm.pressers, presser), alarm.rev + 1
        return self.hold(replace(alarm, pressers=pressers, rev=rev, grew_rev=rev))

    async def until_following(self, count: int) -> None:
        """Wait until so many pages follow."""
        while len(self.following) != count:
            self.following_moved.clear()
            await self.following_moved.wait()

    # Desk

    def hear(self, signal: Signal, owed: Owed) -> None:
        owed(Taken.STORED)

    def keep_raw(self, raw: RawBytes, owed: Owed) -> None:
        owed(Taken.STORED)

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        self.asked.append((notice_id, answer, source))
        notice = next((n for all_ in self.sent.values() for n in all_ if n.id == notice_id), None)
        if notice is None:
            return AnswerOutcome.UNKNOWN
        if source.kind is not SourceKind.LINK or source.value != notice_id:
            return AnswerOutcome.NOT_YOURS
        return self._take(notice.alarm, notice.person, answer)

    async def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None = None
    ) -> AnswerOutcome:
        self.asked.append((alarm_id, answer, person))
        return self._take(alarm_id, person, answer)

    def _take(self, alarm_id: str, person: str, answer: AnswerKind) -> AnswerOutcome:
        alarm = self.held[alarm_id]
        if not alarm.open:
            return AnswerOutcome.CLOSED
        known = next((c for c in calls_of(alarm) if c.person == person), None)
        if answer is AnswerKind.ACCEPT and known and known.standpoint is Standpoint.STOOD_DOWN:
            return AnswerOutcome.STOOD_DOWN
        if answer in STANDS_AFTER:
            if known and known.standpoint is STANDS_AFTER[answer]:
                return AnswerOutcome.ALREADY
            self.stand(alarm_id, person, STANDS_AFTER[answer])
        return AnswerOutcome.COUNTED

    async def receipt(self, notice_id: str, state: ReceiptState, detail: str = "") -> None:
        for alarm, notices in self.sent.items():
            self.sent[alarm] = [
                replace(one, state=state) if one.id == notice_id else one for one in notices
            ]

    async def close_alarm(
        self, alarm_id: str, rev: int, person: str, cause: Cause, text: str = ""
    ) -> Alarm:
        alarm = self.held.get(alarm_id)
        if alarm is None:
            raise DomainError("not_found", "There is no such alarm.")
        if not alarm.open or rev < alarm.grew_rev:
            raise DomainError("stale", "Somebody joined since you saw it.")
        arrived = any(
            one.person == person and one.standpoint is Standpoint.ARRIVED for one in calls_of(alarm)
        )
        if not arrived and person not in self.configured.sites[0].leaders:
            raise DomainError("not_allowed", "Only somebody who was there.")
        times = replace(alarm.times, closed=self.clock)
        closing = Closing(person, cause, text)
        return self.hold(replace(alarm, closing=closing, times=times, rev=alarm.rev + 1))

    def device_subscribed(self, device: str) -> None:
        return None

    def open_alarms(self) -> Sequence[Alarm]:
        ranked = [one for one in self.held.values() if one.open]
        return sorted(ranked, key=lambda one: (one.technical, -one.level.rank))

    def open_alarm(self, alarm_id: str) -> Alarm | None:
        alarm = self.held.get(alarm_id)
        return alarm if alarm and alarm.open else None

    def last_view(self, alarm_id: str) -> View | None:
        return self.pictures.get(alarm_id)

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return self.held.get(alarm_id)

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        return self.sent.get(alarm_id, [])

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        return self.told.get(alarm_id, [])

    async def call_for_help(self, person: str | None, text: str) -> Taken:
        return Taken.STORED

    async def standing_notices(self, number: str) -> Sequence[Notice]:
        return []

    async def asked_notices(self, number: str) -> Sequence[Notice]:
        return []

    async def closed_notices(self, number: str) -> Sequence[Notice]:
        return []

    def organisation(self) -> Organisation:
        return self.configured

    def people(self) -> Sequence[PersonState]:
        return self.crew

    def devices(self) -> Sequence[DeviceState]:
        return self.equipment

    def problems(self) -> Sequence[Problem]:
        return self.degraded

    def now(self) -> datetime:
        return self.clock

    def wall(self) -> datetime:
        return self.clock + self.offset

    def follow(self) -> Queue[Change]:
        queue = self.followers.follow()
        self.following.add(id(queue))
        self.following_moved.set()
        return queue

    def unfollow(self, queue: Queue[Change]) -> None:
        self.followers.unfollow(queue)
        self.following.discard(id(queue))
        self.following_moved.set()

    # The store's side

    async def link(self, token_hash: str) -> LinkWrite | None:
        return self.links.get(token_hash)

    async def alarm_pages(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        start = int(cursor or 0)
        newest = list(reversed(self.held.values()))
        page = tuple(newest[start : start + limit])
        more = start + limit < len(newest)
        return AlarmPage(page, str(start + limit) if more else None)


def lindehuset(language: Language = Language.DANISH) -> MemoryDesk:
    """A quiet evening at a small bosted: seven people, four at work, one without a tested alarm."""
    names = "Anna Berg,Bo Holm,Ida Krogh,Eva Lund,Per Dahl,Mia Friis,Ole Juhl".split(",")
    people = tuple(
        Person(
            name.split()[0].lower(),
            name,
            "lind",
            phones=(Phone(f"+452000000{number}"),),
            language=language,
            instructed=("alarm",),
        )
        for number, name in enumerate(names)
    )
    site = Site(
        "lind",
        "Lindehuset",
        "Europe/Copenhagen",
        leaders=("per",),
        manual_routine="Ring til vagthavende på 20 00 00 04. Gå to og to.",
    )
    units = (Unit("hus-1", "Hus 1", "lind", "stue-1"), Unit("hus-2", "Hus 2", "lind", "stue-2"))
    zones = (
        Zone("stue-1", "Stuen Hus 1", "lind", "hus-1"),
        Zone("stue-2", "Stuen Hus 2", "lind", "hus-2"),
        Zone("vagtrum", "Vagtrum", "lind"),
    )
    shifts = (Shift("bo", "hus-1", time(15), time(23)),)
    return MemoryDesk(
        Organisation(1, (site,), people, units, zones, (), shifts),
        crew=(
            worker("anna", "hus-2"),
            worker("bo", "hus-1", runner=True),
            worker("ida", "hus-2", state=State.SILENT),
            worker("per", "hus-1", duty="leader"),
            PersonState("eva", "Eva", None, None, False, False, ()),
            PersonState("mia", "Mia", None, None, False, False, ()),
        ),
        equipment=(
            device("anna"),
            device("bo"),
            device("ida", state=State.SILENT, heard_s=400.0),
            device("per", battery=0.14, state=State.LOW_BATTERY),
        ),
    )


def an_alarm(
    desk: MemoryDesk,
    alarm_id: str = "a_1",
    *,
    level: Level = Level.RED,
    kind: AlarmKind = AlarmKind.ATTACK,
    label: str = "LEJL 12 HUS 2 1.SAL",
    pressed_ago: timedelta = timedelta(seconds=42),
    calls: tuple[Call, ...] = (),
    presser: str = "anna",
    text: str = "",
) -> Alarm:
    """An open alarm of the desk, pressed by Anna, with Bo called."""
    pressed = desk.clock - pressed_ago
    stored = pressed + timedelta(milliseconds=80)
    running = Escalation(
        version=1,
        started=stored,
        shift=timedelta(),
        next_step=1,
        round=0,
        wake_at=desk.clock + timedelta(seconds=12),
        wake_why=WakeWhy.STEP,
        wake_of="1",
        calls=calls or (call_of("bo", Standpoint.RANG),),
    )
    who = Presser(
        f"badge-{presser}", presser, presser.capitalize(), Standing.ASSIGNED, stored, "stue-2"
    )
    alarm = Alarm(
        id=alarm_id,
        site="lind",
        kind=kind,
        level=level,
        place=Place("stue-2", label, PlaceSource.BEACON, age_s=8.0, meeting="vagtrum"),
        pressers=(who,),
        plan=PLAN,
        times=Times(pressed=pressed, stored=stored),
        escalation=running,
        text=text,
    )
    return desk.hold(alarm)


def call_of(
    person: str,
    standpoint: Standpoint = Standpoint.CALLED,
    *,
    expected_s: float | None = 35.0,
    unusual: tuple[Unusual, ...] = (),
) -> Call:
    sent = (Sent(f"n-{person}", "wearable", f"badge-{person}", ReceiptState.DELIVERED),)
    return Call(
        person, person.capitalize(), 0, NOW, standpoint, expected_s, unusual=unusual, sent=sent
    )


def calls_of(alarm: Alarm) -> tuple[Call, ...]:
    return alarm.escalation.calls if alarm.escalation else ()


def notice_of(alarm: Alarm, person: str, notice_id: str) -> Notice:
    return Notice(
        id=notice_id,
        alarm=alarm.id,
        site=alarm.site,
        person=person,
        channel="sms",
        address="+4520000042",
        purpose=Purpose.CALL,
        kind=alarm.kind,
        level=alarm.level,
        place=alarm.place,
        created=alarm.times.stored or NOW,
        expires=NOW + timedelta(minutes=30),
        state=ReceiptState.DELIVERED,
    )


def a_picture() -> View:
    """Why Bo was called and Ida was not."""
    bo = Candidate(
        "bo",
        "Bo",
        35.0,
        (Route("wearable", "badge-bo"), Route("sms", "+4520000001")),
        why=tuple(map(Reason.read, ("runner", "roster_unit:hus-1", "walk_s:35"))),
    )
    per = Candidate(
        "per",
        "Per",
        60.0,
        (Route("sms", "+4520000004"),),
        (Reason(ChosenWhy.LEADER),),
        (Unusual.MINIMUM_STAFF,),
    )
    left_out = (
        LeftOut("anna", LeftOutWhy.PRESSED),
        LeftOut("eva", LeftOutWhy.OFF_SHIFT),
        LeftOut("ida", LeftOutWhy.NO_ROUTE),
    )
    return View(NOW, NOW, nearest=(bo, per), leaders=(per,), left_out=left_out)


def worker(
    person: str, unit: str, *, duty: str = "staff", runner: bool = False, state: State = State.OK
) -> PersonState:
    own = (device(person, state=state),)
    return PersonState(person, person.capitalize(), unit, duty, True, runner, own)


def device(
    person: str,
    *,
    state: State = State.OK,
    heard_s: float | None = 12.0,
    battery: float | None = 0.87,
) -> DeviceState:
    return DeviceState(f"badge-{person}", "badge", person, heard_s, battery, state)
