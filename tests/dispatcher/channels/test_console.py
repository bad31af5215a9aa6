"""The console channel reaches only somebody who is looking."""

from __future__ import annotations

import pytest

from core.errors import ChannelError
from core.signals import ReceiptState
from dispatcher.channels.console import ConsoleChannel
from tests.support.channels import DANE, a_notice


async def test_a_notice_to_an_open_console_is_sent() -> None:
    sending = ConsoleChannel(lambda person: person == "bo").hand_over(a_notice(), DANE)
    assert sending.state is ReceiptState.SENT


async def test_a_closed_console_is_a_passing_failure() -> None:
    with pytest.raises(ChannelError, match="no console open") as failure:
        ConsoleChannel(lambda person: False).hand_over(a_notice(), DANE)
    assert failure.value.temporary
