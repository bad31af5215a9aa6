from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signals import Level
from devices.buttons.native import messages
from devices.buttons.native.fields import boot, boot_as_said
from devices.buttons.native.messages import Head, Page, StandDownReason

NOW = datetime(2026, 11, 21, 20, 0, 0, 250_000, timezone(timedelta(hours=1)))
HEAD = Head("m_1", NOW, "a_1", 3)
EVERY = {"id": "m_1", "at": "2026-11-21T19:00:00.250Z", "alarm": "a_1", "rev": 3}
CALL = Page("n_1", "LEJL 12 HUS 2\nOVERFALD Anna", Level.RED, "house-2", True, NOW)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (messages.received(HEAD, "7", 412), {"type": "received", "boot": 7, "seq": 412}),
        (
            messages.accepted(HEAD, "Bo", 34.6, 2),
            {"type": "accepted", "by": "Bo", "eta_s": 35, "count": 2},
        ),
        (messages.arrived(HEAD), {"type": "arrived"}),
        (messages.nobody_yet(HEAD), {"type": "nobody_yet"}),
        (messages.closed(HEAD), {"type": "closed"}),
        (messages.test_ok(HEAD, None, None), {"type": "test_ok", "boot": None, "seq": None}),
        (
            messages.page(HEAD, CALL),
            {
                "type": "page",
                "notice": "n_1",
                "text": "LEJL 12 HUS 2\nOVERFALD Anna",
                "level": "red",
                "zone": "house-2",
                "quiet": True,
                "expires": "2026-11-21T19:00:00.250Z",
            },
        ),
        (
            messages.stand_down(HEAD, "n_1", StandDownReason.ENOUGH),
            {"type": "stand_down", "notice": "n_1", "reason": "enough"},
        ),
    ],
)
def test_every_message_has_exactly_the_fields_of_the_contract(
    sent: bytes, said: dict[str, object]
) -> None:
    assert json.loads(sent) == EVERY | said


def test_a_message_about_no_alarm_names_none() -> None:
    said = json.loads(messages.test_ok(Head("m_1", NOW.astimezone(UTC)), "x", 1))
    assert (said["alarm"], said["rev"]) == (None, 0)


@given(st.one_of(st.integers(0, 2**64), st.from_regex(r"[a-zA-Z0-9_.\"-]{1,40}", fullmatch=True)))
def test_a_boot_comes_back_exactly_as_the_device_said_it(said: int | str) -> None:
    odd: list[str] = []
    assert boot_as_said(boot("boot", said, odd)) == said
    assert not odd
