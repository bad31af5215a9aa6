"""The double itself: a real HTTP server on loopback that answers, signs and calls back as Twilio.

Runs in the event loop of whoever starts it, or as its own process
(`python -m firmware_sim.twilio_double --port 0`). Closing it fails loudly when a phone got a
message nobody expected, or the service answered a webhook with anything but a 2xx and TwiML.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self
from xml.etree import ElementTree

import httpx
import uvicorn

from core import clock
from firmware_sim.twilio_double.api import app_of
from firmware_sim.twilio_double.faults import Faults, Refusal
from firmware_sim.twilio_double.phones import Phone, Unexpected
from firmware_sim.twilio_double.shape import BODY_MOST, Message, new_sid, signature

NUMBER = "+4552510100"
WEBHOOK_WAIT_S = 15.0
"""Twilio waits 15 s for a webhook's answer (error 11200)."""

OPT_OUT_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
OPT_IN_WORDS = ("START", "YES", "UNSTOP")
"""twilio.com/docs/messaging/tutorials/advanced-opt-out: Twilio acts on them and forwards them."""

_E164 = re.compile(r"\+[1-9]\d{7,14}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")


class TwilioDouble:
    """`async with TwilioDouble() as twilio:` and point the service at `twilio.url`.

    `sms_url` is where messages from phones go (the number's webhook in Twilio's console).
    `reached` maps the public name the service signs with to where it really listens:
    `("https://alarm.example", "http://127.0.0.1:4321")`. `strict` off: closing never raises.
    """

    def __init__(
        self,
        *,
        number: str = NUMBER,
        port: int = 0,
        sms_url: str = "",
        reached: tuple[str, str] | None = None,
        steps: tuple[str, ...] = ("queued", "sent"),
        strict: bool = True,
    ) -> None:
        self.account_sid = new_sid("AC")
        self.auth_token = new_sid("")
        self.number = number
        self.sms_url = sms_url
        self.reached = reached
        self.steps = steps
        self.strict = strict
        self.faults = Faults()
        self.url = ""
        self.messages: dict[str, Message] = {}
        self.complaints: list[str] = []
        self._phones: dict[str, Phone] = {}
        self._port = port
        self._clock = clock.ServiceClock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: _Server | None = None
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        await self.stop()
        if self.strict and kind is None:
            self.expect_nothing()

    async def start(self) -> None:
        """Listen on loopback; `url` is the base URL for the service from here on."""
        listening = _listening(self._port)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._client = httpx.AsyncClient(timeout=WEBHOOK_WAIT_S, trust_env=False)
        config = uvicorn.Config(app_of(self), log_config=None, lifespan="off", ws="none")
        self._server = _Server(config)
        self._keep(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Finish the callbacks under way, then stop listening."""
        assert self._server is not None
        assert self._client is not None
        await self.settled()
        self._server.should_exit = True
        await asyncio.gather(*self._tasks)
        await self._client.aclose()

    async def settled(self) -> None:
        """Wait until every callback under way has been answered."""
        while callbacks := [t for t in self._tasks if t.get_name() == "callbacks"]:
            await asyncio.gather(*callbacks)

    def phone(self, number: str) -> Phone:
        """The phone with this number; it is there from the first time anybody names it."""
        return self._phones.setdefault(number, Phone(number, self._from_phone, self._open))

    def expect_nothing(self) -> None:
        """Raise Unexpected for a message nobody expected, or a webhook answered wrongly."""
        for phone in self._phones.values():
            phone.expect_nothing()
        if self.complaints:
            raise Unexpected("; ".join(self.complaints))

    async def create(self, account: str, form: dict[str, str]) -> Message | Refusal:
        """`POST Messages.json`: take the message and begin its callbacks, or refuse it."""
        refusal = self.faults.refuse or self._wrong(form)
        if refusal is not None:
            return refusal
        service = form.get("MessagingServiceSid", "")
        message = Message(
            sid=new_sid("SM"),
            account_sid=account,
            sender=form.get("From") or self.number,
            to=form["To"],
            body=form["Body"],
            direction="outbound-api",
            created=self._clock.wall(),
            status="accepted" if service else "queued",
            status_callback=form.get("StatusCallback", ""),
            messaging_service=service,
            validity_s=int(form["ValidityPeriod"]) if "ValidityPeriod" in form else None,
        )
        self.messages[message.sid] = message
        self._keep(self._carry(message), name="callbacks")
        if self.faults.answer_delay_s:
            await clock.sleep(self.faults.answer_delay_s)
        return message

    def _wrong(self, form: dict[str, str]) -> Refusal | None:
        to, body = form.get("To", ""), form.get("Body", "")
        sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
        validity = form.get("ValidityPeriod", "1")
        callback = form.get("StatusCallback", "")
        phone = self.phone(to) if _E164.fullmatch(to) else None
        checks = (
            (not to, 21604, "A 'To' phone number is required."),
            (not sender and not service, 21603, "A 'From' phone number is required."),
            (not body, 21602, "Message body is required."),
            (len(body) > BODY_MOST, 21617, "The concatenated message body exceeds the limit."),
            (phone is None, 21211, f"Invalid 'To' Phone Number: {to}"),
            (to == sender, 21266, "'To' and 'From' number cannot be the same"),
            (sender not in ("", self.number), 21606, f"The 'From' number {sender} is not valid."),
            (callback and not _URL.fullmatch(callback), 21609, "Invalid 'StatusCallback'."),
            (not _validity(validity), 90007, "Invalid validity period value"),
            (phone and phone.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
        )
        for wrong, code, text in checks:
            if wrong:
                return Refusal(400, code, text)
        return phone.refuse if phone else None

    async def _carry(self, message: Message) -> None:
        """The network: deliver to the phone, then call back as the faults allow."""
        phone = self.phone(message.to)
        if phone.final != "delivered":
            message.error_code = phone.error_code
        else:
            phone.received(message)
        message.sent = self._clock.wall()
        statuses = [*self.steps, phone.final]
        for status in reversed(statuses) if self.faults.callbacks_reversed else statuses:
            message.status = status
            message.statuses.append(status)
            if message.status_callback and not self.faults.loses(status):
                for _ in range(self.faults.callback_copies):
                    await self._call_back(message, status)
        message.status = statuses[-1]

    async def _call_back(self, message: Message, status: str) -> None:
        if self.faults.callback_delay_s:
            await clock.sleep(self.faults.callback_delay_s)
        await self._post(message.status_callback, message.callback(status))

    async def _from_phone(self, phone: Phone, text: str) -> list[str]:
        """A phone sends: Twilio's own words first, then the service's webhook, then its TwiML."""
        word = text.strip().upper()
        was_out = phone.opted_out
        if word in OPT_OUT_WORDS:
            phone.opted_out = True
        elif word in OPT_IN_WORDS and was_out:
            phone.opted_out = False
        incoming = Message(
            sid=new_sid("SM"),
            account_sid=self.account_sid,
            sender=phone.number,
            to=self.number,
            body=text,
            direction="inbound",
            created=self._clock.wall(),
            status="received",
        )
        self.messages[incoming.sid] = incoming
        answer = await self._post(self.sms_url, incoming.incoming())
        replies = [] if answer is None else self._twiml(answer)
        if phone.opted_out:
            return []  # 21610: Twilio drops the reply
        return [self._reply(phone, body) for body in replies]

    def _reply(self, phone: Phone, body: str) -> str:
        message = Message(
            sid=new_sid("SM"),
            account_sid=self.account_sid,
            sender=self.number,
            to=phone.number,
            body=body,
            direction="outbound-reply",
            created=self._clock.wall(),
            status="delivered",
        )
        self.messages[message.sid] = message
        phone.received(message, seen=True)
        return body

    def _twiml(self, answer: httpx.Response) -> list[str]:
        kind = answer.headers.get("content-type", "").split(";")[0]
        if kind not in ("text/xml", "application/xml"):
            self.complaints.append(f"12300: the webhook answered {kind or 'no content type'}")
            return []
        try:
            root = ElementTree.fromstring(answer.content)
        except ElementTree.ParseError as error:
            self.complaints.append(f"12100: the webhook's TwiML is broken: {error}")
            return []
        if root.tag != "Response":
            self.complaints.append(f"12102: the webhook's TwiML begins with <{root.tag}>")
            return []
        return ["".join(message.itertext()) for message in root.findall("Message")]

    async def _post(self, url: str, params: dict[str, str]) -> httpx.Response | None:
        assert self._client is not None
        signed = {
            "X-Twilio-Signature": signature(self.auth_token, url, params),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": new_sid(""),
        }
        where = url.replace(*self.reached, 1) if self.reached else url
        try:
            answer = await self._client.post(where, data=params, headers=signed)
        except httpx.HTTPError as error:
            self.complaints.append(f"11200: {where} did not answer: {error!r}")
            return None
        if not answer.is_success:
            self.complaints.append(f"11200: {where} answered {answer.status_code}")
            return None
        return answer

    async def _open(self, url: str) -> httpx.Response:
        assert self._client is not None
        return await self._client.get(url.replace(*self.reached, 1) if self.reached else url)

    def _keep(self, work: object, name: str = "server") -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Server(uvicorn.Server):
    """Leaves the signals of the process to whoever owns it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(port: int) -> socket.socket:
    """A loopback socket that names its protocol: else asyncio leaves Nagle on (40 ms an answer)."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen()
    return bound


def _validity(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 36_000
