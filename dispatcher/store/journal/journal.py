"""The emergency journal: where a press is kept when the store does not commit in time (law 1).

One JSON line per transaction, written at once to every place there is: beside the store, and where
another disk can be found (`journal_places`), because a disk that hangs takes what stands on it with
it. The first place that has it on its disk is enough. What the places hold goes into the store when
that works again, each transaction once (`replay`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from core.beside import Beside
from core.clock import monotonic_s
from core.errors import StoreUnavailable
from core.ids import derived
from core.values import replace
from dispatcher.store.journal.place import JournalPlace
from dispatcher.store.journal.replay import Replaying, Returned
from dispatcher.store.ports import Store, Transaction
from dispatcher.store.states import read_transaction, storable

JOURNAL_BYTES_MAX = 16 * 1024 * 1024
"""Room for some four thousand transactions: hours of alarms in a house whose disk is full."""

APPEND_WITHIN_S = 2.0
"""After this nobody has it on a disk, and people are told so; it is written all the same."""

CLOSE_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a journal.

    `superseded` are alarms and cases whose stored state had gone on: of those transactions the
    signals, the raw bytes and the timeline were stored, not the old decision. `unreadable` are
    lines for a person, also about a place that does not answer; `kept` is where the journal lies
    now, None when it was empty.
    """

    stored: int = 0
    superseded: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    kept: Path | None = None


class EmergencyJournal:
    """All places together. Opening never fails: a journal that cannot work says so on `append`."""

    def __init__(
        self, path: Path, size_max_bytes: int = JOURNAL_BYTES_MAX, beside: Sequence[Path] = ()
    ) -> None:
        """`beside`: more places, on other disks."""
        self._places = (
            JournalPlace(path, size_max_bytes, reserves=True),
            *(JournalPlace(other, size_max_bytes, reserves=False) for other in beside),
        )

    @property
    def paths(self) -> Sequence[Path]:
        """Where it stands; the files beside the first are there only while they are needed."""
        return [place.path for place in self._places]

    async def append(self, transaction: Transaction) -> Transaction:
        """On a disk when it returns. Submit what it returns when trying again: it counts once.

        Raises StoreUnavailable in one clear line when no place has it in time.
        """
        once = transaction.once or derived("unit", _written(transaction).decode())
        named = replace(transaction, once=once)
        line = _written(named) + b"\n"
        writing = [place.append(line) for place in self._places]
        failed = "its disk does not answer"
        with suppress(TimeoutError):
            async with asyncio.timeout(APPEND_WITHIN_S):
                for first in asyncio.as_completed(writing):
                    try:
                        await first
                        return named
                    except StoreUnavailable as problem:
                        failed = str(problem)
        raise StoreUnavailable(f"{failed} Alarms are kept in memory alone.")

    async def replay(self, store: Store, wall: datetime) -> Replay:
        """Bring everything into the store, then put the files aside under the time `wall`.

        At start, and again whenever the store works again. Raises StoreUnavailable when the store
        (or the disk of every place) does not work yet: then the journal stays, to be replayed
        whole. A place that does not answer stays as it is; what it alone holds comes next time.
        """
        replaying = Replaying(store)
        answering = {place: 0 for place in self._places}
        while True:
            found, silent = await self._read(answering)
            for place, problem in silent.items():
                del answering[place]
                replaying.tell(str(problem))
                if not answering:
                    raise problem
            for line in merged([lines for lines in found.values() if lines]):
                await replaying.take(line)
            for place, lines in found.items():
                answering[place] += sum(len(line) + 1 for line in lines)
            settled, kept = await self._put_aside(answering, wall, replaying.returned)
            if settled:
                return _told(replaying.returned, kept)

    async def _put_aside(
        self, answering: dict[JournalPlace, int], wall: datetime, returned: Returned
    ) -> tuple[bool, Path | None]:
        """Whether nothing was appended meanwhile, and where the one copy lies that is kept.

        Elsewhere than beside the store nothing stays that the store has, unless a line of it is to
        be looked at.
        """
        kept: Path | None = None
        all_settled = True
        for place, read_to in answering.items():
            keep = place is self._places[0] or (kept is None and bool(returned.unreadable))
            settled, here = await place.put_aside(read_to, wall, keep=keep)
            kept, all_settled = kept or here, all_settled and settled
        return all_settled, kept

    async def close(self) -> None:
        """Finish what waits and let go of the files; a disk that hangs is left."""
        until_s = monotonic_s() + CLOSE_WITHIN_S
        await Beside("journal-closing").ask(self._close, until_s)

    def _close(self, until_s: float) -> None:
        for place in self._places:
            place.close(max(until_s - monotonic_s(), 0.0))

    async def _read(
        self, answering: dict[JournalPlace, int]
    ) -> tuple[dict[JournalPlace, Sequence[bytes]], dict[JournalPlace, StoreUnavailable]]:
        """The new lines of each place, and the places that do not answer."""
        reading = [place.read(start) for place, start in answering.items()]
        found: dict[JournalPlace, Sequence[bytes]] = {}
        silent: dict[JournalPlace, StoreUnavailable] = {}
        results = await asyncio.gather(*reading, return_exceptions=True)
        for place, result in zip(answering, results, strict=True):
            match result:
                case StoreUnavailable():
                    silent[place] = result
                case BaseException():
                    raise result
                case lines:
                    found[place] = lines
        return found, silent


def merged(files: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Every line of these files once, each behind the one it stood behind."""
    first: bytes | None = None
    following: dict[bytes | None, bytes | None] = {None: None}
    for lines in sorted(files, key=len, reverse=True):
        before = first
        for line in lines:
            if line not in following:
                following[line] = following[before]
                following[before] = line
            before = line
    found, line_or_end = [], following[None]
    while line_or_end is not None:
        found.append(line_or_end)
        line_or_end = following[line_or_end]
    return found


def _written(transaction: Transaction) -> bytes:
    """As JSON that can be read again: what no JSON can hold is left out of it."""
    try:
        line = msgspec.json.encode(transaction)
        read_transaction(line)
    except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
        return msgspec.json.encode(storable(transaction))
    return line


def _told(returned: Returned, kept: Path | None) -> Replay:
    superseded = tuple(dict.fromkeys(returned.superseded))
    return Replay(returned.stored, superseded, tuple(returned.unreadable), kept)
