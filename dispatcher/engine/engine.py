"""The asyncio shell around the machine: events of the house go in, what it asks for is done.

No polling: one timer stands at the machine's next moment. Everything slow (the store, a provider,
the journal's disk) happens beside the loop, and its result comes back as an event.
"""

from __future__ import annotations

import asyncio
from asyncio import Queue
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, assert_never

from alarms.model import Alarm, Cause, Notice
from alarms.view import View
from alarms.vocabulary import LostWhy
from core import ids, log
from core.clock import Clock, ClockMark
from core.errors import (
    ChannelError,
    Conflict,
    DomainError,
    StoreUnavailable,
    TilkaldError,
    Unstorable,
)
from core.log_line import told
from core.signals import AnswerKind, Owed, ReceiptState, Signal, SignalType, Taken
from core.values import replace
from core.words import Words, words
from dispatcher.channels.desk import AnswerOutcome, Source
from dispatcher.channels.ports import Addressee, ImmediateChannel, WaitingChannel
from dispatcher.channels.wearer import Tell
from dispatcher.engine import asked
from dispatcher.engine.actions import (
    Abandon,
    Action,
    Answered,
    Changed,
    Commit,
    Degraded,
    HandOver,
    Log,
    ReadBack,
    Restored,
    Settle,
    ShowAgain,
    Sound,
    Ticket,
    WriteDown,
)
from dispatcher.engine.archive import Archive
from dispatcher.engine.core import Core
from dispatcher.engine.followers import Followers
from dispatcher.engine.health import LOCALES, Health
from dispatcher.engine.last_net import NettedPictures
from dispatcher.engine.machine import Machine, People
from dispatcher.engine.outcome import Do, Moment, Pictures
from dispatcher.engine.ports import Change, DeviceState, PersonState, Problem
from dispatcher.roster.model import Language
from dispatcher.roster.organisation import Organisation
from dispatcher.safety.timed_case import Kind
from dispatcher.store.journal.replay import Settling
from dispatcher.store.ports import ChainedEntry, RawBytes, Store, Transaction

SLEEP_LONGEST_S = 10.0
"""The timer is set anew at least this often, because a suspended machine stops the loop's clock."""

STOP_WITHIN_S = 2.0

_log = log.logger("dispatcher.engine")


class World(Pictures, People, Protocol):
    """What deciding sees, and what pages want to see of it."""

    def people(self, at: Moment) -> Sequence[PersonState]: ...

    def devices(self, at: Moment) -> Sequence[DeviceState]: ...

    def addressee(self, notice: Notice) -> Addressee: ...


class Journal(Protocol):
    """Where a transaction goes that could not be committed; `dispatcher.store.journal`."""

    async def append(self, unit: Transaction) -> Transaction: ...

    async def replay(self, store: Store, wall: datetime) -> object: ...


@dataclass(frozen=True, slots=True)
class Doors:
    """What the engine speaks through: channels, the wearers' devices, local sounders, links.

    `ring_locally`: nobody has accepted; how many sirens sound about it now.
    """

    immediate: Mapping[str, ImmediateChannel]
    waiting: Mapping[str, WaitingChannel]
    tell: Callable[[Tell], bool]
    ring_locally: Callable[[Alarm], int]
    link_url: Callable[[str], str]


class Engine:
    """Implements `dispatcher.engine.ports.Desk`. Start it before anything may come in."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        world: World,
        doors: Doors,
        journal: Journal,
        kinds: Sequence[Kind] = (),
    ) -> None:
        self._store = store
        self._clock = clock
        self._world = world
        self._doors = doors
        self._journal = journal
        self._followers = Followers()
        self.health = Health(clock.now, lambda: self._followers.changed("health"), self.say)
        pictures = NettedPictures(
            world, world.organisation, self.health.report, lambda: self.core.open_alarms.pressers()
        )
        channels = {**doors.immediate, **doors.waiting}
        can = {name: channel.capabilities for name, channel in channels.items()}
        self.machine = Machine(pictures, world, can, self.say, ids.secret(), ids.secret, kinds)
        self.archive = Archive(store, self.core.open_alarms, self.machine.line.ahead)
        self._owed: dict[Ticket, Owed] = {}
        self._performers: dict[str, Callable[[object], None]] = {}
        self._handing: dict[str, asyncio.Task[None]] = {}
        self._beside: dict[asyncio.Task[None], None] = {}
        self._is_doing = False
        self._timer: asyncio.Handle | None = None
        self._timer_at: datetime | None = None
        self._moved = asyncio.Event()

    @property
    def core(self) -> Core:
        """The open cases, and what is decided about them."""
        return self.machine.core

    # Life

    async def start(self) -> None:
        """All of it, where no listener is to be opened in between."""
        await self.load()
        await self.go_on()

    async def load(self) -> None:
        """Take over what is open, stand at the next moment again; presses may come in from here."""
        stored = await self._stored()
        at = self._at()
        self.machine.load(*stored, at)
        self._do_actions(at)

    def replay_later(self, why: StoreUnavailable) -> None:
        """The journal could not be read back at the start: whom it holds is called when it is."""
        self.health.report("journal", "The emergency journal does not work: {why}", why=why)
        self.machine.line.read_back_later(self._clock.now())
        self._do_actions()

    async def go_on(self) -> None:
        """Return when what the start found is worked off; what cannot be read is told first."""
        for alarm_id, why in await self._store.unreadable_alarms():
            message = "An open alarm cannot be read: {alarm} ({why}). Ask who pressed."
            self.health.report(f"alarm:{alarm_id}", message, alarm=alarm_id, why=why)
            self.technical(f"unreadable:{alarm_id}", message, alarm=alarm_id, why=why)
        at = self._at()
        self.machine.go_on(at)
        self._do_actions(at)
        while self.machine.has_backlog:
            self._moved.clear()
            await self._moved.wait()

    async def stop(self) -> None:
        """Nothing new is decided; what is under way arrives, and is committed."""
        if self._handing:
            await asyncio.wait(list(self._handing.values()), timeout=STOP_WITHIN_S)
        for task in list(self._handing.values()):
            task.cancel()
        at = self._at()
        self.machine.finish(at)
        self._do_actions(at)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                while not self.machine.line.is_idle:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            unsaved = self.machine.line.unsaved
            _log.error("not everything was committed before the stop", unsaved=unsaved)
        self._set_timer(None, self._clock.now())

    def wake(self) -> None:
        """Look at the clock: what is due is done now."""
        self._timer, self._timer_at = None, None
        at = self._at()
        self.machine.wake(at)
        self._do_actions(at)

    # Desk: what comes in

    def hear(self, signal: Signal, owed: Owed) -> None:
        """A signal came in. `owed` hears what became of it: STORED means acknowledge (law 1)."""
        answered = self.machine.answers(signal) if signal.type is SignalType.ANSWER else None
        if answered is None or self.archive.known_notice(answered) is not None:
            about = None if answered is None else self.archive.known_notice(answered)
            self._take(signal, about, owed)
        else:
            self._run_beside(self._look_up_and_take(signal, answered, owed))

    def keep_raw(self, raw: RawBytes, owed: Owed) -> None:
        """Keep bytes nobody could read, so that they can be acknowledged."""
        self._owe(self.machine.keep_raw(raw, self._at()), owed)

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        notice = await self.archive.notice(notice_id)
        if notice is None:
            return AnswerOutcome.UNKNOWN
        outcome, ticket = self.machine.answer(notice, answer, source, self._at())
        await self._committed(ticket)
        return outcome

    async def call_for_help(self, person: str | None, text: str) -> Taken:
        return await self._committed(self.machine.call_for_help(person, text, self._at()))

    async def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None = None
    ) -> AnswerOutcome:
        outcome, ticket = self.machine.volunteer(alarm_id, person, answer, rev, self._at())
        await self._committed(ticket)
        return outcome

    async def receipt(self, notice_id: str, state: ReceiptState, detail: str = "") -> None:
        """Returns after the commit: a provider asks again when it is not answered."""
        await self._committed(self.machine.receipt_now(notice_id, state, self._at(), detail))

    async def close_alarm(
        self, alarm_id: str, rev: int, person: str, cause: Cause, text: str = ""
    ) -> Alarm:
        if await self.archive.alarm(alarm_id) is None:
            raise DomainError("not_found", "There is no such alarm.")
        alarm, ticket = self.machine.close(alarm_id, rev, person, cause, text, self._at())
        await self._committed(ticket)
        return alarm

    def mark(self, mark: ClockMark) -> None:
        """Where the clock stands; a store that does not take it is told about."""
        at = self._at()
        self.machine.mark(mark, at)
        self._do_actions(at)

    def delivered(self, notice_id: str, state: ReceiptState) -> None:
        """A channel of this process has its receipt; nobody waits for its commit."""
        at = self._at()
        self.machine.receipt(notice_id, state, at)
        self._do_actions(at)

    def say(self) -> Words:
        """The words of the first site's language: what the service says about itself."""
        sites = self._world.organisation().sites
        return words(sites[0].language if sites else Language.ENGLISH, LOCALES)

    def technical(self, key: str, message: str, site: str = "", **fields: str) -> None:
        """Something about the service or its devices needs a person, in the technical lane."""
        text, devices = self.say()(message, **fields), fields.get("devices", "")
        at = self._at()
        self.machine.technical(key, text, site, devices, at)
        self._do_actions(at)

    def recovered(self, key: str) -> None:
        at = self._at()
        self.machine.recovered(key, at)
        self._do_actions(at)

    def responder_lost(self, person: str, why: LostWhy) -> None:
        at = self._at()
        self.machine.lost(person, why, at)
        self._do_actions(at)

    def perform(self, kind: str, do: Callable[[object], None]) -> None:
        """Whoever carries out what one kind of timed case asks for; called on the event loop."""
        self._performers[kind] = do

    def happened(self, kind: str, case: str, event: object) -> None:
        """Something happened to a timed case of another kind than an alarm."""
        at = self._at()
        self.machine.happened(kind, case, event, at)
        self._do_actions(at)

    def reconfigured(self) -> None:
        """Another configuration stands: who has left the site, or lost a device, does not count."""
        at = self._at()
        self.machine.reconfigured(at)
        self._do_actions(at)

    def device_subscribed(self, device: str) -> None:
        at = self._at()
        self.machine.device_subscribed(device, at)
        self._do_actions(at)

    # Desk: what pages see

    def open_alarms(self) -> Sequence[Alarm]:
        return sorted(
            self.core.open_alarms.alarms.values(),
            key=lambda a: (a.technical, -a.level.rank, a.times.stored or self._clock.now()),
        )

    def open_alarm(self, alarm_id: str) -> Alarm | None:
        return self.core.open_alarms.get(alarm_id)

    def last_view(self, alarm_id: str) -> View | None:
        return self.core.open_alarms.views.get(alarm_id)

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return await self.archive.alarm(alarm_id)

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        return await self.archive.notices(alarm_id)

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        return await self.archive.timeline(alarm_id)

    async def standing_notices(self, number: str) -> Sequence[Notice]:
        return asked.standing(self.core.open_alarms, number)

    async def asked_notices(self, number: str) -> Sequence[Notice]:
        return asked.asked(self.core.open_alarms, number)

    async def closed_notices(self, number: str) -> Sequence[Notice]:
        return self.core.open_alarms.closed.sent_to(number, self._clock.now())

    def organisation(self) -> Organisation:
        return self._world.organisation()

    def people(self) -> Sequence[PersonState]:
        return self._world.people(self._at())

    def devices(self) -> Sequence[DeviceState]:
        return self._world.devices(self._at())

    def problems(self) -> Sequence[Problem]:
        return self.health.problems

    def now(self) -> datetime:
        return self._clock.now()

    def wall(self) -> datetime:
        return self._clock.wall()

    def follow(self) -> Queue[Change]:
        return self._followers.follow()

    def unfollow(self, queue: Queue[Change]) -> None:
        self._followers.unfollow(queue)

    # Inside: who waits for a commit

    def _at(self) -> Moment:
        return Moment(self._clock.now(), self._clock.wall())

    def _take(self, signal: Signal, about: Notice | None, owed: Owed) -> None:
        at = self._at()
        self._owe(self.machine.take(signal, at, about), owed, at)

    async def _look_up_and_take(self, signal: Signal, notice_id: str, owed: Owed) -> None:
        """An answer about an alarm that is over: its notice stands in the store alone."""
        try:
            about = await self.archive.notice(notice_id)
        except StoreUnavailable:
            about = None  # what the answer still says can be read from the signal
        self._take(signal, about, owed)

    def _owe(self, ticket: Ticket, owed: Owed, at: Moment | None = None) -> None:
        self._owed[ticket] = owed
        self._do_actions(at)

    async def _committed(self, ticket: Ticket | None) -> Taken:
        """Do what is to be done; return when it is stored, or goes on from memory."""
        if ticket is None:
            self._do_actions()
            return Taken.STORED
        first: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()

        def owed(taken: Taken) -> None:
            if not first.done():
                first.set_result(taken)

        self._owe(ticket, owed)
        return await first

    # Inside: doing what the machine asks

    def _do_actions(self, at: Moment | None = None) -> None:
        """In their order. What a door calls back meanwhile only adds to them."""
        if self._is_doing:
            return
        self._is_doing, at = True, at or self._at()
        try:
            while actions := self.machine.take_actions(at):
                for action in actions:
                    try:
                        self._do(action, at)
                    except Exception as error:
                        self._broke(action, error, at)
        finally:
            self._is_doing = False
        wake = self.machine.wake_at
        self._set_timer(None if wake is None else wake.at, at.now)
        self._moved.set()

    def _broke(self, action: Action, error: Exception, at: Moment) -> None:
        """A mistake of ours about one action stops no other; who waits for its answer has one."""
        what = type(action).__name__
        _log.error("an action of the engine failed; the others go on", action=what, error=error)
        if isinstance(action, Commit):
            why = StoreUnavailable(f"a mistake of ours: {told(error)}")
            self.machine.failed(action.ticket, why, at)
        elif isinstance(action, HandOver):
            failed = ReceiptState.FAILED_TEMPORARY
            self.machine.refused(action.notice.id, failed, "internal error", at)

    def _do(self, action: Action, at: Moment) -> None:
        match action:
            case Commit(ticket=ticket, transaction=transaction):
                done = self._store.submit(transaction)
                done.add_done_callback(partial(self._store_answered, ticket))
            case Answered(ticket=ticket, taken=taken):
                self._answered(ticket, taken)
            case Tell():
                self._doors.tell(action)
            case HandOver(notice=notice, token=token):
                self._hand_over(notice, token, at)
            case Abandon(notice=notice_id):
                if (task := self._handing.get(notice_id)) is not None:
                    task.cancel()
            case ShowAgain(notice=notice, more=more):
                self._show_again(notice, more)
            case Sound(alarm=alarm):
                count = self._doors.ring_locally(alarm)
                self.machine.sounded(alarm.id, count, at)
            case Changed(what=what, alarm=alarm_id):
                self._followers.changed(what, alarm_id)
            case Degraded(part=part, message=message, fields=fields):
                self.health.report(part, message, **dict(fields))
            case Restored(part=part):
                self.health.clear(part)
            case Log(what=what, fields=fields, serious=serious):
                (_log.error if serious else _log.warning)(what, **dict(fields))
            case Do(kind=kind, effect=effect):
                if (perform := self._performers.get(kind)) is not None:
                    perform(effect)
            case WriteDown(transaction=transaction):
                self._run_beside(self._write_down(transaction))
            case ReadBack(take_over=take_over):
                self._run_beside(self._read_back(take_over))
            case Settle(ticket=ticket, transactions=transactions):
                self._run_beside(self._settle(ticket, transactions))
            case _:
                assert_never(action)

    def _answered(self, ticket: Ticket, taken: Taken) -> None:
        owed = self._owed.get(ticket)
        if taken is not Taken.UNSTORED:
            self._owed.pop(ticket, None)
        if owed is not None:
            owed(taken)

    def _set_timer(self, at: datetime | None, now: datetime) -> None:
        if at == self._timer_at and (at is None) == (self._timer is None):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, at
        if at is None:
            return
        loop = asyncio.get_running_loop()
        delay_s = (at - now).total_seconds()
        if delay_s <= 0:
            self._timer = loop.call_soon(self.wake)
        else:
            self._timer = loop.call_later(min(delay_s, SLEEP_LONGEST_S), self.wake)

    def _run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._beside[task] = None
        task.add_done_callback(self._ran_beside)

    def _ran_beside(self, task: asyncio.Task[None]) -> None:
        del self._beside[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work beside the engine failed", error=error)

    # Inside: the store and its journal

    def _store_answered(self, ticket: Ticket, done: asyncio.Future[None]) -> None:
        error = StoreUnavailable("store closed") if done.cancelled() else done.exception()
        at = self._at()
        if error is None:
            self.machine.committed(ticket, at)
        else:
            self.machine.failed(ticket, _of_the_store(error), at)
        self._do_actions(at)

    async def _settle(self, ticket: Ticket, transactions: Sequence[Transaction]) -> None:
        settling = Settling(self._store)
        try:
            for transaction in transactions:
                await settling.settle(transaction)
        except Conflict as error:  # somebody else writes it this very moment: not at once again
            self.machine.failed(ticket, StoreUnavailable(str(error)), self._at())
        except Exception as error:
            self.machine.failed(ticket, _of_the_store(error), self._at())
        else:
            self.machine.committed(ticket, self._at())
        self._do_actions()

    async def _write_down(self, transaction: Transaction) -> None:
        try:
            await self._journal.append(transaction)
        except StoreUnavailable as error:
            self.machine.line.journal_failed(error)
            self._do_actions()

    async def _read_back(self, take_over: bool) -> None:
        try:
            await self._journal.replay(self._store, self._clock.wall())
            if take_over:
                self.machine.take_over(*await self._stored(), self._at())
        except Exception as error:
            why = _of_the_store(error)
            self.machine.line.read_back_failed(why, self._clock.now())
        else:
            self.machine.line.read_back(self._clock.now())
        self._do_actions()

    async def _stored(self) -> tuple[Any, Any, Any, Any, Any]:
        """What the store holds open: alarms, notices, links, what had not left, other cases."""
        return (
            await self._store.open_alarms(),
            await self._store.open_notices(),
            await self._store.open_links(),
            await self._store.unfinished_notices(),
            await self._store.open_cases(),
        )

    # Inside: channels

    def _hand_over(self, notice: Notice, token: str, at: Moment) -> None:
        channel = self._doors.immediate.get(notice.channel)
        if channel is None:
            task = asyncio.get_running_loop().create_task(self._send(notice, token))
            self._handing[notice.id] = task
            task.add_done_callback(lambda _: self._handing.pop(notice.id, None))
            return
        try:
            sending = channel.hand_over(notice, self._world.addressee(notice))
        except ChannelError as error:
            self._refused(notice, error)
        except Exception as error:
            self._failed(notice, error)
        else:
            self.machine.handed_over(notice.id, sending.state, at, sending.provider_ref)

    async def _send(self, notice: Notice, token: str) -> None:
        link = self._doors.link_url(token) if token else ""
        try:
            channel = self._doors.waiting[notice.channel]
            sending = await channel.send(notice, self._world.addressee(notice), link)
        except ChannelError as error:
            self._refused(notice, error)
        except Exception as error:
            self._failed(notice, error)
        else:
            self.machine.handed_over(notice.id, sending.state, self._at(), sending.provider_ref)
        self._do_actions()

    def _refused(self, notice: Notice, error: ChannelError) -> None:
        temporary = ReceiptState.FAILED_TEMPORARY
        state = temporary if error.temporary else ReceiptState.FAILED_PERMANENT
        self.machine.refused(notice.id, state, str(error), self._at())

    def _failed(self, notice: Notice, error: Exception) -> None:
        """Ours: the notice must not die with its channel, the person's next route is due now."""
        _log.error("a notice could not be performed", notice=notice.id, error=error)
        failed = ReceiptState.FAILED_TEMPORARY
        self.machine.refused(notice.id, failed, "internal error", self._at())

    def _show_again(self, notice: Notice, more: str) -> None:
        channel = self._doors.immediate.get(notice.channel)
        if channel is None:
            return
        try:
            channel.hand_over(notice, replace(self._world.addressee(notice), more=more))
        except ChannelError as error:
            _log.info("gone again before its page", notice=notice.id, code=error.code)


def _of_the_store(error: BaseException) -> TilkaldError:
    """A mistake of ours over one transaction: trying it again does not help, the others go on."""
    if isinstance(error, TilkaldError):
        return error
    _log.error("the store broke over a transaction", error=error)
    return Unstorable(f"a mistake of ours: {told(error)}")
