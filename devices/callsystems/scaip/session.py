"""One alarm unit, or one SIP proxy before many: bytes in, readings out, receipts back.

**Its law: the `mrs` is the receipt, and it is written only by `stored`.** SIP's own 200 OK says
that the bytes came, so that the transport stops repeating them; a unit that takes it for more is
set to `Receipts.IN_RESPONSE`, and gets its 200, with the `mrs` inside, after the commit only. What
could not be kept is answered "not treated", so the unit goes its second way. What could not be read
is answered "invalid format" once its bytes are kept; a unit that left out a tag we must have, or
whose XML was broken so that tags had to be picked out, is told so, and its press is raised.

Over UDP a request comes again until it is answered: the same transaction is answered the same and
read once. A unit that sends its message anew (same `ref`) is read again under the same name, `boot`
`ref-…` and `seq` the five minutes in which it came, so that intake knows the copy and the unit gets
its receipt; the same `ref` later is a new press, as units count anew when they start. Our own
receipts are repeated over UDP as RFC 3261 17.1.2 says, until the unit answers them.

Nothing is authenticated here: SIP names its sender and proves nothing.

The caller's round: `receive(bytes, now, wall)`, `stored(ticket, …)` for each ticket, `wake(now)` at
`wake_at`; after each of them write `to_send`. Over UDP that is one datagram, and `wake_at` is at
once while there are more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from core.errors import PeerError
from core.signals import Reading, SignalType
from core.values import replace
from devices.callsystems.scaip.codec import Mrq, Mrs, encode_mrs, messages, read_mrq
from devices.callsystems.scaip.meanings import StatusNumber
from devices.callsystems.scaip.readings import unreadable, what_it_says
from devices.callsystems.scaip.sip import (
    RAW_BYTES_MAX,
    Bare,
    Broken,
    Headers,
    Message,
    Ping,
    Reader,
    Request,
    Response,
    encode,
)
from devices.session import Heard

CONTENT_TYPE = "application/scaip+xml"
ALLOW = "MESSAGE, OPTIONS"

SAME_REF_FOR = timedelta(minutes=5)
"""The same `ref` within it is the same message sent again; a unit gives up sooner."""

OWED_MAX = 1_024
"""Messages waiting for `stored`; past this the oldest is never answered, and its unit repeats."""

TRANSACTIONS_MAX = 256
TRANSACTION_KEPT_FOR = timedelta(seconds=32)
"""Timer J: how long a request may still come again [RFC 3261 17.2.2]."""

PENDING_MAX = 256
T1, T2 = timedelta(milliseconds=500), timedelta(seconds=4)
RECEIPT_GIVEN_UP_AFTER = timedelta(seconds=32)
"""Timer F: so long we try to bring a receipt [RFC 3261 17.1.2.2]."""

SEND_BYTES_MAX = 262_144
"""Answers not yet taken by the caller; a peer that never reads gets no more."""

_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_URI = re.compile(r"sips?:[^\s<>;?\x00-\x1f]{1,256}")
_HOST = re.compile(r"sips?:(?:[^@\s]*@)?([A-Za-z0-9_.:\[\]-]{1,255})")
_TAKES_AWAY = (SignalType.CANCEL, SignalType.RESTORE)
_NEEDED = ("via", "from", "to", "call-id", "cseq")


class Receipts(StrEnum):
    """How a unit wants its `mrs`."""

    AS_MESSAGE = "as_message"
    IN_RESPONSE = "in_response"


@dataclass(frozen=True, slots=True)
class _Owed:
    """A message that waits for `stored`. `to` None: there is no way to answer it."""

    ref: str
    number: StatusNumber
    text: str
    to: Request | Bare | None


@dataclass(slots=True)
class _Pending:
    """A receipt of ours the unit has not confirmed. `again_at` None: the transport is reliable."""

    message: bytes
    ref: str
    ends_at: datetime
    again_at: datetime | None
    interval: timedelta = T1


class ScaipSession:
    """One connection, or one address over UDP (`datagrams`)."""

    def __init__(
        self, *, datagrams: bool = False, receipts: Receipts = Receipts.AS_MESSAGE
    ) -> None:
        self._reader = Reader(datagrams=datagrams)
        self._datagrams = datagrams
        self._receipts = receipts
        self._owed: dict[int, _Owed] = {}
        self._tickets = 0
        self._answered: dict[bytes, tuple[datetime, bytes]] = {}
        self._pending: dict[str, _Pending] = {}
        self._out: list[bytes] = []
        self._out_bytes = 0

    @property
    def wake_at(self) -> datetime | None:
        if self._datagrams and self._out:
            return _AT_ONCE  # the next datagram waits to be taken
        half = self._reader.wake_at
        times = [one.again_at or one.ends_at for one in self._pending.values()]
        return min(times if half is None else [half, *times], default=None)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        heard: list[Heard] = []
        for message in self._reader.feed(data, now):
            heard += self._message(message, now)
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        heard: list[Heard] = []
        for message in self._reader.stale(now):
            heard += self._message(message, now)
        for branch, pending in list(self._pending.items()):
            if now >= pending.ends_at:
                del self._pending[branch]
                heard.append(Heard(error=f"nobody took the receipt of {pending.ref}"))
            elif pending.again_at is not None and now >= pending.again_at:
                pending.interval = min(2 * pending.interval, T2)
                pending.again_at = min(now + pending.interval, pending.ends_at)
                self._send(pending.message)
        return heard

    def ended(self, now: datetime) -> Sequence[Heard]:
        return [one for message in self._reader.ended() for one in self._message(message, now)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        owed = self._owed.pop(ticket, None)
        if owed is None:
            return
        mrs = Mrs(owed.ref, owed.number, owed.text)
        if not kept:
            mrs = Mrs(owed.ref, StatusNumber.NOT_TREATED, "not stored, send again")
        body = encode_mrs(mrs)
        match owed.to:
            case None:
                return
            case Bare():
                self._send(body + b"\r\n")
            case Request() if self._receipts is Receipts.IN_RESPONSE:
                self._answer(owed.to, 200, "OK", now, body)
            case Request():
                self._receipt(owed.to, mrs, ticket, now)

    def to_send(self) -> bytes:
        """What is to be written; over UDP the next datagram."""
        end = 1 if self._datagrams else len(self._out)
        out, self._out = b"".join(self._out[:end]), self._out[end:]
        self._out_bytes -= len(out)
        return out

    # One message

    def _message(self, message: Message, now: datetime) -> list[Heard]:
        match message:
            case Ping():
                self._send(b"\r\n")
                return []
            case Response():
                return self._confirmed(message)
            case Bare():
                return self._said(message.body, message, message.body, now)
            case Request():
                return self._request(message, now)
            case Broken():
                if message.request is not None:
                    self._answer(message.request, message.status, message.why.capitalize(), now)
                if message.is_head:
                    return [Heard(error=message.why, raw=message.raw)]
                return self._said(message.raw, None, message.raw, now, f"message: {message.why}")
            case _:
                assert_never(message)

    def _request(self, request: Request, now: datetime) -> list[Heard]:
        raw = encode(request)[:RAW_BYTES_MAX]
        if any(not request.header(name) for name in _NEEDED):
            self._answer(request, 400, "Header missing", now)
            return self._said(request.body, None, raw, now, "message: a SIP header is missing")
        before = self._answered.get(_transaction(request))
        if before is not None and now - before[0] < TRANSACTION_KEPT_FOR:
            self._send(before[1])
            return []
        match request.method:
            case "MESSAGE":
                return self._message_request(request, raw, now)
            case "OPTIONS":
                self._answer(request, 200, "OK", now)
            case "ACK":
                pass
            case _:
                self._answer(request, 405, "Method Not Allowed", now)
        if b"<mrq" not in request.body.lower():
            return []
        return self._said(request.body, None, raw, now, f"message: sent as {request.method}")

    def _message_request(self, request: Request, raw: bytes, now: datetime) -> list[Heard]:
        said = request.header("content-type").partition(";")[0].strip().lower()
        if not said.endswith("xml") and b"<mrq" not in request.body:
            self._answer(request, 415, "Unsupported Media Type", now)
            return [Heard(error=f"a message of another type ({said[:40] or 'unknown'})", raw=raw)]
        if self._receipts is Receipts.IN_RESPONSE:
            self._remember(request, b"", now)
        else:
            self._answer(request, 200, "OK", now)
        return self._said(request.body, request, raw, now)

    def _said(
        self, body: bytes, to: Request | Bare | None, raw: bytes, now: datetime, odd: str = ""
    ) -> list[Heard]:
        """All messages of one body. A response of ours can hold one receipt: that of the last."""
        *before, last = messages(body)
        if isinstance(to, Request) and self._receipts is Receipts.IN_RESPONSE:
            heard = [self._one(part, None, raw, now, odd) for part in before]
        else:
            heard = [self._one(part, to, raw, now, odd) for part in before]
        return [*heard, self._one(last, to, raw, now, odd)]

    def _one(
        self, body: bytes, to: Request | Bare | None, raw: bytes, now: datetime, odd: str
    ) -> Heard:
        try:
            mrq = read_mrq(body)
        except PeerError as error:
            return self._not_read(odd.removeprefix("message: ") or str(error), raw, to)
        reading = what_it_says(mrq, _sender(to), raw, (odd,) if odd else ())
        if mrq.is_broken and reading.type in _TAKES_AWAY:
            reading = replace(reading, type=SignalType.UNKNOWN, kind=None)
        if isinstance(to, Bare):
            reading = replace(reading, odd=(*reading.odd, "message: XML without SIP"))
        if mrq.text("ref"):
            reading = _named(reading, mrq.text("ref"), now)
        number, text = StatusNumber.OK, ""
        if mrq.is_broken:
            number, text = StatusNumber.INVALID_FORMAT, "not XML, its tags were picked out"
        elif mrq.missing:
            number, text = StatusNumber.TAG_MISSING, f"missing: {' '.join(mrq.missing)}"
        why = mrq.odd[0] if mrq.is_broken else ""
        return Heard(reading, why, self._owe(_Owed(_ref(mrq), number, text, to)), raw)

    def _not_read(self, why: str, raw: bytes, to: Request | Bare | None = None) -> Heard:
        """May be a call for help (`unreadable` says so); its bytes are kept, then it is told."""
        owed = _Owed("", StatusNumber.INVALID_FORMAT, why[:64], to)
        return Heard(unreadable(why, raw, _sender(to)), why, self._owe(owed), raw)

    def _owe(self, owed: _Owed) -> int:
        if len(self._owed) >= OWED_MAX:
            del self._owed[next(iter(self._owed))]
        self._tickets += 1
        self._owed[self._tickets] = owed
        return self._tickets

    # Answers, receipts

    def _answer(
        self, request: Request, status: int, reason: str, now: datetime, body: bytes = b""
    ) -> None:
        out = encode(Response(status, reason, _answer_headers(request, body, status), body))
        self._remember(request, out, now)
        self._send(out)

    def _remember(self, request: Request, out: bytes, now: datetime) -> None:
        key = _transaction(request)
        self._answered.pop(key, None)
        if len(self._answered) >= TRANSACTIONS_MAX:
            del self._answered[next(iter(self._answered))]
        self._answered[key] = (now, out)

    def _receipt(self, request: Request, mrs: Mrs, ticket: int, now: datetime) -> None:
        message, branch = _receipt(request, encode_mrs(mrs), ticket)
        out = encode(message)
        unreliable = "/UDP" in request.header("via").upper()
        if len(self._pending) >= PENDING_MAX:
            del self._pending[next(iter(self._pending))]
        ends_at, again_at = now + RECEIPT_GIVEN_UP_AFTER, now + T1 if unreliable else None
        self._pending[branch] = _Pending(out, mrs.ref, ends_at, again_at)
        self._send(out)

    def _confirmed(self, response: Response) -> list[Heard]:
        branch = _branch(response.header("via"))
        pending = self._pending.get(branch)
        if pending is None or response.status < 200:
            return []
        del self._pending[branch]
        if response.status < 300:
            return []
        raw = encode(response)[:RAW_BYTES_MAX]
        return [Heard(error=f"the receipt of {pending.ref} got {response.status}", raw=raw)]

    def _send(self, out: bytes) -> None:
        if out and self._out_bytes + len(out) <= SEND_BYTES_MAX:
            self._out.append(out)
            self._out_bytes += len(out)


def _named(reading: Reading, ref: str, now: datetime) -> Reading:
    """The name of a message; see the head of this module."""
    boot = f"ref-{re.sub(r'[^0-9A-Za-z]', '-', ref)[:32]}"
    return replace(reading, boot=boot, seq=(now - _SINCE) // SAME_REF_FOR)


def _ref(mrq: Mrq) -> str:
    """What the receipt must give back; of a `ref` no unit may send, what can be written."""
    return re.sub(r"[^0-9A-Za-z]", "", mrq.text("ref"))[:16]


def _sender(of: Request | Bare | None) -> str:
    """The user of the From header: who it says it is, where the message names nobody."""
    if not isinstance(of, Request):
        return ""
    found = re.search(r"sips?:([^@;>\s]{1,64})@", of.header("from"))
    return found[1] if found else ""


def _transaction(request: Request) -> bytes:
    """The same request again has the same of all these; the body is there for bad branches."""
    parts = (request.method, *(request.header(name) for name in ("via", "call-id", "cseq", "from")))
    digest = hashlib.blake2b("\n".join(parts).encode("latin-1", "replace"), digest_size=16)
    digest.update(request.body)
    return digest.digest()


def _answer_headers(request: Request, body: bytes, status: int) -> Headers:
    copied = ("via", "from", "to", "call-id", "cseq")
    headers = [one for one in request.headers if one[0] in copied]
    tag = _token("tag", request)
    headers = [
        (name, f"{value};tag={tag}" if name == "to" and ";tag=" not in value.lower() else value)
        for name, value in headers
    ]
    if status == 405 or request.method == "OPTIONS":
        headers.append(("allow", ALLOW))
    if status == 415 or request.method == "OPTIONS":
        headers.append(("accept", CONTENT_TYPE))
    if body:
        headers.append(("content-type", CONTENT_TYPE))
    return tuple(headers)


def _receipt(request: Request, body: bytes, ticket: int) -> tuple[Request, str]:
    """Our own MESSAGE back to the unit, and the branch its answer will carry."""
    contact = _URI.search(request.header("contact")) or _URI.search(request.header("from"))
    target = contact[0] if contact else "sip:unknown@unknown.invalid"
    host = _HOST.match(request.uri)
    here = host[1] if host else "unknown.invalid"
    transport = re.match(r"SIP/2\.0/([A-Za-z]{2,8})", request.header("via"))
    branch = f"z9hG4bK{_token('branch', request, ticket)}"
    to = _URI.search(request.header("to"))
    headers = (
        ("via", f"SIP/2.0/{transport[1] if transport else 'TCP'} {here};branch={branch}"),
        ("max-forwards", "70"),
        ("from", f"<{to[0] if to else target}>;tag={_token('from', request, ticket)}"),
        ("to", f"<{target}>"),
        ("call-id", f"{_token('call', request, ticket)}@{here.partition(':')[0]}"),
        ("cseq", "1 MESSAGE"),
        ("content-type", CONTENT_TYPE),
    )
    return Request("MESSAGE", target, headers, body), branch


def _branch(via: str) -> str:
    found = re.search(r";\s*branch=([^;,\s]{1,128})", via)
    return found[1] if found else ""


def _token(purpose: str, request: Request, ticket: int = 0) -> str:
    """A word nobody else uses: derived, as chance is not ours to take here."""
    parts = purpose.encode() + ticket.to_bytes(8, "big") + _transaction(request)
    return hashlib.blake2b(parts, digest_size=10).hexdigest()
