"""The chained timeline: nobody can change, remove or swap what happened without it showing.

An entry is a header and an erasable body. The header holds a salted digest of the body and the
hash of the header before it; its own hash covers all of that. So a body can be erased (the digest
tells nothing without its salt, which goes with it) and the chain still proves the rest. There is
one chain per alarm; a checkpoint covers the ends of all of them and is kept outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from alarms.vocabulary import Timeline
from dispatcher.store.instants import microseconds
from dispatcher.store.ports import ChainedEntry, TimelineEntry

ERASED = Timeline.ERASED
"""What the entry is called that says earlier bodies were erased."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one chain: the number and hash of its newest entry."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry with the salt of its body, as only the store sees it. Both None: erased."""

    entry: ChainedEntry
    salt: bytes | None


BEGINNING = Head(0, "")


def link(head: Head, entry: TimelineEntry, salt: bytes) -> ChainedEntry:
    """The next entry of a chain that ends at `head`."""
    number, digest = head.number + 1, _digest(salt, entry.body)
    return ChainedEntry(
        alarm=entry.alarm,
        number=number,
        at=entry.at,
        wall=entry.wall,
        what=entry.what,
        body=entry.body,
        digest=digest,
        previous=head.hash,
        hash=_header_hash(entry.alarm, number, entry.at, entry.wall, entry.what, digest, head.hash),
    )


def checkpoint_hash(heads: Iterable[tuple[str, Head]]) -> str:
    """One hash over the ends of all chains; `heads` come in order of the alarm's id."""
    total = hashlib.sha256()
    for alarm, head in heads:
        total.update(_plain(alarm, head.number, head.hash))
    return total.hexdigest()


def breaks(
    alarm: str, kept: Sequence[Kept], head: Head | None, *, is_open: bool = False
) -> Iterator[str]:
    """One line per thing that is wrong with one chain.

    `head` is its end as noted apart from it; None where there is no alarm to note it with.
    """
    before, erased_upto = BEGINNING, _erased_upto(kept)
    for one in kept:
        yield from _entry_breaks(before, one, erased_upto)
        before = Head(one.entry.number, one.entry.hash)
    if head is not None and head != before:
        state = "open alarm" if is_open else "alarm"
        yield (
            f"{state} {alarm}: its timeline ends at entry {before.number}"
            f" and not at the noted entry {head.number}"
        )


def _entry_breaks(before: Head, kept: Kept, erased_upto: int) -> Iterator[str]:
    entry = kept.entry
    name = f"alarm {entry.alarm}, entry {entry.number}"
    if entry.number != before.number + 1:
        yield f"{name}: comes after entry {before.number}; one is missing or in the wrong place"
    if entry.previous != before.hash:
        yield f"{name}: does not continue the entry before it"
    if entry.hash != _hash_of(entry):
        yield f"{name}: its header was changed"
    if entry.body is None or kept.salt is None:
        if entry.number > erased_upto:
            yield f"{name}: its text is gone and no later entry says it was erased"
    elif _digest(kept.salt, entry.body) != entry.digest:
        yield f"{name}: its text was changed"


def _erased_upto(kept: Sequence[Kept]) -> int:
    return max((one.entry.number - 1 for one in kept if one.entry.what == ERASED), default=0)


def _digest(salt: bytes, body: str) -> str:
    return hashlib.sha256(salt + body.encode()).hexdigest()


def _hash_of(entry: ChainedEntry) -> str:
    return _header_hash(
        entry.alarm, entry.number, entry.at, entry.wall, entry.what, entry.digest, entry.previous
    )


def _header_hash(
    alarm: str, number: int, at: datetime, wall: datetime, what: str, digest: str, previous: str
) -> str:
    # Instants as whole microseconds, so that the zone they were written in does not matter.
    header = _plain(alarm, number, microseconds(at), microseconds(wall), what, digest, previous)
    return hashlib.sha256(header).hexdigest()


def _plain(*parts: object) -> bytes:
    # A JSON list: two different headers never become the same bytes.
    return msgspec.json.encode(parts)
