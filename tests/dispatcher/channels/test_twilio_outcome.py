"""Twilio's words as tables."""

from __future__ import annotations

import pytest

from core.signals import ReceiptState
from dispatcher.channels.faults import Fault
from dispatcher.channels.twilio.outcome import FAILED_STATUSES, STATUSES, meaning, receipt_of


def test_every_status_the_sdk_knows_of_an_outgoing_message_has_a_row() -> None:
    from twilio.rest.api.v2010.account.message import (
        MessageInstance,
    )

    known = {v for k, v in vars(MessageInstance.Status).items() if k.isupper()}
    incoming = {"receiving", "received"}
    assert known - incoming == STATUSES.keys() | set(FAILED_STATUSES)


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        (21610, 400, Fault.OPTED_OUT),
        (21211, 400, Fault.NUMBER),
        (21614, 400, Fault.NUMBER),
        (20003, 401, Fault.ACCOUNT),
        (None, 401, Fault.ACCOUNT),
        (20429, 429, Fault.PASSING),
        (None, 429, Fault.PASSING),
        (20500, 500, Fault.PASSING),
        (None, 503, Fault.PASSING),
        (99999, 400, Fault.OURS),
        (30003, None, Fault.PASSING),
        (None, None, Fault.PASSING),
    ],
)
def test_a_refusal_has_one_fault(code: int | None, status: int | None, fault: Fault) -> None:
    assert meaning(code, status).fault is fault
    assert meaning(code, status).temporary is (fault is Fault.PASSING)


def test_an_undelivered_message_fails_as_its_code_says() -> None:
    told = receipt_of("undelivered", 30005)
    assert told is not None
    assert told[0] is ReceiptState.FAILED_PERMANENT
    told = receipt_of("undelivered", 30003)
    assert told is not None
    assert told[0] is ReceiptState.FAILED_TEMPORARY


def test_a_status_from_the_future_says_nothing() -> None:
    assert receipt_of("teleported", None) is None
