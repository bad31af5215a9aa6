"""What one port remembers of its panels: who was heard, what was sent lately, whose clock is off.

Shared by every connection of the port, because a panel calls, reports, hangs up, and repeats over
another connection. Time comes in as `now`; nothing here grows beyond its named limits.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from devices.callsystems.dc09.settings import Account, Settings
from devices.doubts import Doubts

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

REPEATED_WITHIN = timedelta(minutes=5)
"""The same number and data this soon after is the same message: three tries, 60 s apart at most,
over two paths."""

REMEMBERED_MAX = 10_000
"""Messages and refused clocks remembered; then the oldest is forgotten."""

SAME_CLOCK = timedelta(seconds=60)
"""A wrong clock that is off by the same twice runs; a recording falls behind."""

REFUSED_TOLD = 3
"""After so many messages refused for their time, people are told."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What a message outside the time window says about its sender.

    `runs`: its clock has moved on since the last one by as much as ours, so somebody is there.
    """

    runs: bool
    tell: bool


@dataclass(frozen=True, slots=True)
class Named:
    """What tells a message from others beside its number: the time of its first copy.

    `again`: a name of ours, where the panel's number and data were heard before and mean anew.
    """

    at: datetime | None
    again: str | None = None


@dataclass(slots=True)
class _Message:
    """A message heard lately: when and with which time first, and its newest time."""

    first: datetime
    stamp: datetime | None
    newest: datetime | None
    again: str | None

    def has_heard(self, stamp: datetime | None) -> bool:
        return stamp is not None and self.newest is not None and stamp <= self.newest


@dataclass(slots=True)
class _Clock:
    stamp: datetime
    off: timedelta
    count: int = 1


class Accounts:
    """The panels of one port. `now`: supervision begins here, else with the first bytes."""

    def __init__(self, settings: Settings | None = None, now: datetime | None = None) -> None:
        self.settings = settings or Settings()
        self.doubts = Doubts()
        self._accounts = {known.account.upper(): known for known in self.settings.accounts}
        self._heard: dict[str, datetime] = {}
        self._silent: dict[str, None] = {}
        self._heap: list[tuple[datetime, str]] = []
        self._messages: dict[tuple[str, str, bytes], _Message] = {}
        self._newest: dict[tuple[str, str], bytes] = {}
        self._clocks: dict[str, _Clock] = {}
        self._begun = False
        if now is not None:
            self.begin(now)

    def of(self, account: str) -> Account:
        """What is agreed with this account; an unlisted one has what all others have."""
        return self._accounts.get(account, self.settings.other)

    def answer(self, account: str) -> str:
        """What a message of this account gets once it is kept."""
        refused = self.settings.only_listed and account not in self._accounts
        return "DUH" if refused else "ACK"

    def begin(self, now: datetime) -> None:
        """Supervision counts from here for those never heard; a second time does nothing."""
        if self._begun:
            return
        self._begun = True
        for name, known in self._accounts.items():
            if known.silent_after is not None:
                self._heard[name] = now
                heapq.heappush(self._heap, (now + known.silent_after, name))

    # Supervision

    @property
    def wake_at(self) -> datetime | None:
        """When to look at the silent ones again."""
        return self._heap[0][0] if self._heap else None

    def heard(self, account: str, now: datetime) -> bool:
        """This panel is there. True when it was called silent, and is back."""
        known = self._accounts.get(account)
        if known is None or known.silent_after is None:
            return False
        self._heard[account] = now
        if account not in self._silent:
            return False
        del self._silent[account]
        heapq.heappush(self._heap, (now + known.silent_after, account))
        return True

    def due(self, now: datetime) -> list[str]:
        """The panels that have been silent for too long, each told once.

        One entry a panel, corrected when it comes up, so that a heartbeat costs a dictionary write.
        """
        silent: list[str] = []
        while self._heap and self._heap[0][0] <= now:
            _, name = heapq.heappop(self._heap)
            allowed = self._accounts[name].silent_after
            assert allowed is not None
            deadline = self._heard[name] + allowed
            if deadline > now:
                heapq.heappush(self._heap, (deadline, name))
            else:
                self._silent[name] = None
                silent.append(name)
        return silent

    # Repeats and clocks

    def named(
        self, account: str, seq: str, data: str, stamp: datetime | None, now: datetime
    ) -> Named:
        """What this message is called: a repeat as its first copy, though it is stamped anew.

        A panel that does not count sends everything under one number. There the same data are no
        repeat once something else came, unless they carry a time that was heard already.
        """
        digest = hashlib.blake2b(data.encode(), digest_size=16).digest()
        known = self._messages.pop((account, seq, digest), None)
        if known is not None and now - known.first > REPEATED_WITHIN:
            known = None
        heard_before = known is not None and known.has_heard(stamp)
        between = self._newest.get((account, seq), digest) != digest
        if known is None or (between and not heard_before):
            again = f"again-{int(now.timestamp() * 1_000)}" if known is not None else None
            known = _Message(now, stamp, stamp, again)
        known.newest = stamp if known.newest is None else max(known.newest, stamp or known.newest)
        _remember(self._messages, (account, seq, digest), known)
        if not heard_before:
            self._newest.pop((account, seq), None)
            _remember(self._newest, (account, seq), digest)
        return Named(known.stamp, known.again)

    def refuse(self, account: str, stamp: datetime, wall: datetime) -> Refused:
        """A readable message whose time is outside the window."""
        before = self._clocks.pop(account, None)
        clock = _Clock(stamp, stamp - wall)
        runs = before is not None and _same_clock(before, clock)
        if before is not None:
            clock.count = before.count + 1
        self._clocks[account] = clock
        if len(self._clocks) > REMEMBERED_MAX:
            del self._clocks[next(iter(self._clocks))]
        return Refused(runs, clock.count == REFUSED_TOLD)

    def in_time(self, account: str) -> bool:
        """Its clock is right. True when people were told that it was not."""
        clock = self._clocks.pop(account, None)
        return clock is not None and clock.count >= REFUSED_TOLD


def _remember(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """At the end; of too many the one heard longest ago is forgotten."""
    kept[key] = value
    if len(kept) > REMEMBERED_MAX:
        del kept[next(iter(kept))]


def _same_clock(before: _Clock, clock: _Clock) -> bool:
    return clock.stamp > before.stamp and abs(clock.off - before.off) <= SAME_CLOCK
