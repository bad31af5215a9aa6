"""The answers to a message: which frame, and those that wait until what it said is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.signals import Reading
from devices.callsystems.dc09.codec import Frame, encode, stamp
from devices.callsystems.dc09.crypt import encrypted
from devices.session import Heard

UNDER_WAY_MAX = 1_000
"""Messages of one connection waiting to be kept; a further one is read, and gets no answer."""


@dataclass(slots=True)
class _Owed:
    """An answer that waits until every reading of its message is kept.

    `ahead` is how far the wall clock is before service time, for the time in the answer.
    """

    token: str
    frame: Frame
    key: bytes | None
    ahead: timedelta
    left: int
    all_kept: bool = True


class Answers:
    """Of one connection. `datagrams`: each answer leaves in one of its own."""

    def __init__(self, *, datagrams: bool = False) -> None:
        self._datagrams = datagrams
        self._out: list[bytes] = []
        self._owed: dict[int, _Owed] = {}
        self._tickets = 0

    def give(self, token: str, frame: Frame, key: bytes | None, wall: datetime) -> None:
        self._out.append(encode(answer(token, frame, key, wall)))

    def owe(
        self,
        token: str,
        frame: Frame,
        key: bytes | None,
        readings: Sequence[Reading],
        error: str,
        ahead: timedelta,
    ) -> list[Heard]:
        """These readings, each with the ticket of their common answer.

        A frame whose head could not be read names no type and no number: it gets no answer.
        """
        if not frame.token or len(self._owed) + len(readings) > UNDER_WAY_MAX:
            return [Heard(said, error, 0, said.raw) for said in readings]
        owed = _Owed(token, frame, key, ahead, len(readings))
        heard: list[Heard] = []
        for said in readings:
            self._tickets += 1
            self._owed[self._tickets] = owed
            heard.append(Heard(said, error, self._tickets, said.raw))
        return heard

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """One reading of a message is committed or could not be; the last of them decides."""
        owed = self._owed.pop(ticket, None)
        assert owed is not None, "a message was settled twice"
        owed.left -= 1
        owed.all_kept &= kept
        if owed.left == 0 and owed.all_kept:
            self.give(owed.token, owed.frame, owed.key, now + owed.ahead)

    def to_send(self) -> bytes:
        """The bytes to write, handed out once."""
        end = 1 if self._datagrams else len(self._out)
        sending, self._out = b"".join(self._out[:end]), self._out[end:]
        return sending


def answer(token: str, frame: Frame, key: bytes | None, wall: datetime) -> Frame:
    """The answer to a frame: number, receiver, line and account as they came (5.5.3).

    Only ACK is ever encrypted; NAK names nobody. A frame without a line is answered with `L0`.
    """
    if token == "NAK":
        body = "]" + stamp(wall)
        return Frame("NAK", "0000", "0", "0", "A0", body, binary_crc=frame.binary_crc)
    line = frame.line if frame.line is not None else "0"
    body, sealed = "]", False
    if token == "ACK" and key is not None:
        body, sealed = encrypted("]" + stamp(wall), key), True
    return Frame(
        token, frame.seq, frame.receiver, line, frame.account, body, sealed, frame.binary_crc
    )
