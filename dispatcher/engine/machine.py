"""The engine without a loop: events and moments in, actions out. Pure.

    event ─▶ decided ─▶ submitted to the commit line ─▶ performed after its commit ─▶ outbox ─▶ out

The service, the seeded world and the stories each run this very object, and each does what it asks
in the order it asks. Whoever runs it calls an event, takes the actions, and is back at `wake_at`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from alarms.channel import Capabilities, Rings
from alarms.closing import Word
from alarms.model import Alarm, Cause, Notice, call_of
from alarms.troubles import ended_key, is_of_equipment, trouble_key
from alarms.vocabulary import LostWhy
from core.clock import ClockMark
from core.errors import TilkaldError
from core.freshness import Lowers, is_fresh, said_at
from core.log_line import told
from core.signals import UNKNOWN_WORD, AnswerKind, ReceiptState, Signal, SignalType
from core.values import replace
from core.words import Words
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.rows import row
from dispatcher.engine import asked
from dispatcher.engine.actions import (
    Action,
    Answered,
    Changed,
    Degraded,
    Log,
    ShowAgain,
    Sound,
    Ticket,
)
from dispatcher.engine.causes import Causes
from dispatcher.engine.commit_line import CommitLine, Perform
from dispatcher.engine.core import Core, word_of
from dispatcher.engine.outbox import Fate, Outbox, Sending
from dispatcher.engine.outcome import NOTHING, Moment, Outcome, Pictures, Wake, together
from dispatcher.engine.pleas import STRANGER, as_press, plea, stranger_is_heard
from dispatcher.engine.present import present_state, shown_again
from dispatcher.engine.sounders import Sounders
from dispatcher.roster.model import Presence
from dispatcher.roster.organisation import Organisation
from dispatcher.safety.timed_case import Kind, TimedCase
from dispatcher.store.ports import (
    LinkWrite,
    NoticeMove,
    RawBytes,
    Transaction,
)

RECEIPTS_WAIT = timedelta(milliseconds=20)
"""How long receipts that call nobody wait for others to be committed with. A crash meanwhile leaves
their notices in `sending`, which law 5 allows for."""

AT_ONCE_MOST = 10
"""Alarms handled before whoever runs us does something else: presses, receipts, pages."""

LISTED_MOST = 20
"""Places named in the one call to the duty leader after a long stop; the board shows them all."""

TROUBLES = {
    SignalType.TAMPER: "Somebody has tampered with {devices}. Look at it.",
    SignalType.LOW_BATTERY: "Low battery: {devices}. Charge or change it.",
}
NOBODY_KNOWS = "{devices} says something nobody knows. Ask who carries it."
NOT_DECIDED = "An alarm could not be decided. Everybody is called. Tell support: {why}"

_TAKEN_NOWHERE = (AnswerOutcome.UNKNOWN, AnswerOutcome.CLOSED, AnswerOutcome.NOT_YOURS)


class People(Protocol):
    """Who stands in the configuration, and who says that they are here."""

    def organisation(self) -> Organisation: ...

    def present(self, word: Presence) -> bool:
        """Take over what somebody said; false where they have said something later."""
        ...


class Machine:
    """Open cases, the line into the store, the outbox, and the moments of all three."""

    core_type: type[Core] = Core
    line_type: type[CommitLine] = CommitLine
    outbox_type: type[Outbox] = Outbox

    def __init__(
        self,
        pictures: Pictures,
        people: People,
        channels: Mapping[str, Capabilities],
        say: Callable[[], Words],
        life: str,
        secret: Callable[[], str],
        kinds: Sequence[Kind] = (),
    ) -> None:
        """`say`: in which words the service speaks; `life`: this run's name, never used before."""
        self._pictures = pictures
        self._people = people
        self._say = say
        self.core = self.core_type(pictures, channels, kinds)
        self.line = self.line_type(self.core.open_alarms, life)
        self.outbox = self.outbox_type(channels, self.core, secret)
        self._causes = Causes(lambda key: self.core.open_alarms.about(key) is not None)
        self._sounders = Sounders()
        self.receipts: list[Outcome] = []
        self._receipts_at: datetime | None = None
        self._unsent: deque[Notice] = deque()
        self._pace: Ticket | None = None
        self._backlog_at: datetime | None = None
        self._works_off = False
        self._actions: list[Action] = []

    # Life

    def load(
        self,
        alarms: Sequence[Alarm],
        notices: Sequence[Notice],
        links: Sequence[LinkWrite],
        unfinished: Sequence[Notice],
        cases: Sequence[TimedCase],
        at: Moment,
    ) -> None:
        """Take over what the store holds open, and stand at the next moment again.

        Of what fell due in the down time the most acute is decided before anything else.
        """
        self.core.load(alarms, notices, links)
        self.line.adopt(alarms, cases)
        self._load_cases(cases, at)
        works, held = self.core.hold_overdue(at)
        for work in works:  # in the order they are decided: `review` may go on from there
            self._submit(work, at)
        self._submit_news(self._or_nothing(partial(self.core.review, at)) or NOTHING, at)
        self.core.set_overdue_aside(at)
        self._doubt(unfinished, at)
        self._run_overdue(at)
        self._list_held(held, at)

    def take_over(
        self,
        alarms: Sequence[Alarm],
        notices: Sequence[Notice],
        links: Sequence[LinkWrite],
        unfinished: Sequence[Notice],
        cases: Sequence[TimedCase],
        at: Moment,
    ) -> None:
        """What the journal has brought into the store is taken over, as at a start.

        Who has pressed or left since counts nowhere, and what had not left leaves now.
        """
        news = [alarm for alarm in alarms if self._is_news(alarm)]
        here = dict.fromkeys(alarm.id for alarm in news)
        self.core.load(
            news,
            [one for one in notices if one.alarm in here],
            [one for one in links if one.alarm in here],
        )
        new_cases = [one for one in cases if (one.kind, one.id) not in self.core.cases.open]
        self.line.adopt(news, new_cases)
        self._load_cases(new_cases, at)
        self._submit_news(self.core.review(at), at)
        self._doubt([one for one in unfinished if one.alarm in here], at)
        self._actions += [Changed("alarm", alarm.id) for alarm in news]

    def go_on(self, at: Moment) -> None:
        """Presses may come in by now: work off what the start found, behind what happens."""
        self._works_off = True
        self._look_for_backlog(at)

    # What devices and people say

    def take(self, signal: Signal, at: Moment, about: Notice | None = None) -> Ticket:
        """A signal came in. `about`: the notice it answers, as `answers` names it."""
        return self._submit(self._decided(signal, about, at), at)

    def keep_raw(self, raw: RawBytes, at: Moment) -> Ticket:
        """Keep bytes nobody could read, so that they can be acknowledged."""
        return self._submit(Outcome(Transaction(raw=(raw,))), at)

    def answers(self, signal: Signal) -> str | None:
        """Which notice a device's answer is about; None: none that can be told."""
        reading = signal.reading
        if reading.answer is None or not reading.authenticated or signal.repeat:
            return None
        return reading.notice or asked.only_one(self.core.open_alarms, signal.device)

    def answer(
        self,
        notice: Notice,
        answer: AnswerKind,
        source: Source,
        at: Moment,
        said: datetime | None = None,
    ) -> tuple[AnswerOutcome, Ticket | None]:
        """An answer from somewhere; the ticket when it changed anything."""
        outcome, work = self._counted(notice, answer, source, at, said)
        if answer is AnswerKind.MORE_HELP and outcome is AnswerOutcome.CLOSED:
            person = self.core.speaker_of(notice, source, at)
            outcome, work = AnswerOutcome.RAISED, work.and_then(self._plea(person, "", at))
        return outcome, self._submit_news(work, at)

    def volunteer(
        self, alarm_id: str, person: str, answer: AnswerKind, rev: int | None, at: Moment
    ) -> tuple[AnswerOutcome, Ticket | None]:
        """An answer at the console by somebody who may not have been called."""
        alarm = self.core.open_alarms.get(alarm_id)
        outcome, work = AnswerOutcome.CLOSED, NOTHING
        if alarm is not None:
            outcome, work = self._volunteered(alarm, person, answer, rev, at)
        if answer is AnswerKind.MORE_HELP and outcome is AnswerOutcome.CLOSED:
            outcome, work = AnswerOutcome.RAISED, work.and_then(self._plea(person, "", at))
        return outcome, self._submit_news(work, at)

    def call_for_help(self, person: str | None, text: str, at: Moment) -> Ticket:
        """Somebody asks for help in words, about no alarm that is known: raised in doubt."""
        return self._submit(self._plea(person, text, at), at)

    def close(
        self, alarm_id: str, rev: int, person: str, cause: Cause, text: str, at: Moment
    ) -> tuple[Alarm, Ticket]:
        """A person closes what they saw at `rev`. Raises DomainError with the reason."""
        work = self.core.close(alarm_id, rev, person, cause, text, at)
        return work.transaction.alarms[-1].alarm, self._submit(work, at)

    # What channels, sirens and the service say

    def receipt(
        self, notice_id: str, state: ReceiptState, at: Moment, detail: str = "", ref: str = ""
    ) -> None:
        """What became of a notice; receipts that come together are one commit."""
        outcome = self.core.receipt(notice_id, state, detail, ref, at)
        if outcome != NOTHING:
            calls = outcome.send or outcome.tell or outcome.ring_locally
            due = at.now if calls else at.now + RECEIPTS_WAIT
            self.receipts.append(outcome)
            self._receipts_at = min(due, self._receipts_at or due)

    def receipt_now(
        self, notice_id: str, state: ReceiptState, at: Moment, detail: str = ""
    ) -> Ticket | None:
        """The same, for who waits until it is stored; None when it is no news."""
        return self._submit_news(self.core.receipt(notice_id, state, detail, "", at), at)

    def handed_over(self, notice_id: str, state: ReceiptState, at: Moment, ref: str = "") -> None:
        """Its channel has taken a notice."""
        if self.outbox.handed_over(notice_id, at):
            self.receipt(notice_id, state, at, "", ref)

    def refused(self, notice_id: str, state: ReceiptState, why: str, at: Moment) -> None:
        """Its channel has not: for now, or for good."""
        if self.outbox.handed_over(notice_id, at):
            self.receipt(notice_id, state, at, why)

    def sounded(self, alarm_id: str, count: int, at: Moment) -> None:
        """So many sirens sound about this alarm now."""
        alarm = self.core.open_alarms.get(alarm_id)
        if alarm is not None and alarm.rings_locally:
            self._submit_news(self._sounders.sounded(alarm, count, at), at)

    def happened(self, kind: str, case: str, event: object, at: Moment) -> None:
        """Something happened to a timed case of another kind than an alarm."""
        decide = partial(self.core.cases.happened, (kind, case), event, at)
        self._submit_news(self._or_nothing(decide) or NOTHING, at)

    def mark(self, mark: ClockMark, at: Moment) -> Ticket:
        """Where the clock stands."""
        return self._submit(Outcome(Transaction(clock=mark)), at)

    def technical(self, key: str, text: str, site: str, device: str, at: Moment) -> None:
        """Something about the service or its devices needs a person, in the technical lane."""
        self._submit_news(self._technical(key, text, site, device, at), at)

    def recovered(self, key: str, at: Moment) -> None:
        """What a technical alarm was about is well again."""
        over = self.core.recovered(key, at).and_then(self._folded_over(key, at))
        self._submit_news(over, at)

    def lost(self, person: str, why: LostWhy, at: Moment) -> None:
        """Somebody who may be coming cannot be counted on any more."""
        self._submit_news(self.core.lost(person, why, at), at)

    def reconfigured(self, at: Moment) -> None:
        """Another configuration stands: who has left, or lost a device, does not count."""
        self._submit_news(self.core.review(at), at)

    def device_subscribed(self, device: str, at: Moment) -> None:
        """A device listens again: it gets the present state, and its standing pages."""
        for alarm in self.core.open_alarms.of_device(device):
            self.tell_present_state(alarm, at, device)
        standing = asked.standing(self.core.open_alarms, device, also_failed=True)
        sent = (notice for notice in standing if row(notice.channel).rings is Rings.DEVICE)
        pages = [page for page in sent if not self.core.rings_at_a_presser(page, at)]
        self._actions += [ShowAgain(*page) for page in shown_again(pages, self._say())]

    def tell_present_state(self, alarm: Alarm, at: Moment, device: str | None = None) -> None:
        """What the wearers of an alarm, or one of them, would know had nothing happened."""
        state = present_state(alarm, self.line.is_committed(alarm.id), at.now)
        told = self.core.to_wearers(alarm, state, at)
        self._actions += [tell for tell in told if device in (None, tell.device)]

    # What the store says

    def committed(self, ticket: Ticket, at: Moment) -> None:
        self.line.committed(ticket, at.now)

    def failed(self, ticket: Ticket, why: TilkaldError, at: Moment) -> None:
        self.line.failed(ticket, why, at.now)

    # Time

    @property
    def wake_at(self) -> Wake | None:
        """The next moment of all, with its reason."""
        moments = [wake for wake in (self.line.wake_at, self.outbox.wake_at) if wake is not None]
        for at, why in (
            (self._receipts_at, "receipts that came together"),
            (self._backlog_at, "what the down time left"),
            (self.core.next_moment(), "a case is due"),
        ):
            if at is not None:
                moments.append(Wake(at, why))
        return min(moments, key=lambda wake: wake.at, default=None)

    def wake(self, at: Moment) -> None:
        """Do what is due now; what is left over has a moment that is past."""
        if self._receipts_at is not None and self._receipts_at <= at.now:
            self._submit(NOTHING, at)
        for _ in range(AT_ONCE_MOST):
            moment = self.core.next_moment()
            if moment is None or moment > at.now:
                break
            self._submit_news(self._or_nothing(partial(self.core.due, at)) or NOTHING, at)
        if self._backlog_at is not None and self._backlog_at <= at.now:
            self._work_off(at)
        self.line.wake(at.now)
        self.outbox.wake(at)

    def finish(self, at: Moment) -> None:
        """A stop: what waits to be committed with others waits no longer."""
        if self.receipts:
            self._submit(NOTHING, at)

    @property
    def has_backlog(self) -> bool:
        """Whether what the start found is not worked off yet."""
        return self._backlog_at is not None or self._pace is not None

    def will_send(self, notice_id: str) -> bool:
        """Whether the start has found it, and it waits for its turn to leave."""
        return any(notice.id == notice_id for notice in self._unsent)

    def take_actions(self, at: Moment) -> list[Action]:
        """What is to be done now, in this order; asked again, only what came since."""
        self._empty_outbox(at)
        while pending := self.line.take_actions():
            for action in pending:
                if isinstance(action, Perform):
                    self._perform(action.outcome, at)
                    self._empty_outbox(at)
                    continue
                if isinstance(action, Answered):
                    self._paced(action.ticket, at)
                self._actions.append(action)
        actions, self._actions = self._actions, []
        return actions

    # Inside

    def _submit(self, outcome: Outcome, at: Moment) -> Ticket:
        """Behind the receipts that wait, and in one transaction with them if that can be stored."""
        if self.receipts:
            receipts, self.receipts, self._receipts_at = self.receipts, [], None
            self.line.gather(together(receipts), at.now)
        return self.line.submit(outcome, at.now)

    def _submit_news(self, outcome: Outcome, at: Moment) -> Ticket | None:
        return None if outcome == NOTHING else self._submit(outcome, at)

    def _perform(self, outcome: Outcome, at: Moment) -> None:
        self._actions += outcome.tell
        for notice in outcome.send:
            self.outbox.send(notice, at)
        for notice_id in outcome.hand_over:
            self.outbox.committed(notice_id, at)
        for alarm_id in outcome.ring_locally:
            alarm = self.core.open_alarms.get(alarm_id)
            if alarm is not None:
                self._actions.append(Sound(alarm))
        self._actions += [Changed("alarm", one) for one in dict.fromkeys(outcome.changed)]
        self._actions += outcome.do

    def _empty_outbox(self, at: Moment) -> None:
        for action in self.outbox.take_actions():
            match action:
                case Fate():
                    self.receipt(action.notice, action.state, at, action.detail, action.ref)
                case Sending(outcome=outcome):
                    for link in outcome.transaction.links:
                        self.core.open_alarms.keep_link(link)
                    self._submit(outcome, at)
                case _:
                    self._actions.append(action)

    def _work_off(self, at: Moment) -> None:
        """A little at a time: what happens now goes first, and the store sets the pace."""
        for _ in range(min(len(self._unsent), AT_ONCE_MOST)):
            self.outbox.send(self._unsent.popleft(), at)
        self._run_overdue(at)

    def _run_overdue(self, at: Moment) -> None:
        for _ in range(AT_ONCE_MOST):
            work = self._or_nothing(partial(self.core.overdue, at))
            if work is None:
                break
            self._pace = self._submit(work, at)
        self._look_for_backlog(at)

    def _look_for_backlog(self, at: Moment) -> None:
        more = self._works_off and self._pace is None and (self.core.any_overdue or self._unsent)
        self._backlog_at = at.now if more else None

    def _paced(self, ticket: Ticket, at: Moment) -> None:
        """The last of what was decided anew is stored, or goes on from memory: the next."""
        if ticket == self._pace:
            self._pace = None
            self._look_for_backlog(at)

    def _or_nothing(self, decide: Callable[[], Outcome | None]) -> Outcome | None:
        """A mistake of ours about one alarm stops no other; the auditor calls people about it."""
        try:
            return decide()
        except Exception as error:
            self._log("deciding failed; the other alarms go on", error=error)
            self._report_mistake(error)
            return NOTHING

    def _decided(self, signal: Signal, about: Notice | None, at: Moment) -> Outcome:
        """What a signal leaves to be done."""
        match signal.type:
            case SignalType.RESTORE if is_of_equipment(signal):
                well = self.core.equipment_restored(signal, at)
                return well.and_then(self._folded_over(ended_key(signal), at))
            case SignalType.ALARM | SignalType.CANCEL | SignalType.RESTORE:
                return self._alarm(signal, at)
            case SignalType.TEST if not signal.reading.line_test:
                return self.core.test(signal, at)
            case SignalType.CHECK_IN | SignalType.CHECK_OUT if signal.person is not None:
                return self._presence(signal, at)
            case SignalType.ANSWER:
                return self._device_answer(signal, about, at)
            case SignalType.TAMPER if signal.reading.kind is not None:
                return self._alarm(signal, at)
            case SignalType.TAMPER | SignalType.LOW_BATTERY | SignalType.TECHNICAL:
                return self._technical_signal(signal, at)
            case _:
                return self.core.keep_signal(signal, at)

    def _alarm(self, signal: Signal, at: Moment) -> Outcome:
        try:
            return self.core.signal(signal, at)
        except Exception as error:
            # Ours, and a press must not die of it: everybody is called, and a person is told.
            self._log("deciding failed; everybody is called", signal=signal.id, error=error)
            self._report_mistake(error)
            return self.core.call_everyone(signal, at)

    def _report_mistake(self, error: Exception) -> None:
        self._actions.append(Degraded("deciding", NOT_DECIDED, (("why", told(error)),)))

    def _presence(self, signal: Signal, at: Moment) -> Outcome:
        leaving = signal.type is SignalType.CHECK_OUT
        if leaving and not signal.reading.authenticated:
            return Outcome(Transaction(signals=(signal,)))
        if signal.repeat:
            return self.core.keep_signal(signal, at)
        if leaving and not is_fresh(said_at(signal), at.now, Lowers.CHECK_OUT):
            self._log("an old word of going off duty was not counted", device=signal.device)
            return self.core.left_long_ago(signal, at)
        if not self._people.present(word_of(signal)):
            return self.core.keep_signal(signal, at)  # they have said otherwise since
        self._actions.append(Changed("devices"))
        return self.core.presence(signal, at)

    def _device_answer(self, signal: Signal, about: Notice | None, at: Moment) -> Outcome:
        """A responder's device: its answer counts only from the device its notice went to.

        One transaction with what it decides: else a crash in between would leave an answer that
        is stored, and so not handed on when the device repeats it, but never counted.
        """
        kept = Outcome(Transaction(signals=() if signal.repeat else (signal,)))
        if signal.repeat:
            return kept  # it was counted, or raised, in the transaction that stored it
        answer, outcome, work = signal.reading.answer, AnswerOutcome.UNKNOWN, NOTHING
        if answer is not None and about is not None:
            source = Source(SourceKind.DEVICE, signal.device)
            said = said_at(signal, not_before=about.created)
            outcome, work = self._counted(about, answer, source, at, said)
        if answer is AnswerKind.MORE_HELP and outcome in _TAKEN_NOWHERE:
            return work.and_then(self._alarm(as_press(signal), at))
        return kept.and_then(work)

    def _counted(
        self, notice: Notice, answer: AnswerKind, source: Source, at: Moment, said: datetime | None
    ) -> tuple[AnswerOutcome, Outcome]:
        outcome, work = self.core.answer_from(notice, answer, source, at, said)
        if outcome is AnswerOutcome.NOT_YOURS:
            self._log("an answer was not counted", notice=notice.id)
        return outcome, work

    def _volunteered(
        self, alarm: Alarm, person: str, answer: AnswerKind, rev: int | None, at: Moment
    ) -> tuple[AnswerOutcome, Outcome]:
        """Somebody at the console. What calls help is believed from anyone (law 6)."""
        called = call_of(alarm, person) is not None or self._pictures.on_shift(person, at)
        leads = self._pictures.leads(person, alarm.site, at)
        if not (called or leads or answer is AnswerKind.MORE_HELP):
            return AnswerOutcome.NOT_YOURS, NOTHING
        return self.core.answer_of(alarm.id, person, answer, "", at, Word(rev=rev))

    def _plea(self, person: str | None, words: str, at: Moment) -> Outcome:
        """What is said in words, as a press; a person's own alarm that is open hears it."""
        people = self._people.organisation().people
        site = next((one.site for one in people if one.id == person), "")
        pressed = plea(person, site, words, at)
        known = next(iter(self.core.open_alarms.of_device(STRANGER)), None)
        if person is None and known is not None and stranger_is_heard(known, at.now):
            return self.core.counted_only(pressed, known, at)
        return self._alarm(pressed, at)

    def _technical_signal(self, signal: Signal, at: Moment) -> Outcome:
        unknown = signal.reading.code == UNKNOWN_WORD
        message = NOBODY_KNOWS if unknown else TROUBLES.get(signal.type, "{text}")
        which = "/".join(filter(None, (signal.device, signal.point)))
        text = self._say()(message, devices=which, text=signal.reading.text)
        raised = self._technical(trouble_key(signal), text, signal.site, signal.device, at)
        return self.core.keep_signal(signal, at).and_then(raised)

    def _technical(self, key: str, text: str, site: str, device: str, at: Moment) -> Outcome:
        """An alarm about this cause, or the one that stands for many causes of its source."""
        folded = self._causes.folded(key, device)
        if folded is None:
            return self.core.technical(key, text, site, device, at)
        many, count = folded
        message = "More technical alarms from {devices}: {count}. Look at it."
        text = self._say()(message, devices=device or key.partition(":")[0], count=count)
        return self.core.technical(many, text, site, device, at)

    def _folded_over(self, key: str, at: Moment) -> Outcome:
        many = self._causes.over(key)
        return self.core.recovered(many, at) if many else NOTHING

    def _is_news(self, stored: Alarm) -> bool:
        """Whether the store knows an alarm, or more of it, than memory; what has ended is over."""
        known = self.core.open_alarms.get(stored.id)
        if known is None:
            return not self.line.is_committed(stored.id)
        return known.rev < stored.rev

    def _load_cases(self, cases: Sequence[TimedCase], at: Moment) -> None:
        """A case of no kind we know is told to a person, and left as it is."""
        for stranger in self.core.cases.load(cases):
            which = f"{stranger.kind} {stranger.id}"
            text = self._say()("What stands open here cannot be read: {case}.", case=which)
            self.technical(f"case:{which}", text, stranger.site, "", at)
        self._submit_news(self.core.cases.begin(at), at)

    def _doubt(self, unfinished: Sequence[Notice], at: Moment) -> None:
        """What was in `sending` may have left: it goes again, with the same id, and says so."""
        doubtful = dict.fromkeys(n.id for n in unfinished if n.state is ReceiptState.SENDING)
        moves = tuple(NoticeMove(notice, ReceiptState.MAYBE_SENT, at.now) for notice in doubtful)
        if moves:
            self._submit(Outcome(Transaction(moves=moves)), at)
        for notice in unfinished:
            state = ReceiptState.MAYBE_SENT if notice.id in doubtful else notice.state
            again = replace(notice, state=state)
            self.core.open_alarms.keep_notice(again)
            self._unsent.append(again)
        self._look_for_backlog(at)

    def _list_held(self, held: Sequence[Alarm], at: Moment) -> None:
        """One call to the duty leader about everything that stands for long."""
        if held:
            more = f"; +{len(held) - LISTED_MOST}" if len(held) > LISTED_MOST else ""
            places = "; ".join(a.place.label or a.id for a in held[:LISTED_MOST]) + more
            message = "Open since before the stop. Answer each: {places}"
            text = self._say()(message, places=places)
            self.technical("held_after_down_time", text, held[0].site, "", at)

    def _log(self, what: str, **fields: object) -> None:
        self._actions.append(Log(what, tuple(fields.items()), serious="error" in fields))
