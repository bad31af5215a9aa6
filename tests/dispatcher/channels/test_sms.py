"""The SMS channel without a provider: guard, lanes, time limits, and what a refusal means."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from core.errors import ChannelError
from core.signals import AlarmKind, Level, ReceiptState
from dispatcher.channels import sms
from dispatcher.channels.faults import Fault, Meaning, Refused, Troubles
from dispatcher.channels.sms import Outgoing, SmsChannel
from tests.support.channels import BO, DANE, IDA, Heard, a_notice

LINK = "https://alarm.example.dk/n/abc"


@dataclass
class InHand:
    """A carrier that keeps messages; `open` unset: it does not answer until told."""

    took: list[Outgoing] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: Meaning | None = None
    closed: bool = False

    async def send(self, message: Outgoing) -> str:
        self.took.append(message)
        await self.open.wait()
        if self.refusal is not None:
            raise Refused(self.refusal, "21610")
        return f"SM{len(self.took)}"

    async def close(self) -> None:
        self.closed = True


def answering(refusal: Meaning | None = None) -> InHand:
    carrier = InHand(refusal=refusal)
    carrier.open.set()
    return carrier


def channel(
    life_safety: InHand | None = None, technical: InHand | None = None, heard: Heard | None = None
) -> SmsChannel:
    return SmsChannel(
        life_safety or answering(),
        technical or answering(),
        Troubles("sms", heard or Heard()),
        lambda site: "DK",
    )


async def test_a_call_is_handed_over_with_our_id_and_the_providers_reference_comes_back() -> None:
    carrier = answering()
    sending = await channel(carrier).send(a_notice(), DANE, LINK)
    assert (sending.state, sending.provider_ref) == (ReceiptState.SENT, "SM1")
    assert (carrier.took[0].notice, carrier.took[0].number) == ("alarm_1-1", BO)
    assert carrier.took[0].body.endswith(LINK)


@pytest.mark.parametrize("number", ["112", "+45112", "0045 112", "114", "tel:112", "１１２"])
async def test_law_11_an_emergency_number_is_refused_at_the_edge_for_good(number: str) -> None:
    carrier = answering()
    with pytest.raises(ChannelError, match="emergency number") as failure:
        await channel(carrier).send(a_notice(address=number), DANE, LINK)
    assert not failure.value.temporary
    assert carrier.took == []


async def test_a_slow_provider_in_one_lane_does_not_delay_the_other() -> None:
    slow, quick = InHand(), answering()
    both = channel(quick, slow)
    technical = a_notice(kind=AlarmKind.TECHNICAL, level=Level.GREEN)
    waiting = [
        asyncio.create_task(both.send(technical, DANE, ""))
        for _ in range(sms.TECHNICAL_AT_ONCE * 3)
    ]
    async with asyncio.timeout(1):
        await both.send(a_notice(), DANE, LINK)
    assert len(quick.took) == 1
    slow.open.set()
    await asyncio.gather(*waiting)


async def test_green_and_technical_share_a_lane_apart_from_calls() -> None:
    calls, rest = answering(), answering()
    both = channel(calls, rest)
    await both.send(a_notice(level=Level.GREEN), DANE, "")
    await both.send(a_notice(kind=AlarmKind.TECHNICAL), DANE, "")
    await both.send(a_notice(level=Level.YELLOW), DANE, "")
    assert (len(calls.took), len(rest.took)) == (1, 2)


async def test_a_lane_has_no_more_than_its_limit_under_way() -> None:
    slow = InHand()
    waiting = [
        asyncio.create_task(channel_.send(a_notice(), DANE, LINK))
        for channel_ in [channel(slow)]
        for _ in range(sms.LIFE_SAFETY_AT_ONCE + 5)
    ]
    async with asyncio.timeout(5):
        while len(slow.took) < sms.LIFE_SAFETY_AT_ONCE:
            await asyncio.wait(waiting, timeout=0.01)
    assert len(slow.took) == sms.LIFE_SAFETY_AT_ONCE
    slow.open.set()
    await asyncio.gather(*waiting)


async def test_no_answer_in_time_is_a_passing_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "SEND_TIMEOUT_S", 0.05)
    with pytest.raises(ChannelError, match="no answer") as failure:
        await channel(InHand()).send(a_notice(), DANE, LINK)
    assert (failure.value.temporary, failure.value.code) == (True, "timeout")


async def test_an_opt_out_is_permanent_and_one_technical_alarm_until_it_works_again() -> None:
    heard = Heard()
    carrier = answering(Meaning(Fault.OPTED_OUT, "the person has opted out by STOP"))
    both = channel(carrier, heard=heard)
    for _ in range(3):
        with pytest.raises(ChannelError) as failure:
            await both.send(a_notice(), DANE, LINK)
        assert not failure.value.temporary
    assert heard.alarms == ["sms to bo: the person has opted out by STOP"]
    carrier.refusal = None
    await both.send(a_notice(), DANE, LINK)
    carrier.refusal = Meaning(Fault.OPTED_OUT, "the person has opted out by STOP")
    with pytest.raises(ChannelError):
        await both.send(a_notice(), DANE, LINK)
    assert len(heard.alarms) == 2


async def test_a_refused_account_degrades_the_channel_until_a_message_goes_out() -> None:
    heard = Heard()
    carrier = answering(Meaning(Fault.ACCOUNT, "Twilio refuses our account id or token"))
    both = channel(carrier, heard=heard)
    for address in (BO, IDA):
        with pytest.raises(ChannelError) as failure:
            await both.send(a_notice(address=address), DANE, LINK)
        assert not failure.value.temporary
    told = "No sms leaves the house: Twilio refuses our account id or token"
    assert (heard.alarms, heard.problems) == ([told], {"sms": told})
    carrier.refusal = None
    await both.send(a_notice(), DANE, LINK)
    assert heard.problems == {"sms": None}


async def test_a_passing_fault_raises_nobody() -> None:
    heard = Heard()
    with pytest.raises(ChannelError) as failure:
        await channel(answering(Meaning(Fault.PASSING, "busy")), heard=heard).send(
            a_notice(), DANE, LINK
        )
    assert failure.value.temporary
    assert heard.alarms == []
    assert heard.counted == ["sms_passing"]


async def test_closing_closes_both_lanes() -> None:
    calls, rest = answering(), answering()
    await channel(calls, rest).close()
    assert calls.closed
    assert rest.closed
