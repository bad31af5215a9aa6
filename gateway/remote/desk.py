"""The desk of a gateway that stands alone: what it accepts goes into the spool, then on its way.

The law kept here: *acknowledge after durable* (law 1). A signal is STORED once it is in the spool.
A spool that cannot keep stops no press: it is handed over from memory, and not acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from core.clock import Clock
from core.errors import StoreUnavailable
from core.log import logger
from core.signals import Signal, Taken
from devices.watch import Finding
from gateway.remote.contract import HANDED_MAX, Handed, RawRecord, Record
from gateway.remote.news import News
from gateway.remote.ring import Ring, Said
from gateway.spool import Kept, Spool

IN_MEMORY_MAX = 1_000
"""Signals handed over from memory while the spool cannot keep; past this the oldest is dropped,
and its device, which was never acknowledged, says it again."""

RUNG_FOR = timedelta(minutes=30)
"""After a start, what was pressed longer ago than this is handed over and not rung for here."""

SPOOL = "spool"
"""The name of the problem, as it is shown."""

_RECORDS = msgspec.json.Decoder(Record)


class SpooledDesk:
    """`gateway.ports.Desk` over a spool. `wake` is called when there is something to hand over."""

    def __init__(
        self,
        spool: Spool,
        news: News,
        ring: Ring,
        clock: Clock,
        say: Callable[[Iterable[Said]], None],
        wake: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._news = news
        self._ring = ring
        self._clock = clock
        self._say = say
        self._wake = wake
        self._in_memory: dict[int, bytes] = {}
        self._last_in_memory = 0
        self._signals: dict[int, str] = {}
        self._log = logger("gateway.remote")
        if spool.damaged:
            news.problem(SPOOL, f"{spool.damaged} records of the spool cannot be read any more.")

    # What the gateway asks (`gateway.ports.Desk`)

    async def take(self, signal: Signal) -> Taken:
        if self._ring.is_local(signal):
            self._say(self._ring.answered(signal, self._clock.now(), self._clock.wall()))
            return Taken.STORED
        if signal.repeat:
            self._news.again(signal)
            self._wake()
            return Taken.STORED
        self._ring.pressed(signal, self._clock.now())
        number, taken = await self._keep(Record(signal=signal))
        self._signals[number] = signal.identity
        self._wake()
        return taken

    async def keep_raw(self, protocol: str, sender: str, why: str, content: bytes) -> Taken:
        _, taken = await self._keep(Record(raw=RawRecord(protocol, sender, why, content)))
        self._wake()
        return taken

    def device_subscribed(self, device: str) -> None:
        self._news.listens(device)
        self._wake()

    async def found(self, finding: Finding) -> None:
        """Nobody watches over devices here: the dispatcher's side does."""
        self._news.report([finding])

    def problem(self, part: str, text: str | None) -> None:
        self._news.problem(part, text)

    # What is to be handed over

    def take_up(self) -> None:
        """After a start: ring on for what was pressed lately and is not handed over."""
        now = self._clock.now()
        for kept in self._spool.waiting(HANDED_MAX):
            spooled = _SPOOLED.decode(kept.content)
            signal = _RECORDS.decode(spooled.record).signal
            if signal is not None and now - spooled.at <= RUNG_FOR:
                self._signals[kept.number] = signal.identity
                self._ring.pressed(signal, now)

    @property
    def backlog(self) -> int:
        return self._spool.backlog + len(self._in_memory)

    def waiting(self) -> Sequence[Handed]:
        """The oldest records with their ages, what only memory holds first."""
        kept = [Kept(n, content, old=False) for n, content in self._in_memory.items()][:HANDED_MAX]
        try:
            kept += self._spool.waiting(HANDED_MAX - len(kept))
        except StoreUnavailable as problem:
            self._news.problem(SPOOL, str(problem))
        now = self._clock.now()
        return [_handed(one, now) for one in kept]

    def handed_over(self, numbers: Collection[int]) -> None:
        """The dispatcher has committed these."""
        self._spool.left(numbers)
        for number in numbers:
            self._in_memory.pop(number, None)
        identities = [self._signals.pop(n) for n in numbers if n in self._signals]
        self._say(self._ring.handed_over(identities, self._clock.wall()))

    def ring(self) -> None:
        """Ring for what is due."""
        self._say(self._ring.wake(self._clock.now(), self._clock.wall()))

    # Inside

    async def _keep(self, record: Record) -> tuple[int, Taken]:
        content = _content(record, self._clock.now())
        try:
            number = await self._spool.append(content)
        except StoreUnavailable as problem:
            self._news.problem(SPOOL, str(problem))
            self._log.error("not spooled", why=str(problem), done="handed over from memory")
            return self._remember(record, content), Taken.UNSTORED
        self._news.problem(SPOOL, None)
        return number, Taken.STORED

    def _remember(self, record: Record, content: bytes) -> int:
        """In memory, once: a device that is not acknowledged says it again. Its numbers are
        negative, so they are never those of the spool."""
        identity = record.signal.identity if record.signal is not None else ""
        for number in self._in_memory:
            if identity and self._signals.get(number) == identity:
                return number
        if len(self._in_memory) >= IN_MEMORY_MAX:
            oldest = next(iter(self._in_memory))
            del self._in_memory[oldest]
            self._signals.pop(oldest, None)
        self._last_in_memory -= 1
        self._in_memory[self._last_in_memory] = content
        return self._last_in_memory


class _Spooled(msgspec.Struct, frozen=True):
    """One record in the spool. Times are the gateway's service time."""

    at: datetime
    record: msgspec.Raw
    pressed_at: datetime | None = None


_SPOOLED = msgspec.json.Decoder(_Spooled)


def _content(record: Record, now: datetime) -> bytes:
    signal = record.signal
    at = now if signal is None else signal.at
    pressed_at = None if signal is None else signal.pressed_at
    return msgspec.json.encode(_Spooled(at, msgspec.Raw(msgspec.json.encode(record)), pressed_at))


def _handed(kept: Kept, now: datetime) -> Handed:
    spooled = _SPOOLED.decode(kept.content)
    pressed = spooled.pressed_at
    return Handed(
        number=kept.number,
        age_s=_age_s(spooled.at, now),
        record=spooled.record,
        pressed_s=None if pressed is None else _age_s(pressed, now),
        old=kept.old,
    )


def _age_s(at: datetime, now: datetime) -> float:
    return max((now - at).total_seconds(), 0.0)
