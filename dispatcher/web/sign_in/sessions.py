"""Who asks: every staff request carries a token that names a person; a link gives it once.

A token comes as `Authorization: Bearer` or in a cookie. `GET /enter/<code>` only shows a button:
link previews spend nothing. Its POST spends the code and sets the cookie.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import StoreUnavailable
from core.ids import hashed, secret
from dispatcher.roster.organisation import Organisation
from dispatcher.web.api.problems import problem
from dispatcher.web.guard import SAFE_METHODS, from_own_page
from dispatcher.web.pages import small_page
from dispatcher.web.ports import WebDeps

COOKIE = "tilkald"
COOKIE_LIFE = timedelta(days=30)
CODE_LIFE = timedelta(hours=12)
CODES_MAX = 100
AGAIN_WITHIN_S = 3.0
"""A code spent just now gives its token once more: a second tap of the same touch makes the browser
forget the answer to the first one, and whoever tapped would be signed out for good."""

TOKEN_LONGEST = 256
KNOWN_MAX = 1_000
ENTER = "/enter/"


class OneTimeCodes:
    """The codes of `/enter/…` links, in memory: spent once, or old after `CODE_LIFE`."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._tokens: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._just_spent: dict[str, tuple[float, str]] = {}

    def issue(self, token: str) -> str:
        """A new code that gives `token` once; the oldest code goes when there are too many."""
        code = secret()
        self._tokens[hashed(code)] = (self._clock_s() + CODE_LIFE.total_seconds(), token)
        if len(self._tokens) > CODES_MAX:
            self._tokens.popitem(last=False)
        return code

    def knows(self, code: str) -> bool:
        until, _ = self._tokens.get(hashed(code), (0.0, ""))
        return self._clock_s() < until

    def redeem(self, code: str) -> str | None:
        if not self.knows(code):
            until, token = self._just_spent.get(hashed(code), (0.0, ""))
            return token if self._clock_s() < until else None
        _, token = self._tokens.pop(hashed(code))
        self._just_spent = {hashed(code): (self._clock_s() + AGAIN_WITHIN_S, token)}
        return token


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a request is from, as the token says."""

    person: str


class SignedInOnly:
    """Refuses whatever does not name a person who is still here; default is no."""

    def __init__(self, app: ASGIApp, deps: WebDeps) -> None:
        self._app = app
        self._deps = deps
        self._known: OrderedDict[str, str] = OrderedDict(deps.known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not request.url.path.startswith(ENTER):
            if (refusal := await self._refusal(request)) is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        token, by_cookie = _token_of(request)
        person = await self._person(token) if token else None
        if person is None:
            return _sign_in_first(request)
        if by_cookie and request.method not in SAFE_METHODS and not from_own_page(request):
            return problem(403, "This must come from a page of the console.", code="foreign_page")
        request.state.identity = Identity(person)
        return None

    async def _person(self, token: str) -> str | None:
        token_hash = hashed(token)
        try:
            person = await self._deps.staff_person(token_hash)
        except StoreUnavailable:
            # The board matters most when something is broken: who was known stays known.
            person = self._known.get(token_hash)
        if person is None or not _is_here(self._deps.desk.organisation(), person):
            self._known.pop(token_hash, None)
            return None
        self._known[token_hash] = person
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return person


def enter_routes(deps: WebDeps) -> APIRouter:
    """The one-time link: GET shows a button, POST spends the code."""
    router = APIRouter(include_in_schema=False)

    @router.get(ENTER + "{code}")
    async def show(code: str) -> Response:
        if len(code) > TOKEN_LONGEST or not deps.codes.knows(code):
            return _used_up()
        headers = {"Referrer-Policy": "same-origin"}  # with none, its own form comes from "null"
        action = ENTER + quote(code, safe="")
        return small_page("enter.html", 200, headers=headers, action=action)

    @router.post(ENTER + "{code}")
    async def enter(request: Request, code: str) -> Response:
        if not from_own_page(request):
            return problem(403, "Open the link in your browser and press the button.")
        token = deps.codes.redeem(code) if len(code) <= TOKEN_LONGEST else None
        if token is None:
            return _used_up()
        response = RedirectResponse("/", 303)
        _remember(response, token, secure=request.url.scheme == "https")
        return response

    return router


def signed_out() -> Response:
    """The browser forgets the token."""
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _remember(response: Response, token: str, *, secure: bool) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(COOKIE_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=secure,
    )


def _token_of(request: Request) -> tuple[str, bool]:
    """The token and whether a browser sent it by itself. Too long a one is none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token, by_cookie = bearer.strip(), False
    else:
        token, by_cookie = request.cookies.get(COOKIE, ""), True
    return (token if len(token) <= TOKEN_LONGEST else ""), by_cookie


def _is_here(organisation: Organisation, person: str) -> bool:
    # Before a site is applied nobody is configured, and somebody must be able to look.
    return organisation.version == 0 or any(one.id == person for one in organisation.people)


def _sign_in_first(request: Request) -> Response:
    headers = {"WWW-Authenticate": 'Bearer realm="tilkald"'}
    if "text/html" in request.headers.get("accept", "") and not _for_machines(request.url.path):
        return small_page("refused.html", 401, headers=headers)
    text = "Send a staff token: Authorization: Bearer …, or open your one-time link in a browser."
    return problem(401, text, code="sign_in_first", headers=headers)


def _for_machines(path: str) -> bool:
    return path.startswith("/api/")


def _used_up() -> Response:
    return small_page("used_up.html", 410)
