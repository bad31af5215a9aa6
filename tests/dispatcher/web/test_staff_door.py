"""Nothing on the staff listener answers without a token, from a foreign name or a foreign page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route

from core.errors import StoreUnavailable
from core.values import replace
from dispatcher.roster.organisation import Organisation
from dispatcher.web.asking import asked_at
from dispatcher.web.ports import Readiness
from dispatcher.web.sign_in.sessions import (
    AGAIN_WITHIN_S,
    CODE_LIFE,
    CODES_MAX,
    COOKIE,
    OneTimeCodes,
)
from dispatcher.web.staff import staff_app
from tests.support.bosted import NOW
from tests.support.lindehuset import Lindehuset, lindehuset
from tests.support.web import Presses, browser_client, staff_client, web_deps

OWN_PAGE = {"sec-fetch-site": "same-origin"}


async def test_every_route_of_the_staff_listener_is_refused_without_a_token(
    house: Lindehuset,
) -> None:
    await house.press()
    app = staff_app(web_deps(house, press=Presses()))
    client = staff_client(app, None)
    walked = 0
    for method, path in every_route(app):
        if path.startswith("/enter/"):
            continue
        answer = await client.request(method, path, json={"answer": "accept"})
        assert answer.status_code == 401, (method, path)
        if method != "HEAD":
            assert answer.headers["content-type"] == "application/problem+json"
        walked += 1
    assert walked > 25
    assert house.asked == []


@pytest.mark.parametrize("token", ["", "wrong", "token-of-gone", "x" * 5_000, "é"])
async def test_a_token_that_names_nobody_who_is_here_is_refused(
    house: Lindehuset, token: str
) -> None:
    app = staff_app(web_deps(house))
    client = staff_client(app, None)
    by_bearer = await client.get("/api/v1/alarms", headers=[(b"authorization", bearer(token))])
    assert by_bearer.status_code == 401
    assert by_bearer.json()["type"] == "urn:tilkald:problem:sign_in_first"
    assert by_bearer.headers["www-authenticate"].startswith("Bearer")


async def test_a_browser_without_a_token_reads_a_friendly_page(house: Lindehuset) -> None:
    client = staff_client(staff_app(web_deps(house)), None, accept="text/html")
    page = await client.get("/")
    assert page.status_code == 401
    assert "Log ind først." in page.text


async def test_before_a_site_is_applied_a_token_lets_its_person_look() -> None:
    async with lindehuset(Organisation()) as house:
        client = browser_client(staff_app(web_deps(house)), "token-of-gone")
        assert (await client.get("/")).status_code == 200


async def test_who_was_signed_in_stays_so_while_the_store_does_not_answer(
    house: Lindehuset,
) -> None:
    failing = False
    deps = web_deps(house)
    ask = deps.staff_person

    async def person(token_hash: str) -> str | None:
        if failing:
            raise StoreUnavailable("locked")
        return await ask(token_hash)

    client = staff_client(staff_app(replace(deps, staff_person=person)))
    assert (await client.get("/api/v1/people")).status_code == 200
    failing = True
    assert (await client.get("/api/v1/people")).status_code == 200
    stranger = await client.get("/api/v1/people", headers={"authorization": "Bearer token-of-bo"})
    assert stranger.status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8080", "", "10.0.0.1"])
async def test_a_foreign_host_name_is_refused(house: Lindehuset, host: str) -> None:
    client = staff_client(staff_app(web_deps(house)))
    answer = await client.get("/api/v1/alarms", headers={"host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST"])
async def test_loopback_names_and_names_of_the_settings_are_answered(
    house: Lindehuset, host: str
) -> None:
    deps = web_deps(house)
    named = replace(deps, settings=replace(deps.settings, hosts=("vagt.lind.dk",)))
    client = staff_client(staff_app(named))
    assert (await client.get("/api/v1/alarms", headers={"host": host})).status_code == 200
    there = await client.get("/api/v1/alarms", headers={"host": "vagt.lind.dk:8080"})
    assert there.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9", "%%"])
async def test_a_foreign_origin_is_refused_even_with_a_token(
    house: Lindehuset, origin: str
) -> None:
    client = staff_client(staff_app(web_deps(house)))
    for method in ("GET", "POST"):
        answer = await client.request(method, "/api/v1/alarms", headers={"origin": origin})
        assert answer.status_code == 403


async def test_a_cookie_alone_posts_nothing_unless_a_page_of_ours_sent_it(
    house: Lindehuset,
) -> None:
    await house.press()
    client = staff_client(staff_app(web_deps(house)), None)
    client.cookies.set(COOKIE, "token-of-per")
    form = {"answer": "accept"}
    for headers in ({}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "cross-site"}):
        refused = await client.post("/alarms/a_1/answer", data=form, headers=headers)
        assert refused.status_code == 403
    assert house.asked == []
    origins = ({"origin": "http://localhost:8080"}, {"referer": "http://localhost:8080/x"})
    for headers in (OWN_PAGE, *origins):
        taken = await client.post("/alarms/a_1/answer", data=form, headers=headers)
        assert taken.status_code == 303


async def test_the_link_gives_the_cookie_once_and_only_by_its_button(house: Lindehuset) -> None:
    now = 0.0
    codes = OneTimeCodes(lambda: now)
    code = codes.issue("token-of-per")
    client = staff_client(staff_app(web_deps(house, codes=codes)), None)
    for _ in range(3):
        page = await client.get(f"/enter/{code}")
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
    entered = await client.post(f"/enter/{code}", headers=OWN_PAGE)
    assert entered.status_code == 303
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert (await client.get("/", headers={"accept": "text/html"})).status_code == 200
    assert (await client.get(f"/enter/{code}")).status_code == 410
    now = AGAIN_WITHIN_S
    assert (await client.post(f"/enter/{code}", headers=OWN_PAGE)).status_code == 410


async def test_over_https_the_cookie_is_secure(house: Lindehuset) -> None:
    codes = OneTimeCodes(lambda: 0.0)
    code = codes.issue("token-of-per")
    client = staff_client(staff_app(web_deps(house, codes=codes)), None)
    client.base_url = "https://localhost:8080"
    entered = await client.post(f"/enter/{code}", headers=OWN_PAGE)
    assert "secure" in entered.headers["set-cookie"].lower()


async def test_another_sites_page_cannot_spend_the_link(house: Lindehuset) -> None:
    codes = OneTimeCodes(lambda: 0.0)
    code = codes.issue("token-of-per")
    client = staff_client(staff_app(web_deps(house, codes=codes)), None)
    answer = await client.post(f"/enter/{code}", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert codes.knows(code)


async def test_a_link_grows_old_and_the_oldest_goes_when_there_are_too_many() -> None:
    now = 0.0
    codes = OneTimeCodes(lambda: now)
    first = codes.issue("a")
    others = [codes.issue("b") for _ in range(CODES_MAX)]
    assert not codes.knows(first)
    assert codes.knows(others[-1])
    now = CODE_LIFE.total_seconds()
    assert codes.redeem(others[-1]) is None


async def test_a_second_tap_on_the_one_time_link_signs_in_too_and_a_later_one_does_not(
    house: Lindehuset,
) -> None:
    now = 100.0
    codes = OneTimeCodes(lambda: now)
    code = codes.issue("token-of-per")
    client = browser_client(staff_app(web_deps(house, codes=codes)), token="")
    for _ in range(2):
        entered = await client.post(f"/enter/{code}")
        assert "tilkald=token-of-per" in entered.headers["set-cookie"]
    assert (await client.get(f"/enter/{code}")).status_code == 410
    now += AGAIN_WITHIN_S
    assert (await client.post(f"/enter/{code}")).status_code == 410


async def test_signing_out_is_asked_once_more_and_takes_the_cookie_away(house: Lindehuset) -> None:
    client = browser_client(staff_app(web_deps(house)))
    asked = await client.post("/leave")
    assert asked.headers["location"] == "/leave"
    assert "set-cookie" not in asked.headers
    assert "Så viser skærmen ingen alarmer." in (await client.get("/leave")).text
    read = {"asked": asked_at(NOW - timedelta(seconds=2))}
    left = await client.post("/leave", data=read)
    assert 'tilkald=""' in left.headers["set-cookie"]


async def test_console_pages_carry_a_strict_policy_and_load_nothing_from_elsewhere(
    house: Lindehuset,
) -> None:
    await house.press()
    client = browser_client(staff_app(web_deps(house, press=Presses())))
    pages = (
        "/",
        "/wall",
        "/alarms",
        "/alarms/a_1",
        "/alarms/a_1/end",
        "/leave",
        "/people",
        "/devices",
        "/lines",
        "/demo",
        "/docs",
    )
    for path in pages:
        page = await client.get(path)
        assert page.status_code == 200, path
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        elsewhere = re.findall(r'(?:src|href|action)="(?!/(?!/))([^"]*)', page.text)
        assert set(elsewhere) <= {"#main"}, path
        assert not re.search(r"<(?:script|style)(?![^>]*src=)[^>]*>[^<]", page.text), path
        assert not re.search(r"\son\w+=|\sstyle=", page.text), path


async def test_no_static_file_names_another_host(house: Lindehuset) -> None:
    client = browser_client(staff_app(web_deps(house)))
    for name in ("console.css", "console.js", "mark.svg"):
        asset = await client.get(f"/static/{name}")
        assert asset.status_code == 200
        assert "private" in asset.headers["cache-control"]
        found = re.findall(r"(?:https?:)?//[a-z0-9.]+\.[a-z]{2,}", asset.text)
        assert [one for one in found if "www.w3.org" not in one] == []
    assert (await client.get("/static/../staff.py")).status_code == 404


async def test_readiness_metrics_and_the_schema_are_for_staff(house: Lindehuset) -> None:
    ready = Readiness(False, ("The store does not answer.",))
    client = staff_client(staff_app(web_deps(house, ready=ready)))
    state = await client.get("/readyz")
    assert state.status_code == 503
    assert state.json() == {"ready": False, "problems": ["The store does not answer."]}
    assert "tilkald_alarms_total 1" in (await client.get("/metrics")).text
    assert "/api/v1/alarms" in (await client.get("/openapi.json")).json()["paths"]


def every_route(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path the app answers to, with its parameters filled in."""
    found = [("GET", "/static/console.css"), ("GET", "/no/such/page")]
    schema_free: list[tuple[str, str]] = []
    for route in flat(app):
        path = re.sub(r"{[^}]+}", "a_1", route.path)
        schema_free += [(method, path) for method in sorted(route.methods or ())]
    assert len(schema_free) > 20
    return found + schema_free


def flat(app: FastAPI) -> list[Route]:
    """The routes of the app and of every router it includes."""
    found: list[Route] = []
    waiting = list(app.router.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, Route):
            found.append(route)
        elif not isinstance(route, Mount):
            waiting += list(getattr(route, "original_router").routes)  # noqa: B009
    return found


def bearer(token: str) -> bytes:
    return f"Bearer {token}".encode()
