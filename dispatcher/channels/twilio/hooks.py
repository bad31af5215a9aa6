"""What Twilio calls: messages from phones and status callbacks. Knows no web framework.

Both are believed only with Twilio's signature over PUBLIC_URL; anything else is a 403, counted,
and changes nothing (law 6). A receipt is matched by our own notice id, which travels in the
callback's address and so is signed too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from core.signals import ReceiptState
from dispatcher.channels.concerns import Concerns
from dispatcher.channels.desk import ReplyDesk
from dispatcher.channels.faults import Fault, Meaning, Troubles
from dispatcher.channels.inbound import Inbound, owner
from dispatcher.channels.twilio.carrier import Account
from dispatcher.channels.twilio.outcome import receipt_of

OPT_OUT_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
OPT_IN_WORDS = ("START", "UNSTOP")
"""twilio.com/docs/messaging/tutorials/advanced-opt-out. Twilio acts on them and passes them on."""

ANSWERED_MOST = 1_000
"""Messages remembered with their answer: Twilio repeats a webhook it thinks unanswered, also while
the first is still being taken."""

_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_OPTED_OUT = Meaning(Fault.OPTED_OUT, "the person has opted out by STOP")

Answer = tuple[int, str]


class TwilioHooks:
    """Each method takes the path with its query, the form fields and `X-Twilio-Signature`."""

    def __init__(
        self, desk: ReplyDesk, concerns: Concerns, troubles: Troubles, account: Account
    ) -> None:
        from twilio.request_validator import RequestValidator

        self._desk = desk
        self._concerns = concerns
        self._troubles = troubles
        self._account = account
        self._validator = RequestValidator(account.token)
        self._inbound = Inbound(desk, concerns)
        self._answered: dict[str, asyncio.Future[str]] = {}

    async def sms(self, path: str, params: Mapping[str, str], signature: str) -> Answer:
        """A message from a phone; the body is TwiML (`text/xml`)."""
        if not self._signed(path, params, signature):
            return 403, ""
        sid = params.get("MessageSid", "")
        taking = self._answered.get(sid)
        if taking is None:
            taking = asyncio.ensure_future(self._take(params))
            self._remember(sid, taking)
        try:
            # Twilio may have hung up: what it brought is taken all the same, and only once.
            return 200, _twiml(await asyncio.shield(taking))
        except Exception:
            self._answered.pop(sid, None)
            raise

    async def status(self, path: str, params: Mapping[str, str], signature: str) -> Answer:
        """A status callback; always an empty answer."""
        if not self._signed(path, params, signature):
            return 403, ""
        notice = parse_qs(urlsplit(path).query).get("notice", [""])[0]
        status = params.get("MessageStatus", "")
        told = receipt_of(status, _code(params.get("ErrorCode", "")))
        if told is None or not notice:
            self._concerns.noticed("twilio_unread_status", "a status or its notice is not ours")
            return 204, ""
        state, failure = told
        await self._desk.receipt(notice, state, status if failure is None else failure.text)
        if failure is not None:
            self._failed(params.get("To", ""), failure)
        return 204, ""

    async def _take(self, params: Mapping[str, str]) -> str:
        number, text = params.get("From", ""), params.get("Body", "")
        word = text.strip().upper()
        if params.get("OptOutType") == "STOP" or word in OPT_OUT_WORDS:
            await self._opted_out(number)
            return ""
        if params.get("OptOutType") == "START" or word in OPT_IN_WORDS:
            self._troubles.worked(number)
        return await self._inbound.take(number, text)

    async def _opted_out(self, number: str) -> None:
        """Permanent for this number: the next route of whoever was called there is due now."""
        self._failed(number, _OPTED_OUT)
        for notice in await self._desk.standing_notices(number):
            state = ReceiptState.FAILED_PERMANENT
            await self._desk.receipt(notice.id, state, _OPTED_OUT.text)

    def _failed(self, number: str, failure: Meaning) -> None:
        person = owner(self._desk, number)
        self._troubles.refused(number, person.id if person else "an unknown number", failure)

    def _signed(self, path: str, params: Mapping[str, str], signature: str) -> bool:
        url = self._account.public_url.rstrip("/") + path
        try:
            good = bool(self._validator.validate(url, dict(params), signature))
        except ValueError:  # text that is no text (lone surrogates) cannot have been signed
            good = False
        if not good or params.get("AccountSid") != self._account.sid:
            self._concerns.noticed(
                "twilio_bad_signature",
                "a request to a Twilio hook is not signed with our token for PUBLIC_URL: refused",
            )
            return False
        return True

    def _remember(self, sid: str, taking: asyncio.Future[str]) -> None:
        if not sid:
            return
        if len(self._answered) >= ANSWERED_MOST:
            del self._answered[next(iter(self._answered))]
        self._answered[sid] = taking


def _twiml(text: str) -> str:
    if not text:
        return _NOTHING
    said = f"<Response><Message>{escape(text)}</Message></Response>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{said}'


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
