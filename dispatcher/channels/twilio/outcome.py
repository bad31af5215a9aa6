"""What Twilio's words mean for a notice, as literal tables.

Sources: message statuses from the SDK (`twilio.rest.api.v2010.account.message`, class `Status`)
and twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks; error codes from
twilio.com/docs/api/errors/<code>, one page each, read 2026-11.
"""

from __future__ import annotations

from core.signals import ReceiptState
from dispatcher.channels.faults import Fault, Meaning

STATUSES: dict[str, ReceiptState] = {
    # Twilio has it: handed over, which is all that our `sent` says.
    "accepted": ReceiptState.SENT,  # a messaging service will choose the sender
    "scheduled": ReceiptState.SENT,
    "queued": ReceiptState.SENT,
    "sending": ReceiptState.SENT,
    "sent": ReceiptState.SENT,  # the nearest upstream carrier has it
    "partially_delivered": ReceiptState.SENT,  # some of several recipients; we send to one
    "delivered": ReceiptState.DELIVERED,  # the carrier, where it can the phone, confirms
    "read": ReceiptState.READ,  # RCS and WhatsApp only
    "canceled": ReceiptState.WITHDRAWN,
}
"""`failed` and `undelivered` stand in no row: there the error code decides, by `meaning`."""

FAILED_STATUSES = ("failed", "undelivered")

ERRORS: dict[int, Meaning] = {
    # The account: nothing leaves until a person has put it right.
    20003: Meaning(Fault.ACCOUNT, "Twilio refuses our account id or token"),  # errors/20003
    20005: Meaning(Fault.ACCOUNT, "the Twilio account is not active"),  # errors/20005
    10001: Meaning(Fault.ACCOUNT, "the Twilio account is not active"),  # errors/10001
    30002: Meaning(Fault.ACCOUNT, "the Twilio account is suspended"),  # errors/30002
    21212: Meaning(Fault.ACCOUNT, "the sender number is not valid"),  # errors/21212
    21601: Meaning(Fault.ACCOUNT, "the sender number cannot send SMS"),  # errors/21601
    21603: Meaning(Fault.ACCOUNT, "no sender number is set"),  # errors/21603
    21606: Meaning(Fault.ACCOUNT, "the sender number is not ours or cannot send"),  # errors/21606
    21659: Meaning(Fault.ACCOUNT, "the sender number is not a Twilio number"),  # errors/21659
    21608: Meaning(Fault.ACCOUNT, "a trial account sends to verified numbers only"),  # errors/21608
    # The person wrote STOP.
    21610: Meaning(Fault.OPTED_OUT, "the person has opted out by STOP"),  # errors/21610
    # This number.
    21211: Meaning(Fault.NUMBER, "the number is not valid"),  # errors/21211
    21265: Meaning(Fault.NUMBER, "the number is a short code"),  # errors/21265
    21266: Meaning(Fault.NUMBER, "the number is our own sender"),  # errors/21266
    21408: Meaning(Fault.NUMBER, "SMS to this country is switched off"),  # errors/21408
    21604: Meaning(Fault.NUMBER, "the number is missing"),  # errors/21604
    21612: Meaning(Fault.NUMBER, "the number cannot be reached from our sender"),  # errors/21612
    21614: Meaning(Fault.NUMBER, "the number is not a mobile"),  # errors/21614
    21635: Meaning(Fault.NUMBER, "the number is a landline"),  # errors/21635
    30004: Meaning(Fault.NUMBER, "the number blocks our messages"),  # errors/30004
    30005: Meaning(Fault.NUMBER, "the number is unknown or no longer in use"),  # errors/30005
    30006: Meaning(Fault.NUMBER, "the number is a landline"),  # errors/30006
    # The message.
    21602: Meaning(Fault.OURS, "the message has no text"),  # errors/21602
    21609: Meaning(Fault.OURS, "PUBLIC_URL makes no valid callback address"),  # errors/21609
    21617: Meaning(Fault.OURS, "the message is longer than 1,600 characters"),  # errors/21617
    90007: Meaning(Fault.OURS, "the validity period is out of range"),  # errors/90007
    # Passing.
    20429: Meaning(Fault.PASSING, "Twilio has too many requests from us"),  # errors/20429
    21611: Meaning(Fault.PASSING, "the sender's queue is full"),  # errors/21611
    30001: Meaning(Fault.PASSING, "the sender's queue is full"),  # errors/30001
    30003: Meaning(Fault.PASSING, "the phone is off or out of reach"),  # errors/30003
    30007: Meaning(Fault.PASSING, "the carrier has filtered the message"),  # errors/30007
    30008: Meaning(Fault.PASSING, "the carrier gives no reason"),  # errors/30008
    30022: Meaning(Fault.PASSING, "the carrier's rate limit is reached"),  # errors/30022
    30036: Meaning(Fault.PASSING, "it waited too long at Twilio and was dropped"),  # errors/30036
    30410: Meaning(Fault.PASSING, "the carrier does not answer"),  # errors/30410
}

STATUS_CODES: dict[int, Meaning] = {
    # Where Twilio's answer has no code we know, its HTTP status decides (RFC 9110 section 15).
    401: Meaning(Fault.ACCOUNT, "Twilio refuses our account id or token"),
    403: Meaning(Fault.ACCOUNT, "Twilio forbids the request"),
    404: Meaning(Fault.ACCOUNT, "Twilio does not know the account"),
    408: Meaning(Fault.PASSING, "Twilio timed out"),
    429: Meaning(Fault.PASSING, "Twilio has too many requests from us"),
}


def meaning(code: int | None, status: int | None = None) -> Meaning:
    """What an error code means, else its HTTP status; unknown 4xx are ours, the rest passes."""
    if code is not None and code in ERRORS:
        return ERRORS[code]
    if status is not None and status in STATUS_CODES:
        return STATUS_CODES[status]
    if status is not None and 400 <= status < 500:
        return Meaning(Fault.OURS, f"Twilio refuses the message with {code or status}")
    return Meaning(Fault.PASSING, f"Twilio failed with {code or status or 'no reason'}")


def receipt_of(status: str, code: int | None) -> tuple[ReceiptState, Meaning | None] | None:
    """What a status callback says about a notice; None: a status we do not know."""
    if status in FAILED_STATUSES:
        failure = meaning(code)
        return failure.state, failure
    state = STATUSES.get(status)
    return None if state is None else (state, None)
