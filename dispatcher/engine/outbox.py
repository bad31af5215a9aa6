"""Notices on their way out: each looked at once more, handed to its channel, its fate told. Pure.

- A notice of a channel that may wait is committed as `sending` before the attempt, so after a crash
  only what was in `sending` can go out twice, with the same id (law 5).
- Life-safety notices and technical ones have their own lanes: a slow provider of the one never
  holds up the other (law 12). A stand-down queues behind the call it takes back.
- What rings first for an alarm has a turnstile of its own: of a thousand presses each rings
  somewhere before the others widen, and none is decided on faster than what rings can leave.

    sent ─turnstile─▶ immediate ─────────────────────────────────▶ with its channel ─▶ its fate
              ╰─▶ behind what it takes back ─▶ in its lane ─sending─▶ ╯
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from alarms.channel import Capabilities
from alarms.model import Notice, Purpose
from core import ids
from core.signals import ReceiptState
from core.values import value
from dispatcher.channels.rows import row
from dispatcher.engine.actions import Abandon, HandOver
from dispatcher.engine.outcome import Moment, Outcome, Wake
from dispatcher.store.ports import LinkWrite, NoticeMove, Transaction

LIFE_LANE = 64
TECHNICAL_LANE = 4
"""How many notices of one channel may be on their way at once."""

A_TURN, FIRST_CALLS_A_TURN = 16, 64
"""Notices begun in one turn; between two turns whoever runs the engine reads its lines."""

SEND_TIMEOUT = timedelta(seconds=15)
"""How long a channel may take, and how long a stand-down waits for what it takes back."""


@value(frozen=True)
class Fate:
    """What became of a notice, to be decided on."""

    notice: str
    state: ReceiptState
    detail: str = ""
    ref: str = ""


@value(frozen=True)
class Sending:
    """Commit that a notice is on its way, then say `committed`."""

    outcome: Outcome


OutboxAction: TypeAlias = HandOver | Abandon | Fate | Sending


class Notices(Protocol):
    """What deciding knows of a notice right before it leaves."""

    def why_not(self, notice: Notice, at: Moment) -> str:
        """Empty when it may leave, else why it is not wanted any more."""
        ...

    def sending(self, notice_id: str, at: Moment) -> NoticeMove: ...


class Outbox:
    """Events in with the moment; what is to be done comes out of `take_actions`."""

    def __init__(
        self, channels: Mapping[str, Capabilities], notices: Notices, secret: Callable[[], str]
    ) -> None:
        """`secret` makes the token of a notice page."""
        self._channels = channels
        self._notices = notices
        self._secret = secret
        self._leaving: dict[str, _Leaving] = {}
        self._first_calls, self._others = _Turnstile(FIRST_CALLS_A_TURN), _Turnstile(A_TURN)
        self._lanes = {
            (name, technical): _Lane(TECHNICAL_LANE if technical else LIFE_LANE)
            for name in channels
            for technical in (True, False)
        }
        self._behind: dict[str, list[str]] = {}
        self._moments: list[tuple[datetime, str]] = []
        self._next_turn: datetime | None = None
        self._actions: list[OutboxAction] = []

    # Events

    def send(self, notice: Notice, at: Moment) -> None:
        """It is decided, and committed or called from memory: hand it over."""
        if notice.id in self._leaving:
            return
        self._leaving[notice.id] = _Leaving(notice)
        turnstile = self._first_calls if _is_first_call(notice) else self._others
        turnstile.waiting.append(notice.id)
        self._pass_through(turnstile, at)
        self._fill_lanes(at)

    def committed(self, notice_id: str, at: Moment) -> None:
        """It is known to be `sending`, if only to the emergency journal: it goes."""
        one = self._leaving.get(notice_id)
        if one is not None and one.until is None:
            self._hand_over(one, at)
            self._fill_lanes(at)

    def handed_over(self, notice_id: str, at: Moment) -> bool:
        """Its channel has answered, well or not. False: nobody waits for that any more."""
        one = self._leaving.get(notice_id)
        if one is None:
            return False
        self._end(one)
        self._fill_lanes(at)
        return True

    def wake(self, at: Moment) -> None:
        """The next turn; who waited too long goes on without what they waited for."""
        if self._next_turn is not None and self._next_turn <= at.now:
            self._next_turn = None
            for turnstile in (self._first_calls, self._others):
                turnstile.passed = 0
                self._pass_through(turnstile, at)
        while self._moments and self._moments[0][0] <= at.now:
            moment, notice_id = heapq.heappop(self._moments)
            one = self._leaving.get(notice_id)
            if one is not None and one.until == moment:
                self._out_of_time(one, at)
        self._fill_lanes(at)

    # Questions

    @property
    def wake_at(self) -> Wake | None:
        """The next turn, or when a channel has had its time."""
        while self._moments and not self._stands(*self._moments[0]):
            heapq.heappop(self._moments)
        if self._next_turn is not None:
            return Wake(self._next_turn, "more notices wait for their turn")
        return Wake(self._moments[0][0], "a channel has had its time") if self._moments else None

    def take_actions(self) -> list[OutboxAction]:
        actions, self._actions = self._actions, []
        return actions

    def holds(self, notice_id: str) -> bool:
        """Whether it is on its way out, and its fate not known yet."""
        return notice_id in self._leaving

    # Inside

    def _pass_through(self, turnstile: _Turnstile, at: Moment) -> None:
        while turnstile.waiting and turnstile.passed < turnstile.most:
            turnstile.passed += 1
            self._next_turn = at.now
            self._begin(self._leaving[turnstile.waiting.popleft()], at)

    def _begin(self, one: _Leaving, at: Moment) -> None:
        can = self._channels.get(one.notice.channel)
        if can is None:
            self._ends_as(one, ReceiptState.FAILED_PERMANENT, "no such channel here")
        elif can.immediate:
            self._hand_over(one, at)
        elif one.notice.about in self._leaving:
            self._behind.setdefault(one.notice.about or "", []).append(one.notice.id)
            self._wait(one, at)
        else:
            self._join_lane(one)

    def _join_lane(self, one: _Leaving) -> None:
        one.until = None
        self._lanes[one.notice.channel, one.notice.technical].waiting.append(one.notice.id)

    def _fill_lanes(self, at: Moment) -> None:
        for lane in self._lanes.values():
            while lane.waiting and lane.under_way < lane.most:
                self._commit_sending(self._leaving[lane.waiting.popleft()], lane, at)

    def _commit_sending(self, one: _Leaving, lane: _Lane, at: Moment) -> None:
        notice = one.notice
        if why := self._notices.why_not(notice, at):
            self._ends_as(one, ReceiptState.WITHDRAWN, why)
            return
        one.lane = lane
        lane.under_way += 1
        links: tuple[LinkWrite, ...] = ()
        if self._channels[notice.channel].links and notice.purpose is not Purpose.STAND_DOWN:
            one.token = self._secret()
            link = LinkWrite(ids.hashed(one.token), notice.id, notice.person, notice.alarm)
            links = (link,)
        move = self._notices.sending(notice.id, at)
        # After a crash it stands as `maybe_sent` already, and stays so until its channel answers.
        moves = (move,) if notice.state is ReceiptState.PENDING else ()
        going = Outcome(Transaction(moves=moves, links=links), hand_over=(notice.id,))
        self._actions.append(Sending(going))

    def _hand_over(self, one: _Leaving, at: Moment) -> None:
        if why := self._notices.why_not(one.notice, at):
            # Its row says `sending`; a failure nobody waits for ends it.
            self._ends_as(one, ReceiptState.FAILED_PERMANENT, f"not sent: {why}")
            return
        if not self._channels[one.notice.channel].immediate:
            self._wait(one, at)
        self._actions.append(HandOver(one.notice, one.token))

    def _wait(self, one: _Leaving, at: Moment) -> None:
        one.until = at.now + SEND_TIMEOUT
        heapq.heappush(self._moments, (one.until, one.notice.id))

    def _out_of_time(self, one: _Leaving, at: Moment) -> None:
        about = one.notice.about or ""
        if one.notice.id in self._behind.get(about, ()):
            self._behind[about].remove(one.notice.id)
            self._join_lane(one)
            return
        self._actions.append(Abandon(one.notice.id))
        late = f"no answer from {one.notice.channel} within {SEND_TIMEOUT.total_seconds():g} s"
        self._ends_as(one, ReceiptState.FAILED_TEMPORARY, late)

    def _ends_as(self, one: _Leaving, state: ReceiptState, why: str) -> None:
        self._actions.append(Fate(one.notice.id, state, why))
        self._end(one)

    def _end(self, one: _Leaving) -> None:
        """Its place in the lane is free; who waited behind it goes on."""
        del self._leaving[one.notice.id]
        if one.lane is not None:
            one.lane.under_way -= 1
        for waiting in self._behind.pop(one.notice.id, ()):
            self._join_lane(self._leaving[waiting])

    def _stands(self, moment: datetime, notice_id: str) -> bool:
        one = self._leaving.get(notice_id)
        return one is not None and one.until == moment


@dataclass(slots=True)
class _Turnstile:
    """So many may begin in one turn, in their order."""

    most: int
    passed: int = 0
    waiting: deque[str] = field(default_factory=deque)


@dataclass(slots=True)
class _Lane:
    """So many of one channel may be under way at once."""

    most: int
    under_way: int = 0
    waiting: deque[str] = field(default_factory=deque)


@dataclass(slots=True)
class _Leaving:
    """One notice. `lane`: whose place it takes. `until`: how long it waits for its channel, or for
    what it takes back."""

    notice: Notice
    lane: _Lane | None = None
    until: datetime | None = None
    token: str = ""


def _is_first_call(notice: Notice) -> bool:
    first = notice.step == 0 and notice.round == 0 and notice.purpose is Purpose.CALL
    return first and row(notice.channel).personal and not notice.technical
