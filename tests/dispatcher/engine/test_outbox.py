"""The outbox as a pure state: notices and moments in, hand-overs and fates out."""

from __future__ import annotations

from datetime import timedelta

from alarms.model import Notice
from alarms.vocabulary import Purpose
from core.moment import Moment
from core.signals import Level, ReceiptState
from core.values import replace
from dispatcher.channels.rows import CHANNELS
from dispatcher.engine.actions import Abandon, HandOver
from dispatcher.engine.outbox import (
    A_TURN,
    LIFE_LANE,
    SEND_TIMEOUT,
    TECHNICAL_LANE,
    Fate,
    Outbox,
    OutboxAction,
    Sending,
)
from dispatcher.store.ports import NoticeMove
from tests.support.channels import NOW, a_notice

PENDING, SENDING = ReceiptState.PENDING, ReceiptState.SENDING


class Out:
    """An outbox, its clock, and what deciding says of each notice right before it leaves."""

    def __init__(self) -> None:
        self.at = Moment(NOW, NOW)
        self.unwanted: dict[str, str] = {}
        self.outbox = Outbox(CHANNELS, self, lambda: "secret")

    def why_not(self, notice: Notice, at: Moment) -> str:
        return self.unwanted.get(notice.id, "")

    def sending(self, notice_id: str, at: Moment) -> NoticeMove:
        return NoticeMove(notice_id, SENDING, at.now)

    def send(self, *notices: Notice) -> list[OutboxAction]:
        for notice in notices:
            self.outbox.send(notice, self.at)
        return self.outbox.take_actions()

    def committed(self, notice: Notice) -> list[OutboxAction]:
        self.outbox.committed(notice.id, self.at)
        return self.outbox.take_actions()

    def handed_over(self, notice: Notice) -> list[OutboxAction]:
        assert self.outbox.handed_over(notice.id, self.at)
        return self.outbox.take_actions()

    def passes(self, time: timedelta) -> list[OutboxAction]:
        self.at = Moment(self.at.now + time, self.at.wall + time)
        self.outbox.wake(self.at)
        return self.outbox.take_actions()


def sms(number: int = 1, **more: object) -> Notice:
    notice = replace(a_notice(), id=f"a_1-{number}", channel="sms", state=PENDING)
    return replace(notice, **more)  # type: ignore[arg-type]


def page(number: int = 1, **more: object) -> Notice:
    return sms(number, channel="wearable", state=SENDING, **more)


def handed(actions: list[OutboxAction]) -> list[str]:
    return [one.notice.id for one in actions if isinstance(one, HandOver)]


def committing(actions: list[OutboxAction]) -> list[str]:
    outcomes = (one.outcome for one in actions if isinstance(one, Sending))
    return [notice for outcome in outcomes for notice in outcome.hand_over]


def test_what_never_waits_is_handed_over_at_once() -> None:
    assert Out().send(page()) == [HandOver(page())]


def test_what_may_wait_is_committed_as_sending_before_the_attempt_with_its_link() -> None:
    out = Out()
    (sending,) = out.send(sms())
    assert isinstance(sending, Sending)
    assert [move.state for move in sending.outcome.transaction.moves] == [SENDING]
    assert len(sending.outcome.transaction.links) == 1
    assert out.committed(sms()) == [HandOver(sms(), "secret")]


def test_it_is_looked_at_once_more_right_before_it_leaves() -> None:
    out = Out()
    out.send(sms())
    out.unwanted[sms().id] = "pressed"
    assert out.committed(sms()) == [
        Fate(sms().id, ReceiptState.FAILED_PERMANENT, "not sent: pressed")
    ]
    assert not out.outbox.holds(sms().id)


def test_what_nobody_wants_any_more_is_withdrawn_before_it_is_sending() -> None:
    out = Out()
    out.unwanted[sms().id] = "closed"
    assert out.send(sms()) == [Fate(sms().id, ReceiptState.WITHDRAWN, "closed")]


def test_a_channel_that_is_none_of_ours_fails_for_good() -> None:
    unknown = sms(channel="pigeon")
    assert Out().send(unknown) == [
        Fate(unknown.id, ReceiptState.FAILED_PERMANENT, "no such channel here")
    ]


def test_a_channel_that_does_not_answer_is_given_up_and_heard_no_more() -> None:
    out = Out()
    out.send(sms())
    out.committed(sms())
    assert out.passes(SEND_TIMEOUT - timedelta(seconds=1)) == []
    abandoned, fate = out.passes(timedelta(seconds=1))
    assert abandoned == Abandon(sms().id)
    assert isinstance(fate, Fate)
    assert fate.state is ReceiptState.FAILED_TEMPORARY
    assert not out.outbox.handed_over(sms().id, out.at)


def test_technical_notices_never_take_a_place_of_a_call_for_help() -> None:
    out = Out()
    technical = [sms(number, level=Level.GREEN) for number in range(TECHNICAL_LANE + 1)]
    assert len(committing(out.send(*technical))) == TECHNICAL_LANE
    assert committing(out.send(sms(99))) == ["a_1-99"]
    assert committing(out.handed_over(technical[0])) == [technical[-1].id]


def test_a_lane_that_is_full_lets_the_next_in_when_one_is_over_however_many_are_withdrawn() -> None:
    out = Out()
    many = [sms(number) for number in range(LIFE_LANE + 2_000)]
    out.send(*many)
    while out.outbox.wake_at is not None and len(out.outbox.take_actions()) >= 0:
        if out.outbox.wake_at.at > out.at.now:
            break
        out.outbox.wake(out.at)
    out.unwanted = {notice.id: "closed" for notice in many[LIFE_LANE:-1]}
    assert committing(out.handed_over(many[0])) == [many[-1].id]


def test_so_many_begin_in_one_turn_and_the_rest_in_the_next() -> None:
    out = Out()
    asked = [page(number, step=1) for number in range(A_TURN + 3)]
    assert len(handed(out.send(*asked))) == A_TURN
    assert out.outbox.wake_at is not None
    assert len(handed(out.passes(timedelta()))) == 3


def test_first_calls_have_a_turnstile_of_their_own() -> None:
    out = Out()
    out.send(*(page(number, step=1) for number in range(A_TURN + 3)))
    assert handed(out.send(page(99, step=0, round=0))) == ["a_1-99"]


def test_a_stand_down_queues_behind_the_call_it_takes_back() -> None:
    out = Out()
    down = sms(2, purpose=Purpose.STAND_DOWN, about=sms().id)
    out.send(sms())
    assert out.send(down) == []
    out.committed(sms())
    assert committing(out.handed_over(sms())) == [down.id]


def test_a_stand_down_waits_no_longer_than_a_channel_may_take() -> None:
    out = Out()
    down = sms(2, purpose=Purpose.STAND_DOWN, about=sms().id)
    out.send(sms(), down)
    assert committing(out.passes(SEND_TIMEOUT)) == [down.id]


def test_the_same_notice_twice_is_one() -> None:
    out = Out()
    assert committing(out.send(sms(), sms())) == [sms().id]


def test_what_stands_as_maybe_sent_is_not_written_back_to_sending() -> None:
    (sending,) = Out().send(sms(state=ReceiptState.MAYBE_SENT))
    assert isinstance(sending, Sending)
    assert sending.outcome.transaction.moves == ()
