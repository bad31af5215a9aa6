"""Which messages of a device are copies of one another (docs/contract.md).

The law kept here: *order is never a reason to drop; in doubt it is a new press*. A message is a
repeat only if one with the same identity is remembered, and everything forgotten is new.

The identity is `(device, boot, seq, at)` and a digest of what the message means. `boot` and `at`
are the device's to give. Where `boot` is missing we count the device's starts ourselves: an
`epoch`, a new one whenever `seq` falls by more than a reordering window, or comes again after a
quarter of an hour; of a press after a minute of silence, because a button that starts anew for
each press may always say the same `seq`. The digest stands in for a missing `at`, and beside a
given one it keeps a raised level or a changed place from being taken for a copy. What a copy may
change (its age, the battery) is no part of it. A message without `seq` has no identity beyond its
moment: it is a copy only when the transport says so and its digest was heard lately.

Nothing here is kept for longer than `REMEMBERED` messages of a device.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from core.signals import Reading, SignalType, Taken
from core.values import replace, value

REORDER_WINDOW = 8
"""`seq` may fall by this much because messages overtook each other; a deeper fall is a restart."""

SAME_START_FOR = timedelta(minutes=15)
"""The same `seq` again later than this after its first copy is a device that started anew."""

SAME_PRESS_FOR = timedelta(seconds=60)
"""The same `seq` of a press, and nothing like it for so long, is a new press: whoever repeats it
until it is answered does so sooner. Only the transport's word that it is a copy says otherwise."""

COPY_WITHIN = timedelta(seconds=60)
"""How long a transport's word "this is a copy" is believed for a message without `seq`.

Longer, and a second press that got lost and was sent again would pass for the first one.
"""

REMEMBERED = 16
"""Messages remembered of one device; twice the reordering window."""


@value(frozen=True)
class Heard:
    """One remembered message. `taken` is what became of it, None while nobody knows yet.

    `at`: when it came first; `again`: when its newest copy came.
    """

    identity: str
    boot: str | None
    epoch: int
    seq: int | None
    at: datetime
    taken: Taken | None = None
    again: datetime | None = None

    @property
    def digest(self) -> str:
        return self.identity.rpartition(".")[2]


@value(frozen=True)
class Seen:
    """What is remembered of one device: its newest messages, and where its own count stands.

    `newest` is its highest `seq` of this `epoch`; `uncounted` how many came without one.
    """

    epoch: int = 0
    newest: int | None = None
    uncounted: int = 0
    heard: tuple[Heard, ...] = ()

    def find(self, identity: str) -> Heard | None:
        return next((h for h in reversed(self.heard) if h.identity == identity), None)

    def heard_again(self, identity: str, now: datetime) -> Seen:
        heard = tuple(replace(h, again=now) if h.identity == identity else h for h in self.heard)
        return replace(self, heard=heard)

    def became(self, identity: str, taken: Taken) -> Seen:
        """Remember what became of a message; one already forgotten stays forgotten."""
        heard = tuple(replace(h, taken=taken) if h.identity == identity else h for h in self.heard)
        return replace(self, heard=heard)


@value(frozen=True)
class Identity:
    """What one message is called, under which start of its device, and whether it is a copy."""

    identity: str
    epoch: int
    repeat: bool


NOTHING_SEEN = Seen()


def identify(
    seen: Seen, reading: Reading, digest: str, now: datetime, *, copy: bool = False
) -> tuple[Identity, Seen]:
    """Name one message and say whether it is a copy of a remembered one.

    `digest` is `body_digest(reading)`. `copy` is the transport's word that this may be one (DUP, a
    retained message); it is a hint and decides only where there is no `seq`.
    """
    if reading.seq is None:
        return _without_seq(seen, reading, digest, now, copy)
    if reading.boot is not None:
        name = _name(reading, str(reading.seq), reading.boot, 0, digest)
        return _remember(seen, reading, name, 0, now)
    epoch = _epoch(seen, reading, digest, now, copy)
    name = _name(reading, str(reading.seq), None, epoch, digest)
    identity, after = _remember(seen, reading, name, epoch, now)
    if identity.repeat:
        return identity, after
    restarted = epoch != seen.epoch or seen.newest is None
    newest = reading.seq if restarted else max(seen.newest or 0, reading.seq)
    return identity, replace(after, epoch=epoch, newest=newest)


def named_elsewhere(
    seen: Seen, reading: Reading, name: str, now: datetime
) -> tuple[Identity, Seen]:
    """A message without `seq` that another gateway of ours heard at `now`, and called `name`."""
    return _remember(seen, reading, name, seen.epoch, now)


def body_digest(reading: Reading) -> str:
    """What a message means, in 16 hex digits.

    Without a `seq` only the very same bytes are a copy. With one, the age and the battery are left
    out: they are newer in every copy of the same press.
    """
    if reading.seq is None:
        return hashlib.blake2b(reading.raw, digest_size=8).hexdigest()
    meaning = (
        reading.type.value,
        reading.kind,
        reading.level,
        reading.zone,
        reading.position,
        reading.text,
        reading.code,
        reading.cancels,
        reading.notice,
        reading.answer,
        reading.odd,
    )
    return hashlib.blake2b(repr(meaning).encode(), digest_size=8).hexdigest()


def recalled(
    seen: Seen, identity: str, boot: str | None, epoch: int, seq: int | None, at: datetime
) -> Seen:
    """Remember a message out of the store after a start; to be called oldest first."""
    heard = Heard(identity, boot, epoch, seq, at, Taken.STORED)
    seen = replace(seen, heard=(*seen.heard, heard)[-REMEMBERED:])
    if boot is not None or seq is None or epoch < seen.epoch:
        return seen
    same_start = epoch == seen.epoch and seen.newest is not None
    newest = max(seen.newest or 0, seq) if same_start else seq
    return replace(seen, epoch=epoch, newest=newest)


def _without_seq(
    seen: Seen, reading: Reading, digest: str, now: datetime, copy: bool
) -> tuple[Identity, Seen]:
    for heard in reversed(seen.heard):
        if copy and heard.seq is None and heard.digest == digest:
            lately = now - heard.at <= COPY_WITHIN
            if lately or reading.retained:
                return Identity(heard.identity, heard.epoch, repeat=True), seen
    # Messages of one device in one moment are told apart by how many came before them.
    moment = f"{now.isoformat()}+{seen.uncounted}"
    name = _name(reading, moment, reading.boot, seen.epoch, digest)
    identity, after = _remember(seen, reading, name, seen.epoch, now)
    return identity, replace(after, uncounted=seen.uncounted + 1)


def _epoch(seen: Seen, reading: Reading, digest: str, now: datetime, copy: bool) -> int:
    """The start of its device a message without `boot` belongs to."""
    assert reading.seq is not None
    same_seq = [h for h in seen.heard if h.boot is None and h.seq == reading.seq]
    if reading.retained:
        # A kept copy may be days old and says nothing about where the device's count stands now.
        for heard in reversed(same_seq):
            if heard.identity == _name(reading, str(reading.seq), None, heard.epoch, digest):
                return heard.epoch
    if seen.newest is not None and reading.seq < seen.newest - REORDER_WINDOW:
        return seen.epoch + 1
    first = next((h for h in same_seq if h.epoch == seen.epoch), None)
    if first is not None and now - first.at > SAME_START_FOR:
        return seen.epoch + 1
    presses_anew = first is not None and not copy and _is_pressed_anew(first, reading, now)
    return seen.epoch + presses_anew


def _is_pressed_anew(first: Heard, reading: Reading, now: datetime) -> bool:
    """Only what raises: of what takes help away an old copy must stay one."""
    quiet = now - max(first.at, first.again or first.at)
    return reading.type is SignalType.ALARM and quiet > SAME_PRESS_FOR


def _remember(
    seen: Seen, reading: Reading, name: str, epoch: int, now: datetime
) -> tuple[Identity, Seen]:
    if seen.find(name) is not None:
        return Identity(name, epoch, repeat=True), seen.heard_again(name, now)
    heard = Heard(name, reading.boot, epoch, reading.seq, now)
    return (
        Identity(name, epoch, repeat=False),
        replace(seen, heard=(*seen.heard, heard)[-REMEMBERED:]),
    )


def _name(reading: Reading, count: str, boot: str | None, epoch: int, digest: str) -> str:
    at = reading.at.isoformat() if reading.at is not None else None
    parts = repr((reading.device, boot, epoch, count, at)).encode()
    return f"{hashlib.blake2b(parts, digest_size=10).hexdigest()}.{digest}"
