"""Sending through Twilio by the official SDK, on the event loop.

Measured with 32 requests at once against a loopback server, processor time a message: the SDK's own
asynchronous client (aiohttp) 0.6 ms; its synchronous client (requests) in threads 1.9 ms, and a
slow provider would hold a thread for every message; a client of our own over httpx 6.4 ms. So the
SDK's asynchronous client it is (alone, a message takes about 2 ms). Two of its traits are handled
here: it ignores the timeout it is built with (the lane sets one), and it logs in by a form of Basic
authentication that aiohttp is giving up (a credential provider writes the header instead).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from core.errors import ChannelError
from dispatcher.channels.faults import Refused
from dispatcher.channels.sms import Outgoing
from dispatcher.channels.twilio.outcome import meaning

STATUS_PATH = "/hooks/twilio/status"
SMS_PATH = "/hooks/twilio/sms"
VALIDITY_MOST_S = 36_000  # Twilio's limit: 10 hours, error 90007 beyond


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach a Twilio account. `sender`: a number, or a messaging service (`MG…`).

    `base_url` empty: Twilio's own. `public_url`: where Twilio reaches us, without a path.
    """

    sid: str
    token: str = field(repr=False)
    sender: str
    public_url: str
    base_url: str = ""


class TwilioCarrier:
    """One lane's own client and connections. Build it on the running loop, at start: importing

    the SDK and its message resource takes half a second, which no call may wait for.
    """

    def __init__(self, account: Account) -> None:
        import aiohttp
        from twilio.base.exceptions import TwilioException
        from twilio.http.async_http_client import (
            AsyncTwilioHttpClient,
        )

        self._account = account
        self._fails = TwilioException
        self._unreachable = (aiohttp.ClientError, OSError)
        self._http = AsyncTwilioHttpClient()
        self._messages = _client(account, self._http).messages
        by = "messaging_service_sid" if account.sender.startswith("MG") else "from_"
        self._from = {by: account.sender}

    async def send(self, message: Outgoing) -> str:
        """Raises Refused with what Twilio's answer means; ChannelError when nobody answers."""
        try:
            taken = await self._messages.create_async(
                to=message.number,
                body=message.body,
                validity_period=min(int(message.valid.total_seconds()), VALIDITY_MOST_S),
                **self._from,
                **self._callback(message.notice),
            )
        except self._fails as error:
            raise _refused(error) from error
        except self._unreachable as error:
            raise _not_answered("cannot be reached", "unreachable", error) from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # The SDK trusts a 2xx to be a message; a proxy's page in its place ends up here.
            raise _not_answered("answers with something else", "unreadable", error) from error
        return str(taken.sid or "")

    async def close(self) -> None:
        await self._http.close()

    def _callback(self, notice: str) -> dict[str, str]:
        """Where receipts go. Without PUBLIC_URL a call still leaves; nobody hears of its fate."""
        base = self._account.public_url.rstrip("/")
        return {"status_callback": f"{base}{STATUS_PATH}?notice={quote(notice)}"} if base else {}


def _refused(error: Exception) -> Refused:
    status, code = getattr(error, "status", None), getattr(error, "code", None)
    return Refused(meaning(code, status), str(code or status or "unreadable"))


def _not_answered(what: str, code: str, error: Exception) -> ChannelError:
    """The kind of error only: its text may quote the address with the account in it."""
    text = f"Twilio {what} ({type(error).__name__}); the next route is taken."
    return ChannelError(text, temporary=True, code=code)


class _BasicHeader:
    """Credentials as the SDK asks for them: a provider that is its own strategy."""

    def __init__(self, account: Account) -> None:
        pair = f"{account.sid}:{account.token}".encode()
        self._header = f"Basic {base64.b64encode(pair).decode()}"

    def to_auth_strategy(self) -> _BasicHeader:
        return self

    def get_auth_string(self) -> str:
        return self._header


def _client(account: Account, http: Any) -> Any:
    from twilio.rest import Client

    credentials = _BasicHeader(account)
    client = Client(account.sid, account.token, http_client=http, credential_provider=credentials)
    if account.base_url:
        client.api.base_url = account.base_url.rstrip("/")
    return client
