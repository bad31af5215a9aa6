"""One turn of an escalation: a working copy that collects what one decision changes.

A turn lives inside one call of `escalate.begin` or `escalate.advance` and never outlives it.
It holds the verbs (call, tell, stand down); *when* they are used is decided in `escalate`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain

from alarms.late_presses import press_ages
from alarms.model import (
    Alarm,
    Annotate,
    Call,
    Decision,
    Effect,
    Escalation,
    Notice,
    Notify,
    Purpose,
    Sent,
    StandDown,
    Standpoint,
    TellType,
    TellWearer,
)
from alarms.view import Candidate, Route, View
from alarms.vocabulary import ClockPoint, StandDownWhy, Timeline
from core.signals import ReceiptState
from core.values import replace

SENT_MOST = 24
"""Notices kept in mind of one person: all their routes, several times over. A device that presses
for hours would else make the state grow without end; the log has them all."""

NOTICE_LIFE = timedelta(minutes=30)
"""After this a notice that has not left is not sent any more: a later round has taken over."""

ETA_UNKNOWN_S = 180.0

WAITING = (Standpoint.CALLED, Standpoint.RANG, Standpoint.SEEN)
COMING = (Standpoint.ACCEPTED, Standpoint.ARRIVED)
BELIEVED_MOST = 2
"""Who did not come this often is not shown to the wearer as coming before they are there."""

AWAY = (Standpoint.UNREACHED, Standpoint.LOST, Standpoint.STOOD_DOWN)


class Turn:
    """The alarm as this decision has made it so far, and the effects it has asked for."""

    def __init__(self, alarm: Alarm, state: Escalation, view: View, now: datetime) -> None:
        self.alarm = alarm
        self.state = state
        self.view = view
        self.now = now
        self.late = False
        self._calls: dict[str, Call] = {call.person: call for call in state.calls}
        self._effects: list[Effect] = []
        self._barred = view.barred

    def decision(self) -> Decision:
        state = replace(self.state, calls=tuple(self._calls.values()))
        alarm = replace(self.alarm, escalation=state, rev=self.alarm.rev + 1)
        return Decision(alarm, tuple(self._effects))

    # What stands

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(self._calls.values())

    def call_of(self, person: str) -> Call | None:
        return self._calls.get(person)

    def call_with(self, notice: str) -> Call | None:
        return next((c for c in self.calls if any(s.notice == notice for s in c.sent)), None)

    def coming(self) -> list[Call]:
        return [call for call in self.calls if call.standpoint in COMING]

    def counted(self) -> list[Call]:
        """Those of them who are waited for."""
        return [call for call in self.calls if counts(call)]

    def arrived(self) -> list[Call]:
        return [call for call in self.calls if call.standpoint is Standpoint.ARRIVED]

    @property
    def enough(self) -> bool:
        """As many are coming as the plan wants: the widening pauses."""
        return len(self.counted()) >= self.state.responders

    @property
    def steps_left(self) -> bool:
        return self.state.next_step < len(self.alarm.plan.steps)

    @property
    def resting(self) -> bool:
        """Enough are coming, or all have been called and somebody comes: nobody else is called."""
        wanted = self.state.responders if self.steps_left else self.state.needed
        return len(self.counted()) >= wanted

    def can_still_answer(self, call: Call) -> bool:
        """A phone that rings in a presser's pocket is answered by nobody."""
        heard = any(address not in self._barred for _, address in _ringing(call))
        return call.standpoint in WAITING and heard

    def is_waited_for(self, call: Call) -> bool:
        """Law 4: they may answer this calling; what has no receipt in time is not waited for."""
        if self.was_asked_before(call) or not self.can_still_answer(call):
            return False
        if call.standpoint is not Standpoint.CALLED:
            return True
        waited = (s for s in call.sent if may_be_heard(s) and not s.missing)
        return any(sent.address not in self._barred for sent in waited)

    def was_asked_before(self, call: Call) -> bool:
        """Asked for an earlier need than the one the circle is widening for now."""
        anew_at = self.state.need.anew_at
        return anew_at is not None and call.asked_at < anew_at

    # What changes

    def put(self, call: Call) -> Call:
        self._calls[call.person] = call
        return call

    def update(self, **fields: object) -> None:
        self.state = replace(self.state, **fields)  # type: ignore[arg-type]

    def stamp(self, point: ClockPoint) -> None:
        """Set a clock point the first time it happens."""
        if getattr(self.alarm.times, point) is None:
            times = replace(self.alarm.times, **{point: self.now})
            self.alarm = replace(self.alarm, times=times)

    def annotate(self, what: Timeline, **fields: str) -> None:
        self._effects.append(Annotate(what, tuple(sorted(fields.items()))))

    def effect(self, effect: Effect) -> None:
        self._effects.append(effect)

    def tell(self, kind: TellType) -> None:
        """Law 7: the wearer knows. Names and seconds only where somebody is coming."""
        get_out = kind is TellType.NOBODY_YET
        if not self.alarm.pressers or (get_out and self.alarm.technical):
            return  # advice that nobody gives yet is no reason to run
        coming = [call for call in self.calls if is_believed(call)]
        etas = [call.expected_s for call in coming if call.expected_s is not None]
        eta_s = min(etas, default=None)
        self.effect(TellWearer(kind, tuple(call.first_name for call in coming), eta_s))

    # Calling people

    def call(self, candidate: Candidate, channels: tuple[str, ...], step: int) -> None:
        """Ring one candidate on `channels`; what rings already for this need is left alone."""
        call = self._calls.get(candidate.person) or self._new_call(candidate, step)
        if call.standpoint in COMING or call.standpoint is Standpoint.DECLINED:
            return
        afresh = self.was_asked_before(call)
        if afresh or call.standpoint in AWAY:
            call = replace(call, standpoint=Standpoint.CALLED, asked_at=self.now)
        ringing = [] if afresh else _ringing(call)
        routes = [
            r for r in self._chosen(candidate, channels) if (r.channel, r.address) not in ringing
        ]
        self._ring(replace(call, step=step), routes, Purpose.CALL)

    def call_again(self, candidate: Candidate, step: int) -> None:
        """Ring every route anew, also of those who declined (nobody else is left)."""
        known = self._calls.get(candidate.person)
        if known is not None and known.standpoint in COMING:
            return
        fresh = known or self._new_call(candidate, step)
        call = self.put(replace(fresh, standpoint=Standpoint.CALLED, step=step, sent=()))
        self._ring(call, list(candidate.routes), Purpose.CALL)

    def notify(self, person: str, purpose: Purpose, text: str = "") -> None:
        """Send something further to somebody called, on every route that has not failed."""
        call = self._calls.get(person)
        if call is None:
            return
        routes = [Route(s.channel, s.address) for s in call.sent if not s.state.failed]
        candidate = self.candidate(person)
        if not routes and candidate is not None:
            routes = list(candidate.routes)  # they came without having been called
        self._ring(call, list(dict.fromkeys(routes)), purpose, text)

    def ask_again(self, call: Call) -> None:
        """Ask once more on every route there is: the device that rang may be lost."""
        candidate = self.candidate(call.person)
        known = candidate.routes if candidate is not None else ()
        routes = [(s.channel, s.address) for s in call.sent if not s.state.failed]
        routes += [(route.channel, route.address) for route in known]
        asked = [Route(channel, address) for channel, address in dict.fromkeys(routes)]
        self._ring(call, asked, Purpose.ASK_AGAIN)

    def ask(self, candidate: Candidate, purpose: Purpose) -> None:
        """Ask somebody on every way who was perhaps never called; their answer counts."""
        call = self._calls.get(candidate.person) or self._new_call(candidate, self.state.next_step)
        if call.standpoint not in COMING:
            call = replace(call, standpoint=Standpoint.CALLED)
        self._ring(call, list(candidate.routes), purpose)

    def inform(self, candidate: Candidate, purpose: Purpose, text: str) -> None:
        """Tell somebody who is not asked to come; their best route is enough."""
        for route in self._allowed(candidate.person, list(candidate.routes))[:1]:
            call = self._new_call(candidate, self.state.next_step)
            self.effect(Notify(self._notice(call, route, purpose, text)))

    def next_route(self, call: Call) -> bool:
        """Law 4: a failed send or a missing receipt makes that person's next route due now."""
        candidate = self.candidate(call.person)
        if candidate is None:
            return False
        used = [(sent.channel, sent.address) for sent in call.sent]
        for route in candidate.routes:
            if (route.channel, route.address) not in used:
                self._ring(call, [route], Purpose.CALL)
                return True
        return False

    def candidate(self, person: str) -> Candidate | None:
        view = self.view
        # The short lists first: whoever stands in several is the same candidate in each.
        short = (view.leaders, view.deputies, view.on_call, view.named, view.last_resort)
        return next((c for c in chain(*short, view.nearest) if c.person == person), None)

    def stand_down(self, call: Call, reason: StandDownWhy) -> None:
        """Stand a person down; what rang is kept as withdrawn, so that an answer finds its way."""
        notices = tuple(s.notice for s in call.sent if not s.state.failed)
        sent = tuple(
            s if s.state.failed else replace(s, state=ReceiptState.WITHDRAWN, due=None)
            for s in call.sent
        )
        self.put(replace(call, standpoint=Standpoint.STOOD_DOWN, deadline=None, sent=sent))
        self.effect(StandDown(call.person, notices, reason))

    def stand_down_the_rest(self) -> None:
        """Stand down everybody else: as many as are wanted are coming."""
        if not self.enough:
            return
        for call in self.calls:
            if call.standpoint in (*WAITING, Standpoint.UNREACHED) and call.sent:
                self.stand_down(call, StandDownWhy.ENOUGH)

    def _new_call(self, candidate: Candidate, step: int) -> Call:
        return Call(
            person=candidate.person,
            first_name=candidate.first_name,
            step=step,
            asked_at=self.now,
            standpoint=Standpoint.CALLED,
            expected_s=candidate.expected_s,
            unusual=candidate.unusual,
        )

    def _ring(self, call: Call, routes: list[Route], purpose: Purpose, text: str = "") -> None:
        sent = list(call.sent)
        for route in self._allowed(call.person, routes):
            notice = self._notice(call, route, purpose, text)
            within = self.view.channel(route.channel).receipt_within
            due = None if within is None else self.now + within
            sent.append(Sent(notice.id, route.channel, route.address, notice.state, due))
            self.effect(Notify(notice))
        if not sent and call.standpoint in WAITING:
            call = replace(call, standpoint=Standpoint.UNREACHED)
        self.put(replace(call, sent=tuple(sent[-SENT_MOST:])))

    def _chosen(self, candidate: Candidate, channels: tuple[str, ...]) -> list[Route]:
        """The routes of the step; when none of them works, the person's next one that does too."""
        chosen = [r for r in candidate.routes if not channels or r.channel in channels]
        if not any(r.healthy and self.view.channel(r.channel).personal for r in chosen):
            spare = [r for r in candidate.routes if r.healthy and r not in chosen]
            chosen += spare[:1]
        return chosen or list(candidate.routes[:1])

    def _allowed(self, person: str, routes: list[Route]) -> list[Route]:
        """Law 3 once more, where it cannot be passed: never the victim, on any address.

        A console nobody has open is left out where there is another way: it could only fail.
        """
        if any(presser.person == person for presser in self.alarm.pressers):
            return []
        allowed = [route for route in routes if route.address not in self._barred]
        consoles = self.view.consoles
        if consoles is None or person in consoles:
            return allowed
        return [r for r in allowed if self.view.channel(r.channel).personal] or allowed

    def _notice(self, call: Call, route: Route, purpose: Purpose, text: str) -> Notice:
        alarm, number = self.alarm, self.state.notices_made + 1
        pressed = press_ages(alarm, self.now, self.view.wall)
        self.update(notices_made=number)
        return Notice(
            id=f"{alarm.id}-{number}",
            alarm=alarm.id,
            site=alarm.site,
            person=call.person,
            channel=route.channel,
            address=route.address,
            purpose=purpose,
            kind=alarm.kind,
            level=alarm.level,
            place=alarm.place,
            created=self.now,
            expires=self.now + NOTICE_LIFE,
            presser_names=_names(alarm, purpose),
            with_you=tuple(c.first_name for c in self.coming() if c.person != call.person),
            unusual=call.unusual,
            late=pressed.late,
            latecomers=pressed.latecomers,
            age_unknown=pressed.unknown,
            rev=alarm.rev + 1,
            step=call.step,
            round=self.state.round,
            drill=alarm.drill,
            text=text or alarm.text,
        )


def _names(alarm: Alarm, purpose: Purpose) -> tuple[str, ...]:
    """Who pressed; of two victims only the one who says so says that it is over."""
    says_over = purpose is Purpose.SAYS_OVER
    named = [p for p in alarm.pressers if not says_over or p.says_over_at is not None]
    return tuple(dict.fromkeys(p.name for p in named))


def counts(call: Call) -> bool:
    """Whether this person is there or coming, and waited for."""
    return call.standpoint in COMING and call.counts


def is_believed(call: Call) -> bool:
    """Whether the wearer may be told that this person comes, or is there."""
    here = call.standpoint is Standpoint.ARRIVED
    return here or (call.standpoint in COMING and call.let_down < BELIEVED_MOST)


def is_known_to_come(call: Call, state: Escalation) -> bool:
    """Whether the wearer was last told so: what "nobody yet" took back is not said again."""
    if not is_believed(call):
        return False
    due, said = state.nobody_yet_due, call.said_at
    is_newer = due is not None and said is not None and said > due
    return counts(call) or not state.told_nobody_yet or is_newer


def _ringing(call: Call) -> list[tuple[str, str]]:
    """The routes on which this person may still hear the call."""
    return [(s.channel, s.address) for s in call.sent if may_be_heard(s)]


def may_be_heard(sent: Sent) -> bool:
    """Neither failed nor taken back."""
    return not sent.state.failed and sent.state is not ReceiptState.WITHDRAWN
