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

from alarms.model import Presser
from core.errors import DomainError, StoreUnavailable
from core.signals import AlarmKind, AnswerKind, Level, SignalType, Standing
from core.values import replace
from devices.scan import Unregistered
from dispatcher.store.ports import AlarmPage
from dispatcher.web.api.idempotency import ANSWERS_MAX, KEY_LONGEST, OncePerKey
from dispatcher.web.guard import BODY_MAX
from dispatcher.web.sign_in.sessions import Identity
from dispatcher.web.staff import staff_app
from tests.support.desk import NOW, MemoryDesk, a_picture, an_alarm, lindehuset
from tests.support.web import Presses, staff_client, web_deps

CLOSE = {"rev": 1, "cause": "calmed_down"}


async def test_an_alarm_is_told_with_tokens_times_in_utc_and_no_phone_number() -> None:
    desk = with_alarm()
    desk.notify(desk.held["a_1"], "bo")
    client = of(desk)
    alarm = (await client.get("/api/v1/alarms/a_1")).json()
    assert (alarm["level"], alarm["kind"], alarm["rev"]) == ("red", "attack", 1)
    assert alarm["open"] is True
    assert alarm["times"]["pressed"].endswith("Z")
    assert datetime.fromisoformat(alarm["times"]["pressed"]).utcoffset() == timedelta()
    assert alarm["times"]["accepted"] is None
    assert alarm["calls"][0]["standpoint"] == "rang"
    notices = (await client.get("/api/v1/alarms/a_1/notices")).json()["notices"]
    assert notices[0]["address"] == "••42"
    assert "+45" not in (await client.get("/api/v1/alarms/a_1")).text


async def test_times_are_told_on_the_wall_clock_and_not_in_service_time() -> None:
    desk = with_alarm()
    desk.offset = timedelta(hours=1)
    alarm = (await of(desk).get("/api/v1/alarms/a_1")).json()
    assert datetime.fromisoformat(alarm["times"]["pressed"]) > NOW


async def test_alarms_come_a_page_at_a_time_until_the_cursor_is_null() -> None:
    desk = lindehuset()
    for number in range(7):
        an_alarm(desk, f"a_{number}")
    client = of(desk)
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


async def test_a_cursor_that_is_not_ours_is_a_problem_document() -> None:
    desk = with_alarm()

    async def refuse(*, cursor: str | None = None, limit: int = 50) -> AlarmPage:
        raise DomainError("invalid", "The cursor is not one of ours.")

    desk.alarm_pages = refuse  # type: ignore[method-assign]
    answer = await of(desk).get("/api/v1/alarms", params={"cursor": "x"})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:tilkald:problem:invalid"


async def test_the_view_says_who_was_chosen_and_who_not_and_why() -> None:
    desk = with_alarm()
    desk.pictures["a_1"] = a_picture()
    view = (await of(desk).get("/api/v1/alarms/a_1/view")).json()
    assert view["nearest"][0]["why"] == ["runner", "roster_unit:hus-1", "walk_s:35"]
    assert {"person": "anna", "why": "pressed"} in view["left_out"]


async def test_the_timeline_gives_fields_and_hides_what_was_erased() -> None:
    desk = with_alarm()
    desk.tell("a_1", "accepted", person="bo")
    entries = (await of(desk).get("/api/v1/alarms/a_1/timeline")).json()["entries"]
    assert entries[0]["what"] == "accepted"
    assert entries[0]["fields"] == {"person": "bo"}


async def test_people_show_who_is_proven_and_devices_their_state() -> None:
    client = of(with_alarm())
    people = (await client.get("/api/v1/people")).json()["people"]
    proven = {one["person"]: one["protected"] for one in people}
    assert proven["bo"] is True
    assert proven["ida"] is False
    assert proven["eva"] is False
    devices = (await client.get("/api/v1/devices")).json()["devices"]
    assert {"badge-ida"} == {one["device"] for one in devices if one["state"] == "silent"}


async def test_who_speaks_on_a_line_and_is_unknown_is_told_with_what_it_said() -> None:
    sender = Unregistered(
        *("nurse-call", "espa444", "0815", NOW, NOW, 2, SignalType.ALARM),
        kind=AlarmKind.CALL,
        text="Room 12",
        raw=b"\x01\x02",
    )
    deps = replace(web_deps(with_alarm()), unregistered=lambda: (sender,))
    told = (await staff_client(staff_app(deps)).get("/api/v1/unregistered")).json()["senders"]
    assert [(one["line"], one["wire"], one["count"]) for one in told] == [
        ("nurse-call", "espa444:0815", 2)
    ]
    assert (told[0]["type"], told[0]["kind"], told[0]["text"]) == ("alarm", "call", "Room 12")
    assert told[0]["raw"] == "0102"
    assert datetime.fromisoformat(told[0]["last"]) == NOW
    stranger = await staff_client(staff_app(deps), None).get("/api/v1/unregistered")
    assert stranger.status_code == 401


async def test_an_answer_is_given_as_the_person_of_the_token() -> None:
    desk = with_alarm()
    answer = await of(desk, "token-of-bo").post(
        "/api/v1/alarms/a_1/answer", json={"answer": "accept"}
    )
    assert answer.json() == {"outcome": "counted"}
    assert desk.asked == [("a_1", AnswerKind.ACCEPT, "bo")]


@pytest.mark.parametrize("answer", ["over", "decline", "withdraw"])
async def test_an_answer_that_takes_help_away_says_what_it_saw(answer: str) -> None:
    desk = with_alarm()
    post = partial(of(desk).post, "/api/v1/alarms/a_1/answer")
    blind = await post(json={"answer": answer})
    assert blind.status_code == 422
    assert blind.json()["type"] == "urn:tilkald:problem:rev_missing"
    assert "rev" in blind.json()["detail"]
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    stale = await post(json={"answer": answer, "rev": 1})
    assert stale.status_code == 409
    assert stale.json()["type"] == "urn:tilkald:problem:stale"
    assert desk.held["a_1"].open
    assert desk.asked == []
    seen = await post(json={"answer": answer, "rev": 2})
    assert seen.json() == {"outcome": "counted"}


@pytest.mark.parametrize("rev", [99, -1, "1", 1.5, None])
async def test_an_answer_that_saw_what_never_was_takes_no_help_away(rev: object) -> None:
    desk = with_alarm()
    body = {"answer": "decline", "rev": rev}
    refused = await of(desk).post("/api/v1/alarms/a_1/answer", json=body)
    assert refused.status_code == 422
    assert desk.asked == []


async def test_over_by_somebody_who_was_not_there_ends_nothing() -> None:
    desk = with_alarm()
    body = {"answer": "over", "rev": 1}
    refused = await of(desk, "token-of-bo").post("/api/v1/alarms/a_1/answer", json=body)
    assert refused.status_code == 403
    assert desk.held["a_1"].open


async def test_what_calls_help_needs_to_have_seen_nothing() -> None:
    desk = with_alarm()
    for answer in ("seen", "accept", "arrived", "more_help"):
        taken = await of(desk).post("/api/v1/alarms/a_1/answer", json={"answer": answer})
        assert taken.json() == {"outcome": "counted"}


async def test_a_close_by_the_duty_leader_ends_the_alarm_with_its_neutral_cause() -> None:
    desk = with_alarm()
    closed = await of(desk).post("/api/v1/alarms/a_1/close", json={**CLOSE, "text": "ok"})
    assert closed.status_code == 200
    assert closed.json()["closing"] == {"by": "per", "cause": "calmed_down", "text": "ok"}


async def test_a_close_by_somebody_who_was_not_there_is_not_allowed() -> None:
    desk = with_alarm()
    refused = await of(desk, "token-of-bo").post("/api/v1/alarms/a_1/close", json=CLOSE)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:tilkald:problem:not_allowed"
    assert desk.held["a_1"].open


async def test_a_close_on_a_stale_screen_is_refused_with_the_reason() -> None:
    desk = with_alarm()
    desk.join("a_1", Presser("badge-ida", "ida", "Ida", Standing.ASSIGNED, NOW))
    refused = await of(desk).post("/api/v1/alarms/a_1/close", json=CLOSE)
    assert refused.status_code == 409
    assert refused.json()["detail"] == "Somebody joined since you saw it."
    again = await of(desk).post("/api/v1/alarms/a_1/close", json={**CLOSE, "rev": 2})
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
async def test_a_close_that_is_not_as_it_must_be_is_a_problem_document(body: object) -> None:
    desk = with_alarm()
    refused = await of(desk).post("/api/v1/alarms/a_1/close", json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    document = refused.json()
    assert document["status"] == 422
    assert document["errors"]
    assert desk.held["a_1"].open


async def test_every_refusal_is_a_problem_document() -> None:
    client = of(with_alarm())
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


async def test_broken_json_and_long_bodies_are_refused_and_nothing_is_read_further() -> None:
    client = of(with_alarm())
    json_type = {"content-type": "application/json"}
    broken = await client.post("/api/v1/alarms/a_1/close", content=b"{", headers=json_type)
    assert broken.status_code == 422
    long = await client.post("/api/v1/alarms/a_1/close", content=b"[" * (BODY_MAX + 1))
    assert long.status_code == 413


async def test_a_store_that_does_not_answer_is_said_and_a_fault_of_ours_tells_nothing() -> None:
    desk = with_alarm()

    async def broken(alarm_id: str) -> None:
        raise StoreUnavailable("database is locked")

    desk.notices = broken  # type: ignore[assignment, method-assign]
    answer = await of(desk).get("/api/v1/alarms/a_1/notices")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]

    async def wrong(alarm_id: str) -> None:
        raise KeyError("secret inside")

    desk.notices = wrong  # type: ignore[assignment, method-assign]
    answer = await of(desk).get("/api/v1/alarms/a_1/notices")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_in_demo_mode_a_simulated_alarm_is_pressed() -> None:
    presses = Presses()
    client = staff_client(staff_app(web_deps(lindehuset(), press=presses)))
    body = {"person": "anna", "level": "yellow", "kind": "assist"}
    assert (await client.post("/api/v1/demo/press", json=body)).status_code == 202
    assert presses.pressed == [("anna", Level.YELLOW, AlarmKind.ASSIST)]
    missing = await client.post("/api/v1/demo/press", json={"person": "nobody"})
    assert missing.status_code == 404


async def test_a_post_repeated_with_its_key_is_done_once_and_answered_twice() -> None:
    presses = Presses()
    client = staff_client(staff_app(web_deps(lindehuset(), press=presses)))
    key = {"idempotency-key": "k1"}
    first = await client.post("/api/v1/demo/press", json={"person": "anna"}, headers=key)
    again = await client.post("/api/v1/demo/press", json={"person": "anna"}, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert len(presses.pressed) == 1
    other = await client.post("/api/v1/demo/press", json={"person": "bo"}, headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:tilkald:problem:key_reused"


async def test_a_key_belongs_to_one_person_and_one_path() -> None:
    desk = with_alarm()
    app = staff_app(web_deps(desk))
    key = {"idempotency-key": "k1"}
    for token in ("token-of-per", "token-of-bo"):
        client = staff_client(app, token)
        await client.post("/api/v1/alarms/a_1/answer", json={"answer": "seen"}, headers=key)
    assert [person for _, _, person in desk.asked] == ["per", "bo"]


async def test_two_posts_with_one_key_at_the_same_time_are_done_once() -> None:
    desk = with_alarm()
    may_go = asyncio.Event()
    take = desk.volunteer

    async def slow(alarm_id: str, person: str, answer: AnswerKind, rev: int | None) -> object:
        await may_go.wait()
        return await take(alarm_id, person, answer, rev)

    desk.volunteer = slow  # type: ignore[assignment, method-assign]
    client = of(desk, "token-of-bo")
    sent = {"url": "/api/v1/alarms/a_1/answer", "json": {"answer": "accept"}}
    both = [
        asyncio.create_task(client.post(**sent, headers={"idempotency-key": "k"}))  # type: ignore[arg-type]
        for _ in range(2)
    ]
    await asyncio.wait(both, timeout=0.05)
    may_go.set()
    answers = [(await one).json() for one in both]
    assert answers == [{"outcome": "counted"}] * 2
    assert len(desk.asked) == 1


async def test_a_fault_of_ours_is_not_remembered_as_the_answer_of_a_key() -> None:
    desk = with_alarm()
    take = desk.volunteer

    async def broken(alarm_id: str, person: str, answer: AnswerKind, rev: int | None) -> object:
        raise StoreUnavailable("locked")

    client = of(desk, "token-of-bo")
    key = {"idempotency-key": "k"}
    desk.volunteer = broken  # type: ignore[assignment, method-assign]
    first = await client.post("/api/v1/alarms/a_1/answer", json={"answer": "accept"}, headers=key)
    desk.volunteer = take  # type: ignore[method-assign]
    again = await client.post("/api/v1/alarms/a_1/answer", json={"answer": "accept"}, headers=key)
    assert (first.status_code, again.status_code) == (503, 200)


async def test_a_key_that_is_too_long_is_refused() -> None:
    long = {"idempotency-key": "k" * (KEY_LONGEST + 1)}
    refused = await of(with_alarm()).post(
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


async def test_the_schema_names_every_shape_for_a_client_to_read() -> None:
    schema = (await of(with_alarm()).get("/openapi.json")).json()
    assert {"AlarmOut", "CloseIn", "ViewOut"} <= set(schema["components"]["schemas"])
    page = await of(with_alarm()).get("/docs")
    assert "/api/v1/alarms/{alarm_id}/close" in page.text


def with_alarm() -> MemoryDesk:
    desk = lindehuset()
    an_alarm(desk)
    return desk


def of(desk: MemoryDesk, token: str = "token-of-per") -> AsyncClient:
    return staff_client(staff_app(web_deps(desk)), token)


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
