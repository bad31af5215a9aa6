"""An ESPA-X client: a call system that logs in, keeps its heart beating, and starts pages.

A page is started again, with the reference it had, until the server has answered 200 or 450.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.errors import PeerError
from devices.callsystems.espax.codec import Framer, Message, encode, parse
from devices.callsystems.espax.meanings import Code, Request
from firmware_sim.speakers.ports import Call, Calls, first

AGAIN_AFTER = timedelta(seconds=4)
"""Requests of real clients time out after 10 s; a drill has less time."""

TAKEN = (Code.OK, Code.DUPLICATE)


class CallServer:
    """One client. `user`, `password`: what the technician set on both sides."""

    def __init__(
        self,
        beat_every: timedelta,
        user: str = "",
        password: str = "",
        again_after: timedelta = AGAIN_AFTER,
    ) -> None:
        self.calls = Calls(again_after)
        self._login = {"LI-USER": user or "drill", "LI-PASSWORD": password or "drill"}
        self._beat_every = beat_every
        self._again_after = again_after
        self._framer = Framer()
        self._is_connected = False
        self._session_id = ""
        self._invoke = 0
        self._page = 0
        self._login_until: datetime | None = None
        self._beat_at: datetime | None = None
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        if not self._is_connected:
            return None
        if not self._session_id:
            return self._login_until
        return first(self.calls.again_at, self._beat_at)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._is_connected = True
        self._log_in(now, wall)

    def lost(self, now: datetime) -> None:
        self._is_connected = False
        self._session_id = ""
        self.calls.again()

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        for frame in self._framer.feed(data):
            try:
                message = parse(frame.xml)
            except PeerError:
                continue  # whatever it was, it is no answer
            self._answered(message, now)
        self.wake(now, wall)

    def wake(self, now: datetime, wall: datetime) -> None:
        if not self._is_connected:
            return
        if not self._session_id:
            if self._login_until is not None and now >= self._login_until:
                self._log_in(now, wall)
            return
        call = self.calls.due(now)
        if call is not None:
            self._start(call, wall)
        if self._beat_at is not None and now >= self._beat_at:
            self._beat_at = now + self._beat_every
            self._ask(Request.HEARTBEAT, {}, wall)

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire

    def _log_in(self, now: datetime, wall: datetime) -> None:
        self._framer = Framer()
        self._login_until = now + self._again_after
        self._ask(Request.LOGIN, {"LI-CLIENT": "Drill", "LI-CLIENTSW": "1.0", **self._login}, wall)

    def _start(self, call: Call, wall: datetime) -> None:
        fields = {
            "CP-PR-REF": f"drill-{call.number}",
            "CP-GROUPID": "1",
            "CP-CALLINGNO": call.who,
            "CP-TEXTMSG": f"Kald {call.who}",
            "CP-PRIO": "Emergency",
        }
        self._page = self._ask(Request.START, fields, wall)

    def _answered(self, message: Message, now: datetime) -> None:
        code = message.get("RSP-CODE")
        if message.name == "RSP.LOGIN" and code == str(Code.OK.value):
            self._session_id = message.attributes.get("sessionID", "")
            self._beat_at = now + self._beat_every
        elif message.name == "RSP.P-START" and message.invoke_id == str(self._page):
            if self.calls.under_way is not None and code in [str(one.value) for one in TAKEN]:
                self.calls.took()

    def _ask(self, name: str, fields: Mapping[str, str], wall: datetime) -> int:
        self._invoke += 1
        attributes = {"invokeID": str(self._invoke)}
        if self._session_id:
            attributes["sessionID"] = self._session_id
        message = Message(name, attributes, fields)
        self._wire.append(encode(message, self._invoke, f"{wall:%Y-%m-%dT%H:%M:%S}"))
        return self._invoke
