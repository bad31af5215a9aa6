"""Far ends of an ESPA 4.4.4 line, one for each of our roles on it.

`call_system` is a control station that polls us and brings us its calls; `slave` is a station we
poll, which selects us when somebody calls; `Overheard` is a call system and a pager that speak to
each other while we listen. A call stays first in its outbox until its block has an `<ACK>`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from devices.callsystems.espa444.codec import encode
from devices.callsystems.espa444.control import ControlSession
from devices.callsystems.espa444.meanings import EMERGENCY, STANDARD_CALL, Header, Record
from devices.callsystems.espa444.session import PagingSession
from devices.callsystems.espa444.settings import CONTROL_STATION, PAGING_SIDE, EspaLine
from devices.callsystems.espa444.transfer import Outcome
from devices.session import Heard
from firmware_sim.speakers.ports import Call, Calls, Unanswered, first

TURNS_MAX = 100
"""Steps two stations may take without time passing; a transaction has about eight."""


class Station(Protocol):
    """A session of ours that also has something to say."""

    @property
    def wake_at(self) -> datetime | None: ...

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]: ...

    def wake(self, now: datetime) -> Sequence[Heard]: ...

    def stored(self, ticket: int, kept: bool, now: datetime) -> None: ...

    def outcomes(self) -> list[Outcome]: ...

    def to_send(self) -> bytes: ...


Offer = Callable[[bytes, datetime], int]


def call_system(poll_every: timedelta) -> EspaEnd:
    """The control station of a nurse call system; it polls its paging side this often."""
    session = ControlSession(EspaLine(own=CONTROL_STATION, poll_every=poll_every))
    return EspaEnd(session, lambda block, now: session.offer(block, PAGING_SIDE, now))


def slave() -> EspaEnd:
    """A station that waits to be polled, and then brings its call."""
    session = PagingSession(EspaLine(own=PAGING_SIDE, control=CONTROL_STATION))
    return EspaEnd(session, lambda block, _: session.offer(block))


class EspaEnd:
    """One station at the other end of the cable."""

    def __init__(self, session: Station, offer: Offer) -> None:
        self.calls = Calls()
        self._session = session
        self._offer = offer

    @property
    def wake_at(self) -> datetime | None:
        return self._session.wake_at

    def connected(self, now: datetime, wall: datetime) -> None:
        self._go_on(self._session.receive(b"", now, wall), now)

    def lost(self, now: datetime) -> None:
        """A serial cable says nothing about being pulled: the line's own timers do."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        self._go_on(self._session.receive(data, now, wall), now)

    def wake(self, now: datetime, wall: datetime) -> None:
        self._go_on(self._session.wake(now), now)

    def to_send(self) -> Sequence[bytes]:
        sending = self._session.to_send()
        return [sending] if sending else []

    def _go_on(self, heard: Sequence[Heard], now: datetime) -> None:
        keep(self._session, heard, now)
        for outcome in self._session.outcomes():
            if outcome.why:
                self.calls.again()
            else:
                self.calls.took()
        call = self.calls.due(now)
        if call is not None:
            self._offer(block(call), now)


class Overheard:
    """A call system and its pager on one line, of which we hear both and neither hears us."""

    def __init__(self, poll_every: timedelta) -> None:
        self.calls = Unanswered()
        self._control = ControlSession(EspaLine(own=CONTROL_STATION, poll_every=poll_every))
        self._pager = PagingSession()
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return first(self._control.wake_at, self._pager.wake_at)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._control.receive(b"", now, wall)
        self._pager.receive(b"", now, wall)
        self._speak(now, wall)

    def lost(self, now: datetime) -> None:
        """They go on talking, whoever listens."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        """A third party has no wire to speak on; nobody would hear it."""

    def wake(self, now: datetime, wall: datetime) -> None:
        keep(self._control, self._control.wake(now), now)
        keep(self._pager, self._pager.wake(now), now)
        while (call := self.calls.due(now)) is not None:
            self._control.offer(block(call), PAGING_SIDE, now)
        self._speak(now, wall)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire

    def _speak(self, now: datetime, wall: datetime) -> None:
        """Each hears what the other says, and all of it stands on the wire."""
        for _ in range(TURNS_MAX):
            asked, answered = self._control.to_send(), self._pager.to_send()
            if not asked and not answered:
                return
            self._wire += [said for said in (answered, asked) if said]
            keep(self._pager, self._pager.receive(asked, now, wall), now)
            keep(self._control, self._control.receive(answered, now, wall), now)
        raise AssertionError("two stations that never come to an end")


def block(call: Call) -> bytes:
    """A call to a pager: address, message, beep, standard call, one transmission, emergency."""
    records = (
        (Record.ADDRESS, call.who.encode("ascii")),
        (Record.MESSAGE, f"Kald {call.who}".encode("ascii")),
        (Record.BEEP, b"1"),
        (Record.CALL_TYPE, STANDARD_CALL.encode("ascii")),
        (Record.TRANSMISSIONS, b"1"),
        (Record.PRIORITY, EMERGENCY.encode("ascii")),
    )
    return encode(Header.CALL, records)


def keep(session: Station, heard: Sequence[Heard], now: datetime) -> None:
    """What the other side says is kept at once: a far end has no store to wait for."""
    for message in heard:
        if message.ticket:
            session.stored(message.ticket, True, now)
