"""The control station of an ESPA 4.4.4 line: it polls the others, takes their calls, sends its own.

**Its law: the line always comes back.** Every state has an end: a station that does not answer its
poll is left after 1 s, one that was let speak and says nothing after 3 s, a transaction after
15 s, each with an `<EOT>`, which puts every station back to where it waits for a poll.

    waiting ──time──▶ <EOT> <station><ENQ> ──<EOT>──▶ waiting (nothing to say)
       │                                   ──<own><ENQ>──▶ <ACK>, its blocks, until its <EOT>
       │                                   ──<other><ENQ>──▶ two stations speak, until an <EOT>
       └──something to send──▶ <EOT> <own><ENQ> <to><ENQ> ──▶ a transfer

Calls are taken by the law of `reception`: no `<ACK>` before they are kept. A station that has not
answered for `silent_after` is a technical reading and is asked more slowly until it is back. A
poll that is due goes before what we have to send, so that no call waits behind it. An
unasked select or block is taken as well: a call is a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from devices.callsystems.espa444.codec import (
    ACK,
    EOT,
    Ack,
    Block,
    Enquiry,
    Eot,
    Nak,
    Scanner,
    Token,
    enquiry,
)
from devices.callsystems.espa444.reception import Reception
from devices.callsystems.espa444.session import said_of_line
from devices.callsystems.espa444.settings import (
    BLOCK_WITHIN,
    CONTROL_STATION,
    POLL_ANSWER_WITHIN,
    POLL_SILENT_EVERY,
    TRANSACTION_WITHIN,
    EspaLine,
)
from devices.callsystems.espa444.silence import LINE_BACK, LINE_SILENT, Silence
from devices.callsystems.espa444.transfer import Outcome, Transfer
from devices.doubts import Doubts
from devices.session import Heard


class _Turn(StrEnum):
    """Whose turn it is on the line."""

    NOBODYS = "nobodys"
    SETTLING = "settling"
    """Our EOT has left; our enquiry follows."""
    ASKED = "asked"
    """One station was polled."""
    SPEAKING = "speaking"
    """A station selected us: its blocks come."""
    OTHERS = "others"
    """A station selected another one."""
    OURS = "ours"
    """We send."""


class _Station:
    """One polled station: when it is asked next, and how long it has been silent."""

    def __init__(self, address: str, silent_after: timedelta) -> None:
        self.address = address
        self.silence = Silence(silent_after)
        self.next_poll: datetime | None = None


class ControlSession:
    """One line on which we are the control station. Open it with `receive(b"", …)`."""

    def __init__(self, line: EspaLine | None = None, doubts: Doubts | None = None) -> None:
        self._line = line or EspaLine(own=CONTROL_STATION)
        self._scanner = Scanner(seven_bits=self._line.seven_bits)
        self._reception = Reception(self._line, doubts)
        self._transfer = Transfer()
        self._stations = [
            _Station(address, self._line.silent_after) for address in self._line.stations
        ]
        self._out: list[bytes] = []
        self._turn = _Turn.NOBODYS
        self._until: datetime | None = None
        self._block_until: datetime | None = None
        self._ends: datetime | None = None
        self._asked: _Station | None = None
        self._follows = b""

    @property
    def wake_at(self) -> datetime | None:
        moments = [self._reception.wake_at, self._transfer.wake_at, self._limit]
        moments += [station.silence.wake_at for station in self._stations]
        if self._is_free:
            moments += [self._transfer.retry_at]
            moments += [station.next_poll for station in self._stations]
        return min((moment for moment in moments if moment is not None), default=None)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        self._begin(now)
        self._next(now)
        heard: list[Heard] = []
        for token in self._scanner.feed(data):
            heard += self._take(token, now)
            self._go_on(now)
        if data:
            self._block_until = self._within(now, BLOCK_WITHIN) if self._scanner.in_block else None
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        self._begin(now)
        heard: list[Heard] = []
        if self._limit is not None and self._limit <= now:
            heard += self._late(now)
        if self._transfer.under_way:
            self._out.append(self._transfer.wake(now))
            self._end_transfer(now)
        heard += self._reception.wake(now)
        self._out.append(self._reception.to_send())
        heard += self._silent(now)
        self._next(now)
        return heard

    def ended(self, now: datetime) -> Sequence[Heard]:
        part = self._scanner.give_up()
        heard = self._block(part, now) if part is not None else ()
        return [*heard, *self._reception.ended(now)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        self._reception.stored(ticket, kept, now)
        self._out.append(self._reception.to_send())

    def offer(self, block: bytes, to: str, now: datetime) -> int:
        """Send a block to a station as soon as the line is free; 0 when too much waits."""
        number = self._transfer.offer(block, to)
        self._begin(now)
        self._next(now)
        return number

    def outcomes(self) -> list[Outcome]:
        """What became of the blocks offered."""
        return self._transfer.outcomes()

    def to_send(self) -> bytes:
        sending = b"".join(self._out)
        self._out.clear()
        return sending

    # What comes

    def _take(self, token: Token, now: datetime) -> Sequence[Heard]:
        match token:
            case Block():
                return self._block(token, now)
            case Enquiry(address):
                return self._enquiry(address, now)
            case Eot():
                return self._eot(now)
            case Ack():
                self._out.append(self._transfer.acknowledged(now))
                self._end_transfer(now)
            case Nak(prefix):
                self._out.append(self._transfer.refused(prefix, now))
                self._end_transfer(now)
            case _:
                assert_never(token)
        return ()

    def _enquiry(self, address: str, now: datetime) -> Sequence[Heard]:
        if self._turn is _Turn.OURS or not address:
            return ()
        heard = self._answered(now)
        self._reception.moved_on()
        if address != self._line.own:
            self._turn = _Turn.OTHERS
            self._wait(now, TRANSACTION_WITHIN)
            return heard
        self._out.append(ACK)
        self._turn = _Turn.SPEAKING
        self._ends = now + TRANSACTION_WITHIN
        self._wait(now, BLOCK_WITHIN)
        return heard

    def _block(self, block: Block, now: datetime) -> Sequence[Heard]:
        if self._turn is _Turn.OTHERS:
            return ()
        heard = self._reception.take(block, now)
        self._out.append(self._reception.to_send())
        if self._turn is not _Turn.OURS:
            self._turn = _Turn.SPEAKING
            self._ends = self._ends or now + TRANSACTION_WITHIN
            self._wait(now, TRANSACTION_WITHIN)
        return (heard,)

    def _eot(self, now: datetime) -> Sequence[Heard]:
        self._reception.moved_on()
        if self._turn is _Turn.SETTLING:
            # Some stations answer our EOT with one: nobody took the line back.
            return ()
        if self._turn is _Turn.OURS:
            self._transfer.interrupted(now)
        heard = self._answered(now) if self._turn is _Turn.ASKED else ()
        self._free(now)
        return heard

    def _answered(self, now: datetime) -> Sequence[Heard]:
        """The station that was asked is there."""
        station = self._asked
        if station is None:
            return ()
        self._asked = None
        station.next_poll = now + self._line.poll_every
        if not station.silence.heard(now):
            return ()
        return (Heard(said_of_line(self._line, LINE_BACK, station.address)),)

    # What is due

    def _late(self, now: datetime) -> Sequence[Heard]:
        """The present turn has taken too long, or our pause after an EOT is over."""
        self._until = self._block_until = None
        if self._turn is _Turn.SETTLING:
            self._ask(now)
            return ()
        heard: Sequence[Heard] = ()
        part = self._scanner.give_up()
        if part is not None and self._turn is not _Turn.OTHERS:
            heard = (self._reception.take(part, now),)
            self._out.append(self._reception.to_send())
            if self._ends is not None and now < self._ends:
                # It may repeat at once what we have just refused.
                self._wait(now, BLOCK_WITHIN)
                return heard
        self._reception.moved_on()
        if self._asked is not None:
            # Counted from here: what waits to be sent gets its turn between two polls.
            self._asked.next_poll = now + self._pace(self._asked)
        self._out.append(EOT)
        self._free(now)
        return heard

    def _pace(self, station: _Station) -> timedelta:
        return POLL_SILENT_EVERY if station.silence.silent else self._line.poll_every

    def _silent(self, now: datetime) -> Sequence[Heard]:
        return [
            Heard(said_of_line(self._line, LINE_SILENT, station.address))
            for station in self._stations
            if station.silence.due(now)
        ]

    def _next(self, now: datetime) -> None:
        """Nothing comes: go on, if the line is free."""
        if not self._scanner.in_block:
            self._go_on(now)

    def _go_on(self, now: datetime) -> None:
        """The line is free: ask the station whose turn it is, else send what waits.

        Asked after each thing heard, so that how the bytes were split changes nothing.
        """
        if self._turn is not _Turn.NOBODYS:
            return
        station = min(self._stations, key=_next_poll, default=None)
        if station is not None and _next_poll(station) <= now:
            station.next_poll = now + self._pace(station)
            self._asked = station
            self._follows = enquiry(station.address)
        elif self._transfer.ready(now):
            self._follows = enquiry(self._line.own)
        else:
            return
        self._out.append(EOT)
        self._turn = _Turn.SETTLING
        if self._line.settle:
            self._wait(now, self._line.settle)
        else:
            self._ask(now)

    def _ask(self, now: datetime) -> None:
        self._out.append(self._follows)
        if self._asked is None:
            self._turn = _Turn.OURS
            self._out.append(self._transfer.begin(now))
            return
        self._turn = _Turn.ASKED
        self._wait(now, POLL_ANSWER_WITHIN)

    def _end_transfer(self, now: datetime) -> None:
        if self._turn is _Turn.OURS and not self._transfer.under_way:
            self._free(now)

    def _begin(self, now: datetime) -> None:
        for station in self._stations:
            station.silence.began(now)
            station.next_poll = station.next_poll or now

    def _free(self, now: datetime) -> None:
        self._turn = _Turn.NOBODYS
        self._asked = self._until = self._ends = None

    def _wait(self, now: datetime, how_long: timedelta) -> None:
        self._until = self._within(now, how_long)

    def _within(self, now: datetime, how_long: timedelta) -> datetime:
        """So long from now, but not beyond the end of this transaction."""
        until = now + how_long
        return until if self._ends is None else min(until, self._ends)

    @property
    def _limit(self) -> datetime | None:
        """When the present turn has taken too long: while a block comes, its bytes count."""
        return self._until if self._block_until is None else self._block_until

    @property
    def _is_free(self) -> bool:
        return self._turn is _Turn.NOBODYS and not self._scanner.in_block


def _next_poll(station: _Station) -> datetime:
    assert station.next_poll is not None
    return station.next_poll
