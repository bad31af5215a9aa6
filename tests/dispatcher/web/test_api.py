"""The API: shapes, paging, answers, closing, problem documents."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import StoreUnavailable
from core.signals import AlarmKind, AnswerKind, Level, SignalType
from core.values import replace
from devices.scan import Unregistered
from dispatcher.web.api.idempotency import ANSWERS_MAX, KEY_LONGEST, OncePerKey
from dispatcher.web.guard import BODY_MAX
from dispatcher.web.sign_in.sessions import Identity
from dispatcher.web.staff import staff_app
from tests.support.bosted import NOW
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.stored import an_alarm, kept
from tests.support.web import Presses, staff_client, web_deps

CLOSE = {"rev": 1, "cause": "calmed_down"}


async def test_an_alarm_is_told_with_tokens_times_in_utc_and_no_phone_number(
    house: Lindehuset,
) -> None:
    await house.press()
    client = of(house)
    alarm = (await client.get("/api/v1/alarms/a_1")).json()
    assert (alarm["level"], alarm["kind"], alarm["rev"]) == ("red", "attack", 1)
    assert alarm["open"] is True
    assert alarm["times"]["pressed"].endswith("Z")
    assert datetime.fromisoformat(alarm["times"]["pressed"]).utcoffset() == timedelta()
    assert alarm["times"]["accepted"] is None
    assert alarm["calls"][0]["standpoint"] == "called"
    notices = (await client.get("/api/v1/alarms/a_1/notices")).json()["notices"]
    assert [one["address"] for one in notices] == ["badge-bo", "••42"]
    assert "+45" not in (await client.get("/api/v1/alarms/a_1")).text


async def test_times_are_told_on_the_wall_clock_and_not_in_service_time(house: Lindehuset) -> None:
    await house.press()
    house.clock.offset = timedelta(hours=1)
    alarm = (await of(house).get("/api/v1/alarms/a_1")).json()
    assert datetime.fromisoformat(alarm["times"]["pressed"]) > NOW


async def test_alarms_come_a_page_at_a_time_until_the_cursor_is_null() -> None:
    async with lindehuset(before=kept(*(an_alarm(f"a_{n}") for n in range(7)))) as house:
        client = of(house)
        seen: list[str] = []
        cursor: str | None = None
        for _ in range(10):
            params = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/v1/alarms", params=params)).json()
            seen += [alarm["id"] for alarm in page["alarms"]]
            cursor = page["cursor"]
            if cursor is None:
                break
    assert seen == [f"a_{number}" for number in reversed(range(7))]


async def test_a_cursor_that_is_not_ours_is_a_problem_document(house: Lindehuset) -> None:
    await house.press()
    answer = await of(house).get("/api/v1/alarms", params={"cursor": "x"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:tilkald:problem:invalid"


async def test_the_view_says_who_was_chosen_and_who_not_and_why(house: Lindehuset) -> None:
    await house.press()
    view = (await of(house).get("/api/v1/alarms/a_1/view")).json()
    assert view["nearest"][0]["why"] == ["runner", "roster_unit:hus-1", "walk_s:25"]
    assert {"person": "anna", "why": "pressed"} in view["left_out"]


async def test_the_timeline_gives_fields_and_hides_what_was_erased(house: Lindehuset) -> None:
    await house.press()
    await house.says("bo", AnswerKind.ACCEPT)
    entries = (await of(house).get("/api/v1/alarms/a_1/timeline")).json()["entries"]
    assert {"person": "bo"} in [one["fields"] for one in entries if one["what"] == "accepted"]
    await house.ends()
    await house.store.erase("a_1", NOW, NOW, "asked for")
    entries = (await of(house).get("/api/v1/alarms/a_1/timeline")).json()["entries"]
    assert [one["fields"] for one in entries[:-1]] == [None] * (len(entries) - 1)


async def test_people_show_who_is_proven_and_devices_their_state(house: Lindehuset) -> None:
    await house.press()
    client = of(house)
    people = (await client.get("/api/v1/people")).json()["people"]
    proven = {one["person"]: one["protected"] for one in people}
    assert proven["bo"] is True
    assert proven["ida"] is False
    assert proven["eva"] is False
    devices = (await client.get("/api/v1/devices")).json()["devices"]
    assert {"badge-ida"} == {one["device"] for one in devices if one["state"] == "silent"}


async def test_who_speaks_on_a_line_and_is_unknown_is_told_with_what_it_said(
    house: Lindehuset,
) -> None:
    sender = Unregistered(
        *("nurse-call", "espa444", "0815", NOW, NOW, 2, SignalType.ALARM),
        kind=AlarmKind.CALL,
        text="Room 12",
        raw=b"\x01\x02",
    )
    deps = replace(web_deps(house), unregistered=lambda: (sender,))
    told = (await staff_client(staff_app(deps)).get("/api/v1/unregistered")).json()["senders"]
    assert [(one["line"], one["wire"], one["count"]) for one in told] == [
        ("nurse-call", "espa444:0815", 2)
    ]
    assert (told[0]["type"], told[0]["kind"], told[0]["text"]) == ("alarm", "call", "Room 12")
    assert told[0]["raw"] == "0102"
    assert datetime.fromisoformat(told[0]["last"]) == NOW
    stranger = await staff_client(staff_app(deps), None).get("/api/v1/unregistered")
    assert stranger.status_code == 401


async def test_an_answer_is_given_as_the_person_of_the_token(house: Lindehuset) -> None:
    await house.press()
    answer = await of(house, "token-of-bo").post(
        "/api/v1/alarms/a_1/answer", json={"answer": "accept"}
    )
    assert answer.json() == {"outcome": "counted"}
    assert house.asked == [("a_1", AnswerKind.ACCEPT, "bo")]


@pytest.mark.parametrize("answer", ["over", "decline", "withdraw"])
async def test_an_answer_that_takes_help_away_says_what_it_saw(
    house: Lindehuset, answer: str
) -> None:
    await house.press()
    post = partial(of(house).post, "/api/v1/alarms/a_1/answer")
    blind = await post(json={"answer": answer})
    assert blind.status_code == 422
    assert blind.json()["type"] == "urn:tilkald:problem:rev_missing"
    assert "rev" in blind.json()["detail"]
    await house.press("ida")
    stale = await post(json={"answer": answer, "rev": 1})
    assert stale.status_code == 409
    assert stale.json()["type"] == "urn:tilkald:problem:stale"
    assert house.is_open()
    assert house.asked == []
    seen = await post(json={"answer": answer, "rev": house.alarm.rev})
    assert seen.json() == {"outcome": "counted"}


@pytest.mark.parametrize("rev", [99, -1, "1", 1.5, None])
async def test_an_answer_that_saw_what_never_was_takes_no_help_away(
    house: Lindehuset, rev: object
) -> None:
    await house.press()
    body = {"answer": "decline", "rev": rev}
    refused = await of(house).post("/api/v1/alarms/a_1/answer", json=body)
    assert refused.status_code == 422
    assert house.asked == []


async def test_over_by_somebody_who_was_not_there_ends_nothing(house: Lindehuset) -> None:
    await house.press()
    body = {"answer": "over", "rev": 1}
    refused = await of(house, "token-of-bo").post("/api/v1/alarms/a_1/answer", json=body)
    assert refused.status_code == 403
    assert house.is_open()


async def test_what_calls_help_needs_to_have_seen_nothing(house: Lindehuset) -> None:
    await house.press()
    for answer in ("seen", "accept", "arrived", "more_help"):
        taken = await of(house).post("/api/v1/alarms/a_1/answer", json={"answer": answer})
        assert taken.json() == {"outcome": "counted"}


async def test_a_close_by_the_duty_leader_ends_the_alarm_with_its_neutral_cause(
    house: Lindehuset,
) -> None:
    await house.press()
    closed = await of(house).post("/api/v1/alarms/a_1/close", json={**CLOSE, "text": "ok"})
    assert closed.status_code == 200
    assert closed.json()["closing"] == {"by": "per", "cause": "calmed_down", "text": "ok"}


async def test_a_close_by_somebody_who_was_not_there_is_not_allowed(house: Lindehuset) -> None:
    await house.press()
    refused = await of(house, "token-of-bo").post("/api/v1/alarms/a_1/close", json=CLOSE)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tilkald:problem:not_allowed"
    assert house.is_open()


async def test_a_close_on_a_stale_screen_is_refused_with_the_reason(house: Lindehuset) -> None:
    await house.press()
    await house.press("ida")
    refused = await of(house).post("/api/v1/alarms/a_1/close", json=CLOSE)
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("Somebody pressed or joined, or the level rose")
    now = {**CLOSE, "rev": house.alarm.rev}
    again = await of(house).post("/api/v1/alarms/a_1/close", json=now)
    assert again.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rev": 1},
        {"cause": "test"},
        {"rev": "1", "cause": "test"},
        {"rev": -1, "cause": "test"},
        {"rev": 1, "cause": "false_alarm"},
        {"rev": 1, "cause": "test", "text": "x" * 501},
        {"rev": 1, "cause": "test", "by": "eva"},
        [],
        "close",
    ],
)
async def test_a_close_that_is_not_as_it_must_be_is_a_problem_document(
    house: Lindehuset, body: object
) -> None:
    await house.press()
    refused = await of(house).post("/api/v1/alarms/a_1/close", json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    document = refused.json()
    assert document["status"] == 422
    assert document["errors"]
    assert house.is_open()


async def test_every_refusal_is_a_problem_document(house: Lindehuset) -> None:
    await house.press()
    client = of(house)
    cases = {
        ("GET", "/api/v1/alarms/none"): 404,
        ("GET", "/api/v1/alarms/none/view"): 404,
        ("GET", "/api/v1/alarms/none/timeline"): 404,
        ("POST", "/api/v1/alarms/none/close"): 404,
        ("POST", "/api/v1/alarms/none/answer"): 404,
        ("GET", "/api/v1/nothing"): 404,
        ("DELETE", "/api/v1/alarms"): 405,
        ("GET", "/api/v1/alarms?limit=0"): 422,
        ("GET", "/api/v1/alarms/" + "x" * 300): 422,
        ("POST", "/api/v1/demo/press"): 404,
    }
    bodies: dict[str, object] = {"answer": {"answer": "accept"}, "press": {"person": "bo"}}
    for (method, path), status in cases.items():
        sent = bodies.get(path.split("/")[-1], CLOSE)
        answer = await client.request(method, path, json=sent)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


async def test_broken_json_and_long_bodies_are_refused_and_nothing_is_read_further(
    house: Lindehuset,
) -> None:
    await house.press()
    client = of(house)
    json_type = {"content-type": "application/json"}
    broken = await client.post("/api/v1/alarms/a_1/close", content=b"{", headers=json_type)
    assert broken.status_code == 422
    long = await client.post("/api/v1/alarms/a_1/close", content=b"[" * (BODY_MAX + 1))
    assert long.status_code == 413


async def test_a_store_that_does_not_answer_is_said_and_a_fault_of_ours_tells_nothing(
    house: Lindehuset,
) -> None:
    await house.press()

    async def broken(alarm_id: str) -> None:
        raise StoreUnavailable("database is locked")

    house.engine.notices = broken  # type: ignore[assignment, method-assign]
    answer = await of(house).get("/api/v1/alarms/a_1/notices")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]

    async def wrong(alarm_id: str) -> None:
        raise KeyError("secret inside")

    house.engine.notices = wrong  # type: ignore[assignment, method-assign]
    answer = await of(house).get("/api/v1/alarms/a_1/notices")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_in_demo_mode_a_simulated_alarm_is_pressed(house: Lindehuset) -> None:
    presses = Presses()
    client = staff_client(staff_app(web_deps(house, press=presses)))
    body = {"person": "anna", "level": "yellow", "kind": "assist"}
    assert (await client.post("/api/v1/demo/press", json=body)).status_code == 202
    assert presses.pressed == [("anna", Level.YELLOW, AlarmKind.ASSIST)]
    missing = await client.post("/api/v1/demo/press", json={"person": "nobody"})
    assert missing.status_code == 404


async def test_a_post_repeated_with_its_key_is_done_once_and_answered_twice(
    house: Lindehuset,
) -> None:
    presses = Presses()
    client = staff_client(staff_app(web_deps(house, press=presses)))
    key = {"idempotency-key": "k1"}
    first = await client.post("/api/v1/demo/press", json={"person": "anna"}, headers=key)
    again = await client.post("/api/v1/demo/press", json={"person": "anna"}, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert len(presses.pressed) == 1
    other = await client.post("/api/v1/demo/press", json={"person": "bo"}, headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:tilkald:problem:key_reused"


async def test_a_key_belongs_to_one_person_and_one_path(house: Lindehuset) -> None:
    await house.press()
    app = staff_app(web_deps(house))
    key = {"idempotency-key": "k1"}
    for token in ("token-of-per", "token-of-bo"):
        client = staff_client(app, token)
        await client.post("/api/v1/alarms/a_1/answer", json={"answer": "seen"}, headers=key)
    assert [person for _, _, person in house.asked] == ["per", "bo"]


async def test_two_posts_with_one_key_at_the_same_time_are_done_once(house: Lindehuset) -> None:
    await house.press()
    may_go = asyncio.Event()
    take = house.engine.volunteer

    async def slow(alarm_id: str, person: str, answer: AnswerKind, rev: int | None) -> object:
        await may_go.wait()
        return await take(alarm_id, person, answer, rev)

    house.engine.volunteer = slow  # type: ignore[assignment, method-assign]
    client = of(house, "token-of-bo")
    sent = {"url": "/api/v1/alarms/a_1/answer", "json": {"answer": "accept"}}
    both = [
        asyncio.create_task(client.post(**sent, headers={"idempotency-key": "k"}))  # type: ignore[arg-type]
        for _ in range(2)
    ]
    await asyncio.wait(both, timeout=0.05)
    may_go.set()
    answers = [(await one).json() for one in both]
    assert answers == [{"outcome": "counted"}] * 2
    assert len(house.asked) == 1


async def test_a_fault_of_ours_is_not_remembered_as_the_answer_of_a_key(house: Lindehuset) -> None:
    await house.press()
    take = house.engine.volunteer

    async def broken(alarm_id: str, person: str, answer: AnswerKind, rev: int | None) -> object:
        raise StoreUnavailable("locked")

    client = of(house, "token-of-bo")
    key = {"idempotency-key": "k"}
    house.engine.volunteer = broken  # type: ignore[assignment, method-assign]
    first = await client.post("/api/v1/alarms/a_1/answer", json={"answer": "accept"}, headers=key)
    house.engine.volunteer = take  # type: ignore[method-assign]
    again = await client.post("/api/v1/alarms/a_1/answer", json={"answer": "accept"}, headers=key)
    assert (first.status_code, again.status_code) == (503, 200)


async def test_a_key_that_is_too_long_is_refused(house: Lindehuset) -> None:
    await house.press()
    long = {"idempotency-key": "k" * (KEY_LONGEST + 1)}
    refused = await of(house).post(
        "/api/v1/alarms/a_1/answer", json={"answer": "seen"}, headers=long
    )
    assert refused.status_code == 400


async def test_only_the_newest_keys_are_remembered() -> None:
    once = OncePerKey(counted := Counted())
    client = AsyncClient(transport=ASGITransport(app=NamesSomebody(once)), base_url="http://x")
    for number in range(ANSWERS_MAX + 1):
        await client.post("/", headers={"idempotency-key": str(number)})
    await client.post("/", headers={"idempotency-key": str(ANSWERS_MAX)})
    assert counted.calls == ANSWERS_MAX + 1
    await client.post("/", headers={"idempotency-key": "0"})
    assert counted.calls == ANSWERS_MAX + 2


async def test_the_schema_names_every_shape_for_a_client_to_read(house: Lindehuset) -> None:
    await house.press()
    schema = (await of(house).get("/openapi.json")).json()
    assert {"AlarmOut", "CloseIn", "ViewOut"} <= set(schema["components"]["schemas"])
    page = await of(house).get("/docs")
    assert "/api/v1/alarms/{alarm_id}/close" in page.text


def of(house: Lindehuset, token: str = "token-of-per") -> AsyncClient:
    return staff_client(staff_app(web_deps(house)), token)


class Counted:
    """The smallest app: counts its calls and answers with nothing."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        await Response(status_code=204)(scope, receive, send)


class NamesSomebody:
    """Stands where sign-in stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        Request(scope).state.identity = Identity("per")
        await self._app(scope, receive, send)
