"""A DC-09 receiver's conversation with one panel or dialler, over TCP or UDP, without a socket.

**Its law: an event is acknowledged only when it is kept.** What leaves, and when:

| what came | answer | when |
|---|---|---|
| event that could be read | ACK, encrypted where the message was | when all of it is kept |
| NULL, the link test | ACK | at once: it carries nothing that could be lost |
| event that could not be kept | silence | the panel repeats after its time-out (5.5.1.2, annex C) |
| wrong CRC, wrong length, no frame | silence | the panel repeats |
| the same with a wrong sum a third time (`doubts`) | as if its sums were right | when kept |
| cut off by the peer's end or pause | silence; what calls in it is raised | the panel repeats |
| encrypted, its time outside -40 … +20 s | NAK with our time, in the clear (5.5.3.2) | at once |
| well received, not to be read: no key, an unknown type, no event (5.5.3.3) | DUH | when kept |
| event whose code no table knows (5.5.3.3) | DUH | when kept |
| an account that is not listed, where only listed ones are served (5.5.3.3) | DUH | when kept |

What cannot be read may be a call for help, so it is raised as one, with that text; what came with
a wrong sum takes nothing back. A frame without its `<LF>` or `<CR>` whose sums are right is read
when the next begins or the peer pauses (`STALE_AFTER`), ends, or ends its datagram. Two rules go
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
from core.values import replace
from devices.callsystems.codes.meaning import (
    RAW_BYTES_MAX,
    Event,
    Meaning,
    Sender,
    reading,
)
from devices.callsystems.dc09 import supervision
from devices.callsystems.dc09.accounts import Accounts
from devices.callsystems.dc09.answers import Answers
from devices.callsystems.dc09.codec import (
    Content,
    Frame,
    Framer,
    Piece,
    as_it_stands,
    content,
    is_body,
    parse,
    stamp_of,
    without_padding,
)
from devices.callsystems.dc09.crypt import one_that_fits
from devices.callsystems.dc09.events import Report, calls_in, report
from devices.callsystems.dc09.meanings import TOKENS, Speaks
from devices.callsystems.dc09.settings import AHEAD_MAX, BEHIND_MAX, PROTOCOL
from devices.session import Heard

STALE_AFTER = timedelta(seconds=2)
"""A frame that stops for so long has no end; the shortest time-out of a dialler is some seconds."""

_AS_IT_IS = (
    *(SignalType.ALARM, SignalType.TAMPER, SignalType.LOW_BATTERY, SignalType.TECHNICAL),
    *(SignalType.TEST, SignalType.PRESENCE),
)
"""What is taken as it stands although its sums are wrong."""


@dataclass(frozen=True, slots=True)
class _Came:
    """A frame with when it came. `doubt`: what is wrong with it, taken as it is all the same."""

    frame: Frame
    raw: bytes
    now: datetime
    wall: datetime
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A frame whose body can be read; `key` opened it."""

    frame: Frame
    content: Content
    key: bytes | None


class Dc09Session:
    """One connection. Without `accounts` it is a port of its own that knows no panel."""

    def __init__(
        self,
        accounts: Accounts | None = None,
        *,
        supervises: bool = True,
        datagrams: bool = False,
    ) -> None:
        self._accounts = accounts or Accounts()
        self._supervises = supervises
        self._datagrams = datagrams
        self._framer = Framer()
        self._answers = Answers(datagrams=datagrams)
        self._last: datetime | None = None
        self._ahead = timedelta()

    @property
    def wake_at(self) -> datetime | None:
        """When a panel may have been silent for too long, or a frame has stopped."""
        silent = self._accounts.wake_at if self._supervises else None
        if self._last is None or not self._framer.is_half:
            return silent
        stale = self._last + STALE_AFTER
        return stale if silent is None else min(silent, stale)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        """Take bytes; what they say."""
        self._accounts.begin(now)
        heard = self._stale(now, wall)
        if data:
            self._last, self._ahead = now, wall - now
        for piece in self._framer.feed(data):
            heard += self._take(piece, now, wall)
        return [*heard, *self.ended(now)] if self._datagrams and data else heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        """The moment of `wake_at`: one technical reading for each panel that has gone silent."""
        self._accounts.begin(now)
        heard = self._stale(now, now + self._ahead)
        late = self._accounts.due(now) if self._supervises else []
        return [*heard, *(Heard(supervision.silent(one, self._allowed(one))) for one in late)]

    def ended(self, now: datetime) -> Sequence[Heard]:
        heard: list[Heard] = []
        for piece in self._framer.give_up():
            heard += self._take(piece, now, now + self._ahead)
        return heard

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        self._answers.stored(ticket, kept, now)

    def to_send(self) -> bytes:
        return self._answers.to_send()

    # One frame

    def _stale(self, now: datetime, wall: datetime) -> list[Heard]:
        if self._last is None or now - self._last < STALE_AFTER:
            return []
        return [one for piece in self._framer.give_up() for one in self._take(piece, now, wall)]

    def _take(self, piece: Piece, now: datetime, wall: datetime) -> list[Heard]:
        try:
            frame = parse(piece, decimal_length=self._accounts.settings.decimal_length)
        except PeerError as error:
            return self._damaged(piece, str(error), now, wall)
        return self._frame(_Came(frame, piece.raw, now, wall))

    def _damaged(self, piece: Piece, why: str, now: datetime, wall: datetime) -> list[Heard]:
        """Its sums are wrong. Noise, until the same has come a third time."""
        frame = as_it_stands(piece)
        if frame is not None and self._accounts.doubts.again(now, *_said(frame)):
            return self._frame(_Came(frame, piece.raw, now, wall, why))
        heard = [Heard(error=why, raw=piece.raw)]
        if frame is not None and not piece.whole:
            heard += self._calls(frame, piece.raw, why)
        return heard

    def _calls(self, frame: Frame, raw: bytes, why: str) -> list[Heard]:
        """Of a frame that was cut off: its panel may be cut off as well, and never repeat it."""
        own = self._accounts.of(frame.account).own
        device, events = calls_in(frame, own)
        sender, odd = Sender(PROTOCOL, device), (f"message: cut off, {why}",)
        said = (reading(sender, one, raw, seq=_number(frame.seq), odd=odd) for one in events)
        return [Heard(one, raw=raw) for one in said]

    def _frame(self, came: _Came) -> list[Heard]:
        frame, now, wall = came.frame, came.now, came.wall
        speaks = TOKENS.get(frame.token)
        if speaks is Speaks.ANSWER:
            why = f"{frame.token} from {frame.account}, which only a receiver says"
            return [Heard(error=why, raw=came.raw)]
        try:
            opened = self._open(came)
        except PeerError as error:
            return self._unread(came, str(error))
        if opened.key is not None and not self._in_time(opened, wall):
            return self._refused(opened, speaks, came.raw, wall)
        heard = self._present(opened, now)
        if speaks is Speaks.HEARTBEAT:
            self._answers.give(self._accounts.answer(frame.account), frame, opened.key, wall)
            return [*heard, self._heartbeat(opened, came.raw)]
        try:
            told = self._report(opened, speaks, doubt=bool(came.doubt))
        except PeerError as error:
            return [*heard, *self._unread(came, str(error), opened.key)]
        readings = self._readings(opened, told, came)
        token = self._accounts.answer(frame.account) if told.known and speaks else "DUH"
        return [*heard, *self._answers.owe(token, frame, opened.key, readings, "", wall - now)]

    def _open(self, came: _Came) -> _Opened:
        """Its content. Raises PeerError where no key fits, or where it is no content."""
        frame = came.frame
        if not frame.encrypted:
            return _Opened(frame, content(frame.body, closed=not came.doubt), None)
        keys = self._accounts.of(frame.account).keys
        found = one_that_fits(frame.body, keys, is_body)
        if found is None:
            why = "no key of it fits" if keys else "no key of it is known"
            raise PeerError(f"a message of {frame.account} that cannot be decrypted: {why}")
        plain, key = found
        return _Opened(frame, content(without_padding(plain)), key)

    def _report(self, opened: _Opened, speaks: Speaks | None, *, doubt: bool = False) -> Report:
        own = self._accounts.of(opened.frame.account).own
        return report(speaks, opened.content, opened.frame.account, own, doubt=doubt)

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
        heard = [Heard(supervision.right_clock(account))] if self._accounts.in_time(account) else []
        if self._accounts.heard(account, now):
            heard.append(Heard(supervision.heard_again(account)))
        return heard

    def _readings(self, opened: _Opened, told: Report, came: _Came) -> list[Reading]:
        frame, sent = opened.frame, opened.content.stamp
        named = self._accounts.named(told.device, frame.seq, opened.content.data, sent, came.now)
        odd: tuple[str, ...] = ()
        if opened.key is None and self._accounts.of(frame.account).keys:
            odd = ("message: not encrypted, though a key is agreed",)
        if came.doubt:
            odd = (*odd, f"message: {came.doubt}, and the same again and again")
        if TOKENS.get(frame.token) is None:
            odd = (*odd, f"type: not read here ({frame.token or 'none'})")
        found = [
            reading(
                Sender(PROTOCOL, told.device, self._believed(opened)),
                event,
                came.raw,
                seq=_number(frame.seq),
                at=told.occurred or named.at,
                boot=named.again,
                position=told.position,
                odd=odd,
            )
            for event in told.events
        ]
        return _in_doubt(found) if came.doubt else found

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
        self._answers.give("NAK", frame, None, wall)
        off_s = (sent - wall).total_seconds()
        why = f"the clock of {frame.account} is {off_s:+.0f} s off: refused, told our time"
        found = self._accounts.refuse(frame.account, sent, wall)
        heard = [Heard(error=why, raw=raw)]
        if found.tell:
            heard.append(Heard(supervision.wrong_clock(frame.account, off_s)))
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

    def _unread(self, came: _Came, why: str, key: bytes | None = None) -> list[Heard]:
        """Well received and not to be read: in doubt a call for help, and DUH once it is kept."""
        frame = came.frame
        beats = TOKENS.get(frame.token) is Speaks.HEARTBEAT
        if beats:
            meaning = Meaning(SignalType.TECHNICAL, None, why)
        else:
            meaning = Meaning(SignalType.ALARM, AlarmKind.UNKNOWN, why)
        odd = (f"message: {came.doubt}, and the same again and again",) if came.doubt else ()
        event = Event(meaning, frame.token)
        sender, seq = Sender(PROTOCOL, frame.account), _number(frame.seq)
        said = reading(sender, event, came.raw, seq=seq, odd=odd)
        return self._answers.owe("DUH", frame, key, [said], why, came.wall - came.now)

    # Supervision

    def _allowed(self, account: str) -> timedelta:
        allowed = self._accounts.of(account).silent_after
        assert allowed is not None
        return allowed


def _number(seq: str) -> int:
    """The standard counts in decimal; at least one dialler counts in hexadecimal digits."""
    return int(seq) if seq.isdecimal() else int(seq, 16)


def _said(frame: Frame) -> tuple[str, ...]:
    """What a repeat has in common with its first copy: a time is new, a cipher text all new."""
    if frame.encrypted:
        return frame.token, frame.account
    stamp = stamp_of(frame.body)
    body = frame.body if stamp is None else frame.body.rpartition("_")[0]
    return frame.token, frame.account, body


def _in_doubt(readings: list[Reading]) -> list[Reading]:
    """As they stand, where they call or test. What else they say may be the damage: it is told.

    Where a damaged code was read past, that may have been the call.
    """
    if any(one.startswith("code: ") for said in readings for one in said.odd):
        read_past = replace(readings[0], type=SignalType.ALARM, kind=AlarmKind.UNKNOWN)
        readings = [*readings, read_past]
    technical = SignalType.TECHNICAL
    return [said if said.type in _AS_IT_IS else replace(said, type=technical) for said in readings]
