"""Law 11 at every sending edge."""

from __future__ import annotations

import pytest

from core.clock import VirtualClock
from core.errors import ChannelError
from dispatcher.channels.console import ConsoleChannel
from dispatcher.channels.emergency import CODE, refuse_emergency
from dispatcher.channels.faults import Troubles
from dispatcher.channels.ports import Channel
from dispatcher.channels.sms import Outgoing, SmsChannel
from dispatcher.channels.wearable import WearableChannel
from tests.support.channels import DANE, NOW, Heard, a_notice


class Sieve:
    """A carrier that must never be reached."""

    async def send(self, message: Outgoing) -> str:
        raise AssertionError(f"{message.number} left the house")

    async def close(self) -> None:
        pass


def every_channel() -> list[Channel]:
    clock = VirtualClock(NOW)
    return [
        SmsChannel(Sieve(), Sieve(), Troubles("sms", Heard()), lambda site: "DK"),
        WearableChannel(lambda *told: True, lambda notice, state: None, clock),
        ConsoleChannel(lambda person: True),
    ]


@pytest.mark.parametrize("number", ["112", "114", "+45112", "00 45 114", "110", "113", "911"])
async def test_law_11_no_channel_that_leaves_the_site_calls_an_emergency_number(
    number: str,
) -> None:
    outward = [channel for channel in every_channel() if channel.capabilities.leaves_site]
    assert outward
    for channel in outward:
        with pytest.raises(ChannelError) as failure:
            await channel.send(a_notice(address=number), DANE, "")
        assert (failure.value.temporary, failure.value.code) == (False, CODE)


def test_a_colleagues_number_passes() -> None:
    refuse_emergency("+4520111111", "DK")
