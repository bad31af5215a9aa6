"""Twilio's two hooks: signatures, receipts by our own id, replies, opt-outs."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from core.clock import sleep
from core.signals import AnswerKind, ReceiptState
from dispatcher.channels.desk import AnswerOutcome, Source
from dispatcher.channels.faults import Troubles
from dispatcher.channels.twilio.carrier import SMS_PATH, STATUS_PATH, Account
from dispatcher.channels.twilio.hooks import TwilioHooks
from tests.support.channels import BO, Heard, RememberingDesk, a_notice, elsewhere

ACCOUNT = Account("AC" + "1" * 32, "token", "+4552510100", "https://alarm.example.dk")
STATUS = f"{STATUS_PATH}?notice=alarm_1-1"


class Twilio:
    """Signs with the SDK's own validator, as Twilio does with our token."""

    def __init__(self, desk: RememberingDesk) -> None:
        self.desk, self.heard = desk, Heard()
        self.hooks = TwilioHooks(desk, self.heard, Troubles("sms", self.heard), ACCOUNT)
        self.count = 0

    async def says(self, status: str, code: str = "", path: str = STATUS) -> int:
        fields = {"AccountSid": ACCOUNT.sid, "MessageStatus": status, "To": BO}
        if code:
            fields["ErrorCode"] = code
        return (await self.hooks.status(path, fields, signed(path, fields)))[0]

    async def brings(self, text: str, sid: str = "", **more: str) -> str:
        self.count += 1
        fields = {
            "AccountSid": ACCOUNT.sid,
            "From": BO,
            "Body": text,
            "MessageSid": sid or f"SM{self.count}",
            **more,
        }
        code, body = await self.hooks.sms(SMS_PATH, fields, signed(SMS_PATH, fields))
        assert code == 200
        return "".join(ElementTree.fromstring(body).itertext())


class SlowDesk(RememberingDesk):
    """Others get their turn before an answer is taken."""

    async def answer(self, notice_id: str, answer: AnswerKind, source: Source) -> AnswerOutcome:
        await sleep(0)
        return await super().answer(notice_id, answer, source)


def signed(path: str, fields: dict[str, str]) -> str:
    url = ACCOUNT.public_url + path
    return str(RequestValidator(ACCOUNT.token).compute_signature(url, fields))


def twilio(*, standing: int = 1) -> Twilio:
    second = a_notice(id="alarm_2-1", alarm="alarm_2", letter="B", place=elsewhere())
    return Twilio(RememberingDesk(standing=[second, a_notice()][-standing:]))


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("queued", "", ReceiptState.SENT),
        ("sending", "", ReceiptState.SENT),
        ("sent", "", ReceiptState.SENT),
        ("delivered", "", ReceiptState.DELIVERED),
        ("read", "", ReceiptState.READ),
        ("undelivered", "30003", ReceiptState.FAILED_TEMPORARY),
        ("undelivered", "30005", ReceiptState.FAILED_PERMANENT),
        ("failed", "21610", ReceiptState.FAILED_PERMANENT),
        ("failed", "", ReceiptState.FAILED_TEMPORARY),
        ("failed", "9" * 5000, ReceiptState.FAILED_TEMPORARY),
    ],
)
async def test_a_status_becomes_a_receipt_of_our_own_notice(
    status: str, code: str, state: ReceiptState
) -> None:
    provider = twilio()
    assert await provider.says(status, code) == 204
    notice, told, _ = provider.desk.receipts.get_nowait()
    assert (notice, told) == ("alarm_1-1", state)


async def test_an_opt_out_reported_later_is_a_technical_alarm_naming_the_person() -> None:
    provider = twilio()
    await provider.says("undelivered", "21610")
    assert provider.heard.alarms == ["sms to bo: the person has opted out by STOP"]


async def test_a_status_nobody_knows_is_counted_and_changes_nothing() -> None:
    provider = twilio()
    assert await provider.says("teleported") == 204
    assert await provider.says("delivered", path=STATUS_PATH) == 204
    assert provider.desk.receipts.empty()
    assert provider.heard.counted == ["twilio_unread_status"] * 2


async def test_a_forged_receipt_or_reply_is_refused_counted_and_changes_nothing() -> None:
    provider = twilio()
    fields = {"AccountSid": ACCOUNT.sid, "MessageStatus": "delivered", "From": BO, "Body": "1"}
    other_notice = signed(f"{STATUS_PATH}?notice=alarm_2-1", fields)
    for forged in ("", "AAAA", other_notice, "\ud800"):
        assert await provider.hooks.status(STATUS, fields, forged) == (403, "")
        assert await provider.hooks.sms(SMS_PATH, fields, forged) == (403, "")
    assert provider.desk.receipts.empty()
    assert provider.desk.answered == []
    assert provider.heard.counted == ["twilio_bad_signature"] * 8


async def test_one_changed_field_breaks_the_signature() -> None:
    provider = twilio()
    fields = {"AccountSid": ACCOUNT.sid, "From": BO, "Body": "2"}
    good = signed(SMS_PATH, fields)
    assert (await provider.hooks.sms(SMS_PATH, fields | {"Body": "1"}, good))[0] == 403
    assert (await provider.hooks.sms(SMS_PATH, fields, good))[0] == 200


async def test_another_account_with_our_token_is_refused() -> None:
    provider = twilio()
    fields = {"AccountSid": "AC" + "2" * 32, "From": BO, "Body": "1"}
    assert (await provider.hooks.sms(SMS_PATH, fields, signed(SMS_PATH, fields)))[0] == 403


async def test_a_reply_answers_and_the_thanks_go_back_as_twiml() -> None:
    provider = twilio()
    assert await provider.brings("ja") == "Tak. Anna får besked. Svar 3, når du er der."
    assert provider.desk.answered == [("alarm_1-1", AnswerKind.ACCEPT)]


async def test_a_repeated_webhook_is_answered_the_same_and_counts_once() -> None:
    provider = twilio()
    first = await provider.brings("1", sid="SM7")
    assert await provider.brings("1", sid="SM7") == first
    assert len(provider.desk.answers) == 1


async def test_a_webhook_repeated_while_the_first_is_taken_counts_once() -> None:
    """Twilio asks again when a disk that hangs makes us slow."""
    provider = Twilio(SlowDesk(standing=[a_notice()]))
    answers = await asyncio.gather(*(provider.brings("4", sid="SM7") for _ in range(3)))
    assert set(answers) == {"Vi tilkalder mere hjælp."}
    assert len(provider.desk.answers) == 1


async def test_two_notices_ask_for_a_letter() -> None:
    provider = twilio(standing=2)
    assert "1B" in await provider.brings("1")
    assert provider.desk.answered == []


@pytest.mark.parametrize("fields", [{"text": "STOP"}, {"text": " stop "}, {"text": "Quit"}])
async def test_stop_makes_the_number_fail_for_good_and_calls_a_technician(
    fields: dict[str, str],
) -> None:
    provider = twilio(standing=2)
    assert await provider.brings(**fields) == ""
    told = [provider.desk.receipts.get_nowait()[:2] for _ in range(2)]
    assert told == [
        ("alarm_2-1", ReceiptState.FAILED_PERMANENT),
        ("alarm_1-1", ReceiptState.FAILED_PERMANENT),
    ]
    assert provider.heard.alarms == ["sms to bo: the person has opted out by STOP"]
    assert provider.desk.answered == []


async def test_a_keyword_twilio_calls_an_opt_out_is_one() -> None:
    provider = twilio()
    assert await provider.brings("slut med beskeder", OptOutType="STOP") == ""
    assert provider.heard.alarms == ["sms to bo: the person has opted out by STOP"]


async def test_the_answer_escapes_what_stands_in_a_place() -> None:
    desk = RememberingDesk(standing=[a_notice(place=elsewhere("<Hal> & 2"))])
    assert await Twilio(desk).brings("hvad") == "<HAL> & 2: 1 kommer, 2 kan ikke."


@given(
    st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=8), st.text(), st.text()
)
def test_no_unsigned_request_gets_further_than_403(
    fields: dict[str, str], path: str, signature: str
) -> None:
    provider = twilio()
    assert asyncio.run(provider.hooks.sms(f"/{path}", fields, signature))[0] == 403
    assert asyncio.run(provider.hooks.status(f"/{path}", fields, signature))[0] == 403
