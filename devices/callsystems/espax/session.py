"""The server side of one ESPA-X connection: a call system logs in and starts pages.

**Its law: RSP.P-START with 200 is written only by `stored(ticket, True)`;** a page that could not
be kept is answered 503 (the client repeats, or goes to its other server), a copy of one that is
kept 450. What calls help is believed from anyone: a page before the login is handed out
unauthenticated, and answered 407, so that the client logs in and sends it again as the same press.

    REQ.LOGIN ──right──▶ RSP.LOGIN 200 with the sessionID     REQ.HEARTBEAT ──▶ 200
        └──wrong──▶ 401                                       REQ.S-CONDITION ──▶ 200, how we are
    REQ.P-START ──kept──▶ RSP.P-START 200, IND.P-STARTED       REQ.P-GETSTAT ──▶ 200, IND.P-STATUS
    REQ.P-STOP ──kept──▶ RSP.P-STOP 200, IND.P-ENDED           another request ──▶ 501
    no frame ──▶ IND.ERROR 600     no XML ──▶ IND.ERROR 601    no ESPA-X ──▶ IND.ERROR 602

Only a P-STOP of a page we know is a restore, and only from a client that has logged in. A client
that has not logged out and gives no message for `silent_after`, connected or not, is a technical
reading, its return another one; the connection stays, for a press may come on it. Sessions of one
port share `Clients`, and the one that `supervises` tells who is silent: keep one open for the port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import PeerError
from core.signals import Reading, SignalType
from core.values import replace
from devices.callsystems.espax import reading as readings
from devices.callsystems.espax.clients import Clients
from devices.callsystems.espax.codec import Frame, Framer, Message, encode, parse
from devices.callsystems.espax.meanings import CALL_WORDS, REASONS, Code, Request
from devices.callsystems.espax.pages import Page, Pages
from devices.callsystems.espax.reading import shown
from devices.callsystems.espax.settings import PROTOCOL, EspaXListener
from devices.session import Heard

LINE_SILENT, LINE_BACK = "line_silent", "line_back"
"""`Reading.code` of the two technical readings about a client."""

UNDER_WAY_MAX = 64
"""Pages of one connection under way to the store; of more each is handed out and answered 503."""

STALE_AFTER = timedelta(seconds=4)
"""A frame that stops for so long is read as it is; clients wait 10 s for an answer."""

LOGINS_MAX = 5
"""Wrong logins of one connection; after them no password is compared any more."""

INVOKE_MAX, TAN_MAX = 2**32 - 1, 2**64 - 1
"""The numbers a header, and an `SP-PR-TAN`, can hold; a larger one counts as none."""

ACTIVE = "Active"
"""SP-STATUS of every page: it is being called until it is stopped."""


@dataclass(frozen=True, slots=True)
class _Owed:
    """A request whose answer waits for the store."""

    message: Message
    page: Page


class EspaXSession:
    """One connection. `pages` and `clients` are shared by all connections of a listener."""

    def __init__(
        self,
        listener: EspaXListener | None = None,
        pages: Pages | None = None,
        clients: Clients | None = None,
        *,
        supervises: bool = True,
    ) -> None:
        self._listener = listener or EspaXListener()
        self._pages = pages or Pages()
        self._clients = clients or Clients(self._listener.silent_after)
        self._supervises = supervises
        self._framer = Framer()
        self._out: list[bytes] = []
        self._owed: dict[int, _Owed] = {}
        self._ticket = 0
        self._session_id = ""
        self._client = self._listener.identity
        self._authenticated = False
        self._wrong_logins = 0
        self._ahead = timedelta(0)
        self._last: datetime | None = None

    @property
    def wake_at(self) -> datetime | None:
        """When a client may have been silent for too long, or a frame has stopped."""
        silent = self._clients.wake_at if self._supervises else None
        if self._last is None or not self._framer.is_half:
            return silent
        stale = self._last + STALE_AFTER
        return stale if silent is None else min(silent, stale)

    def receive(self, data: bytes, now: datetime, wall: datetime) -> Sequence[Heard]:
        heard = self._stale(now)
        self._ahead = wall - now
        if data:
            self._last = now
        for frame in self._framer.feed(data):
            heard += self._frame(frame, now)
        return heard

    def wake(self, now: datetime) -> Sequence[Heard]:
        late = self._clients.due(now) if self._supervises else ()
        silent = (_of_client(name, LINE_SILENT, "has been silent too long") for name in late)
        return [*self._stale(now), *silent]

    def ended(self, now: datetime) -> Sequence[Heard]:
        return [one for frame in self._framer.give_up() for one in self._frame(frame, now)]

    def stored(self, ticket: int, kept: bool, now: datetime) -> None:
        owed = self._owed.pop(ticket, None)
        if owed is None:
            return
        if owed.message.name == Request.STOP:
            self._answer_stop(owed, kept, now)
        else:
            self._answer_start(owed, kept, now)

    def to_send(self) -> bytes:
        sending = b"".join(self._out)
        self._out.clear()
        return sending

    # What comes

    def _stale(self, now: datetime) -> list[Heard]:
        stopped = self._last is not None and now - self._last >= STALE_AFTER
        return list(self.ended(now)) if stopped else []

    def _frame(self, frame: Frame, now: datetime) -> Sequence[Heard]:
        if frame.fault:
            self._error(Code.INVALID_HEADER, now)
            return (Heard(error=frame.fault, raw=_sparing(frame.xml)),)
        try:
            message = parse(frame.xml)
        except PeerError as error:
            return (self._unreadable(frame, str(error), now),)
        heard = self._present(now)
        said = self._message(message, frame.xml, now)
        if message.name == Request.LOGIN:
            heard += self._present(now)
        return [*heard, said]

    def _present(self, now: datetime) -> list[Heard]:
        """The client of this connection is there."""
        if not self._session_id or not self._clients.heard(self._client, now):
            return []
        return [_of_client(self._client, LINE_BACK, "speaks again")]

    def _unreadable(self, frame: Frame, why: str, now: datetime) -> Heard:
        broken = why.startswith("not well-formed")
        self._error(Code.NOT_WELLFORMED if broken else Code.INVALID_MESSAGE, now)
        raw = _sparing(frame.xml)
        again = self._pages.doubts.again(now, frame.xml)
        said = None
        if again or any(word in frame.xml for word in CALL_WORDS):
            said = readings.in_doubt(raw, why, self._client, self._listener)
        return Heard(said, error=why, raw=raw)

    def _message(self, message: Message, xml: bytes, now: datetime) -> Heard:
        raw = xml[: readings.RAW_BYTES_MAX]
        if not message.name.startswith("REQ."):
            return Heard(error=f"no request ({shown(message.name)})", raw=raw)
        if message.name == Request.LOGIN:
            return self._login(message, now)
        if message.name == Request.START:
            return self._start(message, raw, now)
        if not self._session_id:
            self._answer(message, Code.AUTHENTICATION_REQUIRED, now)
            return self._request_in_doubt(message, raw, "a request before the login")
        match message.name:
            case Request.LOGOUT:
                self._answer(message, Code.OK, now, {"RSP-INFO": "Goodbye"})
                self._clients.left(self._client)
                self._session_id, self._authenticated = "", False
                return Heard(raw=raw)
            case Request.HEARTBEAT:
                self._answer(message, Code.OK, now)
                return Heard(self._beat(raw), raw=raw)
            case Request.CONDITION:
                health = "OK" if self._pages.storing else "Problem detected"
                condition = {"S-HEALTH": health, "S-HOTSTBY": "false", "S-LOAD": "Normal"}
                self._answer(message, Code.OK, now, condition)
                return Heard(raw=raw)
            case Request.STOP:
                return self._stop(message, raw, now)
            case Request.GETSTAT:
                return self._getstat(message, raw, now)
            case _:
                self._answer(message, Code.NOT_IMPLEMENTED, now)
                return self._request_in_doubt(message, raw, f"{shown(message.name)} is not known")

    def _login(self, message: Message, now: datetime) -> Heard:
        user = message.get("LI-USER")
        check = self._listener.login
        tries = self._wrong_logins < LOGINS_MAX
        right = check is None or (tries and check(user, message.get("LI-PASSWORD")))
        # The password stands in the XML, so nothing of it is kept.
        if not right:
            self._wrong_logins += 1
            self._answer(message, Code.UNAUTHORIZED, now, self._server())
            return Heard(error=f"a wrong login ({shown(user)})")
        self._authenticated = check is not None
        self._session_id = f"{now + self._ahead:%Y%m%d%H%M%S%f}-{self._pages.number(now) % 1000}"
        client = shown(user or message.get("LI-CLIENT"))
        self._client = self._listener.named(client) if client else self._listener.identity
        self._answer(message, Code.OK, now, {**self._server(), "RSP-INFO": "Welcome"})
        return Heard(self._beat(b""))

    def _start(self, message: Message, raw: bytes, now: datetime) -> Heard:
        said = readings.page(message, raw, self._client, self._listener)
        said = replace(said, authenticated=self._authenticated)
        page = self._pages.started(shown(message.get("CP-PR-REF")), said, now)
        said = replace(said, seq=page.reading.seq, boot=page.reading.boot)
        if not self._session_id:
            self._answer(message, Code.AUTHENTICATION_REQUIRED, now, _process(page))
            return Heard(said, error="a page before the login", raw=raw)
        if len(self._owed) >= UNDER_WAY_MAX:
            self._answer(message, Code.SERVICE_UNAVAILABLE, now, _process(page))
            return Heard(said, error="too many pages at once", raw=raw)
        return Heard(said, ticket=self._owe(_Owed(message, page)), raw=raw)

    def _stop(self, message: Message, raw: bytes, now: datetime) -> Heard:
        page = self._named(message)
        mask = message.get("CP-PR-MASK").split() or [ACTIVE]
        if page is None or not {ACTIVE, "All"} & set(mask) or len(self._owed) >= UNDER_WAY_MAX:
            self._answer(message, Code.GONE, now)
            return Heard(error="a stop of no page we know", raw=raw)
        said = Reading(
            PROTOCOL,
            page.reading.device,
            SignalType.RESTORE,
            seq=self._pages.number(now),
            boot=page.reading.boot,
            cancels=page.message,
            authenticated=self._authenticated,
            raw=raw,
        )
        return Heard(said, ticket=self._owe(_Owed(message, page)), raw=raw)

    def _getstat(self, message: Message, raw: bytes, now: datetime) -> Heard:
        page = self._named(message)
        if page is None:
            self._answer(message, Code.GONE, now)
            return Heard(raw=raw)
        self._answer(message, Code.OK, now)
        status = {"SP-STATUS": ACTIVE, "SP-GETSTAT": "true"}
        self._send("IND.P-STATUS", {}, {**_process(page), **status}, now)
        return Heard(raw=raw)

    def _request_in_doubt(self, message: Message, raw: bytes, why: str) -> Heard:
        known = message.name in tuple(Request)
        said = None
        if not known:
            said = readings.unknown_request(message, raw, self._client, self._listener)
        return Heard(said, error=why, raw=raw)

    def _named(self, message: Message) -> Page | None:
        tan = _number(message.get("SP-PR-TAN"), TAN_MAX)
        return self._pages.find(shown(message.get("CP-PR-REF")), tan)

    # What goes out

    def _answer_start(self, owed: _Owed, kept: bool, now: datetime) -> None:
        again = owed.page.kept
        self._pages.stored(owed.page, kept, now)
        fields = _process(owed.page)
        if not kept:
            self._answer(owed.message, Code.SERVICE_UNAVAILABLE, now, fields)
        elif again:
            self._answer(owed.message, Code.DUPLICATE, now, fields)
        else:
            self._answer(owed.message, Code.OK, now, fields)
            called = {name: owed.message.get(name) for name in readings.CALLED}
            self._send("IND.P-STARTED", {}, {**fields, **called, "SP-STATUS": ACTIVE}, now)

    def _answer_stop(self, owed: _Owed, kept: bool, now: datetime) -> None:
        if not kept:
            self._answer(owed.message, Code.SERVICE_UNAVAILABLE, now)
            return
        self._pages.stopped(owed.page)
        self._answer(owed.message, Code.OK, now)
        self._send("IND.P-ENDED", {}, {**_process(owed.page), "SP-ENDREASON": "Client"}, now)

    def _answer(
        self, message: Message, code: Code, now: datetime, fields: Mapping[str, str] | None = None
    ) -> None:
        name = "RSP." + message.name.removeprefix("REQ.")
        said = {"RSP-CODE": str(code.value), "RSP-REASON": REASONS[code], **(fields or {})}
        self._send(name, {"invokeID": message.invoke_id}, said, now)

    def _error(self, code: Code, now: datetime) -> None:
        said = {"RSP-CODE": str(code.value), "RSP-REASON": REASONS[code]}
        self._send("IND.ERROR", {}, {"LI-SERVER": self._listener.server, **said}, now)

    def _send(
        self, name: str, attributes: Mapping[str, str], fields: Mapping[str, str], now: datetime
    ) -> None:
        """Empty attributes and fields are left out: the schema allows no empty value."""
        there = {**attributes, "sessionID": self._session_id}
        message = Message(
            name,
            {key: value for key, value in there.items() if value},
            {key: value for key, value in fields.items() if value},
        )
        invoke = attributes.get("invokeID", "")
        stamp = (now + self._ahead).astimezone(UTC)
        self._out.append(
            encode(message, _number(invoke, INVOKE_MAX), f"{stamp:%Y-%m-%dT%H:%M:%SZ}")
        )

    def _owe(self, owed: _Owed) -> int:
        self._ticket += 1
        self._owed[self._ticket] = owed
        return self._ticket

    def _server(self) -> Mapping[str, str]:
        return {"LI-SERVER": self._listener.server, "LI-SERVERSW": self._listener.software}

    def _beat(self, raw: bytes) -> Reading:
        return Reading(
            PROTOCOL,
            self._client,
            SignalType.HEARTBEAT,
            authenticated=self._authenticated,
            raw=raw,
        )


def _of_client(name: str, code: str, what: str) -> Heard:
    return Heard(Reading(PROTOCOL, name, SignalType.TECHNICAL, text=f"{name} {what}", code=code))


def _number(digits: str, most: int) -> int:
    whole = digits.isascii() and digits.isdigit() and len(digits) <= len(str(most))
    return number if whole and (number := int(digits)) <= most else 0


def _sparing(raw: bytes) -> bytes:
    """What may be kept of bytes nobody could read: never a password."""
    return b"" if b"PASSWORD" in raw else raw[: readings.RAW_BYTES_MAX]


def _process(page: Page) -> Mapping[str, str]:
    return {"CP-PR-REF": page.ref, "SP-PR-TAN": str(page.tan)}
