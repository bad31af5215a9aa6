"""The engine without its loop: open alarms in memory, one decision per event, nothing performed.

Memory leads and the store follows in the same order: a decision is taken on what was decided
before it, and nothing leaves the house before its own transaction is committed (law 5). Everything
here is synchronous and takes `at.now`, so the seeded world drives the very code that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from alarms import escalate, pressed
from alarms.channel import Capabilities
from alarms.closing import Word, may_close, may_end, refuse_if_stale, saw_everybody
from alarms.device_text import text_of, with_text
from alarms.model import (
    Alarm,
    Annotate,
    Answered,
    Call,
    Cause,
    Closed,
    Closing,
    Decision,
    Due,
    Event,
    Notice,
    Place,
    Presser,
    Purpose,
    Receipt,
    ResponderLost,
    Standpoint,
    TellType,
    Times,
    call_of,
)
from alarms.receipts import moves_forward
from alarms.triage import (
    CloseIt,
    Join,
    NothingToDo,
    Open,
    Repeat,
    SayOver,
    Update,
    triage,
)
from alarms.troubles import ended_key
from alarms.turn import COMING, counts
from alarms.view import View
from alarms.vocabulary import LostWhy, NotSentWhy, PlaceSource, StaleWhy, Timeline, WakeWhy
from core import ids
from core.errors import DomainError
from core.freshness import Lowers, is_fresh, said_at
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState, Signal, SignalType
from core.values import replace
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.wearer import Tell
from dispatcher.engine.answering import (
    RAISES,
    Origin,
    late_accept,
    lost_because,
    not_counted,
    recorded,
    speaker,
    unfit,
    waits_of,
)
from dispatcher.engine.carry_out import carried_out
from dispatcher.engine.open_alarms import ALARM, OpenAlarms
from dispatcher.engine.outcome import NOTHING, Moment, Outcome, Pictures
from dispatcher.engine.timed_cases import TimedCases
from dispatcher.roster.model import Presence
from dispatcher.safety.timed_case import CaseDue, Kind
from dispatcher.store.ports import LinkWrite, NoticeMove, Transaction

_OUT = (Standpoint.LOST, Standpoint.STOOD_DOWN, Standpoint.DECLINED)
_COMES = (AnswerKind.ACCEPT, AnswerKind.ARRIVED)
_ANSWERED_BY = {
    AnswerKind.ACCEPT: COMING,
    AnswerKind.DECLINE: (Standpoint.DECLINED,),
    AnswerKind.ARRIVED: (Standpoint.ARRIVED,),
}
_FOR_WHO_IS_ASKED = (
    *(Purpose.CALL, Purpose.ASK_AGAIN, Purpose.CHANGE),
    *(Purpose.PRESSES_AGAIN, Purpose.SAYS_OVER),
)

_SAID_NOW = Word()

LONG_OVERDUE = timedelta(minutes=30)
HELD_FOR = timedelta(minutes=10)
TRIED_AGAIN_AFTER = timedelta(seconds=5)
"""When an alarm is looked at again that could not be decided: a mistake of ours, said aloud."""


class Core:
    """Every open alarm, its notices, and the heap of moments."""

    def __init__(
        self,
        pictures: Pictures,
        channels: Mapping[str, Capabilities],
        kinds: Sequence[Kind] = (),
    ) -> None:
        self.pictures = pictures
        self.channels = channels
        self.open_alarms = OpenAlarms()
        self.cases = TimedCases(kinds, self.open_alarms.moments)

    def load(
        self, alarms: Sequence[Alarm], notices: Sequence[Notice], links: Sequence[LinkWrite] = ()
    ) -> None:
        """Take over what the store held open; every alarm gets its moment back."""
        for alarm in alarms:
            self.open_alarms.keep(replace(alarm, unstored=False) if alarm.unstored else alarm)
        for notice in notices:
            self.open_alarms.keep_notice(notice)
        for link in links:
            self.open_alarms.keep_link(link)

    def next_moment(self) -> datetime | None:
        """The first moment of all timed cases."""
        return self.open_alarms.moments.first()

    # Events

    def signal(self, signal: Signal, at: Moment) -> Outcome:
        """Decide on a signal that is an alarm, a cancel or a restore."""
        place = self.pictures.place(signal, at)
        related = self.open_alarms.related(signal, place)
        here = signal.person is None or self.pictures.on_shift(signal.person, at)
        first_name = self.pictures.first_name(signal.person)
        verdict = triage(signal, related, here, place, first_name)
        kept = Outcome(Transaction(signals=() if signal.repeat else (signal,)))
        match verdict:
            case Open():
                work = self._open(signal, verdict, place, at)
            case Join():
                work = self._join(signal, verdict, place, at)
            case Update():
                work = self._update(signal, verdict, place, at)
            case SayOver(alarm=alarm_id, presser=presser):
                work = self._says_over(alarm_id, presser, at)
            case CloseIt(alarm=alarm_id, device=device):
                work = self._close(alarm_id, Closing(device, Cause.CANCELLED), at)
            case Repeat() | NothingToDo():
                work = Outcome()
            case _:
                assert_never(verdict)
        mine = self.open_alarms.of_presser(signal.device, signal.point, signal.person)
        return kept.and_then(work).and_then(_received(signal, mine, at))

    def call_everyone(self, signal: Signal, at: Moment) -> Outcome:
        """Open an alarm without place for everybody: what is left when deciding failed."""
        presser = Presser(signal.device, signal.person, "", signal.standing, at.now)
        kind, level = signal.reading.kind or AlarmKind.UNKNOWN, signal.level or Level.RED
        verdict = Open(kind, level, presser, timedelta(), orphan=True)
        kept = Outcome(Transaction(signals=() if signal.repeat else (signal,)))
        return kept.and_then(self._open(signal, verdict, Place(None, "", PlaceSource.UNKNOWN), at))

    def presence(self, signal: Signal, at: Moment) -> Outcome:
        """Somebody checked in or out; who goes off duty while coming is lost to their alarms.

        It counts from when it was said, so that a later word of theirs stands.
        """
        row = word_of(signal)
        kept = Outcome(Transaction(signals=(signal,), presence=(row,))).and_then(
            _received(signal, None, at)
        )
        return kept if row.here else kept.and_then(self.lost(row.person, LostWhy.OFF_DUTY, at))

    def left_long_ago(self, signal: Signal, at: Moment) -> Outcome:
        """Store a word of going off duty that is too old, or of any age; nobody is lost."""
        assert signal.person is not None
        work = self.keep_signal(signal, at)
        for alarm in self.open_alarms.calling(signal.person):
            told = recorded(
                alarm.id,
                Timeline.OFF_DUTY_NOT_COUNTED,
                at,
                person=signal.person,
                why=StaleWhy.TOO_OLD,
            )
            work = work.and_then(told)
        return work

    def test(self, signal: Signal, at: Moment) -> Outcome:
        """A test press went the whole way to the store: its device hears so after the commit.

        One that waited somewhere proves nothing of now.
        """
        reading = signal.reading
        if not is_fresh(said_at(signal), at.now, Lowers.TEST):
            return self.keep_signal(signal, at)
        tell = Tell(signal.device, TellType.TEST_OK, "", 0, at.now, reading.boot, reading.seq)
        return Outcome(Transaction(signals=() if signal.repeat else (signal,)), tell=(tell,))

    def keep_signal(self, signal: Signal, at: Moment) -> Outcome:
        """Store a signal that decides nothing; its device may stop repeating it."""
        kept = Outcome(Transaction(signals=() if signal.repeat else (signal,)))
        return kept.and_then(_received(signal, None, at))

    def lost(self, person: str, why: LostWhy, at: Moment) -> Outcome:
        """Lose a responder who pressed, went off duty, was removed, or whose device is silent."""
        work = Outcome()
        for alarm in self.open_alarms.calling(person):
            work = work.and_then(self._lost(alarm, person, why, at))
        return work

    def review(self, at: Moment) -> Outcome:
        """Whoever does not count any more is lost wherever they were called (law 6): after a start,
        and when another configuration is taken over."""
        work = Outcome()
        for person in self.open_alarms.called():
            unfit = self._unfit(person)
            for alarm in self.open_alarms.calling(person):
                call = call_of(alarm, person)
                why = None if call is None else lost_because(call, unfit, self._revoked(call))
                if why:
                    work = work.and_then(self._lost(alarm, person, why, at))
        return work

    def answer_from(
        self,
        notice: Notice,
        answer: AnswerKind,
        source: Source,
        at: Moment,
        said: datetime | None = None,
    ) -> tuple[AnswerOutcome, Outcome]:
        """An answer to a notice, from somewhere: whose it is, and what it changes.

        `said`: the earliest moment at which it may have been said; None: now.
        """
        origin = self._origin(notice, source, at)
        person = speaker(notice, origin)
        if person is None and answer in RAISES and source.kind is SourceKind.LINK:
            person = notice.person  # whoever has the page open asks for more, never for less
        if person is None:
            return AnswerOutcome.NOT_YOURS, Outcome()
        if notice.alarm not in self.open_alarms.alarms:
            return AnswerOutcome.CLOSED, late_accept(notice, answer, at)
        if origin.pressed and answer not in RAISES:
            return self._not_counted(notice.alarm, person, answer, LostWhy.PRESSED, at)
        mine = notice.id if person == notice.person else ""
        by = source.value if source.kind in (SourceKind.DEVICE, SourceKind.NUMBER) else ""
        word = Word(by or notice.address, said, waits=waits_of(source.kind))
        return self.answer_of(notice.alarm, person, answer, mine, at, word)

    def speaker_of(self, notice: Notice, source: Source, at: Moment) -> str | None:
        """Who says it, whatever becomes of it."""
        return speaker(notice, self._origin(notice, source, at))

    def answer_of(
        self,
        alarm_id: str,
        person: str,
        answer: AnswerKind,
        notice: str,
        at: Moment,
        word: Word = _SAID_NOW,
    ) -> tuple[AnswerOutcome, Outcome]:
        """Decide on a person's answer, whoever passed it on."""
        alarm = self.open_alarms.alarms.get(alarm_id)
        if alarm is None:
            return AnswerOutcome.CLOSED, Outcome()
        why = self._unfit(person)
        if why and answer not in RAISES:
            return self._not_counted(alarm_id, person, answer, why, at)
        before = call_of(alarm, person)
        leads = answer is AnswerKind.OVER and self.pictures.leads(person, alarm.site, at)
        if answer is AnswerKind.OVER and may_end(alarm, person, leads, word, at.now):
            closing = Closing(person, Cause.CALMED_DOWN)
            return AnswerOutcome.COUNTED, self._close(alarm_id, closing, at)
        if answer is AnswerKind.MORE_HELP:
            knew = saw_everybody(alarm, person, word, at.now)
            alarm = pressed.wants_more(alarm, person, knew, at.now)
        work = self._advance(alarm, Answered(person, answer, notice, word.by, word.said_at), at)
        if answer is AnswerKind.OVER:
            return AnswerOutcome.NOT_YET, work
        after = call_of(self.open_alarms.alarms[alarm_id], person)
        if answer in _COMES and after is not None and counts(after):
            work = work.and_then(self._goes_elsewhere(alarm, person, at))
        calls_help = answer is AnswerKind.MORE_HELP
        if not calls_help and after is not None and after.standpoint is Standpoint.STOOD_DOWN:
            return AnswerOutcome.STOOD_DOWN, work
        again = before is not None and before.standpoint in _ANSWERED_BY.get(answer, ())
        return (AnswerOutcome.ALREADY if again else AnswerOutcome.COUNTED), work

    def receipt(
        self,
        notice_id: str,
        state: ReceiptState,
        detail: str,
        ref: str,
        at: Moment,
    ) -> Outcome:
        """Take a channel's receipt; only a delivery or a failure moves the escalation."""
        move = NoticeMove(notice_id, state, at.now, detail, ref)
        work = Outcome(Transaction(moves=(move,)))
        notice = self.open_alarms.notices.get(notice_id)
        if notice is None:
            return work
        if not moves_forward(notice.state, state):
            return work if ref and not notice.provider_ref else Outcome()
        ref = notice.provider_ref or ref
        self.open_alarms.notices[notice_id] = replace(notice, state=state, provider_ref=ref)
        alarm = self.open_alarms.alarms.get(notice.alarm)
        decides = state.failed or state in (ReceiptState.DELIVERED, ReceiptState.READ)
        if alarm is None or not decides or notice.purpose is Purpose.STAND_DOWN:
            return work
        return work.and_then(self._advance(alarm, Receipt(notice_id, state, detail), at))

    def close(
        self,
        alarm_id: str,
        rev: int,
        person: str,
        cause: Cause,
        text: str,
        at: Moment,
    ) -> Outcome:
        """Close an alarm that a person saw at `rev`. Raises DomainError with the reason."""
        alarm = self.open_alarms.alarms.get(alarm_id)
        if alarm is None:
            raise DomainError("stale", "The alarm is closed already.")
        refuse_if_stale(alarm, rev)
        if not may_close(alarm, person, self.pictures.leads(person, alarm.site, at)):
            raise DomainError(
                "not_allowed",
                "Only a colleague who has arrived, or the duty leader, closes this alarm.",
            )
        return self._close(alarm_id, Closing(person, cause, text), at)

    def due(self, at: Moment, late: bool = False) -> Outcome:
        """Run the one case whose moment has come; call again while `next_moment` is past."""
        key = self.open_alarms.moments.pop_due(at.now)
        if key is None:
            return NOTHING
        kind, case = key
        if kind != ALARM:
            return self.cases.happened(key, CaseDue(), at)
        return self._run(self.open_alarms.alarms[case], late, at)

    def set_overdue_aside(self, at: Moment) -> None:
        """After a start: what fell due before it is run by `overdue`, beside what falls due now."""
        self.open_alarms.set_aside(sorted(self.open_alarms.overdue(at.now), key=_most_acute_first))

    @property
    def any_overdue(self) -> bool:
        return self.open_alarms.any_aside

    def overdue(self, at: Moment) -> Outcome | None:
        """Run the most acute alarm that fell due before the start; None when there is none left."""
        alarm = self.open_alarms.pop_aside()
        return None if alarm is None else self._run(alarm, True, at)

    def _run(self, alarm: Alarm, late: bool, at: Moment) -> Outcome:
        """What is due. A mistake of ours leaves it the moment that is set first (law 2)."""
        state = alarm.escalation
        assert state is not None, "it fell due"
        soon = replace(state, wake_at=at.now + TRIED_AGAIN_AFTER)
        self.open_alarms.keep(replace(alarm, escalation=soon))
        return self._advance(alarm, Due(late), at)

    def hold_overdue(self, at: Moment) -> tuple[list[Outcome], list[Alarm]]:
        """After a long down time: the duty leader gets one list; each waits a while for a word."""
        works: list[Outcome] = []
        held: list[Alarm] = []
        for alarm in list(self.open_alarms.alarms.values()):
            state = alarm.escalation
            if state is None or at.now - state.wake_at <= LONG_OVERDUE or alarm.technical:
                continue
            until = at.now + HELD_FOR
            why = WakeWhy.HELD
            rest = replace(state, held_until=until, wake_at=until, wake_why=why, wake_of="")
            seen, alarm = alarm.rev, replace(alarm, escalation=rest, rev=alarm.rev + 1)
            note = Annotate(Timeline.HELD_AFTER_DOWN_TIME)
            works.append(self._carry_out(Decision(alarm, (note,)), seen, at))
            held.append(alarm)
        return works, held

    def technical(self, key: str, text: str, site: str, device: str, at: Moment) -> Outcome:
        """Open one technical alarm per cause; news about an open one only changes its text."""
        known = self.open_alarms.about(key)
        if known is not None:
            if known.text == text:
                return Outcome()
            note = Annotate(Timeline.TEXT, (("text", text),))
            decision = Decision(replace(known, text=text, rev=known.rev + 1), (note,))
            return self._carry_out(decision, known.rev, at)
        plan = self.pictures.plan(site, Level.GREEN, AlarmKind.TECHNICAL, False)
        alarm = Alarm(
            id=ids.derived("t", key, at.now),
            site=site,
            kind=AlarmKind.TECHNICAL,
            level=Level.GREEN,
            place=Place(None, "", PlaceSource.UNKNOWN),
            pressers=(),
            plan=plan,
            times=Times(stored=at.now),
            text=text,
            cause_key=key,
        )
        return self._begin(alarm, at, (("text", text), ("device", device)))

    def recovered(self, key: str, at: Moment) -> Outcome:
        """Close the technical alarm whose cause is over."""
        known = self.open_alarms.about(key)
        if known is None:
            return Outcome()
        return self._close(known.id, Closing("service", Cause.RESTORED), at)

    def equipment_restored(self, signal: Signal, at: Moment) -> Outcome:
        """Close the technical alarm about equipment that says it works again."""
        key, fresh = ended_key(signal), is_fresh(said_at(signal), at.now, Lowers.RESTORE)
        known = self.open_alarms.about(key) if key and fresh else None
        work = self.keep_signal(signal, at)
        if known is None:
            return work
        return work.and_then(self._close(known.id, Closing(signal.device, Cause.RESTORED), at))

    def to_wearers(self, alarm: Alarm, tell: Sequence[Tell], at: Moment) -> tuple[Tell, ...]:
        """Without what is a presser's alone, where somebody else has pressed on their device since.

        Until then it may still be in the presser's hand, whatever a list or a clock says of it.
        """
        worn = [p for p in alarm.pressers if not self._is_anothers(p.device, p.person, at)]
        theirs = {p.device for p in alarm.pressers} - {p.device for p in worn}
        return tuple(one for one in tell if one.notice or one.device not in theirs)

    # A notice right before it leaves

    def why_not(self, notice: Notice, at: Moment) -> str:
        """Why a notice is not wanted any more right before it leaves; empty when it may leave."""
        if self.rings_at_a_presser(notice, at):
            return NotSentWhy.PRESSED
        if notice.purpose is Purpose.STAND_DOWN:
            return ""
        alarm = self.open_alarms.alarms.get(notice.alarm)
        if alarm is None:
            return NotSentWhy.CLOSED
        known = self.open_alarms.notices.get(notice.id)
        if known is not None and known.state is ReceiptState.WITHDRAWN:
            return NotSentWhy.WITHDRAWN
        call = call_of(alarm, notice.person)
        if call is not None and notice.purpose in _FOR_WHO_IS_ASKED:
            if call.standpoint in (Standpoint.STOOD_DOWN, Standpoint.DECLINED):
                return NotSentWhy(call.standpoint)
            if call.standpoint in COMING and notice.purpose is Purpose.CALL:
                return NotSentWhy.COMING
        return NotSentWhy.EXPIRED if at.now > notice.expires else ""

    def sending(self, notice_id: str, at: Moment) -> NoticeMove:
        """Mark a notice as `sending`: from now on it is not taken back but answered."""
        known = self.open_alarms.notices.get(notice_id)
        if known is not None and moves_forward(known.state, ReceiptState.SENDING):
            self.open_alarms.notices[notice_id] = replace(known, state=ReceiptState.SENDING)
        return NoticeMove(notice_id, ReceiptState.SENDING, at.now)

    def rings_at_a_presser(self, notice: Notice, at: Moment) -> bool:
        """Law 3 at the very edge: the person, their device, and whatever else they hold now.

        They may have pressed since the view of this alarm was made, at another site too.
        """
        view = self.open_alarms.views.get(notice.alarm)
        barred = view is not None and notice.address in view.barred
        people = (notice.person, *self.pictures.holders(notice.address, at))
        pressed = any(self.open_alarms.has_pressed(person) for person in people)
        return pressed or barred or bool(self.open_alarms.of_device(notice.address))

    # Inside

    def _open(self, signal: Signal, verdict: Open, place: Place, at: Moment) -> Outcome:
        site = self.pictures.site_of(signal)
        plan = self.pictures.plan(site, verdict.level, verdict.kind, verdict.orphan)
        id_ = f"a_{signal.id.removeprefix('s_')}"
        alarm = pressed.opened(id_, signal, verdict, place, plan, site=site, stored=at.now)
        opened = self._begin(alarm, at, (("device", signal.device),))
        return opened.and_then(self._pressed(signal.person, at))

    def _begin(self, alarm: Alarm, at: Moment, opened: tuple[tuple[str, str], ...]) -> Outcome:
        view = self._picture(alarm, at)
        decision = escalate.begin(alarm, view, at.now)
        first = Annotate(Timeline.OPENED, (("kind", alarm.kind), ("level", alarm.level), *opened))
        return self._carry_out(Decision(decision.alarm, (first, *decision.effects)), 0, at)

    def _join(self, signal: Signal, verdict: Join, place: Place, at: Moment) -> Outcome:
        alarm = self.open_alarms.alarms[verdict.alarm]
        both, event = pressed.joined(alarm, signal, verdict, place, self._plan_of(alarm), at.now)
        work = self._advance(both, event, at)
        return work.and_then(self._pressed(verdict.presser.person, at))

    def _pressed(self, person: str | None, at: Moment) -> Outcome:
        """Who presses is called nowhere any more, and nobody is waited for at what they hold."""
        if person is None:
            return Outcome()
        work = self.lost(person, LostWhy.PRESSED, at)
        held = self.pictures.addresses(person, at)
        asked = {alarm.id: None for address in held for alarm in self.open_alarms.asked_at(address)}
        for alarm_id in asked:
            alarm = self.open_alarms.alarms[alarm_id]
            if all(presser.person != person for presser in alarm.pressers):
                work = work.and_then(self._advance(alarm, Due(), at))
        return work

    def _lost(self, alarm: Alarm, person: str, why: LostWhy, at: Moment) -> Outcome:
        call = call_of(alarm, person)
        if call is None or (call.standpoint in _OUT and not (why.for_good and call.sent)):
            return Outcome()
        return self._advance(alarm, ResponderLost(person, why), at)

    def _goes_elsewhere(self, to: Alarm, person: str, at: Moment) -> Outcome:
        """Where else somebody was waited for, or is taken to be: not at two places at once."""
        work = Outcome()
        for other in self.open_alarms.calling(person) if not to.technical else ():
            here = to.place.zone is not None and other.place.zone == to.place.zone
            if other.id != to.id and not here and not other.technical:
                work = work.and_then(self._lost(other, person, LostWhy.ELSEWHERE, at))
        return work

    def _unfit(self, person: str) -> LostWhy | None:
        return unfit(self.open_alarms.has_pressed(person), self.pictures.knows(person))

    def _is_anothers(self, device: str, person: str | None, at: Moment) -> bool:
        holders = self.pictures.holders(device, at) if person is not None else ()
        return person not in holders and any(self.open_alarms.has_pressed(one) for one in holders)

    def _revoked(self, call: Call) -> list[str]:
        asked = (call.said_by, *(sent.address for sent in call.sent))
        return [address for address in asked if self.pictures.is_revoked(address)]

    def _origin(self, notice: Notice, source: Source, at: Moment) -> Origin:
        """A device out of use speaks for nobody; a link speaks from the phone it was sent to."""
        link = source.kind is SourceKind.LINK
        address = notice.address if link else source.value
        holders = self.pictures.holders(address, at) if self.pictures.is_trusted(address) else ()
        return Origin(source, holders, any(self.open_alarms.has_pressed(p) for p in holders))

    def _not_counted(
        self, alarm_id: str, person: str, answer: AnswerKind, why: LostWhy, at: Moment
    ) -> tuple[AnswerOutcome, Outcome]:
        if answer in (AnswerKind.RANG, AnswerKind.SEEN):
            return AnswerOutcome.NOT_YOURS, Outcome()
        return AnswerOutcome.NOT_YOURS, not_counted(alarm_id, person, answer, why, at)

    def _update(self, signal: Signal, verdict: Update, place: Place, at: Moment) -> Outcome:
        """Who wears by now what nobody wore when it pressed is a victim from now on."""
        person = verdict.presser.person
        is_new = person is not None and not self.open_alarms.has_pressed(person)
        work = self._said_more(signal, verdict, place, at)
        return work.and_then(self._pressed(person, at)) if is_new else work

    def _said_more(self, signal: Signal, verdict: Update, place: Place, at: Moment) -> Outcome:
        alarm = self.open_alarms.alarms[verdict.alarm]
        plan_of = self._plan_of(alarm)
        changed, event = pressed.renewed(alarm, signal, verdict, place, plan_of, at.now)
        if event is not None:
            return self._advance(changed, event, at)
        note = Annotate(Timeline.PRESSED_AGAIN, (("device", signal.device),))
        decision = Decision(replace(changed, rev=changed.rev + 1), (note,))
        return self._carry_out(decision, alarm.rev, at)

    def counted_only(self, signal: Signal, alarm: Alarm, at: Moment) -> Outcome:
        """Count one press of too many from one sender: its words join the alarm, nobody rings."""
        pressers = tuple(
            replace(p, presses=p.presses + 1) if p.is_at(signal.device, signal.point) else p
            for p in alarm.pressers
        )
        counted = replace(
            alarm,
            pressers=pressers,
            text=with_text(alarm.text, text_of(signal)),
            rev=alarm.rev + 1,
        )
        said = (("device", signal.device), ("text", signal.reading.text))
        decision = Decision(counted, (Annotate(Timeline.PRESSED_AGAIN, said),))
        return Outcome(Transaction(signals=(signal,))).and_then(
            self._carry_out(decision, alarm.rev, at)
        )

    def _plan_of(self, alarm: Alarm) -> pressed.PlanOf:
        return lambda level, kind: self.pictures.plan(alarm.site, level, kind, alarm.orphan)

    def _says_over(self, alarm_id: str, who: Presser, at: Moment) -> Outcome:
        alarm, event = pressed.says_over(self.open_alarms.alarms[alarm_id], who, at.now)
        return self._advance(alarm, event, at)

    def _close(self, alarm_id: str, closing: Closing, at: Moment) -> Outcome:
        alarm = replace(self.open_alarms.alarms[alarm_id], closing=closing)
        return self._advance(alarm, Closed(closing), at)

    def _advance(self, alarm: Alarm, event: Event, at: Moment) -> Outcome:
        seen = self.open_alarms.alarms[alarm.id].rev
        quiet = isinstance(event, Receipt) and not event.state.failed
        view = self.open_alarms.views.get(alarm.id) if quiet else None
        view = view or self._picture(alarm, at)
        return self._carry_out(escalate.advance(alarm, event, view, at.now), seen, at)

    def _carry_out(self, decision: Decision, seen: int, at: Moment) -> Outcome:
        work = carried_out(decision, seen, self.open_alarms, self.channels, at)
        work = replace(work, tell=self.to_wearers(decision.alarm, work.tell, at))
        self.open_alarms.keep(decision.alarm)
        for notice in work.transaction.notices:
            self.open_alarms.keep_notice(notice)
        for move in work.transaction.moves:
            known = self.open_alarms.notices.get(move.notice)
            if known is not None:
                self.open_alarms.keep_notice(replace(known, state=move.state))
        return work

    def _picture(self, alarm: Alarm, at: Moment) -> View:
        view = self.pictures.view(alarm, at)
        view = replace(view, channels=self.channels)
        self.open_alarms.views[alarm.id] = view
        return view


def word_of(signal: Signal) -> Presence:
    """What somebody says of being here, at the moment they said it."""
    assert signal.person is not None
    age = signal.at - (said_at(signal, signal.at if signal.age_unknown else None) or signal.at)
    return Presence(signal.person, signal.type is SignalType.CHECK_IN, signal.wall - age)


def _most_acute_first(alarm: Alarm) -> tuple[bool, bool, int, datetime]:
    """Calls for help before technical ones, and first those where nobody is on the spot."""
    state = alarm.escalation
    assert state is not None, "it fell due"
    there = alarm.times.arrived is not None
    return alarm.technical, there, -alarm.level.rank, state.wake_at


def _received(signal: Signal, alarm: Alarm | None, at: Moment) -> Outcome:
    """Whatever became of it: the device may stop repeating what is committed."""
    reading = signal.reading
    alarm_id, rev = (alarm.id, alarm.rev) if alarm is not None else ("", 0)
    tell = Tell(signal.device, TellType.RECEIVED, alarm_id, rev, at.now, reading.boot, reading.seq)
    return Outcome(tell=(tell,))
