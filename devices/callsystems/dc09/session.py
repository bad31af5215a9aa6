"""A DC-09 receiver's conversation with one panel or dialler, over TCP or UDP, without a socket.

**Its law: an event is acknowledged only when it is kept.** What leaves, and when:

| what came | answer | when |
|---|---|---|
| event that could be read | ACK, encrypted where the message was | when all of it is kept |
| NULL, the link test | ACK | at once: it carries nothing that could be lost |
| event that could not be kept | silence | the panel repeats after its time-out (5.5.1.2, annex C) |
| wrong CRC, wrong length, no frame | silence | the panel repeats |
| encrypted, its time outside -40 … +20 s | NAK with our time, in the clear (5.5.3.2) | at once |
| well received, not to be read: no key, an unknown type, no event (5.5.3.3) | DUH | when kept |
| event whose code no table knows (5.5.3.3) | DUH | when kept |
| an account that is not listed, where only listed ones are served (5.5.3.3) | DUH | when kept |

What cannot be read may be a call for help, so it is raised as one, with that text. Two rules go
beyond the standard. A repeat carries a new time and the old number: it gets the time of its first
copy, so that it is one press (what a panel does that gives every message the same number stands in
`Accounts.named`). And a panel that is refused for its time again, while its clock runs,
is no recording: its alarms are raised though every copy gets its NAK.

A frame is believed when one of its account's keys opened it and its time is fresh; everything else
is unauthenticated. One session a connection or UDP peer; those of one port share `Accounts`, and
the one with `supervises` tells who is silent: keep one open for the port itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import PeerError
from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.codes.meaning import (
    RAW_BYTES_MAX,
    Event,
    Meaning,
    Sender,
    reading,
)
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.codec import (
    Content,
    Frame,
    Framer,
    Piece,
    content,
    encode,
    is_body,
    parse,
    stamp,
    without_padding,
)
from devices.callsystems.dc09.crypt import encrypted, one_that_fits
from devices.callsystems.dc09.events import Report, report
from devices.callsystems.dc09.meanings import TOKENS, Speaks
from devices.callsystems.dc09.settings import AHEAD_MAX, BEHIND_MAX, PROTOCOL
from devices.session import Heard

UNDER_WAY_MAX = 1_000
"""Messages of one connection waiting to be kept; a further one is read, and gets no answer."""

SILENT = "supervision"
CLOCK = "clock"
"""Codes of what this session says itself: a panel is silent, or its clock is wrong."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A frame whose body can be read; `key` opened it."""

    frame: Frame
    content: Content
    key: bytes | None


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


class Dc09Session:
    """One connection. Without `accounts` it is a port of its own that knows no panel."""

    def __init__(self, accounts: Accounts | None = None, *, supervises: bool = True) -> None:
        self._accounts = accounts or Accounts()
        self._supervises = supervises
        self._framer = Framer()
        self._out = bytearray()
        self._owed: dict[int, _Owed] = {}
        self._tickets = 0

    @property
    def wake_at(self) -> datetime | None:
        """When a panel may have been silent for too long."""
        return self._accounts.wake_at if self._supervises else None

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        """Take bytes; what they say."""
        self._accounts.begin(now)
        heard: list[Heard] = []
        for piece in self._framer.feed(data):
            heard += self._take(piece, now, wall)
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        """The moment of `wake_at`: one technical reading for each panel that has gone silent."""
        self._accounts.begin(now)
        return [Heard(_silent(account, self._allowed(account))) for account in self._due(now)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        """One reading of a message is committed or could not be; the last of them decides."""
        owed = self._owed.pop(ticket, None)
        assert owed is not None, "a message was settled twice"
        owed.left -= 1
        owed.all_kept &= kept
        if owed.left == 0 and owed.all_kept:
            self._answer(owed.token, owed.frame, owed.key, now + owed.ahead)

    def to_send(self) -> bytes:
        """The bytes to write, handed out once."""
        sending = bytes(self._out)
        self._out.clear()
        return sending

    # One frame

    def _take(self, piece: Piece, now: datetime, wall: datetime) -> list[Heard]:
        try:
            frame = parse(piece, decimal_length=self._accounts.settings.decimal_length)
        except PeerError as error:
            return [Heard(error=str(error), raw=piece.raw)]
        speaks = TOKENS.get(frame.token)
        if speaks is Speaks.ANSWER:
            why = f"{frame.token} from {frame.account}, which only a receiver says"
            return [Heard(error=why, raw=piece.raw)]
        try:
            opened = self._open(frame)
        except PeerError as error:
            return self._unread(frame, str(error), piece.raw, now, wall)
        if opened.key is not None and not self._in_time(opened, wall):
            return self._refused(opened, speaks, piece.raw, wall)
        heard = self._present(opened, now)
        if speaks is Speaks.HEARTBEAT:
            self._answer(self._accounts.answer(frame.account), frame, opened.key, wall)
            return [*heard, self._heartbeat(opened, piece.raw)]
        try:
            told = self._report(opened, speaks)
        except PeerError as error:
            return [*heard, *self._unread(frame, str(error), piece.raw, now, wall, opened.key)]
        readings = self._readings(opened, told, piece.raw, now)
        token = self._accounts.answer(frame.account) if told.known else "DUH"
        return [*heard, *self._owing(token, frame, opened.key, readings, "", now, wall)]

    def _open(self, frame: Frame) -> _Opened:
        """Its content. Raises PeerError where no key fits, or where it is no content."""
        if not frame.encrypted:
            return _Opened(frame, content(frame.body), None)
        keys = self._accounts.of(frame.account).keys
        found = one_that_fits(frame.body, keys, is_body)
        if found is None:
            why = "no key of it fits" if keys else "no key of it is known"
            raise PeerError(f"a message of {frame.account} that cannot be decrypted: {why}")
        plain, key = found
        return _Opened(frame, content(without_padding(plain)), key)

    def _report(self, opened: _Opened, speaks: Speaks | None) -> Report:
        if speaks is None:
            frame = opened.frame
            raise PeerError(f"a message of {frame.account} of type {frame.token}, not read here")
        own = self._accounts.of(opened.frame.account).own
        return report(speaks, opened.content, opened.frame.account, own)

    def _in_time(self, opened: _Opened, wall: datetime) -> bool:
        if not self._accounts.settings.check_time:
            return True
        sent = opened.content.stamp
        assert sent is not None, "an encrypted body without a time was opened"
        return -BEHIND_MAX <= sent - wall <= AHEAD_MAX

    def _present(self, opened: _Opened, now: datetime) -> list[Heard]:
        """The panel is there; a message in the clear says nothing for one that has a key."""
        account = opened.frame.account
        if opened.key is None and self._accounts.of(account).keys:
            return []
        heard = [Heard(_right_clock(account))] if self._accounts.in_time(account) else []
        if self._accounts.heard(account, now):
            heard.append(Heard(_heard_again(account)))
        return heard

    def _readings(self, opened: _Opened, told: Report, raw: bytes, now: datetime) -> list[Reading]:
        frame, sent = opened.frame, opened.content.stamp
        named = self._accounts.named(told.device, frame.seq, opened.content.data, sent, now)
        clear = opened.key is None and bool(self._accounts.of(frame.account).keys)
        odd = ("message: not encrypted, though a key is agreed",) if clear else ()
        return [
            reading(
                Sender(PROTOCOL, told.device, self._believed(opened)),
                event,
                raw,
                seq=_number(frame.seq),
                at=told.occurred or named.at,
                boot=named.again,
                position=told.position,
                odd=odd,
            )
            for event in told.events
        ]

    def _believed(self, opened: _Opened) -> bool:
        return opened.key is not None and self._accounts.settings.check_time

    def _heartbeat(self, opened: _Opened, raw: bytes) -> Heard:
        frame = opened.frame
        said = Reading(
            PROTOCOL,
            frame.account,
            SignalType.HEARTBEAT,
            at=opened.content.stamp,
            seq=_number(frame.seq),
            code=frame.token,
            authenticated=self._believed(opened),
            raw=raw[:RAW_BYTES_MAX],
        )
        return Heard(said, raw=raw)

    def _refused(
        self, opened: _Opened, speaks: Speaks | None, raw: bytes, wall: datetime
    ) -> list[Heard]:
        """Outside the time window: NAK, and the alarms of a clock that runs are raised."""
        frame, sent = opened.frame, opened.content.stamp
        assert sent is not None
        self._answer("NAK", frame, None, wall)
        off_s = (sent - wall).total_seconds()
        why = f"the clock of {frame.account} is {off_s:+.0f} s off: refused, told our time"
        found = self._accounts.refuse(frame.account, sent, wall)
        heard = [Heard(error=why, raw=raw)]
        if found.tell:
            heard.append(Heard(_wrong_clock(frame.account, off_s)))
        if found.runs and speaks is not Speaks.HEARTBEAT:
            heard += [Heard(alarm, raw=raw) for alarm in self._late_alarms(opened, speaks, raw)]
        return heard

    def _late_alarms(self, opened: _Opened, speaks: Speaks | None, raw: bytes) -> list[Reading]:
        try:
            told = self._report(opened, speaks)
        except PeerError:
            return []
        odd = ("at: outside the time window, answered with NAK",)
        found = (
            reading(
                Sender(PROTOCOL, told.device), event, raw, seq=_number(opened.frame.seq), odd=odd
            )
            for event in told.events
        )
        return [said for said in found if said.type is SignalType.ALARM]

    def _unread(
        self,
        frame: Frame,
        why: str,
        raw: bytes,
        now: datetime,
        wall: datetime,
        key: bytes | None = None,
    ) -> list[Heard]:
        """Well received and not to be read: in doubt a call for help, and DUH once it is kept."""
        beats = TOKENS.get(frame.token) is Speaks.HEARTBEAT
        if beats:
            meaning = Meaning(SignalType.TECHNICAL, None, why)
        else:
            meaning = Meaning(SignalType.ALARM, AlarmKind.UNKNOWN, why)
        event = Event(meaning, frame.token)
        said = reading(Sender(PROTOCOL, frame.account), event, raw, seq=_number(frame.seq))
        return self._owing("DUH", frame, key, [said], why, now, wall)

    # Answers

    def _owing(
        self,
        token: str,
        frame: Frame,
        key: bytes | None,
        readings: Sequence[Reading],
        error: str,
        now: datetime,
        wall: datetime,
    ) -> list[Heard]:
        if len(self._owed) + len(readings) > UNDER_WAY_MAX:
            return [Heard(said, error, 0, said.raw) for said in readings]
        owed = _Owed(token, frame, key, wall - now, len(readings))
        heard: list[Heard] = []
        for said in readings:
            self._tickets += 1
            self._owed[self._tickets] = owed
            heard.append(Heard(said, error, self._tickets, said.raw))
        return heard

    def _answer(self, token: str, frame: Frame, key: bytes | None, wall: datetime) -> None:
        self._out += encode(answer(token, frame, key, wall))

    # Supervision

    def _due(self, now: datetime) -> list[str]:
        return self._accounts.due(now) if self._supervises else []

    def _allowed(self, account: str) -> timedelta:
        allowed = self._accounts.of(account).silent_after
        assert allowed is not None
        return allowed


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


def _number(seq: str) -> int:
    """The standard counts in decimal; at least one dialler counts in hexadecimal digits."""
    return int(seq) if seq.isdecimal() else int(seq, 16)


def _silent(account: str, allowed: timedelta) -> Reading:
    text = f"{account} has said nothing for {allowed.total_seconds():.0f} s"
    return Reading(PROTOCOL, account, SignalType.TECHNICAL, code=SILENT, text=text)


def _heard_again(account: str) -> Reading:
    return Reading(
        PROTOCOL,
        account,
        SignalType.RESTORE,
        AlarmKind.TECHNICAL,
        code=SILENT,
        text=f"{account} is heard again",
    )


def _right_clock(account: str) -> Reading:
    return Reading(
        PROTOCOL,
        account,
        SignalType.RESTORE,
        AlarmKind.TECHNICAL,
        code=CLOCK,
        text=f"the clock of {account} is right again",
    )


def _wrong_clock(account: str, off_s: float) -> Reading:
    text = f"the clock of {account} is {off_s:+.0f} s off, so its messages are refused: set it"
    return Reading(PROTOCOL, account, SignalType.TECHNICAL, code=CLOCK, text=text)
