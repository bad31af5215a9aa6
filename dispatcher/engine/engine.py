"""The one loop: an event comes in, the core decides, the work is committed, then performed.

No polling: one timer stands at the earliest `wake_at` of all open alarms. Everything slow (sending,
reading the store) happens beside it; nothing here waits while it holds a decision.
"""

from __future__ import annotations

import asyncio
from asyncio import Queue
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from alarms.channel import Rings
from alarms.closing import Word
from alarms.model import Alarm, Cause, Notice, call_of
from alarms.troubles import ended_key, is_of_equipment, trouble_key
from alarms.view import View
from alarms.vocabulary import LostWhy
from core import log
from core.clock import Clock, ClockMark, sleep
from core.errors import DomainError, StoreUnavailable
from core.freshness import Lowers, is_fresh, said_at
from core.log_line import told
from core.signals import (
    UNKNOWN_WORD,
    AnswerKind,
    Later,
    ReceiptState,
    Signal,
    SignalType,
    Taken,
)
from core.values import replace
from core.words import Words, words
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.ports import Addressee, Channel
from dispatcher.channels.rows import row
from dispatcher.channels.wearer import Tell
from dispatcher.engine import asked
from dispatcher.engine.archive import Archive
from dispatcher.engine.causes import Causes
from dispatcher.engine.commits import Commits, Journal
from dispatcher.engine.core import Core, word_of
from dispatcher.engine.followers import Followers
from dispatcher.engine.health import LOCALES, Health
from dispatcher.engine.last_net import NettedPictures
from dispatcher.engine.outbox import Outbox
from dispatcher.engine.outcome import Moment, Outcome, Pictures
from dispatcher.engine.pleas import STRANGER, as_press, plea, stranger_is_heard
from dispatcher.engine.ports import Change, DeviceState, PersonState, Problem
from dispatcher.engine.present import present_state, shown_again
from dispatcher.engine.sounders import Sounders
from dispatcher.roster.model import Language, Presence
from dispatcher.roster.organisation import Organisation
from dispatcher.store.ports import ChainedEntry, NoticeMove, RawBytes, Store, Transaction

AT_ONCE_MOST = 10
"""Alarms handled before the loop may do something else: presses, receipts, pages."""

SLEEP_LONGEST_S = 10.0
"""The timer is set anew at least this often, because a suspended machine stops the loop's clock."""

STOP_WITHIN_S = 2.0

_TAKEN_NOWHERE = (AnswerOutcome.UNKNOWN, AnswerOutcome.CLOSED, AnswerOutcome.NOT_YOURS)


LISTED_MOST = 20
"""Places named in the one call to the duty leader after a long stop; the board shows them all."""

TROUBLES = {
    SignalType.TAMPER: "Somebody has tampered with {devices}. Look at it.",
    SignalType.LOW_BATTERY: "Low battery: {devices}. Charge or change it.",
}

NOBODY_KNOWS = "{devices} says something nobody knows. Ask who carries it."

_log = log.logger("dispatcher.engine")


class Surroundings(Pictures, Protocol):
    """The pictures, and what pages want to see of them."""

    def organisation(self) -> Organisation: ...

    def people(self, at: Moment) -> Sequence[PersonState]: ...

    def devices(self, at: Moment) -> Sequence[DeviceState]: ...

    def addressee(self, notice: Notice) -> Addressee: ...

    def present(self, word: Presence) -> bool:
        """Take over what somebody said; false where they have said something later."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """What the engine speaks through: channels, the wearers' devices, local sounders, links.

    `ring_locally`: nobody has accepted; how many sirens sound about it now.
    """

    channels: Mapping[str, Channel]
    tell: Callable[[Tell], bool]
    ring_locally: Callable[[Alarm], int]
    link_url: Callable[[str], str]


class Engine:
    """Implements `dispatcher.engine.ports.Desk`. Start it before anything may come in."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        surroundings: Surroundings,
        doors: Doors,
        journal: Journal,
    ) -> None:
        self._store = store
        self._clock = clock
        self._around = surroundings
        self._doors = doors
        self._journal = journal
        self._followers = Followers()
        self.health = Health(clock.now, lambda: self._followers.changed("health"), self.say)
        capabilities = {name: channel.capabilities for name, channel in doors.channels.items()}
        pictures = NettedPictures(
            surroundings,
            surroundings.organisation,
            self.health.report,
            lambda: self.core.book.pressers(),
        )
        self.core = Core(pictures, capabilities)
        self._outbox = Outbox(doors.channels, self, surroundings.addressee, doors.link_url)
        self._sounders = Sounders()
        self._causes = Causes(lambda key: self.core.book.about(key) is not None)
        self._commits: Commits | None = None
        self.archive = Archive(store, self.core.book, lambda: self._line.ahead())
        self._timer: asyncio.TimerHandle | None = None
        self._unsent: deque[Notice] = deque()

    # Life

    async def start(self) -> None:
        """All of it, where no listener is to be opened in between."""
        await self.load()
        await self.go_on()

    async def load(self) -> None:
        """Take over what is open, stand at the next moment again; presses may come in from here.

        Of what fell due in the down time the most acute is decided before anything else.
        """
        self.core.load(
            await self._store.open_alarms(),
            await self._store.open_notices(),
            await self._store.open_links(),
        )
        unfinished = await self._store.unfinished_notices()
        self._commits = Commits(
            self._store, self.core.book, self._journal, self.health, self._clock, self._perform
        )
        works, held = self.core.hold_overdue(self._at())
        for work in works:  # in the order they are decided: `review` may go on from there
            self._start(work)
        self._start(self._or_nothing(partial(self.core.review, self._at())) or Outcome())
        self.core.set_overdue_aside(self._at())
        self._run_overdue()
        self._doubt(unfinished)
        self._list_held(held)
        self._arm()

    def replay_later(self, why: StoreUnavailable) -> None:
        """The journal could not be read back at the start: whom it holds is called when it is."""
        self.health.report("journal", "The emergency journal does not work: {why}", why=why)
        self._line.replay_later(self._adopt)

    async def go_on(self) -> None:
        """Outcome off what the start found, a little at a time: what happens now goes first."""
        await self._raise_unreadable()
        while self._unsent or self.core.any_overdue:
            overdue = self._run_overdue()
            for _ in range(min(len(self._unsent), AT_ONCE_MOST)):
                self._outbox.send(self._unsent.popleft())
            # The store sets the pace: its queue is for what happens now.
            await (overdue or sleep(0))

    async def stop(self) -> None:
        """Nothing new is decided; what is under way is committed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._outbox.close(STOP_WITHIN_S)
        await self._line.drain(STOP_WITHIN_S)

    # Desk: what comes in

    async def take(self, signal: Signal, later: Later | None = None) -> Taken:
        work = await self._decided(signal, self._at())
        return await self._do(replace(work, later=_owed(later)))

    async def keep_raw(self, raw: RawBytes, later: Later | None = None) -> Taken:
        return await self._do(Outcome(Transaction(raw=(raw,)), later=_owed(later)))

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        notice = await self.archive.notice(notice_id)
        if notice is None:
            return AnswerOutcome.UNKNOWN
        outcome, work = self._counted(notice, answer, source)
        if answer is AnswerKind.MORE_HELP and outcome is AnswerOutcome.CLOSED:
            person = self.core.speaker_of(notice, source, self._at())
            outcome, work = AnswerOutcome.RAISED, work.and_then(self._plea(person, ""))
        if work != Outcome():
            await self._do(work)
        return outcome

    async def call_for_help(self, person: str | None, text: str) -> Taken:
        return await self._do(self._plea(person, text))

    async def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None = None
    ) -> AnswerOutcome:
        at, alarm = self._at(), self.core.book.get(alarm_id)
        outcome, work = AnswerOutcome.CLOSED, Outcome()
        if alarm is not None:
            outcome, work = self._volunteered(alarm, person, answer, rev, at)
        if answer is AnswerKind.MORE_HELP and outcome is AnswerOutcome.CLOSED:
            outcome, work = AnswerOutcome.RAISED, work.and_then(self._plea(person, ""))
        if work != Outcome():
            await self._do(work)
        return outcome

    async def receipt(self, notice_id: str, state: ReceiptState, detail: str = "") -> None:
        await self._do(self.core.receipt(notice_id, state, detail, "", self._at()))

    async def close_alarm(
        self, alarm_id: str, rev: int, person: str, cause: Cause, text: str = ""
    ) -> Alarm:
        if await self.archive.alarm(alarm_id) is None:
            raise DomainError("not_found", "There is no such alarm.")
        work = self.core.close(alarm_id, rev, person, cause, text, self._at())
        await self._do(work)
        return work.transaction.alarms[-1].alarm

    def mark(self, mark: ClockMark) -> None:
        """Where the clock stands; a store that does not take it is told about."""
        self._start(Outcome(Transaction(clock=mark)))

    def delivered(self, notice_id: str, state: ReceiptState) -> None:
        """A channel of this process has its receipt; nobody waits for its commit."""
        self._start(self.core.receipt(notice_id, state, "", "", self._at()))

    def say(self) -> Words:
        """The words of the first site's language: what the service says about itself."""
        sites = self._around.organisation().sites
        return words(sites[0].language if sites else Language.ENGLISH, LOCALES)

    def technical(self, key: str, message: str, site: str = "", **fields: str) -> None:
        """Something about the service or its devices needs a person, in the technical lane."""
        text = self.say()(message, **fields)
        devices = fields.get("devices", "")
        self._start(self._technical(key, text, site, devices, self._at()))

    def recovered(self, key: str) -> None:
        at = self._at()
        self._start(self.core.recovered(key, at).and_then(self._folded_over(key, at)))

    def responder_lost(self, person: str, why: LostWhy) -> None:
        self._start(self.core.lost(person, why, self._at()))

    def reconfigured(self) -> None:
        """Another configuration stands: who has left the site, or lost a device, does not count."""
        self._start(self.core.review(self._at()))

    def device_subscribed(self, device: str) -> None:
        for alarm in self.core.book.of_device(device):
            self._tell_present_state(alarm, device)
        standing = asked.standing(self.core.book, device, also_failed=True)
        sent = (notice for notice in standing if row(notice.channel).rings is Rings.DEVICE)
        pages = [page for page in sent if not self.core.rings_at_a_presser(page, self._at())]
        for notice, more in shown_again(pages, self.say()):
            self._outbox.show_again(notice, more)

    # Desk: what pages see

    def open_alarms(self) -> Sequence[Alarm]:
        return sorted(
            self.core.book.alarms.values(),
            key=lambda a: (a.technical, -a.level.rank, a.times.stored or self._clock.now()),
        )

    def open_alarm(self, alarm_id: str) -> Alarm | None:
        return self.core.book.get(alarm_id)

    def last_view(self, alarm_id: str) -> View | None:
        return self.core.book.views.get(alarm_id)

    async def alarm(self, alarm_id: str) -> Alarm | None:
        return await self.archive.alarm(alarm_id)

    async def notices(self, alarm_id: str) -> Sequence[Notice]:
        return await self.archive.notices(alarm_id)

    async def timeline(self, alarm_id: str) -> Sequence[ChainedEntry]:
        return await self.archive.timeline(alarm_id)

    async def standing_notices(self, number: str) -> Sequence[Notice]:
        return asked.standing(self.core.book, number)

    async def asked_notices(self, number: str) -> Sequence[Notice]:
        return asked.asked(self.core.book, number)

    async def closed_notices(self, number: str) -> Sequence[Notice]:
        return self.core.book.closed.sent_to(number, self._clock.now())

    def organisation(self) -> Organisation:
        return self._around.organisation()

    def people(self) -> Sequence[PersonState]:
        return self._around.people(self._at())

    def devices(self) -> Sequence[DeviceState]:
        return self._around.devices(self._at())

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

    # Office: what the outbox asks

    def why_not(self, notice: Notice) -> str:
        return self.core.why_not(notice, self._at())

    def commit(self, work: Outcome) -> Awaitable[Taken]:
        for link in work.transaction.links:
            self.core.book.keep_link(link)
        return self._do(work)

    def sending(self, notice: Notice) -> NoticeMove:
        return self.core.sending(notice.id, self._at())

    def moved(self, notice: Notice, state: ReceiptState, detail: str, ref: str = "") -> None:
        self._start(self.core.receipt(notice.id, state, detail, ref, self._at()))

    # Inside

    @property
    def _line(self) -> Commits:
        assert self._commits is not None, "start comes first"
        return self._commits

    def _at(self) -> Moment:
        return Moment(self._clock.now(), self._clock.wall())

    def _do(self, work: Outcome) -> asyncio.Future[Taken]:
        taken = self._line.submit(work)
        self._arm()
        return taken

    def _start(self, work: Outcome) -> None:
        if work != Outcome():
            self._do(work)

    def _perform(self, work: Outcome) -> None:
        for tell in work.tell:
            self._doors.tell(tell)
        for notice in work.send:
            self._outbox.send(notice)
        for alarm_id in work.ring_locally:
            alarm = self.core.book.get(alarm_id)
            if alarm is not None:
                self._ring_locally(alarm)
        for alarm_id in dict.fromkeys(work.changed):
            self._followers.changed("alarm", alarm_id)

    def _ring_locally(self, alarm: Alarm) -> None:
        count = self._doors.ring_locally(alarm)
        if alarm.rings_locally:
            self._start(self._sounders.noted(alarm, count, self._at()))

    def _arm(self) -> None:
        """One timer, at the earliest moment of all."""
        moment = self.core.next_moment()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if moment is None:
            return
        delay_s = max(0.0, (moment - self._clock.now()).total_seconds())
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(min(delay_s, SLEEP_LONGEST_S), self._run_due)

    def _run_due(self) -> None:
        for _ in range(AT_ONCE_MOST):
            at, moment = self._at(), self.core.next_moment()
            if moment is None or moment > at.now:
                break
            self._line.submit(self._or_nothing(partial(self.core.due, at)) or Outcome())
        self._arm()

    def _run_overdue(self) -> Awaitable[Taken] | None:
        """Some of what fell due in the down time; the commit of the last of them."""
        taken = None
        for _ in range(AT_ONCE_MOST):
            work = self._or_nothing(partial(self.core.overdue, self._at()))
            if work is None:
                break
            taken = self._do(work)
        return taken

    def _or_nothing(self, decide: Callable[[], Outcome | None]) -> Outcome | None:
        """A mistake of ours about one alarm stops no other; the auditor calls people about it."""
        try:
            return decide()
        except Exception as error:
            _log.error("deciding failed; the other alarms go on", error=error)
            self._report_mistake(error)
            return Outcome()

    async def _decided(self, signal: Signal, at: Moment) -> Outcome:
        """What a signal leaves to be done."""
        match signal.type:
            case SignalType.RESTORE if is_of_equipment(signal):
                well = self.core.well_again(signal, at)
                return well.and_then(self._folded_over(ended_key(signal), at))
            case SignalType.ALARM | SignalType.CANCEL | SignalType.RESTORE:
                return self._alarm(signal, at)
            case SignalType.TEST if not signal.reading.line_test:
                return self.core.test(signal, at)
            case SignalType.CHECK_IN | SignalType.CHECK_OUT if signal.person is not None:
                return self._presence(signal, at)
            case SignalType.ANSWER:
                return await self._device_answer(signal)
            case SignalType.TAMPER if signal.reading.kind is not None:
                return self._alarm(signal, at)
            case SignalType.TAMPER | SignalType.LOW_BATTERY | SignalType.TECHNICAL:
                return self._technical_signal(signal, at)
            case _:
                return self.core.noted(signal, at)

    def _alarm(self, signal: Signal, at: Moment) -> Outcome:
        try:
            return self.core.signal(signal, at)
        except Exception as error:
            # Ours, and a press must not die of it: everybody is called, and a person is told.
            _log.error("deciding failed; everybody is called", signal=signal.id, error=error)
            self._report_mistake(error)
            return self.core.call_everyone(signal, at)

    def _report_mistake(self, error: Exception) -> None:
        self.health.report(
            "deciding",
            "An alarm could not be decided. Everybody is called. Tell support: {why}",
            why=told(error),
        )

    def _presence(self, signal: Signal, at: Moment) -> Outcome:
        leaving = signal.type is SignalType.CHECK_OUT
        if leaving and not signal.reading.authenticated:
            return Outcome(Transaction(signals=(signal,)))
        if signal.repeat:
            return self.core.noted(signal, at)
        if leaving and not is_fresh(said_at(signal), at.now, Lowers.CHECK_OUT):
            _log.warning("an old word of going off duty was not counted", device=signal.device)
            return self.core.left_long_ago(signal, at)
        if not self._around.present(word_of(signal)):
            return self.core.noted(signal, at)  # they have said otherwise since
        self._followers.changed("devices")
        return self.core.presence(signal, at)

    async def _device_answer(self, signal: Signal) -> Outcome:
        """A responder's device: its answer counts only from the device its notice went to.

        One transaction with what it decides: else a crash in between would leave an answer that
        is stored, and so not handed on when the device repeats it, but never counted.
        """
        kept = Outcome(Transaction(signals=() if signal.repeat else (signal,)))
        answer, notice = signal.reading.answer, await self._notice_answered(signal)
        outcome, work = AnswerOutcome.UNKNOWN, Outcome()
        if signal.repeat:
            return kept  # it was counted, or raised, in the transaction that stored it
        if answer is not None and notice is not None:
            source = Source(SourceKind.DEVICE, signal.device)
            said = said_at(signal, not_before=notice.created)
            outcome, work = self._counted(notice, answer, source, said)
        if answer is AnswerKind.MORE_HELP and outcome in _TAKEN_NOWHERE:
            return work.and_then(self._alarm(as_press(signal), self._at()))
        return kept.and_then(work)

    async def _notice_answered(self, signal: Signal) -> Notice | None:
        reading = signal.reading
        if reading.answer is None or not reading.authenticated:
            return None
        notice_id = reading.notice or asked.only_one(self.core.book, signal.device)
        if notice_id is None:
            return None
        try:
            return await self.archive.notice(notice_id)
        except StoreUnavailable:
            return None  # of a closed alarm: what it still says can be read from the signal

    def _counted(
        self, notice: Notice, answer: AnswerKind, source: Source, said: datetime | None = None
    ) -> tuple[AnswerOutcome, Outcome]:
        at = self._at()
        outcome, work = self.core.answer_from(notice, answer, source, at, said)
        if outcome is AnswerOutcome.NOT_YOURS:
            _log.warning("an answer was not counted", notice=notice.id)
        return outcome, work

    def _volunteered(
        self, alarm: Alarm, person: str, answer: AnswerKind, rev: int | None, at: Moment
    ) -> tuple[AnswerOutcome, Outcome]:
        """Somebody at the console. What calls help is believed from anyone (law 6)."""
        called = call_of(alarm, person) is not None or self._around.on_shift(person, at)
        leads = self._around.leads(person, alarm.site, at)
        if not (called or leads or answer is AnswerKind.MORE_HELP):
            return AnswerOutcome.NOT_YOURS, Outcome()
        return self.core.answer_of(alarm.id, person, answer, "", at, Word(rev=rev))

    def _plea(self, person: str | None, words: str) -> Outcome:
        """What is said in words, as a press; a person's own alarm that is open hears it."""
        at, people = self._at(), self._around.organisation().people
        site = next((one.site for one in people if one.id == person), "")
        pressed = plea(person, site, words, at)
        known = next(iter(self.core.book.of_device(STRANGER)), None)
        if person is None and known is not None and stranger_is_heard(known, at.now):
            return self.core.counted_only(pressed, known, at)
        return self._alarm(pressed, at)

    def _technical_signal(self, signal: Signal, at: Moment) -> Outcome:
        unknown = signal.reading.code == UNKNOWN_WORD
        message = NOBODY_KNOWS if unknown else TROUBLES.get(signal.type, "{text}")
        which = "/".join(filter(None, (signal.device, signal.point)))
        text = self.say()(message, devices=which, text=signal.reading.text)
        raised = self._technical(trouble_key(signal), text, signal.site, signal.device, at)
        return self.core.noted(signal, at).and_then(raised)

    def _technical(self, key: str, text: str, site: str, device: str, at: Moment) -> Outcome:
        """An alarm about this cause, or the one that stands for many causes of its source."""
        folded = self._causes.folded(key, device)
        if folded is None:
            return self.core.technical(key, text, site, device, at)
        many, count = folded
        message = "More technical alarms from {devices}: {count}. Look at it."
        text = self.say()(message, devices=device or key.partition(":")[0], count=count)
        return self.core.technical(many, text, site, device, at)

    def _folded_over(self, key: str, at: Moment) -> Outcome:
        many = self._causes.over(key)
        return self.core.recovered(many, at) if many else Outcome()

    def _tell_present_state(self, alarm: Alarm, device: str | None = None) -> None:
        stored = self._line.is_committed(alarm.id)
        state = present_state(alarm, stored, self._clock.now())
        for tell in self.core.to_wearers(alarm, state, self._at()):
            if device in (None, tell.device):
                self._doors.tell(tell)

    async def _adopt(self) -> None:
        """Take over what the journal has brought into the store, as at a start.

        Who has pressed or left since counts nowhere, and what had not left leaves now.
        """
        alarms = [a for a in await self._store.open_alarms() if self._is_news(a)]
        here = dict.fromkeys(alarm.id for alarm in alarms)
        notices = [one for one in await self._store.open_notices() if one.alarm in here]
        links = [one for one in await self._store.open_links() if one.alarm in here]
        unfinished = [one for one in await self._store.unfinished_notices() if one.alarm in here]
        self.core.load(alarms, notices, links)
        self._line.adopt(alarms)
        self._start(self.core.review(self._at()))
        self._doubt(unfinished)
        while self._unsent:
            self._outbox.send(self._unsent.popleft())
        for alarm in alarms:
            self._followers.changed("alarm", alarm.id)
        self._arm()

    def _is_news(self, stored: Alarm) -> bool:
        """Whether the store knows an alarm, or more of it, than memory; what has ended is over."""
        known = self.core.book.get(stored.id)
        if known is None:
            return not self._line.is_committed(stored.id)
        return known.rev < stored.rev

    def _doubt(self, unfinished: Sequence[Notice]) -> None:
        """What was in `sending` may have left: it goes again, with the same id, and says so."""
        at = self._clock.now()
        doubtful = dict.fromkeys(n.id for n in unfinished if n.state is ReceiptState.SENDING)
        moves = tuple(NoticeMove(notice, ReceiptState.MAYBE_SENT, at) for notice in doubtful)
        if moves:
            self._start(Outcome(Transaction(moves=moves)))
        for notice in unfinished:
            state = ReceiptState.MAYBE_SENT if notice.id in doubtful else notice.state
            again = replace(notice, state=state)
            self.core.book.keep_notice(again)
            self._unsent.append(again)

    def _list_held(self, held: Sequence[Alarm]) -> None:
        """One call to the duty leader about everything that stands for long."""
        if held:
            more = f"; +{len(held) - LISTED_MOST}" if len(held) > LISTED_MOST else ""
            places = "; ".join(a.place.label or a.id for a in held[:LISTED_MOST]) + more
            message = "Open since before the stop. Answer each: {places}"
            self.technical("held_after_down_time", message, held[0].site, places=places)

    async def _raise_unreadable(self) -> None:
        for alarm_id, why in await self._store.unreadable_alarms():
            message = "An open alarm cannot be read: {alarm} ({why}). Ask who pressed."
            self.health.report(f"alarm:{alarm_id}", message, alarm=alarm_id, why=why)
            self.technical(f"unreadable:{alarm_id}", message, alarm=alarm_id, why=why)


def _owed(later: Later | None) -> tuple[Later, ...]:
    return () if later is None else (later,)
