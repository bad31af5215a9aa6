"""Which page requests are the same press, over connections, and what a stop stops.

A client names each page with a reference of its own and sends it again, with the same one, when it
got no answer or lost the connection. So the identity of a press is `boot` (the reference) and
`seq` (made at its first copy). Some clients use one reference for a room for ever: a page
is a copy only while it is not kept (10 min after its last copy), or for a minute after it was.
Everything later, after a stop, or with other words is a new press.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.signals import MessageRef, Reading
from core.values import replace
from devices.doubts import Doubts

PAGES_MAX = 512
"""Pages remembered; of more the oldest is forgotten, and its copy would be a new press."""

KEPT_FOR = timedelta(seconds=60)
"""A copy after our answer comes of a lost one; clients give up on it after 10 s and reconnect."""

UNKEPT_FOR = timedelta(minutes=10)
"""A client repeats what was refused every 10 s and more."""


@dataclass(slots=True)
class Page:
    """One page process: its reference, our number for it (SP-PR-TAN) and its reading."""

    tan: int
    ref: str
    reading: Reading
    at: datetime
    kept: bool = False

    @property
    def message(self) -> MessageRef:
        """What a stop of it cancels."""
        assert self.reading.seq is not None
        return MessageRef(self.reading.seq, self.reading.boot)

    def is_copy(self, reading: Reading, now: datetime) -> bool:
        lasts = KEPT_FOR if self.kept else UNKEPT_FOR
        return now - self.at <= lasts and _same(self.reading, reading)


class Pages:
    """The pages of all connections of one listener."""

    def __init__(self) -> None:
        self._pages: dict[int, Page] = {}
        self._seq = 0
        self.storing = True
        self.doubts = Doubts()

    def started(self, ref: str, reading: Reading, now: datetime) -> Page:
        """The page this request starts, or the one it is a copy of."""
        page = self.find(ref, 0) if ref else None
        if page is not None and page.is_copy(reading, now):
            if not page.kept:
                page.at = now
            return page
        number = self.number(now)
        page = Page(number, ref, replace(reading, seq=number, boot=ref or None), now)
        self._pages[number] = page
        while len(self._pages) > PAGES_MAX:
            del self._pages[next(iter(self._pages))]
        return page

    def number(self, now: datetime) -> int:
        """Never twice the same, not over a restart either: service time does not go back."""
        self._seq = max(self._seq + 1, int(now.timestamp() * 1_000))
        return self._seq

    def find(self, ref: str, tan: int) -> Page | None:
        """The newest page with this number, or with this reference."""
        if tan:
            page = self._pages.get(tan)
            return page if page is not None and ref in ("", page.ref) else None
        return next((p for p in reversed(self._pages.values()) if ref and p.ref == ref), None)

    def stored(self, page: Page, kept: bool, now: datetime) -> None:
        self.storing = kept
        if kept and not page.kept:
            page.kept, page.at = True, now

    def stopped(self, page: Page) -> None:
        """It is over: the same reference starts a new one."""
        self._pages.pop(page.tan, None)


def _same(one: Reading, other: Reading) -> bool:
    return (one.device, one.kind, one.text, one.code) == (
        other.device,
        other.kind,
        other.text,
        other.code,
    )
