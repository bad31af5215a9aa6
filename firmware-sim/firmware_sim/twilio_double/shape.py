"""Twilio's shapes: the Message resource, its errors, the webhook parameters, the signature.

Sources: the SDK's own parser (`twilio.rest.api.v2010.account.message.MessageInstance`),
twilio.com/docs/messaging/api/message-resource, twilio.com/docs/messaging/guides/webhook-request,
twilio.com/docs/usage/webhooks/webhooks-security. Written from those, not with the SDK, so that a
test of our channel against this double checks two readings of one description.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from core import ids

API_VERSION = "2010-04-01"
BODY_MOST = 1_600


@dataclass(slots=True)
class Message:
    """One SMS at the provider, either way. `status` moves on; the rest stands."""

    sid: str
    account_sid: str
    sender: str
    to: str
    body: str
    direction: str
    created: datetime
    status: str
    status_callback: str = ""
    messaging_service: str = ""
    validity_s: int | None = None
    error_code: int | None = None
    sent: datetime | None = None
    statuses: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The resource as the API returns it; every number but `error_code` is a string."""
        uri = f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}"
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": format_datetime(self.sent) if self.sent else None,
            "date_updated": format_datetime(self.sent or self.created),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None if self.error_code is None else f"Error {self.error_code}",
            "from": self.sender or None,
            "messaging_service_sid": self.messaging_service or None,
            "num_media": "0",
            "num_segments": "0" if self.messaging_service else "1",
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }

    def callback(self, status: str) -> dict[str, str]:
        """The parameters of one status callback."""
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "From": self.sender,
            "MessageSid": self.sid,
            "MessageStatus": status,
            "SmsSid": self.sid,
            "SmsStatus": status,
            "To": self.to,
        }
        if self.messaging_service:
            fields["MessagingServiceSid"] = self.messaging_service
        if self.error_code is not None and status in ("failed", "undelivered"):
            fields["ErrorCode"] = str(self.error_code)
        if status in ("delivered", "undelivered"):
            fields["RawDlrDoneDate"] = f"{self.created:%y%m%d%H%M}"
        return fields

    def incoming(self) -> dict[str, str]:
        """The parameters of the webhook for a message from a phone."""
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "Body": self.body,
            "From": self.sender,
            "FromCountry": "DK",
            "MessageSid": self.sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": self.sid,
            "SmsSid": self.sid,
            "SmsStatus": "received",
            "To": self.to,
            "ToCountry": "DK",
        }


def error_json(status: int, code: int, message: str) -> dict[str, object]:
    """The body of a refused request."""
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


def signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """`X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted parameters, key then value."""
    signed = url + "".join(key + params[key] for key in sorted(params))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def new_sid(prefix: str) -> str:
    """A new id as Twilio makes them: two letters and 32 hex digits."""
    return prefix + ids.hashed(ids.secret())[:32]
