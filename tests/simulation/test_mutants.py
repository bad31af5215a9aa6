"""Bugs planted on purpose: the seeded world must catch each, or its laws prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from alarms import answers, calling, escalate, renewal, stale_answers, turn
from alarms.model import Alarm, Decision, Notice, Standpoint, TellType
from alarms.turn import Turn
from alarms.view import Route
from alarms.vocabulary import WakeWhy
from core.signals import AnswerKind, Signal
from core.values import replace
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.engine import core
from dispatcher.engine.core import Core
from dispatcher.engine.machine import Machine
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.engine.pictures import SitePictures
from dispatcher.roster.model import Phone
from dispatcher.roster.pressing import Pressing
from firmware_sim.world.people import Habits
from firmware_sim.world.process import Process
from firmware_sim.world.report import Report
from firmware_sim.world.simulate import Setting, Troubles, simulate
from firmware_sim.world.town import EMERGENCY, town

SEEDS = (1, 2, 3, 4, 5, 6)
DAYS = 0.3
RESTLESS = Setting(
    habits=Habits(
        presses_a_day=240,
        presses_again=0.4,
        cancels=0.3,
        another_presses=0.3,
        presses_too=0.2,
        hasty=0.3,
    )
)
"""Everybody presses often and says something more."""

Patch = pytest.MonkeyPatch
pytestmark = pytest.mark.timeout(600)
"""Some show only after most of the seeds, on a machine with much else to do."""


def test_a_forgotten_deadline_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(answers, "DEADLINE_LONGEST", timedelta(hours=2))
    monkeypatch.setattr(answers, "accept_deadline", lambda _: timedelta(hours=2))
    assert caught() == (2, "nobody stays accepted beyond the longest deadline")


def test_a_dropped_wake_at_is_caught(monkeypatch: Patch) -> None:
    """After an accept the alarm is not put on the heap."""
    keep = OpenAlarms.keep

    def forgetful(self: OpenAlarms, alarm: Alarm) -> None:
        keep(self, alarm)
        if alarm.escalation is not None and alarm.escalation.wake_why is WakeWhy.DEADLINE:
            self.moments.drop(("alarm", alarm.id))

    monkeypatch.setattr(OpenAlarms, "keep", forgetful)
    assert caught()[0] == 2


def test_rounds_that_never_come_are_caught(monkeypatch: Patch) -> None:
    never = timedelta(days=1)
    monkeypatch.setattr(escalate, "next_round", lambda turn: turn.now + never)
    assert caught() == (2, "with nobody coming somebody is called at least every 30 s")


def test_calling_the_presser_is_caught(monkeypatch: Patch) -> None:
    """Nobody keeps the victims out of the picture, and no later guard stands either."""
    allowed: Callable[[Turn, str, list[Route]], list[Route]] = lambda _, __, routes: routes  # noqa: E731
    monkeypatch.setattr(Turn, "_allowed", allowed)
    monkeypatch.setattr(SitePictures, "_pressing", lambda *_: Pressing())
    monkeypatch.setattr(Core, "rings_at_a_presser", lambda *_: False)
    assert caught()[0] == 3


def test_a_page_that_races_with_a_press_is_caught(monkeypatch: Patch) -> None:
    """The picture keeps victims out, but nothing is looked at again right before it leaves."""
    monkeypatch.setattr(Core, "rings_at_a_presser", lambda *_: False)
    assert caught(setting=RESTLESS) == (3, "nothing rings at a victim")


def test_rounds_without_a_pause_are_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(calling, "ROUND_SHORTEST", timedelta(seconds=1))
    assert caught() == (4, "rounds are at least 5 s apart")


def test_a_failed_send_that_nobody_follows_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(answers, "_after_failure", lambda *_: None)
    assert caught()[0] == 4


def test_dropping_an_odd_press_is_caught(monkeypatch: Patch) -> None:
    """A press it cannot place is stored, acknowledged, and forgotten."""
    decided = Machine._decided

    def drops(self: Machine, signal: Signal, about: Notice | None, at: Moment) -> Outcome:
        if signal.person is None:
            return self.core.keep_signal(signal, at)
        return decided(self, signal, about, at)

    monkeypatch.setattr(Machine, "_decided", drops)
    assert caught() == (1, "a stored press is in an alarm")


def test_a_cancel_that_closes_a_red_alarm_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr("core.signals.Level.only_people_close", property(lambda _: False))
    assert caught(setting=RESTLESS) == (6, "acute alarms are closed by a person who may")


def test_anybody_closing_is_caught(monkeypatch: Patch) -> None:
    """Who is only on the way may end it with one press."""
    monkeypatch.setattr(core, "may_close", lambda *_: True)
    assert caught(setting=RESTLESS) == (6, "acute alarms are closed by a person who may")


def test_a_close_on_an_old_picture_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(core, "refuse_if_stale", lambda *_: None)
    assert caught(setting=RESTLESS) == (6, "a close on an old picture is refused")


class BelievesAnybody(Process):
    """An answer counts wherever it comes from."""

    def answer(
        self, notice_id: str, answer: AnswerKind, source: Source, said: datetime | None = None
    ) -> str:
        notice = self.core.open_alarms.notices.get(notice_id)
        person = notice.person if notice is not None else ""
        return super().answer(notice_id, answer, Source(SourceKind.STAFF, person), said)


def test_a_forged_answer_that_counts_is_caught() -> None:
    assert caught(BelievesAnybody) == (6, "an answer from elsewhere does not count")


def test_a_wearer_who_never_hears_that_nobody_comes_is_caught(monkeypatch: Patch) -> None:
    tell = Turn.tell

    def quiet(self: Turn, kind: TellType) -> None:
        if kind is not TellType.NOBODY_YET:
            tell(self, kind)

    monkeypatch.setattr(Turn, "tell", quiet)
    assert caught() == (7, "a wearer to whom nobody comes is told so after 20 s")


def test_a_press_that_is_not_answered_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(core, "_received", lambda *_: Outcome())
    assert caught() == (7, "a stored press is answered within 2 s")


def test_a_rev_that_stands_still_is_caught(monkeypatch: Patch) -> None:
    decision = Turn.decision

    def still(self: Turn) -> Decision:
        made = decision(self)
        before = self.alarm.rev
        accepted = any(c.standpoint is Standpoint.ACCEPTED for c in self.calls)
        return replace(made, alarm=replace(made.alarm, rev=before)) if accepted else made

    monkeypatch.setattr(Turn, "decision", still)
    assert caught()[0] == 5


def test_ringing_an_emergency_number_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr("firmware_sim.world.lines.refuse_emergency", lambda *_: None)
    people = (replace(p, phones=(Phone(EMERGENCY), *p.phones)) for p in town().people)
    wrong = Setting(organisation=replace(town(), people=tuple(people)))
    assert caught(setting=wrong) == (11, "no emergency number is ever rung")


def test_a_step_that_runs_twice_is_caught(monkeypatch: Patch) -> None:
    run_step = calling.run_step

    def twice(turn: Turn) -> None:
        number = turn.state.next_step
        run_step(turn)
        if number == 1:
            turn.update(next_step=1)
            run_step(turn)

    monkeypatch.setattr(escalate, "run_step", twice)
    assert caught() == (5, "no step is completed twice")


def test_one_technical_alarm_for_every_report_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(OpenAlarms, "about", lambda *_: None)
    assert caught() == (12, "losses with one cause are one technical alarm")


def test_not_asking_whether_it_is_over_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(answers, "IS_IT_OVER_AFTER", timedelta(hours=2))
    claim = "who has arrived is asked every ten minutes whether it is over"
    assert caught() == (2, claim)


def test_a_new_press_nobody_is_told_of_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(renewal, "tell_or_keep", lambda *_, **__: None)
    assert caught(setting=RESTLESS) == (2, "a new press is heard by somebody within 30 s")


def test_a_circle_that_does_not_widen_anew_is_caught(monkeypatch: Patch) -> None:
    """They hear the new press, and whether they answer it is all the same."""
    monkeypatch.setattr(renewal, "_ask_for_an_answer", lambda *_: None)
    monkeypatch.setattr(renewal, "_is_taken_for_granted", lambda *_: True)
    assert caught(setting=RESTLESS) == (2, "a new press nobody answers calls anew within 90 s")


def test_people_who_are_gone_and_still_count_are_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Core, "review", lambda *_: Outcome())
    claim = "who counts as coming is of the site and has not pressed"
    willing = Habits(presses_a_day=240, accepts=0.9, declines=0, vanishes=0, turns_back=0)
    come_and_go = Setting(habits=willing, troubles=Troubles(0, 0, configurations=300))
    assert caught(setting=come_and_go) == (2, claim)


def test_waiting_for_a_deaf_badge_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Turn, "is_waited_for", Turn.can_still_answer)
    assert caught() == (4, "where no page has its receipt the next are called")


def test_waiting_again_for_who_let_somebody_down_is_caught(monkeypatch: Patch) -> None:
    for module in (turn, answers, escalate, renewal):
        monkeypatch.setattr(module, "counts", lambda call: call.standpoint in turn.COMING)
    assert caught()[0] in (2, 4, 7)


def test_never_asking_anew_who_was_stood_down_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(escalate, "recall", lambda *_: None)
    assert caught() == (4, "who was not needed is asked anew when they are")


def test_an_old_word_that_counts_is_caught(monkeypatch: Patch) -> None:
    monkeypatch.setattr(stale_answers, "is_answer_fresh", lambda *_: True)
    assert caught(setting=RESTLESS) == (6, "an old word takes no help away")


def caught(kind: type[Process] = Process, setting: Setting | None = None) -> tuple[int, str]:
    """The law and the claim that the world saw broken first, over a few seeds."""
    report: Report | None = None
    for seed in SEEDS:
        report = simulate(seed, DAYS, replace(setting or Setting(), process=kind))
        if not report.held:
            return report.broken[0].law, report.broken[0].claim
    raise AssertionError(f"no seed of {SEEDS} caught it: {report.text() if report else ''}")
