"""Law 11 at every sending edge."""

from __future__ import annotations

import pytest

from core.errors import ChannelError
from dispatcher.channels.emergency import CODE, refuse_emergency
from dispatcher.channels.sms import SmsChannel
from tests.support.channels import DANE, a_notice, every_channel


@pytest.mark.parametrize("number", ["112", "114", "+45112", "00 45 114", "110", "113", "911"])
async def test_law_11_no_channel_that_leaves_the_site_calls_an_emergency_number(
    number: str,
) -> None:
    outward = [channel for channel in every_channel() if channel.capabilities.leaves_site]
    assert outward
    for channel in outward:
        assert isinstance(channel, SmsChannel), "what hands over at once stays in the house"
        with pytest.raises(ChannelError) as failure:
            await channel.send(a_notice(address=number), DANE, "")
        assert (failure.value.temporary, failure.value.code) == (False, CODE)


def test_a_colleagues_number_passes() -> None:
    refuse_emergency("+4520111111", "DK")
