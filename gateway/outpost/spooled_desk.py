"""The desk of a gateway that stands alone: what it accepts goes into the spool, then on its way.

The law kept here: *acknowledge after durable* (law 1). A signal is STORED once it is in the spool,
or committed by the dispatcher. A spool that cannot keep, or is slow, stops no press: it is handed
over from memory meanwhile. What is new goes before a backlog, so that a day's records delay nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from core import ids
from core.clock import Clock
from core.errors import StoreUnavailable
from core.log import logger
from core.signals import Owed, Signal, SignalType, Taken
from core.values import replace
from devices.findings import Finding
from gateway.handover import HANDED_BYTES_MAX, HANDED_MAX, Handed, RawRecord, Record
from gateway.outpost import ring as rings
from gateway.outpost.here import Here
from gateway.outpost.messages import Said, said
from gateway.outpost.reports import Reports
from gateway.outpost.ring import Ring, Step
from gateway.outpost.spool import Kept, Spool
from gateway.outpost.spooled_record import handed, signal_in, written

IN_MEMORY_MAX = 1_000
"""Records handed over from memory while the spool cannot keep; past this the oldest is dropped, one
that is no press first: its device, which was never acknowledged, says it again."""

SPOOL_WITHIN_S = 1.0
"""A disk that takes longer than this is not waited for: the press goes on from memory."""

COMMITTED_WITHIN_S = 4.0
"""How long the sender of what only memory holds waits to be acknowledged."""

FRESH_MAX = 100
"""Records of the last moments that go before a backlog."""

FRESH_FOR = timedelta(seconds=60)

BATCH_LEAST = 10
"""Records of a backlog in one request to a dispatcher that answers late."""

RUNG_FOR = timedelta(minutes=30)
"""After a start, what was pressed longer ago than this is handed over and not rung for here."""

TAKEN_UP_MAX = 1_000
"""After a start, the newest records that are looked at: for the ring, and to know copies."""

SPOOL = "spool"
READING = "spool_read"
"""The names of problems, as they are shown."""


@dataclass(frozen=True, slots=True)
class Former:
    """A signal of a former life: `gateway.senders.Remembered`."""

    device: str
    identity: str
    boot: str | None
    epoch: int
    seq: int | None
    at: datetime


class SpooledDesk:
    """`gateway.ports.Desk` over a spool.

    `look` says who is here now. `wake` is called when there is something to hand over, `armed` when
    the ring has another moment.
    """

    def __init__(
        self,
        spool: Spool,
        reports: Reports,
        clock: Clock,
        look: Callable[[], Here],
        say: Callable[[Iterable[Said]], None],
        wake: Callable[[], None],
        armed: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool = spool
        self._reports = reports
        self._clock = clock
        self._look = look
        self._say = say
        self._wake = wake
        self._armed = armed
        self.ring = Ring()
        self._in_memory: dict[int, _Remembered] = {}
        self._last_in_memory = 0
        self._identities: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._offered: dict[int, None] = {}
        self._batch = HANDED_MAX
        self._fresh: deque[tuple[int, datetime]] = deque(maxlen=FRESH_MAX)
        self._keeping: dict[asyncio.Task[None], None] = {}
        self._log = logger("gateway.remote")
        if spool.damaged:
            lost = f"{spool.damaged} records of the spool are damaged and lost."
            reports.problem("damaged", lost)

    # What the gateway asks (`gateway.ports.Desk`)

    def hear(self, signal: Signal, owed: Owed) -> None:
        if self.ring.is_local(signal):
            self._decide(lambda ring, here: rings.answered(ring, signal, here))
            owed(Taken.STORED)
            return
        if signal.repeat:
            if signal.identity not in self._numbers:
                self._reports.again(signal)
                self._wake()
            owed(Taken.STORED)
            return
        lowers = signal.type in (SignalType.CANCEL, SignalType.RESTORE)
        happens = rings.lowered if lowers else rings.pressed
        self._decide(lambda ring, here: happens(ring, signal, here))
        self._keep_soon(Record(signal=signal), signal.identity, owed)

    def keep_raw(self, protocol: str, sender: str, why: str, content: bytes, owed: Owed) -> None:
        name = ids.derived("raw", protocol, sender, content.hex())
        self._keep_soon(Record(raw=RawRecord(protocol, sender, why, content)), name, owed)

    def device_subscribed(self, device: str) -> None:
        self._decide(lambda ring, here: rings.listens(ring, device, here))
        self._reports.listens(device)
        self._wake()

    async def found(self, finding: Finding) -> None:
        """Nobody watches over devices here: the dispatcher's side does."""
        self._reports.report([finding])

    def problem(self, part: str, text: str | None) -> None:
        self._reports.problem(part, text)

    # What is to be handed over

    def take_up(self) -> Sequence[Former]:
        """After a start: ring on for what was pressed lately; what intake should know as heard."""
        now, formers = self._clock.now(), []
        for kept in self._spool.newest(TAKEN_UP_MAX):
            found = signal_in(kept.content)
            if found is None:
                continue
            signal, heard = found
            self._known(kept.number, signal.identity)
            formers.append(_former(signal))
            if now - heard <= RUNG_FOR:
                self._decide(partial(_pressed_before, signal, heard))
        return formers

    @property
    def backlog(self) -> int:
        return self._spool.backlog + len(self._in_memory)

    @property
    def oldest_s(self) -> float:
        """The age of the oldest record that is not handed over."""
        now = self._clock.now()
        return max((handed(one, now).age_s for one in self._spool.waiting(1)), default=0.0)

    async def fetch(self) -> None:
        """Bring into memory what is to be handed over next."""
        fresh = self._fresh_numbers(self._clock.now())
        slow = "The disk of the spool does not answer: only what is in memory is handed over."
        answers = await self._spool.fetch(HANDED_MAX, without=fresh)
        self._reports.problem(READING, None if answers else slow)

    def waiting(self) -> Sequence[Handed]:
        """What to hand over now: what only memory holds and what is new, and if that has been
        offered before, the oldest too. So a press is thanked for without a backlog's commits."""
        now = self._clock.now()
        kept = [Kept(number, one.content, old=False) for number, one in self._in_memory.items()]
        fresh = self._fresh_numbers(now)
        kept = [*kept[: HANDED_MAX - len(fresh)], *self._spool.these(fresh)]
        if all(one.number in self._offered for one in kept):
            kept += self._spool.waiting(max(self._batch - len(kept), 0), without=fresh)
        if lost := self._spool.unreadable:
            why = f"{lost} records of the spool cannot be read back. Check its disk."
            self._reports.problem("unreadable", why)
        found = [handed(self._as_offered(one), now) for one in _light_enough(kept)]
        self._offered.update(dict.fromkeys(one.number for one in found))
        return found

    def handed_over(self, numbers: Collection[int]) -> None:
        """Drop the records that the dispatcher has committed."""
        self._spool.left(numbers)
        identities = []
        for number in numbers:
            self._offered.pop(number, None)
            remembered = self._in_memory.pop(number, None)
            if remembered is not None:
                _settle(remembered.kept, True)
                identities.append(remembered.identity)
            identity = self._identities.pop(number, None)
            if identity is not None:
                self._numbers.pop(identity, None)
                identities.append(identity)
        self._decide(lambda ring, here: rings.handed_over(ring, identities, here))

    def answered_in_time(self, in_time: bool) -> None:
        """A dispatcher that answers late is given less at once."""
        self._batch = min(self._batch * 2, HANDED_MAX) if in_time else self._batch // 2
        self._batch = max(self._batch, BATCH_LEAST)

    def ring_for_due(self) -> None:
        """Ring for what is due."""
        due = self.ring.wake_at
        if due is not None and due <= self._clock.now():
            self._decide(rings.wake)

    # Inside

    def _decide(self, decide: Callable[[Ring, Here], Step]) -> None:
        """A mistake of ours about the ring keeps no press from the spool and the dispatcher."""
        try:
            here = self._look()
            step = decide(self.ring, here)
            effects = said(step.effects, here)
        except Exception as error:
            self._log.error("deciding failed; what was heard is handed over", error=error)
            return
        for mistake in step.mistakes:
            self._log.error("deciding failed; the other alarms go on", error=mistake)
        self.ring = step.ring
        self._say(effects)
        self._armed()

    def _keep_soon(self, record: Record, name: str, owed: Owed) -> None:
        task = asyncio.get_running_loop().create_task(self._keep(record, name, owed))
        self._keeping[task] = None
        task.add_done_callback(self._kept)

    def _kept(self, task: asyncio.Task[None]) -> None:
        del self._keeping[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("a message was not spooled", error=error)

    async def _keep(self, record: Record, name: str, owed: Owed) -> None:
        content, signal = written(record, self._clock.now()), record.signal
        appended = self._spool.append(content)
        appended.add_done_callback(lambda done: self._appended(signal, done))
        try:
            async with asyncio.timeout(SPOOL_WITHIN_S):
                await asyncio.shield(appended)
        except TimeoutError:
            why = "The disk of the spool is slow: what is new is handed over from memory."
        except StoreUnavailable as problem:
            why = str(problem)
        else:
            owed(Taken.STORED)
            return
        self._reports.problem(SPOOL, why)
        self._log.error("not spooled", why=why, done="handed over from memory")
        is_press = signal is not None and signal.type is SignalType.ALARM
        remembered = self._remember(_Remembered(name, content, is_press))
        appended.add_done_callback(partial(_spooled, remembered.kept))
        await self._from_memory(remembered, owed)

    def _appended(self, signal: Signal | None, done: asyncio.Future[int]) -> None:
        """Soon or late, it is in the spool or it is not."""
        if done.cancelled() or done.exception() is not None:
            return
        self._reports.problem(SPOOL, None)
        self._fresh.append((done.result(), self._clock.now()))
        if signal is not None:
            self._known(done.result(), signal.identity)
        self._wake()

    async def _from_memory(self, remembered: _Remembered, owed: Owed) -> None:
        """Help goes on; acknowledged once the spool or the dispatcher has it."""
        self._wake()
        done, _ = await asyncio.wait([remembered.kept], timeout=COMMITTED_WITHIN_S)
        if done and remembered.kept.result():
            owed(Taken.STORED)
            return
        owed(Taken.UNSTORED)
        remembered.kept.add_done_callback(
            lambda kept: owed(Taken.STORED if kept.result() else Taken.NEVER)
        )

    def _remember(self, new: _Remembered) -> _Remembered:
        """In memory, once: a device that is not acknowledged says it again. Its numbers are
        negative, so they are never those of the spool."""
        for one in self._in_memory.values():
            if one.identity == new.identity:
                return one
        if len(self._in_memory) >= IN_MEMORY_MAX:
            others = (n for n, one in self._in_memory.items() if not one.is_press)
            number = next(others, None)
            if number is None and not new.is_press:
                _settle(new.kept, False)
                return new
            number = number or next(iter(self._in_memory))
            _settle(self._in_memory.pop(number).kept, False)
        self._last_in_memory -= 1
        self._in_memory[self._last_in_memory] = new
        return new

    def _known(self, number: int, identity: str) -> None:
        self._identities[number] = identity
        self._numbers[identity] = number

    def _fresh_numbers(self, now: datetime) -> list[int]:
        while self._fresh and now - self._fresh[0][1] > FRESH_FOR:
            self._fresh.popleft()
        return [number for number, _ in self._fresh]

    def _as_offered(self, one: Kept) -> Kept:
        """What was offered once may be there already."""
        return replace(one, old=one.old or one.number in self._offered)


@dataclass(slots=True)
class _Remembered:
    """One record that only memory holds."""

    identity: str
    content: bytes
    is_press: bool
    kept: asyncio.Future[bool] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """True once the spool or the dispatcher has it, false when it had to go for newer ones."""


def _pressed_before(signal: Signal, heard: datetime, ring: Ring, here: Here) -> Step:
    return rings.pressed(ring, signal, here, heard)


def _former(signal: Signal) -> Former:
    reading = signal.reading
    return Former(
        signal.device, signal.identity, reading.boot, signal.epoch, reading.seq, signal.at
    )


def _light_enough(kept: Sequence[Kept]) -> list[Kept]:
    """The first of them, and those behind it that one request may weigh."""
    found: list[Kept] = []
    weight = 0
    for one in kept:
        weight += len(one.content)
        if found and weight > HANDED_BYTES_MAX:
            break
        found.append(one)
    return found


def _settle(kept: asyncio.Future[bool], stored: bool) -> None:
    if not kept.done():
        kept.set_result(stored)


def _spooled(kept: asyncio.Future[bool], appended: asyncio.Future[int]) -> None:
    """A slow disk has it after all; one that failed leaves it to the dispatcher."""
    if not appended.cancelled() and appended.exception() is None:
        _settle(kept, True)
