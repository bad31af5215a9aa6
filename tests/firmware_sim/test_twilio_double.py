"""The double is Twilio's shape, and fails loudly when something came that nobody expected."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from email.utils import parsedate_to_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from firmware_sim.twilio_double import Faults, TwilioDouble, Unexpected
from firmware_sim.twilio_double.shape import signature

BO = "+4520111111"


@pytest.mark.shell
async def test_the_sdk_reads_a_created_and_a_fetched_message() -> None:
    async with TwilioDouble() as twilio:
        client = sdk(twilio)
        made = await asyncio.to_thread(
            client.messages.create, to=BO, from_=twilio.number, body="hej", validity_period=60
        )
        await twilio.phone(BO).expect("hej")
        assert (made.status, made.direction) == ("queued", "outbound-api")
        assert made.sid.startswith("SM")
        assert made.date_created.tzinfo is not None
        await twilio.settled()
        read = await asyncio.to_thread(client.messages(made.sid).fetch)
        assert (read.status, read.body, read.to) == ("delivered", "hej", BO)


@pytest.mark.shell
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "112"}, 21211),
        ({"From": "+4599999999"}, 21606),
        ({"StatusCallback": "not a url"}, 21609),
        ({"ValidityPeriod": "36001"}, 90007),
    ],
)
async def test_a_wrong_request_is_refused_with_twilios_error(
    fields: dict[str, str], code: int
) -> None:
    async with TwilioDouble() as twilio:
        form = {"To": BO, "From": twilio.number, "Body": "hej"} | fields
        answer = await post(twilio, form)
        told = answer.json()
        assert (answer.status_code, told["code"], told["status"]) == (400, code, 400)
        assert told["more_info"].endswith(f"/{code}")
        assert told["message"]


@pytest.mark.shell
async def test_a_wrong_password_is_20003() -> None:
    async with TwilioDouble() as twilio:
        wrong = sdk(twilio, token="wrong")
        with pytest.raises(TwilioRestException) as refused:
            await asyncio.to_thread(wrong.messages.create, to=BO, from_=twilio.number, body="x")
        assert (refused.value.status, refused.value.code) == (401, 20003)


@pytest.mark.shell
async def test_dates_are_rfc_2822_and_numbers_are_strings() -> None:
    async with TwilioDouble() as twilio:
        answer = await post(twilio, {"To": BO, "From": twilio.number, "Body": "hej"})
        told = answer.json()
        assert answer.status_code == 201
        assert parsedate_to_datetime(told["date_created"]).utcoffset() is not None
        assert (told["num_segments"], told["num_media"], told["error_code"]) == ("1", "0", None)
        await twilio.phone(BO).expect("hej")


@pytest.mark.shell
async def test_a_message_nobody_expected_fails_the_harness() -> None:
    with pytest.raises(Unexpected, match="nobody expected"):
        async with TwilioDouble() as twilio:
            await post(twilio, {"To": BO, "From": twilio.number, "Body": "hej"})


@pytest.mark.shell
async def test_an_expected_message_that_does_not_come_fails_at_once() -> None:
    async with TwilioDouble() as twilio:
        with pytest.raises(Unexpected, match="got nothing"):
            await twilio.phone(BO).expect("hej", within_s=0.05)


@pytest.mark.shell
async def test_the_wrong_words_fail() -> None:
    async with TwilioDouble() as twilio:
        await post(twilio, {"To": BO, "From": twilio.number, "Body": "hej"})
        with pytest.raises(Unexpected, match="without"):
            await twilio.phone(BO).expect("farvel")


@pytest.mark.shell
async def test_a_webhook_that_answers_no_twiml_fails_the_harness() -> None:
    async with serving(b"Content-Type: text/plain", b"hello") as url:
        with pytest.raises(Unexpected, match="12300"):
            async with TwilioDouble(sms_url=url) as twilio:
                assert await twilio.phone(BO).reply("ja") == []


@pytest.mark.shell
async def test_a_service_that_is_away_fails_the_harness() -> None:
    with pytest.raises(Unexpected, match="11200"):
        async with TwilioDouble(sms_url="http://127.0.0.1:9/hooks") as twilio:
            await twilio.phone(BO).reply("ja")


@pytest.mark.shell
async def test_a_refusing_provider_delivers_nothing() -> None:
    async with TwilioDouble() as twilio:
        twilio.faults = Faults(refuse=None)
        twilio.phone(BO).opted_out = True
        answer = await post(twilio, {"To": BO, "From": twilio.number, "Body": "hej"})
        assert answer.json()["code"] == 21610


@pytest.mark.shell
async def test_a_link_in_a_message_can_be_opened() -> None:
    async with serving(b"Content-Type: text/html", b"<h1>Jeg kommer</h1>") as url:
        async with TwilioDouble() as twilio:
            body = f"LEJL 12\n{url}/n/abc"
            await post(twilio, {"To": BO, "From": twilio.number, "Body": body})
            page = await twilio.phone(BO).open_link(await twilio.phone(BO).expect("LEJL"))
            assert "Jeg kommer" in page.text


@pytest.mark.shell
async def test_it_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "firmware_sim.twilio_double", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        ready = json.loads(await process.stdout.readline())
        address = f"{ready['url']}/2010-04-01/Accounts/{ready['account_sid']}/Messages.json"
        async with httpx.AsyncClient() as client:
            await client.post(
                address,
                data={"To": BO, "From": ready["number"], "Body": "hej"},
                auth=(ready["account_sid"], ready["auth_token"]),
            )
        assert json.loads(await process.stdout.readline())["body"] == "hej"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.dictionaries(texts, texts, max_size=6))
def test_its_signature_is_the_one_the_sdk_checks(params: dict[str, str]) -> None:
    url = "https://alarm.example.dk/hooks/twilio/status?notice=alarm_1-1"
    assert RequestValidator("token").validate(url, params, signature("token", url, params))
    assert not RequestValidator("other").validate(url, params, signature("token", url, params))


def sdk(twilio: TwilioDouble, token: str = "") -> Client:
    client = Client(twilio.account_sid, token or twilio.auth_token)
    client.api.base_url = twilio.url
    return client


async def post(twilio: TwilioDouble, form: dict[str, str]) -> httpx.Response:
    url = f"{twilio.url}/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    async with httpx.AsyncClient() as client:
        return await client.post(url, data=form, auth=(twilio.account_sid, twilio.auth_token))


class serving:
    """A web server that always answers the same."""

    def __init__(self, header: bytes, body: bytes) -> None:
        length = str(len(body)).encode()
        self._answer = (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + header
            + b"\r\nContent-Length: " + length + b"\r\n\r\n" + body
        )  # fmt: skip

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer)
        await writer.drain()
        writer.close()
