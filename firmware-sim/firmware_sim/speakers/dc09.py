"""A DC-09 panel, or a dialler that carries several accounts: SIA-DCS or ADM-CID, clear or sealed.

One message at a time: it is sent again with its own number, and with the time of its sending,
until the ACK with that number has come. NULL goes out for one account after the other when nothing
else is under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import PeerError
from devices.callsystems.dc09.codec import Frame, Framer, Piece, encode, is_body, parse, stamp
from devices.callsystems.dc09.crypt import decrypted, encrypted
from firmware_sim.speakers.ports import Calls

SIA, CONTACT_ID, NULL = "SIA-DCS", "ADM-CID", "NULL"

AGAIN_AFTER = timedelta(seconds=4)
"""A real panel waits 5 to 20 s (DC-09 5.5.1.2); a drill has less time."""

SEQUENCE_MAX = 9_999

_PANIC = {SIA: "Nri1/PA{point:02d}", CONTACT_ID: "1120 01 {point:03d}"}


@dataclass(slots=True)
class _Sent:
    """The message under way: its frame is made anew for every try, for the time in it."""

    token: str
    account: str
    seq: str
    data: str
    until: datetime


class Panel:
    """`accounts`: whose link it tests; `key`: everything is sealed with it.

    `receiver`: the number of the receiver it names, `R…`; many panels name none.
    """

    def __init__(
        self,
        accounts: Sequence[str],
        beat_every: timedelta,
        *,
        speaks: str = SIA,
        key: bytes | None = None,
        receiver: str | None = None,
        again_after: timedelta = AGAIN_AFTER,
    ) -> None:
        self.calls = Calls()
        self._accounts = list(accounts)
        self._beat_every = beat_every
        self._speaks = speaks
        self._key = key
        self._receiver = receiver
        self._again_after = again_after
        self._framer = Framer()
        self._seq = 0
        self._beats = 0
        self._beat_at: datetime | None = None
        self._sent: _Sent | None = None
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return self._sent.until if self._sent is not None else self._beat_at

    def connected(self, now: datetime, wall: datetime) -> None:
        self._framer = Framer()
        self._beat_at = self._beat_at or now
        if self._sent is not None:
            self._send(self._sent, now, wall)
        self.wake(now, wall)

    def lost(self, now: datetime) -> None:
        """What is under way is sent again on the next connection."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        for piece in self._framer.feed(data):
            if self._is_acknowledgement(piece):
                self._ended()
        self.wake(now, wall)

    def wake(self, now: datetime, wall: datetime) -> None:
        if self._sent is not None:
            if now >= self._sent.until:
                if self._sent.token == NULL:
                    self._sent = None  # a link test is not worth repeating
                else:
                    self._send(self._sent, now, wall)
            if self._sent is not None:
                return
        call = self.calls.due(now)
        if call is not None:
            panic = _PANIC[self._speaks].format(point=call.point)
            self._say(self._speaks, call.account, f"#{call.account}|{panic}", now, wall)
        elif self._beat_at is not None and now >= self._beat_at:
            self._beat_at = now + self._beat_every
            account = self._accounts[self._beats % len(self._accounts)]
            self._beats += 1
            self._say(NULL, account, "", now, wall)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire

    def _say(self, token: str, account: str, data: str, now: datetime, wall: datetime) -> None:
        self._seq = self._seq % SEQUENCE_MAX + 1
        self._sent = _Sent(token, account, f"{self._seq:04d}", data, now)
        self._send(self._sent, now, wall)

    def _send(self, sent: _Sent, now: datetime, wall: datetime) -> None:
        sent.until = now + self._again_after
        body = f"{sent.data}]{stamp(wall)}"
        if self._key is not None:
            body = encrypted("|" + body, self._key)
        sealed = self._key is not None
        self._wire.append(
            encode(Frame(sent.token, sent.seq, self._receiver, "0", sent.account, body, sealed))
        )

    def _ended(self) -> None:
        assert self._sent is not None
        if self._sent.token != NULL:
            self.calls.took()
        self._sent = None

    def _is_acknowledgement(self, piece: Piece) -> bool:
        """An ACK of the message under way, sealed if that was; anything else answers nothing."""
        sent = self._sent
        try:
            frame = parse(piece)
        except PeerError:
            return False
        if sent is None or frame.token != "ACK":
            return False
        return (frame.seq, frame.account) == (sent.seq, sent.account) and self._opens(frame)

    def _opens(self, frame: Frame) -> bool:
        if self._key is None:
            return not frame.encrypted
        plain = decrypted(frame.body, self._key) if frame.encrypted else None
        return plain is not None and is_body(plain)
