"""The official SDK, our hooks and a double of Twilio over real loopback HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from core.clock import monotonic_s
from core.errors import ChannelError
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState
from core.values import replace
from dispatcher.channels import sms
from dispatcher.channels.faults import Troubles
from dispatcher.channels.sms import SmsChannel
from dispatcher.channels.twilio.carrier import SMS_PATH, Account, TwilioCarrier
from dispatcher.channels.twilio.hooks import TwilioHooks
from firmware_sim.twilio_double import Faults, Refusal, TwilioDouble
from firmware_sim.twilio_double.faults import BROKEN, BUSY, LOCKED_OUT
from tests.support.channels import BO, DANE, IDA, Heard, PublicSide, RememberingDesk, a_notice

pytestmark = pytest.mark.shell

LINK = "https://alarm.example.dk/n/0123456789abcdefghijkl"
PROXIED = "https://alarm.example.dk"


@dataclass
class House:
    """Everything between a notice and a phone, and back."""

    twilio: TwilioDouble
    desk: RememberingDesk
    heard: Heard
    sms: SmsChannel

    async def receipt(self) -> tuple[str, ReceiptState]:
        async with asyncio.timeout(5):
            notice, state, _ = await self.desk.receipts.get()
        return notice, state


@asynccontextmanager
async def house(
    *, sender: str = "", token: str = "", proxied: bool = False
) -> AsyncIterator[House]:
    public = PublicSide()
    public_url = PROXIED if proxied else public.url
    reached = (PROXIED, public.url) if proxied else None
    async with TwilioDouble(sms_url=public_url + SMS_PATH, reached=reached) as twilio:
        account = Account(
            twilio.account_sid, twilio.auth_token, sender or twilio.number, public_url, twilio.url
        )
        desk, heard = RememberingDesk(standing=[a_notice()]), Heard()
        troubles = Troubles("sms", heard)
        sending = replace(account, token=token or account.token)
        channel = SmsChannel(
            TwilioCarrier(sending), TwilioCarrier(sending), troubles, lambda site: "DK"
        )
        async with public.serving(TwilioHooks(desk, heard, troubles, account)):
            yield House(twilio, desk, heard, channel)
            await twilio.settled()
        await channel.close()


async def test_a_call_reaches_the_phone_and_its_receipts_come_back_by_our_own_id() -> None:
    async with house() as home:
        sending = await home.sms.send(a_notice(), DANE, LINK)
        message = await home.twilio.phone(BO).expect("LEJL 12 HUS 2", "OVERFALD Anna", LINK)
        assert sending.provider_ref == message.sid
        assert message.validity_s == 1800
        assert [await home.receipt() for _ in range(3)] == [
            ("alarm_1-1", ReceiptState.SENT),
            ("alarm_1-1", ReceiptState.SENT),
            ("alarm_1-1", ReceiptState.DELIVERED),
        ]


async def test_a_reply_accepts_and_the_thanks_come_back_to_the_phone() -> None:
    async with house() as home:
        await home.sms.send(a_notice(), DANE, LINK)
        phone = home.twilio.phone(BO)
        await phone.expect("OVERFALD")
        assert await phone.reply("Ja!") == ["Tak. Anna får besked. Svar 3, når du er der."]
        assert home.desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


async def test_the_signature_is_checked_against_the_public_url_behind_a_proxy() -> None:
    async with house(proxied=True) as home:
        await home.sms.send(a_notice(), DANE, LINK)
        phone = home.twilio.phone(BO)
        await phone.expect("OVERFALD")
        assert await phone.reply("2") == ["Tak. Vi spørger andre."]
        assert (await home.receipt())[1] is ReceiptState.SENT


async def test_a_messaging_service_sends_too() -> None:
    async with house(sender="MG" + "a" * 32) as home:
        await home.sms.send(a_notice(), DANE, LINK)
        message = await home.twilio.phone(BO).expect("OVERFALD")
        assert message.messaging_service == "MG" + "a" * 32


async def test_stop_is_permanent_and_the_next_send_is_refused_by_twilio_itself() -> None:
    async with house() as home:
        phone = home.twilio.phone(BO)
        assert await phone.reply("STOP") == []
        assert home.desk.receipts.get_nowait()[:2] == ("alarm_1-1", ReceiptState.FAILED_PERMANENT)
        with pytest.raises(ChannelError, match="opted out") as failure:
            await home.sms.send(a_notice(), DANE, LINK)
        assert (failure.value.temporary, failure.value.code) == (False, "21610")
        assert home.heard.alarms == ["sms to bo: the person has opted out by STOP"]
        await phone.reply("START")
        await home.sms.send(a_notice(), DANE, LINK)
        await phone.expect("OVERFALD")


@pytest.mark.parametrize(
    ("refusal", "code", "temporary"),
    [
        (BUSY, "20429", True),
        (BROKEN, "20500", True),
        (Refusal(503, 0, "Service Unavailable"), "503", True),
        (LOCKED_OUT, "20003", False),
    ],
)
async def test_a_refusal_is_passing_or_permanent_by_its_code(
    refusal: Refusal, code: str, temporary: bool
) -> None:
    async with house() as home:
        home.twilio.faults = Faults(refuse=refusal)
        with pytest.raises(ChannelError) as failure:
            await home.sms.send(a_notice(), DANE, LINK)
        assert (failure.value.code, failure.value.temporary) == (code, temporary)


async def test_a_wrong_token_degrades_sms_and_says_so_once() -> None:
    async with house(token="wrong") as home:
        for _ in range(2):
            with pytest.raises(ChannelError) as failure:
                await home.sms.send(a_notice(), DANE, LINK)
            assert (failure.value.temporary, failure.value.code) == (False, "20003")
        assert len(home.heard.alarms) == 1
        assert home.heard.problems["sms"] is not None
        assert "wrong" not in str(failure.value)


@pytest.mark.parametrize("number", ["+4512", "20111111", "+45201111111111111"])
async def test_a_number_that_is_none_is_permanent(number: str) -> None:
    async with house() as home:
        with pytest.raises(ChannelError) as failure:
            await home.sms.send(a_notice(address=number), DANE, LINK)
        assert (failure.value.temporary, failure.value.code) == (False, "21211")


async def test_a_landline_is_permanent() -> None:
    async with house() as home:
        home.twilio.phone(IDA).refuse = Refusal(400, 21614, "'To' number is not a mobile number")
        with pytest.raises(ChannelError) as failure:
            await home.sms.send(a_notice(address=IDA), DANE, LINK)
        assert (failure.value.temporary, failure.value.code) == (False, "21614")


async def test_an_undelivered_message_fails_its_notice() -> None:
    async with house() as home:
        phone = home.twilio.phone(BO)
        phone.final, phone.error_code = "undelivered", 30003
        await home.sms.send(a_notice(), DANE, LINK)
        states = [(await home.receipt())[1] for _ in range(3)]
        assert states[-1] is ReceiptState.FAILED_TEMPORARY


async def test_doubled_reordered_and_lost_callbacks_break_nothing() -> None:
    async with house() as home:
        home.twilio.faults = Faults(
            callback_copies=2, callbacks_reversed=True, callbacks_lost=("queued",)
        )
        await home.sms.send(a_notice(), DANE, LINK)
        await home.twilio.phone(BO).expect("OVERFALD")
        states = [(await home.receipt())[1] for _ in range(4)]
        assert states == [ReceiptState.DELIVERED] * 2 + [ReceiptState.SENT] * 2


async def test_a_provider_that_does_not_answer_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sms, "SEND_TIMEOUT_S", 0.3)
    async with house() as home:
        home.twilio.faults = Faults(answer_delay_s=1.0)
        started = monotonic_s()
        with pytest.raises(ChannelError) as failure:
            await home.sms.send(a_notice(), DANE, LINK)
        assert monotonic_s() - started < 0.9
        assert (failure.value.temporary, failure.value.code) == (True, "timeout")
        # It was taken all the same: the receipt still finds its notice.
        await home.twilio.phone(BO).expect("OVERFALD")
        assert (await home.receipt())[0] == "alarm_1-1"


async def test_slow_technical_messages_do_not_delay_a_call() -> None:
    async with house() as home:
        home.twilio.faults = Faults(answer_delay_s=2.0)
        technical = a_notice(kind=AlarmKind.TECHNICAL, level=Level.GREEN, address=IDA, id="t-1")
        slow = [
            asyncio.create_task(home.sms.send(technical, DANE, ""))
            for _ in range(sms.TECHNICAL_AT_ONCE)
        ]
        for _ in slow:
            await home.twilio.phone(IDA).expect("TEKNISK")
        home.twilio.faults = Faults()
        started = monotonic_s()
        await home.sms.send(a_notice(), DANE, LINK)
        assert monotonic_s() - started < 1.0
        await home.twilio.phone(BO).expect("OVERFALD")
        assert not any(task.done() for task in slow)
        await asyncio.gather(*slow)


async def test_without_a_public_url_a_call_still_leaves() -> None:
    async with TwilioDouble() as twilio:
        account = Account(twilio.account_sid, twilio.auth_token, twilio.number, "", twilio.url)
        carrier = TwilioCarrier(account)
        channel = SmsChannel(carrier, carrier, Troubles("sms", Heard()), lambda site: "DK")
        await channel.send(a_notice(), DANE, "")
        message = await twilio.phone(BO).expect("OVERFALD")
        assert message.status_callback == ""
        await channel.close()


async def test_nobody_at_the_address_is_a_passing_failure() -> None:
    async with TwilioDouble() as twilio:
        account = Account("AC1", "token", "+4552510100", "http://127.0.0.1:9", twilio.url)
    carrier = TwilioCarrier(account)
    channel = SmsChannel(carrier, carrier, Troubles("sms", Heard()), lambda site: "DK")
    with pytest.raises(ChannelError, match="cannot be reached") as failure:
        await channel.send(a_notice(), DANE, LINK)
    assert failure.value.temporary
    assert account.sid not in str(failure.value)
    await channel.close()


async def test_a_page_in_place_of_an_answer_is_a_passing_failure() -> None:
    async def portal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(portal, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    carrier = TwilioCarrier(Account("AC1", "token", "+4552510100", PROXIED, url))
    channel = SmsChannel(carrier, carrier, Troubles("sms", Heard()), lambda site: "DK")
    with pytest.raises(ChannelError) as failure:
        await channel.send(a_notice(), DANE, LINK)
    assert failure.value.temporary
    await channel.close()
    server.close()
