"""A social alarm unit that speaks SCAIP: SIP MESSAGE over UDP or TCP, and the receipt it waits for.

Over UDP a request is repeated as RFC 3261 17.1.2 says until it is answered. A call is over for the
unit with an `mrs` that says 0; until then it sends the message anew, with the same `ref`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import PeerError
from devices.callsystems.scaip.codec import Mrq, Mrs, encode_mrq, read_mrs
from devices.callsystems.scaip.session import CONTENT_TYPE
from devices.callsystems.scaip.sip import Reader, Request, Response, encode
from firmware_sim.speakers.ports import Call, Calls, first

AGAIN_AFTER = timedelta(seconds=5)
"""Without a receipt for so long the message is sent anew."""

T1, T2 = timedelta(milliseconds=500), timedelta(seconds=4)
"""The pauses between two copies over UDP: from the first one, doubled, up to the second."""

TAKEN = 0
PERSONAL_TRIGGER, CONTROLLER = "0003", "0002"
MANUAL_ALARM, TEST_PRIMARY = "0010", "0102"

_ECHOED = ("via", "from", "to", "call-id", "cseq")


@dataclass(slots=True)
class _Asked:
    """The request under way. `again_at` None: answered, or on a wire that loses nothing."""

    ref: str
    call_id: str
    message: bytes
    again_at: datetime | None
    until: datetime
    pause: timedelta = T1


class Unit:
    """One controller with its triggers. A caller is named `controller/trigger`, as `26317/0004`."""

    def __init__(
        self,
        controller: str,
        beat_every: timedelta,
        *,
        datagrams: bool,
        again_after: timedelta = AGAIN_AFTER,
    ) -> None:
        self.calls = Calls()
        self._controller = controller
        self._beat_every = beat_every
        self._datagrams = datagrams
        self._again_after = again_after
        self._reader = Reader(datagrams=datagrams)
        self._beat_at: datetime | None = None
        self._asked: _Asked | None = None
        self._calling: Mrq | None = None
        self._sent = 0
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        if self._asked is None:
            return self._beat_at
        return first(self._asked.again_at, self._asked.until)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._reader = Reader(datagrams=self._datagrams)
        self._beat_at = self._beat_at or now
        self._asked = None
        self.wake(now, wall)

    def lost(self, now: datetime) -> None:
        """What is under way is sent anew on the next connection."""
        self._asked = None
        self._beat_at = None

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        for message in self._reader.feed(data, now):
            match message:
                case Response() if message.status >= 200:
                    self._answered(message)
                case Request() if message.method == "MESSAGE":
                    self._told(message)
                case _:
                    pass  # keep-alives, and what no unit has to answer
        self.wake(now, wall)

    def wake(self, now: datetime, wall: datetime) -> None:
        if self._asked is not None:
            self._repeat(self._asked, now)
        if self._asked is not None or self._beat_at is None:
            return
        call = self.calls.due(now)
        if call is not None:
            self._calling = self._call(call)
        if self._calling is not None:
            self._ask(self._calling, now)
        elif now >= self._beat_at:
            self._beat_at = now + self._beat_every
            self._ask(self._heartbeat(), now)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire

    # What it says

    def _call(self, call: Call) -> Mrq:
        trigger = f"{call.point:04d}"
        return self._mrq(
            f"c{call.number}", call.account, "ME", PERSONAL_TRIGGER, trigger, MANUAL_ALARM
        )

    def _heartbeat(self) -> Mrq:
        ref = f"h{self._sent + 1}"
        return self._mrq(ref, self._controller, "PI", CONTROLLER, "0", TEST_PRIMARY)

    def _mrq(self, ref: str, controller: str, type_: str, device: str, did: str, stc: str) -> Mrq:
        tags = {"ref": ref, "cha": "0", "mty": type_, "cid": controller, "dty": device}
        return Mrq({**tags, "did": did, "crd": "no-voice:", "stc": stc})

    def _ask(self, mrq: Mrq, now: datetime) -> None:
        self._sent += 1
        call_id = f"{self._controller}-{self._sent}@unit.invalid"
        message = encode(self._request(call_id, encode_mrq(mrq)))
        again_at = now + T1 if self._datagrams else None
        until = now + self._again_after
        self._asked = _Asked(mrq.text("ref"), call_id, message, again_at, until)
        self._wire.append(message)

    def _request(self, call_id: str, body: bytes) -> Request:
        transport = "UDP" if self._datagrams else "TCP"
        me = f"sip:{self._controller}@unit.invalid"
        headers = (
            ("via", f"SIP/2.0/{transport} unit.invalid;branch=z9hG4bK{self._sent}"),
            ("max-forwards", "70"),
            ("from", f"<{me}>;tag={self._sent}"),
            ("to", "<sip:arc@tilkald.invalid>"),
            ("contact", f"<{me}>"),
            ("call-id", call_id),
            ("cseq", f"{self._sent} MESSAGE"),
            ("content-type", CONTENT_TYPE),
        )
        return Request("MESSAGE", "sip:arc@tilkald.invalid", headers, body)

    def _repeat(self, asked: _Asked, now: datetime) -> None:
        if now >= asked.until:
            self._asked = None
        elif asked.again_at is not None and now >= asked.again_at:
            asked.pause = min(2 * asked.pause, T2)
            asked.again_at = now + asked.pause
            self._wire.append(asked.message)

    # What it hears

    def _answered(self, response: Response) -> None:
        """SIP's own answer: the bytes came, and are repeated no more."""
        asked = self._asked
        if asked is not None and response.header("call-id") == asked.call_id:
            asked.again_at = None

    def _told(self, message: Request) -> None:
        """A receipt, confirmed in every copy; one that says 0 ends what it names."""
        headers = tuple(one for one in message.headers if one[0] in _ECHOED)
        self._wire.append(encode(Response(200, "OK", headers)))
        try:
            mrs = read_mrs(message.body)
        except PeerError:
            return
        self._settle(mrs)

    def _settle(self, mrs: Mrs) -> None:
        if self._asked is None or mrs.ref != self._asked.ref or mrs.number != TAKEN:
            return
        self._asked = None
        if self._calling is not None and self._calling.text("ref") == mrs.ref:
            self._calling = None
            self.calls.took()
