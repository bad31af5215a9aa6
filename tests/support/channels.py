"""For tests of channels: notices in a line, a desk that remembers, hooks on a real port."""

from __future__ import annotations

import asyncio
import socket
from asyncio import Queue
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import uvicorn
from fastapi import FastAPI, Request, Response

from alarms.model import (
    Alarm,
    Call,
    Cause,
    Escalation,
    Notice,
    Place,
    Presser,
    Purpose,
    Standpoint,
    Times,
)
from alarms.plan import Plan
from alarms.view import Unusual, View
from alarms.vocabulary import PlaceSource, StandDownWhy, WakeWhy
from core.clock import VirtualClock
from core.signals import AlarmKind, AnswerKind, Level, Owed, ReceiptState, Signal, Standing, Taken
from core.values import replace
from dispatcher.channels.console import ConsoleChannel
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.faults import Troubles
from dispatcher.channels.ports import Addressee, ImmediateChannel, WaitingChannel
from dispatcher.channels.sms import Outgoing, SmsChannel
from dispatcher.channels.twilio.carrier import SMS_PATH, STATUS_PATH
from dispatcher.channels.twilio.hooks import TwilioHooks
from dispatcher.channels.wearable import WearableChannel
from dispatcher.engine.ports import Change, DeviceState, PersonState, Problem
from dispatcher.roster.model import Language, Person, Phone
from dispatcher.roster.organisation import Organisation
from dispatcher.store.ports import ChainedEntry, RawBytes

NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
BO, IDA = "+4520111111", "+4520222222"
PLACE = Place("lejl-12", "Lejl 12 Hus 2 1.sal", PlaceSource.BEACON, age_s=4.0, meeting="vagtrum")

DANE = Addressee("bo", Language.DANISH, site_name="Engvej")
NORWEGIAN = Addressee("kari", Language.NORWEGIAN)
BRITON = Addressee("kim", Language.ENGLISH)


def a_notice(
    purpose: Purpose = Purpose.CALL,
    *,
    id: str = "alarm_1-1",
    alarm: str = "alarm_1",
    person: str = "bo",
    channel: str = "sms",
    address: str = BO,
    kind: AlarmKind = AlarmKind.ATTACK,
    level: Level = Level.RED,
    place: Place = PLACE,
    who: tuple[str, ...] = ("Anna",),
    with_you: tuple[str, ...] = (),
    unusual: tuple[Unusual, ...] = (),
    late: timedelta = timedelta(),
    letter: str = "A",
    text: str = "",
    reason: StandDownWhy = StandDownWhy.NONE,
    about: str | None = None,
    drill: bool = False,
) -> Notice:
    """A call to Bo for Anna in flat 12, changed where a test says so."""
    return Notice(
        id=id,
        alarm=alarm,
        site="engvej",
        person=person,
        channel=channel,
        address=address,
        purpose=purpose,
        kind=kind,
        level=level,
        place=place,
        created=NOW,
        expires=NOW + timedelta(minutes=30),
        presser_names=who,
        with_you=with_you,
        unusual=unusual,
        late=late,
        letter=letter,
        text=text,
        reason=reason,
        about=about,
        drill=drill,
    )


def alarm_of(person: str) -> Alarm:
    """Somebody has pressed, and it is open."""
    presser = Presser(f"badge-{person}", person, person.title(), Standing.ASSIGNED, NOW)
    plan = Plan("all", "engvej", ())
    return Alarm("a_1", "engvej", AlarmKind.ATTACK, Level.RED, PLACE, (presser,), plan, Times())


def calling(alarm: Alarm, person: str) -> Alarm:
    """The same alarm while it calls somebody."""
    call = Call(person, person.title(), 0, NOW, Standpoint.CALLED)
    running = Escalation(1, NOW, timedelta(), 1, 0, NOW, WakeWhy.STEP, calls=(call,))
    return replace(alarm, escalation=running)


def elsewhere(label: str = "Hal 2") -> Place:
    return replace(PLACE, zone="hal-2", label=label)


@dataclass
class Heard:
    """The concerns a channel raised, in order."""

    counted: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    problems: dict[str, str | None] = field(default_factory=dict)

    def noticed(self, what: str, detail: str) -> None:
        self.counted.append(what)
        self.details.append(detail)

    def technical(self, text: str) -> None:
        self.alarms.append(text)

    def degraded(self, part: str, text: str | None) -> None:
        self.problems[part] = text


@dataclass
class RememberingDesk:
    """A Desk for channels: takes answers and receipts as the engine's port says, and keeps them."""

    standing: list[Notice] = field(default_factory=list)
    stood_down: list[Notice] = field(default_factory=list)
    closed: list[Notice] = field(default_factory=list)
    pleas: list[tuple[str | None, str]] = field(default_factory=list)
    answers: list[tuple[str, AnswerKind, Source]] = field(default_factory=list)
    receipts: Queue[tuple[str, ReceiptState, str]] = field(default_factory=Queue)
    outcome: AnswerOutcome = AnswerOutcome.COUNTED
    alarm_open: Alarm | None = None
    clock: datetime = NOW
    on_shift: tuple[str, ...] = ("bo", "ida")
    staff: tuple[Person, ...] = (
        Person("bo", "Bo Berg", "engvej", (Phone(BO),)),
        Person("ida", "Ida Dahl", "engvej", (Phone(IDA),)),
    )

    @property
    def answered(self) -> list[tuple[str, AnswerKind]]:
        return [(notice, answer) for notice, answer, _ in self.answers]

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        sent = (*self.standing, *self.stood_down, *self.closed)
        known = next((n for n in sent if n.id == notice_id), None)
        if known is None:
            return AnswerOutcome.UNKNOWN
        if source != Source(SourceKind.NUMBER, known.address):
            return AnswerOutcome.NOT_YOURS
        self.answers.append((notice_id, answer, source))
        if known in self.closed:
            helps = answer is AnswerKind.MORE_HELP
            return AnswerOutcome.RAISED if helps else AnswerOutcome.CLOSED
        return self.outcome

    async def call_for_help(self, person: str | None, text: str) -> Taken:
        self.pleas.append((person, text))
        return Taken.STORED

    async def receipt(self, notice_id: str, state: ReceiptState, detail: str = "") -> None:
        self.receipts.put_nowait((notice_id, state, detail))

    async def standing_notices(self, number: str) -> Sequence[Notice]:
        return [notice for notice in self.standing if notice.address == number]

    async def asked_notices(self, number: str) -> Sequence[Notice]:
        return [n for n in (*self.standing, *self.stood_down) if n.address == number]

    async def closed_notices(self, number: str) -> Sequence[Notice]:
        return [notice for notice in self.closed if notice.address == number]

    def organisation(self) -> Organisation:
        return Organisation(people=self.staff)

    def open_alarm(self, alarm_id: str) -> Alarm | None:
        return self.alarm_open

    def open_alarms(self) -> Sequence[Alarm]:
        return [] if self.alarm_open is None else [self.alarm_open]

    def people(self) -> Sequence[PersonState]:
        return [
            PersonState(one.id, one.first_name, None, None, one.id in self.on_shift, False, ())
            for one in self.staff
        ]

    def now(self) -> datetime:
        return self.clock

    # What no channel asks for.

    def hear(self, signal: Signal, owed: Owed) -> None:
        raise NotImplementedError

    def keep_raw(self, raw: RawBytes, owed: Owed) -> None:
        raise NotImplementedError

    async def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None = None
    ) -> AnswerOutcome:
        raise NotImplementedError

    async def close_alarm(
        self, alarm_id: str, rev: int, person: str, cause: Cause, text: str = ""
    ) -> Alarm:
        raise NotImplementedError

    def device_subscribed(self, device: str) -> None:
        raise NotImplementedError

    def last_view(self, alarm_id: str) -> View | None:
        raise NotImplementedError

    async def alarm(self, alarm_id: str) -> Alarm | None:
        raise NotImplementedError

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        raise NotImplementedError

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        raise NotImplementedError

    def devices(self) -> Sequence[DeviceState]:
        raise NotImplementedError

    def problems(self) -> Sequence[Problem]:
        raise NotImplementedError

    def wall(self) -> datetime:
        raise NotImplementedError

    def follow(self) -> Queue[Change]:
        raise NotImplementedError

    def unfollow(self, queue: Queue[Change]) -> None:
        raise NotImplementedError


class PublicSide:
    """The two Twilio hooks on a real loopback port, as the public listener serves them."""

    def __init__(self) -> None:
        # The protocol is named, else asyncio leaves Nagle's algorithm on for what it accepts.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.hooks: TwilioHooks | None = None

    @asynccontextmanager
    async def serving(self, hooks: TwilioHooks) -> AsyncIterator[None]:
        self.hooks = hooks
        server = _Server(uvicorn.Config(self._app(), log_config=None, lifespan="off", ws="none"))
        running = asyncio.create_task(server.serve(sockets=[self._socket]))
        try:
            yield
        finally:
            server.should_exit = True
            await running

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.post(SMS_PATH, response_model=None)
        async def sms(request: Request) -> Response:
            assert self.hooks is not None
            status, body = await self.hooks.sms(*await _asked(request))
            return Response(body, status, media_type="text/xml")

        @app.post(STATUS_PATH, response_model=None)
        async def status(request: Request) -> Response:
            assert self.hooks is not None
            code, body = await self.hooks.status(*await _asked(request))
            return Response(body, code)

        return app


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _asked(request: Request) -> tuple[str, dict[str, str], str]:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    form = {key: str(value) for key, value in (await request.form()).items()}
    return path, form, request.headers.get("x-twilio-signature", "")


class Sieve:
    """A carrier that must never be reached."""

    async def send(self, message: Outgoing) -> str:
        raise AssertionError(f"{message.number} left the house")

    async def close(self) -> None:
        pass


def every_channel() -> list[ImmediateChannel | WaitingChannel]:
    clock = VirtualClock(NOW)
    return [
        SmsChannel(Sieve(), Sieve(), Troubles("sms", Heard()), lambda site: "DK"),
        WearableChannel(lambda *told: True, lambda notice, state: None, clock),
        ConsoleChannel(lambda person: True),
    ]
