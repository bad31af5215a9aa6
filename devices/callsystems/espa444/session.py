"""The paging side of an ESPA 4.4.4 line: the station that is polled, selected, and takes calls.

**Its law: no call is acknowledged before it is kept, and no enquiry waits for anything.** Polls and
selects are answered within the same `receive`; blocks as `reception` says.

A poll and a select look alike (`<address><ENQ>`), only their order tells them apart: the first
enquiry after an EOT is a poll and makes that station master, the next is its select. So
`<EOT>1<ENQ>2<ENQ>` is the control station polling itself and selecting us: `<ACK>`;
`<EOT>2<ENQ>` is a poll: `<EOT>`, or our own select when we have something to say.

    after EOT ──own address──▶ polled ──▶ <EOT>, or <control><ENQ> and a transfer
        │──other address──▶ another is master ──own address──▶ <ACK>, its block is ours
        │                        └──other address──▶ not ours until the next EOT
        └──a block──▶ taken all the same: a call is a call

What never ends is left after its time: a block after 3 s without a byte, and a line nobody
has polled for `silent_after` is a technical reading, its return another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from core.signals import Reading, SignalType
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
    encode,
)
from devices.callsystems.espa444.meanings import (
    CALL_TERMINATED,
    IN_QUEUE,
    Header,
    Record,
)
from devices.callsystems.espa444.reception import Reception
from devices.callsystems.espa444.settings import BLOCK_WITHIN, PROTOCOL, EspaLine
from devices.callsystems.espa444.silence import LINE_BACK, LINE_SILENT, Silence
from devices.callsystems.espa444.transfer import Outcome, Transfer
from devices.doubts import Doubts
from devices.session import Heard

REPORTS_MAX = 32
"""Calls whose status is still to be reported."""


class PagingSession:
    """One line on which somebody else is the control station. Open it with `receive(b"", …)`."""

    def __init__(self, line: EspaLine | None = None, doubts: Doubts | None = None) -> None:
        self._line = line or EspaLine()
        self._scanner = Scanner(seven_bits=self._line.seven_bits)
        self._reception = Reception(self._line, doubts)
        self._transfer = Transfer()
        self._silence = Silence(self._line.silent_after)
        self._out: list[bytes] = []
        self._master = ""
        self._ours = True
        self._block_until: datetime | None = None
        self._reported: dict[int, tuple[bytes, str]] = {}

    @property
    def wake_at(self) -> datetime | None:
        moments = (
            self._silence.wake_at,
            self._reception.wake_at,
            self._transfer.wake_at,
            self._block_until,
        )
        return min((moment for moment in moments if moment is not None), default=None)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        self._silence.began(now)
        heard: list[Heard] = []
        for token in self._scanner.feed(data):
            heard += self._take(token, now)
        self._block_until = now + BLOCK_WITHIN if self._scanner.in_block else None
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        self._silence.began(now)
        heard: list[Heard] = []
        if self._block_until is not None and self._block_until <= now:
            self._block_until = None
            part = self._scanner.give_up()
            if part is not None and self._ours:
                heard += self._block(part, now)
        self._out.append(self._transfer.wake(now))
        heard += self._reception.wake(now)
        self._out.append(self._reception.to_send())
        if self._silence.due(now):
            heard.append(Heard(said_of_line(self._line, LINE_SILENT)))
        return heard

    def ended(self, now: datetime) -> Sequence[Heard]:
        part = self._scanner.give_up()
        heard = self._block(part, now) if part is not None and self._ours else ()
        return [*heard, *self._reception.ended(now)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        status = self._reported.pop(ticket, None)
        if self._reception.stored(ticket, kept, now) and status is not None:
            self._report(*status)
        self._out.append(self._reception.to_send())

    def offer(self, block: bytes) -> int:
        """Say something to the control station when it polls us next; 0 when too much waits."""
        return self._transfer.offer(block, self._line.control)

    def outcomes(self) -> list[Outcome]:
        """What became of the blocks offered."""
        return self._transfer.outcomes()

    def to_send(self) -> bytes:
        sending = b"".join(self._out)
        self._out.clear()
        return sending

    def _take(self, token: Token, now: datetime) -> Sequence[Heard]:
        match token:
            case Block():
                return self._block(token, now) if self._ours else ()
            case Enquiry(address):
                return self._enquiry(address, now)
            case Eot():
                self._released(now)
            case Ack():
                self._out.append(self._transfer.acknowledged(now))
            case Nak(prefix):
                self._out.append(self._transfer.refused(prefix, now))
            case _:
                assert_never(token)
        return ()

    def _enquiry(self, address: str, now: datetime) -> Sequence[Heard]:
        self._reception.moved_on()
        self._transfer.interrupted(now)
        mine = address == self._line.own
        if not address:
            return ()
        if self._master or (mine and self._line.direct_select):
            self._ours = mine
            self._out.append(ACK if mine else b"")
        elif not mine:
            self._master = address
        elif self._transfer.ready(now):
            self._out.append(self._transfer.begin(now))
        else:
            self._out.append(EOT)
        return self._alive(now)

    def _block(self, block: Block, now: datetime) -> Sequence[Heard]:
        heard = self._reception.take(block, now)
        self._out.append(self._reception.to_send())
        self._answer_status(block, heard)
        return (heard,) if block.fault else (*self._alive(now), heard)

    def _released(self, now: datetime) -> None:
        self._reception.moved_on()
        self._transfer.interrupted(now)
        self._master = ""
        self._ours = True

    def _alive(self, now: datetime) -> Sequence[Heard]:
        back = self._silence.heard(now)
        return (Heard(said_of_line(self._line, LINE_BACK)),) if back else ()

    def _answer_status(self, block: Block, heard: Heard) -> None:
        """What a sender that asks, or insists, is told when it polls us next."""
        if block.fault:
            return
        called = next(iter(block.values(Record.ADDRESS)), b"")
        if block.header == Header.STATUS_REQUEST:
            standing = self._reception.standing(called)
            self._report(called, IN_QUEUE if standing else CALL_TERMINATED)
        elif self._line.tells_status and heard.reading is not None and heard.ticket:
            over = heard.reading.type is SignalType.RESTORE
            self._reported[heard.ticket] = (called, CALL_TERMINATED if over else IN_QUEUE)
            while len(self._reported) > REPORTS_MAX:
                del self._reported[next(iter(self._reported))]

    def _report(self, called: bytes, status: str) -> None:
        records = ((Record.ADDRESS.value, called), (Record.CALL_STATUS.value, status.encode()))
        self.offer(encode(Header.STATUS, records))


def said_of_line(line: EspaLine, code: str, station: str = "") -> Reading:
    """A technical reading about the line itself."""
    which = line.identity + (f", station {station}" if station else "")
    what = "has been silent too long" if code == LINE_SILENT else "speaks again"
    return Reading(
        PROTOCOL,
        line.identity,
        SignalType.TECHNICAL,
        text=f"{which} {what}",
        code=code,
    )
