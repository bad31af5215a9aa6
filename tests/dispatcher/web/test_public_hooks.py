"""Twilio's hooks and the health page: what was signed is handed over whole."""

from __future__ import annotations

from dispatcher.web.guard import BODY_MAX
from dispatcher.web.public import public_app
from tests.support.lindehuset import Lindehuset
from tests.support.web import Hooks, public_client, web_deps

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_hook_gets_path_query_every_field_and_the_signature(house: Lindehuset) -> None:
    hooks = Hooks()
    client = public_client(public_app(web_deps(house, hooks=hooks)))
    answer = await client.post(
        "/hooks/twilio/sms?site=lind",
        content="From=%2B4520000001&Body=ja%20tak&Empty=",
        headers={**FORM, "x-twilio-signature": "sig"},
    )
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")
    fields = {"From": "+4520000001", "Body": "ja tak", "Empty": ""}
    assert hooks.came == [("sms", "/hooks/twilio/sms?site=lind", fields, "sig")]


async def test_the_hook_decides_the_status_of_an_unsigned_message(house: Lindehuset) -> None:
    client = public_client(public_app(web_deps(house, hooks=Hooks())))
    assert (await client.post("/hooks/twilio/sms", content="", headers=FORM)).status_code == 403
    assert (await client.post("/hooks/twilio/status", content="", headers=FORM)).status_code == 204


async def test_without_twilio_or_for_another_hook_there_is_nothing_here(house: Lindehuset) -> None:
    without = public_client(public_app(web_deps(house)))
    assert (await without.post("/hooks/twilio/sms")).status_code == 404
    client = public_client(public_app(web_deps(house, hooks=Hooks())))
    assert (await client.post("/hooks/twilio/voice")).status_code == 404
    assert (await client.get("/hooks/twilio/sms")).status_code == 405


async def test_a_body_that_is_no_form_or_too_long_is_refused_in_words(house: Lindehuset) -> None:
    hooks = Hooks()
    client = public_client(public_app(web_deps(house, hooks=hooks)))
    broken = await client.post("/hooks/twilio/sms", content=b"\xff\xfe", headers=FORM)
    many = await client.post("/hooks/twilio/sms", content="a=1&" * 500, headers=FORM)
    long = await client.post("/hooks/twilio/sms", content=b"a" * (BODY_MAX + 1), headers=FORM)
    assert [one.status_code for one in (broken, many, long)] == [400, 400, 413]
    assert long.headers["content-type"] == "application/problem+json"
    assert hooks.came == []


async def test_healthz_says_that_this_process_serves(house: Lindehuset) -> None:
    client = public_client(public_app(web_deps(house)))
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_the_public_listener_has_no_console_no_api_and_no_documentation(
    house: Lindehuset,
) -> None:
    client = public_client(public_app(web_deps(house)))
    for path in ("/", "/api/v1/alarms", "/docs", "/openapi.json", "/metrics", "/people"):
        answer = await client.get(path, headers={"authorization": "Bearer token-of-per"})
        assert answer.status_code == 404, path
