"""Reading + registry → Signal; copies and storms; stored first, acknowledged after.

The law kept here: *acknowledge after durable* (law 1). Who sent a message hears STORED only when
it, or the one that stands for it, is committed; and no sender that hangs up right after its press
stops it. Heartbeats and positions never wait for the store.

Where the store fails, help is called and the sender hears UNSTORED at once: many protocols have a
word for that, and their device sends again. A line without such a word waits until it hears STORED
after all, or NEVER.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core import metrics
from core.clock import Clock, monotonic_s
from core.ids import derived
from core.log import logger
from core.signals import Owed, Position, Reading, Signal, SignalType, Taken
from core.token_buckets import TokenBuckets
from core.turnstile import Turnstile
from core.values import replace
from devices import identity
from devices.catalogue import kind
from devices.device_clock import OLDEST
from devices.identity import Identity
from devices.registry import Registration, Registry, wire_names
from devices.untracked import untracked, without_coordinates
from gateway.oddities import UNKNOWN, field_of, protocol_label, reason, wrong_with
from gateway.ports import Desk, Supervises
from gateway.senders import Remembered, Sender, Senders
from gateway.storms import Meaning, Storms
from gateway.trust import Trust, raises
from gateway.unread import Unread

FOLD_FOR = timedelta(seconds=1)
"""How long messages of a storm are gathered before the newest of them is handed over."""

CALM_AFTER = timedelta(seconds=10)
"""A storm with nothing folded for this long is over."""

COPIES_BURST, COPIES_PER_SECOND = 3, 1.0
"""Copies of one device that reach the desk, so that it is answered again; the rest are folded."""

RAW_BURST, RAW_PER_SECOND = 20, 0.1
"""Unreadable messages of one sender that are kept; the rest are only counted."""

GATEWAYS_RAW_BURST, GATEWAYS_RAW_PER_SECOND = 200, 0.5
"""The same of all that the gateways of one site hand over: a token in the wrong hands can name any
sender, so that a limit for each is none."""

OWED_MAX = 20_000
"""Messages whose store is awaited so that a copy waits with them. Of more nothing is promised: a
line says so at once, or ends, and its device sends again."""

COPIES_OWED_MAX = 100
"""Copies of one message that wait for its store; more are not acknowledged, and come again."""

RAW_BYTES_MAX = 4_096

STORMING_MAX = 200
"""Devices shown as storming at once: a stranger may speak under as many names as they like."""

_LIGHT = (SignalType.HEARTBEAT, SignalType.POSITION, SignalType.PRESENCE)
"""What only supervision and the map want: never stored, acknowledged at once."""

A_TURN = 16
"""Messages handed to the desk in one turn of the loop, each some milliseconds of deciding."""

NEWS_FOR = timedelta(seconds=60)
"""What another gateway heard longer ago than this says nothing of how its device stands now."""

IsStored = Callable[[str], Awaitable[bool]]
Called = Callable[[], None]
"""Help is called, the store has it not: the next message may come, the answer follows."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How long ago a gateway heard a message, and how long ago it was pressed, if that is known."""

    age: timedelta
    pressed: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One message with everything that was true when it came. `pressed` is T0 on the wall.

    `heard`: when a gateway of ours heard it, mostly `now`; `elsewhere`: what it called it. `said`:
    the earliest moment at which it may have been said, on the wall; None: nothing speaks of that.
    """

    reading: Reading
    registration: Registration
    now: datetime
    wall: datetime
    pressed: datetime | None
    copy: bool
    heard: datetime
    elsewhere: str = ""
    said: datetime | None = None
    age_unknown: bool = False


@dataclass(slots=True)
class _Handing:
    """One message on its way into the store, and everybody who is owed a word about it."""

    owed: list[Owed]
    unstored: bool = False

    def tell(self, taken: Taken) -> None:
        for owed in self.owed:
            owed(taken)


@dataclass(slots=True)
class _Fold:
    """Messages of one meaning in a storm: the newest of them, and who is owed a word."""

    newest: _Arrival
    owed: list[Owed] = field(default_factory=list)


class Intake:
    """Takes in the messages of all device lines of a process."""

    def __init__(
        self,
        desk: Desk,
        registry: Registry,
        clock: Clock,
        supervision: Supervises,
        zones: Mapping[str, str],
        *,
        fold_for: timedelta = FOLD_FOR,
        calm_after: timedelta = CALM_AFTER,
    ) -> None:
        """`zones`: every name a device may use for a place, its id included, → zone id."""
        self._desk = desk
        self._registry = registry
        self._clock = clock
        self._supervision = supervision
        self._zones = zones
        self._fold_for = fold_for
        self._calm_after = calm_after
        self._senders = Senders()
        self._turnstile = Turnstile(A_TURN)
        self._handing: dict[str, _Handing] = {}
        self._unstored = 0
        self._folds: dict[Meaning, _Fold] = {}
        self._storms = Storms()
        self._storming: dict[str, bool] = {}
        self._unread = Unread(desk)
        self._copies = TokenBuckets(COPIES_BURST, COPIES_PER_SECOND)
        self._raw = TokenBuckets(RAW_BURST, RAW_PER_SECOND)
        self._raw_of_gateways = TokenBuckets(GATEWAYS_RAW_BURST, GATEWAYS_RAW_PER_SECOND)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._moved = asyncio.Event()
        self._log = logger("gateway.intake")

    def remember(self, rows: Iterable[Remembered]) -> None:
        """Take over what was heard before the start, oldest first, so that copies are known."""
        for row in rows:
            self._senders.recall(row)

    def places(self, zones: Mapping[str, str]) -> None:
        """Take over another configuration's names of places."""
        self._zones = zones

    def position(self, device: str) -> Position | None:
        """Where a device last said it was, while that is fresh (laws 8 and 10)."""
        return self._senders.position(device, self._clock.now())

    def hear(self, reading: Reading, owed: Owed, *, dup: bool = False, site: str = "") -> None:
        """A message came. `dup`: the line says it may be a copy. `site` is that of the line, for a
        sender nobody has registered.
        """
        arrival = self._arrived(reading, site, copy=dup or reading.retained)
        device = arrival.registration.device
        if self._is_revoked(device):
            self._refused(arrival)
            owed(Taken.NEVER)
            return
        self._supervision.heard(arrival.reading, device)
        sender = self._senders.of(device)
        sender.heard(arrival.reading, arrival.now, arrival.wall)
        if reading.type in _LIGHT:
            owed(Taken.STORED)
        else:
            self._take(arrival, sender, _counted(owed, reading.protocol))

    async def take(
        self,
        reading: Reading,
        *,
        dup: bool = False,
        site: str = "",
        called: Called | None = None,
    ) -> bool:
        """True when the message may be acknowledged. Without `called` false at once when it is not
        stored; with it, `called` then, and the answer when it is stored after all, or never is."""
        return await _when_known(partial(self.hear, reading, dup=dup, site=site), called)

    async def take_over(
        self,
        handed: Signal,
        late: Lateness,
        is_stored: IsStored | None,
        site: str = "",
        trust: Trust | None = None,
    ) -> bool:
        """A signal that another gateway of ours accepted: true when it is committed here.

        Whose device it is, and its place, are judged anew. `is_stored` asks the store about an
        identity, for a signal that may have been handed over before. `site` is the gateway's;
        `trust` is what it may say of that site's devices.
        """
        arrival = self._arrived(handed.reading, site or handed.site, copy=False, late=late)
        arrival = replace(
            arrival,
            elsewhere=handed.identity,
            said=_said_there(handed, arrival.wall - late.age),
            age_unknown=handed.age_unknown,
        )
        device = arrival.registration.device
        if self._is_revoked(device):
            self._refused(arrival)
            return True  # it was acknowledged there long ago, and need not come again
        is_foreign = self._is_foreign(arrival, site)
        why_not = "" if trust is None else trust.why_not(handed.reading, device)
        if is_foreign and not raises(handed.reading):
            why_not = f"{handed.type} of {device}, which is not of {site}"
        if why_not:
            raw, protocol = handed.reading.raw, handed.reading.protocol
            return await self.keep(protocol, device, why_not, raw, gateways_of=site)
        if is_foreign:
            said = replace(arrival.reading, authenticated=False, closes=False)
            arrival = replace(arrival, reading=said)
        elif trust is not None and arrival.reading.closes:
            said = replace(arrival.reading, closes=trust.may_close(arrival.reading))
            arrival = replace(arrival, reading=said)
        if not is_foreign and late.age <= NEWS_FOR:
            self._supervision.heard(arrival.reading, device)
        sender = self._senders.of(device)
        if is_stored is not None:
            named, seen = self._named(arrival, sender)
            if not named.repeat and await is_stored(named.identity):
                sender.seen = seen.became(named.identity, Taken.STORED)
        return await _when_known(partial(self._take, arrival, sender), None)

    def heard_elsewhere(
        self, reading: Reading, late: Lateness, site: str = "", trust: Trust | None = None
    ) -> None:
        """Take a sign of life that another gateway of ours, of that site, heard lately."""
        arrival = self._arrived(reading, site, copy=False, late=late)
        device = arrival.registration.device
        is_theirs = not self._is_revoked(device) and not self._is_foreign(arrival, site)
        is_theirs = is_theirs and (trust is None or not trust.why_not(reading, device))
        if late.age <= NEWS_FOR and is_theirs:
            self._supervision.heard(arrival.reading, device)
            self._senders.of(device).heard(arrival.reading, arrival.heard, arrival.wall - late.age)

    async def keep(
        self,
        protocol: str,
        sender: str,
        why: str,
        content: bytes,
        called: Called | None = None,
        *,
        here: bool = False,
        gateways_of: str = "",
    ) -> bool:
        """Keep what nobody could read; true when it may be acknowledged, so nothing waits behind.

        Past a limit for each sender it is only counted, and of one we know that is shown: whoever
        stands behind it may be in need. `here`: it was read on this machine, so that the sender is
        one of ours and the reason in words of ours. `gateways_of`: the site whose gateway says so.
        """
        now, too_many = self._clock.now(), ""
        kept = self._raw.allows((protocol_label(protocol), sender), now)
        if kept and gateways_of and not self._raw_of_gateways.allows(gateways_of, now):
            kept, too_many = False, gateways_of
        elif not kept and here:
            too_many = sender
        metrics.UNREADABLE.labels(protocol_label(protocol), "yes" if kept else "no").inc()
        more = {"bytes": len(content), "done": "kept" if kept else "counted"}
        why_not = reason(why) if here else ""
        self._line("message not understood", protocol, sender, here=here, why=why_not, **more)
        if not kept:
            if too_many and self._unread.counts(too_many):
                pause = partial(self._closed_within, self._calm_after)
                self._spawn(self._unread.until_quiet(too_many, pause))
            return True
        why = without_coordinates(why.encode(errors="replace")).decode()
        content = without_coordinates(content[:RAW_BYTES_MAX])
        raw = partial(self._desk.keep_raw, protocol, sender, why, content)
        return await _when_known(raw, called)

    async def close(self) -> None:
        """Hand over what is still folded, and wait for every commit that is under way."""
        self._closing.set()
        while self._tasks or len(self._handing) > self._unstored:
            self._moved.clear()
            await self._moved.wait()

    # One message

    def _arrived(
        self, reading: Reading, site: str, *, copy: bool, late: Lateness | None = None
    ) -> _Arrival:
        now, wall = self._clock.now(), self._clock.wall()
        age = timedelta() if late is None else late.age
        registration = self._registry.resolve(
            reading.protocol, reading.device, wall - age, reading.point
        )
        if not registration.site:
            registration = replace(registration, site=site)
        # A panel's number for a point claims no place; only a name the device gave can be wrong.
        claims = reading.zone is not None and not reading.point
        if claims and reading.zone not in self._zones:
            reading = replace(reading, odd=(*reading.odd, f"zone: no such place ({reading.zone})"))
        protocol = reading.protocol
        metrics.MESSAGES.labels(protocol_label(protocol), reading.type.value).inc()
        for oddity in reading.odd:
            metrics.ODD.labels(protocol_label(protocol), field_of(oddity)).inc()
        if reading.odd:
            say = wrong_with if late is None else field_of  # a far gateway's words are not ours
            wrong, done = [say(oddity) for oddity in reading.odd], f"taken as {reading.type}"
            self._line("odd message", protocol, registration.device, wrong=wrong, done=done)
        said, unknown = None, False
        if late is None:
            sender = self._senders.of(registration.device)
            pressed, said = sender.pressed_at(reading, wall), sender.said_at(reading, wall)
            unknown = copy and said is None
        else:
            pressed = wall - (late.age if late.pressed is None else late.pressed)
        return _Arrival(
            reading,
            registration,
            now,
            wall,
            pressed,
            copy,
            now - age,
            said=said,
            age_unknown=unknown,
        )

    def _take(self, arrival: _Arrival, sender: Sender, owed: Owed) -> None:
        named, seen = self._named(arrival, sender)
        if named.repeat or named.identity in self._handing:
            sender.seen = seen if named.repeat else sender.seen
            self._copy(arrival, named, sender, owed)
            return
        # Presses of a day that come in one moment are no storm: they are judged as they were heard.
        meaning = self._storms.folds(arrival.reading, arrival.heard)
        if meaning is not None and not self._closing.is_set():
            self._fold(meaning, arrival, sender, owed)
            return
        sender.seen = seen
        self._hand_over(self._signal(arrival, named), sender, owed)

    def _copy(self, arrival: _Arrival, named: Identity, sender: Sender, owed: Owed) -> None:
        """A copy is acknowledged once its original is stored, and mostly costs nothing else."""
        metrics.REPEATS.labels(protocol_label(arrival.reading.protocol)).inc()
        under_way = self._handing.get(named.identity)
        if under_way is not None:
            if len(under_way.owed) >= COPIES_OWED_MAX:
                owed(Taken.NEVER)
                return
            under_way.owed.append(owed)
            if under_way.unstored:
                owed(Taken.UNSTORED)
            return
        original = sender.seen.find(named.identity)
        stored = original is not None and original.taken is Taken.STORED
        if not self._copies.allows(arrival.registration.device, arrival.now):
            owed(Taken.STORED if stored else Taken.NEVER)
            return
        # What nobody tries to store any more goes to the desk as if it were the first.
        again = self._signal(arrival, named, repeat=stored)
        self._hand_over(again, sender, (lambda _: owed(Taken.STORED)) if stored else owed)

    def _hand_over(self, signal: Signal, sender: Sender, owed: Owed) -> None:
        handing = self._handing[signal.identity] = _Handing([owed])
        began_s = monotonic_s()

        def taken(what: Taken) -> None:
            if self._handing.get(signal.identity) is handing:
                self._became(signal, sender, handing, what, began_s)
            elif what is Taken.STORED and not signal.repeat:
                # Nobody waits for it any more; a copy of it is one all the same.
                sender.seen = sender.seen.became(signal.identity, Taken.STORED)

        waited = False

        def hear() -> None:
            try:
                self._desk.hear(signal, taken)
            except Exception as error:
                taken(Taken.NEVER)
                if not waited:
                    raise
                self._log.error("intake failed", error=error)

        self._turnstile.pass_through(hear)
        waited = True

    def _became(
        self, signal: Signal, sender: Sender, handing: _Handing, taken: Taken, began_s: float
    ) -> None:
        """Acknowledge what the desk has stored, before anything else is done."""
        if not handing.unstored:
            took = metrics.TAKING.labels(protocol_label(signal.reading.protocol))
            took.observe(monotonic_s() - began_s)
        waits = taken is Taken.UNSTORED and not signal.repeat
        if waits and self._unstored >= OWED_MAX:
            waits, taken = False, Taken.NEVER
        if waits and not handing.unstored:
            self._unstored, handing.unstored = self._unstored + 1, True
        if not waits:
            del self._handing[signal.identity]
            self._unstored -= handing.unstored
        if not signal.repeat:
            known = Taken.STORED if taken is Taken.STORED else Taken.UNSTORED
            sender.seen = sender.seen.became(signal.identity, known)
        handing.tell(taken)
        self._moved.set()

    def _named(self, arrival: _Arrival, sender: Sender) -> tuple[Identity, identity.Seen]:
        reading, device = arrival.reading, arrival.registration.device
        # One device may speak under several wire identities; its messages are one count.
        reading = reading if reading.device == device else replace(reading, device=device)
        if arrival.elsewhere and reading.seq is None:
            return identity.named_elsewhere(sender.seen, reading, arrival.elsewhere, arrival.heard)
        digest = identity.body_digest(reading)
        return identity.identify(sender.seen, reading, digest, arrival.heard, copy=arrival.copy)

    def _signal(self, arrival: _Arrival, named: Identity, *, repeat: bool = False) -> Signal:
        reading, known = arrival.reading, arrival.registration
        ahead = arrival.wall - arrival.now
        return Signal(
            id=derived("s", named.identity),
            identity=named.identity,
            reading=untracked(reading),
            site=known.site,
            device=known.device,
            standing=known.standing,
            at=arrival.now,
            wall=arrival.wall,
            person=known.person,
            zone=self._said_zone(reading) or known.zone,
            pressed_at=None if arrival.pressed is None else arrival.pressed - ahead,
            level=reading.level or known.level or kind(known.kind).level,
            epoch=named.epoch,
            repeat=repeat,
            point=known.point,
            said_at=None if arrival.said is None else arrival.said - ahead,
            age_unknown=arrival.age_unknown,
        )

    def _said_zone(self, reading: Reading) -> str | None:
        """The place the device named, else the one that is named after its point or its area."""
        names = [] if reading.zone is None else [reading.zone]
        names += [name for name, _ in wire_names(reading.device, reading.point)[:-1]]
        return next((self._zones[name] for name in names if name in self._zones), None)

    # Storms

    def _fold(self, meaning: Meaning, arrival: _Arrival, sender: Sender, owed: Owed) -> None:
        metrics.FOLDED.labels(protocol_label(arrival.reading.protocol)).inc()
        self._storm(arrival)
        fold = self._folds.get(meaning)
        if fold is None:
            fold = self._folds[meaning] = _Fold(arrival)
            self._spawn(self._unfold(meaning, sender))
        fold.newest = arrival
        fold.owed.append(owed)

    async def _unfold(self, meaning: Meaning, sender: Sender) -> None:
        """Gather for a moment, then hand the newest over for all of them."""
        await self._closed_within(self._fold_for)
        fold = self._folds.pop(meaning)
        named, seen = self._named(fold.newest, sender)

        def owed(taken: Taken) -> None:
            for one in fold.owed:
                one(taken)

        if named.repeat:
            self._copy(fold.newest, named, sender, owed)
        else:
            sender.seen = seen
            self._hand_over(self._signal(fold.newest, named), sender, owed)

    def _storm(self, arrival: _Arrival) -> None:
        device = arrival.registration.device
        if device not in self._storming:
            if len(self._storming) >= STORMING_MAX:
                return
            text = (
                f"{device} sends without pause: its first alarm went straight through, what it "
                "repeats is put together once a second. Take it out of use."
            )
            self._desk.problem(f"storm:{device}", text)
            protocol, done = arrival.reading.protocol, "folded to one message a second"
            self._line("storm", protocol, device, done=done)
            self._spawn(self._calm(device))
        self._storming[device] = True

    async def _calm(self, device: str) -> None:
        """Wait until the device has been quiet for a while, then take its problem back."""
        self._storming[device] = True
        while self._storming[device]:
            self._storming[device] = False
            await self._closed_within(self._calm_after)
        del self._storming[device]
        self._desk.problem(f"storm:{device}", None)

    async def _closed_within(self, wait: timedelta) -> None:
        try:
            async with asyncio.timeout(wait.total_seconds()):
                await self._closing.wait()
        except TimeoutError:
            return

    # Around it

    def _is_revoked(self, device: str) -> bool:
        known = self._registry.device(device)
        return known is not None and known.revoked

    def _is_foreign(self, arrival: _Arrival, site: str) -> bool:
        """Whether a gateway of that site speaks of a device of another one."""
        return bool(site) and arrival.registration.site not in ("", site)

    def _refused(self, arrival: _Arrival) -> bool:
        device = arrival.registration.device
        text = f"{device} is revoked as stolen and still sends. Find it, or change its line's key."
        self._desk.problem(f"revoked:{device}", text)
        protocol, type_ = arrival.reading.protocol, arrival.reading.type.value
        metrics.UNACKNOWLEDGED.labels(protocol_label(protocol)).inc()
        self._line("message of a revoked device", protocol, device, type=type_, done="refused")
        return False

    def _line(
        self, what: str, protocol: str, sender: str, *, here: bool = False, **more: object
    ) -> None:
        """One clear line: what, from whom, what is wrong, what was done.

        Only who stands in the configuration has a name there, and a lane of their own.
        """
        known = here or self._registry.device(sender) is not None
        name, lane = (sender, sender) if known else (UNKNOWN, "")
        self._log.warning(what, lane=lane, sender=name, protocol=protocol_label(protocol), **more)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._moved.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("intake failed", error=error)


async def _when_known(hear: Callable[[Owed], None], called: Called | None) -> bool:
    """Whether it may be acknowledged: now, or, for a line that waits, when that is known."""
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def owed(taken: Taken) -> None:
        if answer.done():
            return
        if taken is Taken.UNSTORED and called is not None:
            called()
        else:
            answer.set_result(taken is Taken.STORED)

    hear(owed)
    return await answer


def _counted(owed: Owed, protocol: str) -> Owed:
    """Counts what is not acknowledged when it is first known, once."""
    is_known = False

    def counted(taken: Taken) -> None:
        nonlocal is_known
        if not is_known and taken is not Taken.STORED:
            metrics.UNACKNOWLEDGED.labels(protocol_label(protocol)).inc()
        is_known = True
        owed(taken)

    return counted


def _said_there(handed: Signal, heard: datetime) -> datetime:
    """The earliest moment at which it may have been said, on the wall: when the gateway heard it,
    less what it knew of the message's age."""
    waited = timedelta() if handed.said_at is None else max(handed.at - handed.said_at, timedelta())
    return heard - min(waited, OLDEST)
