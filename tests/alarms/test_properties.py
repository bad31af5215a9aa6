"""Whatever happens, in whatever order: what must hold of the deciding after every event.

hypothesis writes the stories here: presses, answers, receipts, losses, time. After each step every
open alarm is looked at; a story that breaks something is printed at its shortest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alarms.model import Alarm, Cause, Notice, Purpose, TellType
from alarms.receipts import moves_forward
from alarms.turn import COMING
from alarms.vocabulary import LostWhy
from core.errors import DomainError
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState, SignalType, Standing
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.channels.rows import CHANNELS
from dispatcher.engine.core import Core
from dispatcher.engine.outcome import Moment, Outcome, together
from tests.support.house import SITE, House, house_of
from tests.support.press import START, Presses

PEOPLE = (
    "Anna in lejl-12 20 s | Bo in hall-2 35 s shared_phone | Ida in lejl-12 60 s minimum_staff"
    " | Ole in hall-2 90 s shared_phone no_badge | Lone in office leader | Kim deputy"
    " | Bent on_call | Vera last_resort no_phone"
)
PLANS = [
    "plan yellow green: 0 s nearest wearable; 60 s leader",
    "plan weapon: 0 s everyone; 10 s person:bent sms | responders 2",
    "plan: 0 s nearest*2 wearable; 30 s nearest*3; 60 s leader; 90 s on_call | round 20",
]
NAMES = ("Anna", "Bo", "Ida", "Ole", "Lone", "Kim", "Bent", "Vera")

wait_s = st.sampled_from((0.0, 0.0, 0.1, 2.0, 5.0, 20.0, 31.0, 90.0, 650.0))
people = st.sampled_from(NAMES)
presses = st.tuples(
    st.just("press"),
    people | st.sampled_from(("Unknown badge", "Spare badge")),
    st.none() | st.sampled_from(list(Level)),
    st.none() | st.sampled_from((AlarmKind.ATTACK, AlarmKind.WEAPON, AlarmKind.MEDICAL)),
    st.none() | st.sampled_from(("lejl-12", "hall-2")),
    st.booleans(),
)
cancels = st.tuples(st.just("cancel"), people, st.none() | st.integers(1, 3), st.booleans())
replies = st.tuples(st.just("answer"), st.integers(0, 60), st.sampled_from(list(AnswerKind)))
receipts = st.tuples(st.just("receipt"), st.integers(0, 60), st.sampled_from(list(ReceiptState)))
LOSSES = st.sampled_from(
    [LostWhy.DEVICE_LOST, LostWhy.OFF_DUTY, LostWhy.SHIFT_OVER, LostWhy.REMOVED]
)
losses = st.tuples(st.just("lose"), people, LOSSES)
closes = st.tuples(st.just("close"), people, st.integers(0, 6))
troubles = st.tuples(st.just("technical"), st.sampled_from(("a", "b")), st.booleans())
pauses = st.tuples(st.just("down"), st.booleans())
changes = st.tuples(st.just("change"), people, st.sampled_from(("leaves", "stolen", "lent")))
happenings = st.one_of(
    presses, replies, replies, receipts, cancels, losses, closes, troubles, pauses, changes
)
again = st.tuples(st.just("press"), st.just("Anna"), st.none(), st.none(), st.none(), st.booleans())
pressed_again = st.lists(
    st.tuples(wait_s, st.one_of(again, again, replies, replies, receipts, losses, pauses, cancels)),
    max_size=20,
)
"""One wearer presses again and again, while others come, go, and say something or nothing."""

FIRST_PRESS = (0.0, ("press", "Anna", None, None, None, False))


@st.composite
def pressed_again_once_somebody_comes(draw: st.DrawFn) -> list[Step]:
    """It begins with somebody who is there, or on the way."""
    answer = draw(st.sampled_from((AnswerKind.ARRIVED, AnswerKind.ACCEPT)))
    later = draw(st.sampled_from((5.0, 31.0, 400.0)))
    press = (later, FIRST_PRESS[1])
    return [FIRST_PRESS, (1.0, ("answer", 0, answer)), press, *draw(pressed_again)]


help_is_there = pressed_again_once_somebody_comes()

RINGS = (Purpose.CALL, Purpose.ASK_AGAIN, Purpose.CHANGE, Purpose.PRESSES_AGAIN)
SAYS_PRESENT = (AnswerKind.SEEN, AnswerKind.ACCEPT, AnswerKind.ARRIVED, AnswerKind.MORE_HELP)
HEARD_WITHIN = timedelta(seconds=30)
TOLD_WITHIN = timedelta(seconds=20)

stories = st.lists(st.tuples(wait_s, happenings), max_size=14)

often = settings(
    max_examples=min(60, settings().max_examples),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


@often
@given(stories)
def test_every_open_alarm_has_a_next_moment_after_any_event(story: list[Step]) -> None:
    def look(act: Act, work: Outcome) -> None:
        for alarm in act.core.open_alarms.alarms.values():
            assert alarm.escalation is not None
            assert alarm.escalation.wake_why
            assert alarm.escalation.wake_at >= act.at.now
            moment = act.core.next_moment()
            assert moment is not None
            assert moment <= alarm.escalation.wake_at

    Act().play(story, look)


@often
@given(stories)
def test_nothing_is_made_for_a_presser_or_an_address_a_presser_holds(story: list[Step]) -> None:
    def look(act: Act, work: Outcome) -> None:
        pressers = act.core.open_alarms.pressers()
        victims = [p.person for p in pressers if p.person is not None]
        held = [r.address for v in victims for r in act.house.people[v].routes]
        held += [p.device for p in pressers]
        for notice in work.send:
            leaves = not act.core.why_not(notice, act.at)
            assert not (leaves and notice.person in victims), notice
            assert not (leaves and notice.address in held), notice

    Act().play(story, look)


@often
@given(stories)
def test_no_victim_nobody_who_left_and_nobody_of_a_stolen_badge_counts_as_coming(
    story: list[Step],
) -> None:
    def look(act: Act, work: Outcome) -> None:
        for alarm in act.core.open_alarms.alarms.values():
            for call in alarm.escalation.calls if alarm.escalation is not None else ():
                if call.standpoint in COMING:
                    assert not act.core.open_alarms.has_pressed(call.person)
                    assert call.person not in act.house.gone
                    assert call.said_by not in act.house.revoked

    Act().play(story, look)


@often
@given(stories)
def test_rev_strictly_rises_and_every_write_names_the_rev_before_it(story: list[Step]) -> None:
    revs: dict[str, int] = {}

    def look(act: Act, work: Outcome) -> None:
        for write in work.transaction.alarms:
            assert write.seen_rev == revs.get(write.alarm.id, 0)
            assert write.alarm.rev > write.seen_rev
            revs[write.alarm.id] = write.alarm.rev

    Act().play(story, look)


@often
@given(stories)
def test_notice_ids_are_never_given_twice(story: list[Step]) -> None:
    seen: dict[str, None] = {}

    def look(act: Act, work: Outcome) -> None:
        for notice in work.transaction.notices:
            assert notice.id not in seen
            seen[notice.id] = None

    Act().play(story, look)


@often
@given(stories)
def test_states_survive_being_written_and_read(story: list[Step]) -> None:
    def look(act: Act, work: Outcome) -> None:
        for write in work.transaction.alarms:
            stored = msgspec.json.encode(write.alarm)
            assert msgspec.json.decode(stored, type=Alarm) == write.alarm
        for notice in work.transaction.notices:
            assert msgspec.json.decode(msgspec.json.encode(notice), type=Notice) == notice

    Act().play(story, look)


@often
@given(stories)
def test_the_same_story_decides_the_same_again(story: list[Step]) -> None:
    first, second = Act(), Act()
    first.play(story, _nothing)
    second.play(story, _nothing)
    assert first.works == second.works


@often
@given(stories)
def test_rounds_are_at_least_5_s_apart(story: list[Step]) -> None:
    last: dict[str, Moment] = {}

    def look(act: Act, work: Outcome) -> None:
        for alarm_id in work.ring_locally:
            if alarm_id in last:
                assert act.at.now - last[alarm_id].now >= timedelta(seconds=5)
            last[alarm_id] = act.at

    Act().play(story, look)


@often
@given(stories | help_is_there)
def test_no_press_is_left_without_somebody_hearing_of_it_within_30_s(story: list[Step]) -> None:
    waiting: dict[str, datetime] = {}

    def look(act: Act, work: Outcome) -> None:
        for alarm_id in act.pressed_in(work):
            waiting.setdefault(alarm_id, act.at.now)
        for notice in work.send:
            if notice.purpose in RINGS and not act.core.why_not(notice, act.at):
                waiting.pop(notice.alarm, None)
        for alarm_id, since in list(waiting.items()):
            alarm = act.core.open_alarms.get(alarm_id)
            if alarm is None or alarm.technical or not act.anybody(alarm):
                del waiting[alarm_id]
            else:
                assert act.at.now <= since + HEARD_WITHIN, alarm_id

    Act().play(story, look)


@often
@given(stories | help_is_there)
def test_a_wearer_whose_press_nobody_answers_hears_so_within_20_s(story: list[Step]) -> None:
    waiting: dict[str, datetime] = {}

    def look(act: Act, work: Outcome) -> None:
        for alarm_id in act.pressed_in(work):
            waiting.setdefault(alarm_id, act.at.now)
        for alarm_id in act.answered_in:
            waiting.pop(alarm_id, None)
        for tell in work.tell:
            if tell.type is TellType.NOBODY_YET:
                waiting.pop(tell.alarm, None)
        for alarm_id, since in list(waiting.items()):
            alarm = act.core.open_alarms.get(alarm_id)
            if alarm is None or alarm.technical:
                del waiting[alarm_id]
            else:
                assert act.at.now <= since + TOLD_WITHIN, alarm_id

    Act().play(story, look)


@often
@given(st.lists(st.tuples(st.sampled_from((0.2, 1.0, 3.0)), again | replies), max_size=60))
def test_however_often_somebody_presses_nobody_is_rung_for_it_more_than_5_times_a_minute(
    story: list[Step],
) -> None:
    rung: dict[tuple[str, str], list[datetime]] = {}

    def look(act: Act, work: Outcome) -> None:
        for notice in work.send:
            if notice.purpose is Purpose.PRESSES_AGAIN:
                times = rung.setdefault((notice.alarm, notice.address), [])
                times.append(act.at.now)
                lately = [at for at in times if act.at.now - at < timedelta(seconds=60)]
                assert len(lately) <= 5, lately

    Act().play([FIRST_PRESS, *story], look)


@often
@given(stories)
def test_acute_alarms_close_only_by_who_arrived_or_leads_and_never_by_a_victim(
    story: list[Step],
) -> None:
    arrived: dict[tuple[str, str], None] = {}

    def look(act: Act, work: Outcome) -> None:
        for write in work.transaction.alarms:
            alarm = write.alarm
            for call in alarm.escalation.calls if alarm.escalation is not None else ():
                if call.standpoint == "arrived":
                    arrived[alarm.id, call.person] = None
            if alarm.closing is None or not alarm.level.only_people_close:
                continue
            by = alarm.closing.by
            assert by not in [p.person for p in alarm.pressers]
            assert (alarm.id, by) in arrived or act.house.leads(by, SITE, act.at)

    Act().play(story, look)


@often
@given(stories)
def test_nobody_called_is_forgotten_without_a_word_when_an_alarm_ends(story: list[Step]) -> None:
    """Whoever a call has reached and who has not said no hears that it is over."""
    reached: dict[tuple[str, str], None] = {}

    def look(act: Act, work: Outcome) -> None:
        for notice in work.send:
            key = (notice.alarm, notice.person)
            if notice.purpose is Purpose.STAND_DOWN:
                reached.pop(key, None)
            elif notice.purpose is Purpose.CALL and not act.core.why_not(notice, act.at):
                reached[key] = None
        for move in work.transaction.moves:
            if move.state is ReceiptState.WITHDRAWN:
                reached.pop(act.whom(move.notice), None)  # it never left
        for write in work.transaction.alarms:
            if write.alarm.closing is not None:
                waiting = [p for a, p in reached if a == write.alarm.id]
                for person in waiting:
                    pressed = act.core.open_alarms.has_pressed(person) or act.shares_with_a_presser(
                        person
                    )
                    victim = any(p.person == person for p in write.alarm.pressers)
                    assert pressed or victim or act.said_no(write.alarm, person), person

    Act().play(story, look)


@given(st.sampled_from(list(ReceiptState)), st.lists(st.sampled_from(list(ReceiptState))))
def test_a_receipt_never_moves_back_to_where_it_was(
    start: ReceiptState, said: list[ReceiptState]
) -> None:
    now, been = start, [start]
    for state in said:
        if moves_forward(now, state):
            assert state not in been
            now = state
            been.append(state)


@pytest.mark.parametrize("plan", ["plan:", "plan: 0 s person:nobody", "plan: 5 s leader"])
def test_an_empty_world_and_an_empty_plan_never_crash(plan: str) -> None:
    act = Act(house_of("Anna in lejl-12", [plan]))
    everything: list[Step] = [
        (0.0, ("press", "Anna", None, None, None, False)),
        (5.0, ("answer", 0, AnswerKind.ACCEPT)),
        (300.0, ("press", "Unknown badge", Level.RED, None, None, False)),
        (700.0, ("technical", "a", True)),
        (3000.0, ("down", True)),
    ]
    act.play(everything, _nothing)
    assert act.core.open_alarms.alarms


Happening = tuple[object, ...]
Step = tuple[float, Happening]
Look = Callable[["Act", Outcome], None]


def _nothing(act: Act, work: Outcome) -> None:
    """Only that it does not crash."""


class Act:
    """Plays generated steps over the core and lets somebody look at every decision."""

    def __init__(self, house: House | None = None) -> None:
        self.house = house or house_of(PEOPLE, PLANS)
        self.core = Core(self.house, CHANNELS)
        self.house.open_alarms = self.core.open_alarms
        self.presses = Presses()
        self.works: list[Outcome] = []
        self.now_s = 0.0
        self.answered_in: tuple[str, ...] = ()
        self._notices: list[Notice] = []
        self._refused: dict[tuple[str, str], None] = {}

    @property
    def at(self) -> Moment:
        now = START + timedelta(seconds=self.now_s)
        return Moment(now, now)

    def play(self, story: list[Step], look: Look) -> None:
        for seconds, happening in story:
            self._pass_time(self.now_s + seconds, look)
            self._look(self._happen(happening), look)
        self._pass_time(self.now_s + 60, look)

    def pressed_in(self, work: Outcome) -> list[str]:
        """The open alarms of those whose presses this work has taken in, copies apart."""
        presses = [s for s in work.transaction.signals if s.type is SignalType.ALARM]
        mine = [self.core.open_alarms.of_presser(s.device, s.point) for s in presses]
        return [alarm.id for alarm in mine if alarm is not None]

    def anybody(self, alarm: Alarm) -> bool:
        """Whether there is anybody to call about it."""
        view = self.house.view(alarm, self.at)
        everybody = (*view.nearest, *view.leaders, *view.on_call, *view.last_resort)
        return any(candidate.routes for candidate in everybody)

    def whom(self, notice_id: str) -> tuple[str, str]:
        """The alarm and the person of a notice."""
        notice = next(n for n in self._notices if n.id == notice_id)
        return notice.alarm, notice.person

    def said_no(self, alarm: Alarm, person: str) -> bool:
        """Declined, unreachable, or gone before it ended."""
        calls = alarm.escalation.calls if alarm.escalation is not None else ()
        call = next((c for c in calls if c.person == person), None)
        return call is None or all(s.state.failed for s in call.sent)

    def shares_with_a_presser(self, person: str) -> bool:
        pressers = [p.person for p in self.core.open_alarms.pressers()]
        held = [r.address for p in pressers if p for r in self.house.people[p].routes]
        return any(r.address in held for r in self.house.people[person].routes)

    def _pass_time(self, until_s: float, look: Look) -> None:
        for _ in range(5000):
            moment = self.core.next_moment()
            if moment is None or moment > START + timedelta(seconds=until_s):
                break
            self.now_s = max(self.now_s, (moment - START).total_seconds())
            self._look(self.core.due(self.at), look)
        else:
            raise AssertionError("the core wakes without end")
        self.now_s = until_s

    def _look(self, work: Outcome, look: Look) -> None:
        self.works.append(work)
        self._notices += work.send
        look(self, work)
        self.answered_in = ()

    def _happen(self, happening: Happening) -> Outcome:
        match happening:
            case ("press", str(who), level, kind, zone, copy):
                return self._press(who, level, kind, zone, bool(copy))
            case ("cancel", str(who), press, authenticated):
                signal = self.presses.signal(
                    who,
                    SignalType.CANCEL,
                    self.at,
                    press=press if isinstance(press, int) else None,
                    authenticated=bool(authenticated),
                )
                return self.core.signal(signal, self.at)
            case ("answer", int(number), AnswerKind() as answer):
                return self._answer(number, answer)
            case ("receipt", int(number), ReceiptState() as state):
                if not self._notices:
                    return Outcome()
                notice = self._notices[number % len(self._notices)]
                return self.core.receipt(notice.id, state, "", "", self.at)
            case ("lose", str(who), LostWhy() as why):
                return self.core.lost(who.lower(), why, self.at)
            case ("close", str(who), int(older)):
                return self._close(who.lower(), older)
            case ("technical", str(key), well):
                if well:
                    return self.core.recovered(key, self.at)
                return self.core.technical(key, "text", SITE, "", self.at)
            case ("change", str(who), str(what)):
                return self._change(who.lower(), what)
            case ("down", _):
                return self._down()
        raise AssertionError(happening)

    def _press(self, who: str, level: object, kind: object, zone: object, copy: bool) -> Outcome:
        standings = {"Unknown badge": Standing.UNKNOWN, "Spare badge": Standing.UNASSIGNED}
        signal = self.presses.signal(
            who,
            SignalType.ALARM,
            self.at,
            level=level if isinstance(level, Level) else None,
            kind=kind if isinstance(kind, AlarmKind) else None,
            zone=zone if isinstance(zone, str) else None,
            repeat=copy,
            standing=standings.get(who, Standing.ASSIGNED),
        )
        return self.core.signal(signal, self.at)

    def _answer(self, number: int, answer: AnswerKind) -> Outcome:
        if not self._notices:
            return Outcome()
        notice = self._notices[number % len(self._notices)]
        if answer in SAYS_PRESENT:
            self.answered_in = (notice.alarm,)
        source = Source(SourceKind.LINK, notice.id)
        return self.core.answer_from(notice, answer, source, self.at)[1]

    def _close(self, person: str, older: int) -> Outcome:
        alarm = next(iter(self.core.open_alarms.alarms.values()), None)
        if alarm is None:
            return Outcome()
        rev, cause = max(1, alarm.rev - older), Cause.CALMED_DOWN
        try:
            return self.core.close(alarm.id, rev, person, cause, "", self.at)
        except DomainError:
            return Outcome()

    def _change(self, person: str, what: str) -> Outcome:
        """Another configuration: somebody has left, or their badge is stolen or another's."""
        match what:
            case "leaves":
                self.house.gone[person] = None
            case "stolen":
                self.house.revoked[f"badge-{person}"] = None
            case "lent":
                self.house.lent[f"badge-{person}"] = "kim"
        return self.core.review(self.at)

    def _down(self) -> Outcome:
        """The process is started again on what it knew."""
        before, self.core = self.core.open_alarms, Core(self.house, CHANNELS)
        self.house.open_alarms = self.core.open_alarms
        self.core.load(list(before.alarms.values()), list(before.notices.values()))
        return together((*self.core.hold_overdue(self.at)[0], self.core.review(self.at)))
