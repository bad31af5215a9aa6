"""Performing notices: each one looked at once more, handed to its channel, its fate reported.

A notice of a channel that may wait is committed as `sending` before the attempt, so after a crash
only what was in `sending` can go out twice, with the same id (law 5). Life-safety notices and
technical ones have their own lanes: a slow provider of the one never holds up the other (law 12).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from alarms.model import Notice, Purpose
from core import ids, log
from core.errors import ChannelError
from core.signals import AlarmKind, Level, ReceiptState
from core.turnstile import Turns
from core.values import replace
from dispatcher.channels.ports import Addressee, Channel
from dispatcher.channels.rows import row
from dispatcher.engine.outcome import Outcome
from dispatcher.store.ports import LinkWrite, NoticeMove, Transaction

LIFE_LANE = 64
TECHNICAL_LANE = 4
"""How many notices of one channel may be on their way at once."""

A_TURN, FIRST_CALLS_A_TURN = 16, 64
"""Notices begun in one turn of the loop; what becomes of each is decided on at once.

What rings first for an alarm has a door of its own: of a thousand presses each rings somewhere
before the others widen, and none is decided on faster than what rings can leave.
"""

SEND_TIMEOUT_S = 15.0

_log = log.logger("dispatcher.outbox")


class Office(Protocol):
    """What the outbox needs of the engine."""

    def why_not(self, notice: Notice) -> str: ...

    def commit(self, work: Outcome) -> Awaitable[object]: ...

    def moved(self, notice: Notice, state: ReceiptState, detail: str, ref: str = "") -> None: ...

    def sending(self, notice: Notice) -> NoticeMove: ...


class Outbox:
    """One task a notice; the lanes bound how many run."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        office: Office,
        addressee: Callable[[Notice], Addressee],
        link_url: Callable[[str], str],
    ) -> None:
        self._channels = channels
        self._office = office
        self._addressee = addressee
        self._link_url = link_url
        self._lanes = {
            (name, life): asyncio.Semaphore(LIFE_LANE if life else TECHNICAL_LANE)
            for name in channels
            for life in (True, False)
        }
        self._first_calls, self._turns = Turns(FIRST_CALLS_A_TURN), Turns(A_TURN)
        self._running: dict[str, asyncio.Task[None]] = {}

    def send(self, notice: Notice) -> None:
        """Start handing one notice over; its fate comes back through the office."""
        task = asyncio.get_running_loop().create_task(self._perform(notice))
        self._running[notice.id] = task
        task.add_done_callback(lambda done: self._ended(notice, done))

    def show_again(self, notice: Notice, more: str = "") -> None:
        """A device is back: it gets its standing page once more, whatever became of it before.

        `more` says what else stands, and is not shown.
        """
        channel = self._channels.get(notice.channel)
        if channel is not None:
            task = asyncio.get_running_loop().create_task(self._show(channel, notice, more))
            self._running[f"{notice.id}-again"] = task
            task.add_done_callback(lambda _: self._running.pop(f"{notice.id}-again", None))

    async def close(self, timeout_s: float) -> None:
        """Let what is on its way arrive, at most `timeout_s`; the rest is in the table."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=timeout_s)
        for task in list(self._running.values()):
            task.cancel()

    def _ended(self, notice: Notice, done: asyncio.Task[None]) -> None:
        if self._running.get(notice.id) is done:
            del self._running[notice.id]
        if not done.cancelled() and (error := done.exception()) is not None:
            # Ours: the notice must not die with its task, the person's next route is due now.
            _log.error("a notice could not be performed", notice=notice.id, error=error)
            self._office.moved(notice, ReceiptState.FAILED_TEMPORARY, "internal error")

    async def _perform(self, notice: Notice) -> None:
        await (self._first_calls if _first_call(notice) else self._turns).mine()
        channel = self._channels.get(notice.channel)
        if channel is None:
            self._office.moved(notice, ReceiptState.FAILED_PERMANENT, "no such channel here")
            return
        if channel.capabilities.immediate:
            await self._hand_over(channel, notice, "")
            return
        await self._after_what_it_takes_back(notice)
        async with self._lanes[notice.channel, not _technical(notice)]:
            await self._in_its_lane(channel, notice)

    async def _in_its_lane(self, channel: Channel, notice: Notice) -> None:
        if why := self._office.why_not(notice):
            self._office.moved(notice, ReceiptState.WITHDRAWN, why)
            return
        wants_link = channel.capabilities.links and notice.purpose is not Purpose.STAND_DOWN
        token = ids.secret() if wants_link else ""
        links = (_link(token, notice),) if token else ()
        # After a crash it stands as `maybe_sent` already, and stays so until its channel answers.
        pending = notice.state is ReceiptState.PENDING
        move = self._office.sending(notice)
        moves = (move,) if pending else ()
        await self._office.commit(Outcome(Transaction(moves=moves, links=links)))
        await self._hand_over(channel, notice, self._link_url(token) if token else "")

    async def _hand_over(self, channel: Channel, notice: Notice, link: str) -> None:
        if why := self._office.why_not(notice):
            # Its row says `sending`; a failure nobody waits for ends it.
            self._office.moved(notice, ReceiptState.FAILED_PERMANENT, f"not sent: {why}")
            return
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                sending = await channel.send(notice, self._addressee(notice), link)
        except ChannelError as error:
            temporary = ReceiptState.FAILED_TEMPORARY
            state = temporary if error.temporary else ReceiptState.FAILED_PERMANENT
            self._office.moved(notice, state, str(error))
        except TimeoutError:
            text = f"no answer from {notice.channel} within {SEND_TIMEOUT_S:g} s"
            self._office.moved(notice, ReceiptState.FAILED_TEMPORARY, text)
        else:
            self._office.moved(notice, sending.state, "", sending.provider_ref)

    async def _show(self, channel: Channel, notice: Notice, more: str) -> None:
        try:
            await channel.send(notice, replace(self._addressee(notice), more=more), "")
        except ChannelError as error:
            _log.info("gone again before its page", notice=notice.id, code=error.code)

    async def _after_what_it_takes_back(self, notice: Notice) -> None:
        """A stand-down queues behind the call it takes back."""
        before = self._running.get(notice.about or "")
        if before is not None:
            await asyncio.wait([before], timeout=SEND_TIMEOUT_S)


def _link(token: str, notice: Notice) -> LinkWrite:
    return LinkWrite(ids.hashed(token), notice.id, notice.person, notice.alarm)


def _technical(notice: Notice) -> bool:
    return notice.kind is AlarmKind.TECHNICAL or notice.level is Level.GREEN


def _first_call(notice: Notice) -> bool:
    first = notice.step == 0 and notice.round == 0 and notice.purpose is Purpose.CALL
    return first and row(notice.channel).personal and not _technical(notice)
