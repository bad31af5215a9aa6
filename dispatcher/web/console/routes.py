"""The console: board, people, devices, lines, earlier alarms, press buttons in demo mode.

Server-rendered. A page loads itself anew when the stream says that something changed, and swaps
the parts marked `data-live`; without JavaScript it is loaded anew by the browser.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alarms.model import Alarm
from core.errors import DomainError
from core.levels import MOST_ACUTE_FIRST
from core.signals import AlarmKind, Level
from core.words import LANGUAGES
from dispatcher.web import labels
from dispatcher.web.api.lines import DeviceIn, may_register, register
from dispatcher.web.api.problems import status_of
from dispatcher.web.api.routes import (
    CURSOR_LONGEST,
    PAGE_DEFAULT,
    identity_of,
)
from dispatcher.web.api.shapes import ID_LONGEST, TEXT_LONGEST
from dispatcher.web.asking import asked_at, is_sure
from dispatcher.web.console.alarm_routes import alarm_routes
from dispatcher.web.console.board import card
from dispatcher.web.console.frame import LANGUAGE_COOKIE, YEAR_S, Frame, Viewer
from dispatcher.web.console.lines import lines_page
from dispatcher.web.console.people import crew, device_rows
from dispatcher.web.ports import WebDeps
from dispatcher.web.sign_in.sessions import signed_out

CARDS_MAX = 100
"""A board with more cards than this says how many are not shown; the API has them all."""

DEMO_KINDS = {
    Level.RED: AlarmKind.ATTACK,
    Level.ORANGE: AlarmKind.ATTACK,
    Level.YELLOW: AlarmKind.ASSIST,
    Level.GREEN: AlarmKind.ASSIST,
    Level.BLUE: AlarmKind.MEDICAL,
}


def console_routes(deps: WebDeps) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    frame = Frame(deps)
    console = Console(frame)
    router.add_api_route("/", console.board, methods=["GET"])
    router.add_api_route("/wall", console.wall, methods=["GET"])
    router.add_api_route("/alarms", console.earlier, methods=["GET"])
    router.add_api_route("/leave", console.leave, methods=["GET"])
    router.add_api_route("/leave", console.left, methods=["POST"])
    router.add_api_route("/people", console.people, methods=["GET"])
    router.add_api_route("/devices", console.devices, methods=["GET"])
    router.add_api_route("/lines", console.lines, methods=["GET"])
    router.add_api_route("/lines/register", console.register, methods=["POST"])
    router.add_api_route("/demo", console.demo, methods=["GET"])
    router.add_api_route("/demo/press", console.press, methods=["POST"])
    router.add_api_route("/language", console.language, methods=["POST"])
    router.routes.extend(alarm_routes(frame).routes)
    return router


class Console:
    """The pages, over one Desk."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._deps = frame.deps

    async def board(self, request: Request) -> Response:
        return self._board(request, wall=False)

    async def wall(self, request: Request) -> Response:
        """The same board, dark and large, for a screen everybody passes."""
        return self._board(request, wall=True)

    async def earlier(
        self,
        request: Request,
        cursor: Annotated[str | None, Query(max_length=CURSOR_LONGEST)] = None,
    ) -> Response:
        viewer = self._frame.viewer(request)
        page = await self._deps.alarm_pages(cursor=cursor, limit=PAGE_DEFAULT)
        rows = [_row(alarm, viewer) for alarm in page.alarms]
        return self._frame.page(request, viewer, "earlier.html", rows=rows, cursor=page.cursor)

    async def people(self, request: Request) -> Response:
        viewer = self._frame.viewer(request)
        people = crew(self._deps.desk.people(), viewer.reader)
        return self._frame.page(request, viewer, "people.html", crew=people)

    async def devices(self, request: Request) -> Response:
        viewer = self._frame.viewer(request)
        rows = device_rows(self._deps.desk.devices(), viewer.reader)
        return self._frame.page(request, viewer, "devices.html", rows=rows)

    async def lines(self, request: Request) -> Response:
        return self._lines(request)

    async def register(
        self,
        request: Request,
        wire: Annotated[str, Form(max_length=TEXT_LONGEST)],
        id: Annotated[str, Form(max_length=ID_LONGEST)],
        kind: Annotated[str, Form(max_length=ID_LONGEST)],
        zone: Annotated[str, Form(max_length=ID_LONGEST)] = "",
        person: Annotated[str, Form(max_length=ID_LONGEST)] = "",
    ) -> Response:
        """The technician has pressed it and seen it here: now it has a name and a place."""
        device = DeviceIn(id=id, kind=kind, wire=wire, zone=zone or None, person=person or None)
        try:
            await register(self._deps, identity_of(request).person, device)
        except DomainError as refused:
            return self._lines(request, status_of(refused), str(refused))
        return RedirectResponse("/lines?said=registered", 303)

    def _lines(self, request: Request, status: int = 200, refusal: str = "") -> Response:
        viewer = self._frame.viewer(request)
        page = lines_page(self._deps, viewer.reader)
        may = self._deps.register is not None and may_register(self._deps, viewer.id)
        return self._frame.page(
            request, viewer, "lines.html", status, page=page, may_register=may, refusal=refusal
        )

    async def demo(self, request: Request) -> Response:
        viewer = self._frame.viewer(request)
        if self._deps.press is None:
            return self._frame.missing(request, DomainError("not_found", "no demonstration"))
        people = crew(self._deps.desk.people(), viewer.reader)
        levels = [(level, labels.level(viewer.w, level, viewer.own)) for level in MOST_ACUTE_FIRST]
        return self._frame.page(request, viewer, "demo.html", crew=people, levels=levels)

    async def press(
        self,
        request: Request,
        person: Annotated[str, Form(max_length=ID_LONGEST)],
        level: Annotated[Level, Form()] = Level.RED,
        kind: Annotated[AlarmKind | None, Form()] = None,
    ) -> Response:
        if self._deps.press is None:
            return self._frame.missing(request, DomainError("not_found", "no demonstration"))
        try:
            await self._deps.press(person, level, kind or DEMO_KINDS.get(level, AlarmKind.CALL))
        except DomainError as refused:
            return self._frame.missing(request, refused)
        return RedirectResponse("/?said=pressed", 303)

    async def language(
        self,
        request: Request,
        language: Annotated[str, Form(max_length=8)],
        back: Annotated[str, Form(max_length=500)] = "/",
    ) -> Response:
        response = RedirectResponse(_own_path(back), 303)
        if language in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=YEAR_S, httponly=True, samesite="strict"
            )
        return response

    async def leave(self, request: Request) -> Response:
        """Asked once more: a screen that is signed out shows no alarms."""
        asked = asked_at(self._deps.desk.now())
        return self._frame.page(request, self._frame.viewer(request), "leave.html", asked=asked)

    async def left(
        self, request: Request, asked: Annotated[str, Form(max_length=ID_LONGEST)] = ""
    ) -> Response:
        if not is_sure(asked, self._deps.desk.now()):
            return RedirectResponse("/leave", 303)
        return signed_out()

    def _board(self, request: Request, *, wall: bool) -> Response:
        viewer = self._frame.viewer(request)
        alarms = self._deps.desk.open_alarms()
        cards = [card(alarm, viewer.reader) for alarm in alarms[:CARDS_MAX]]
        return self._frame.page(
            request,
            viewer,
            "board.html",
            wall=wall,
            sounds=True,
            urgent=[one for one in cards if not one.technical],
            technical=[one for one in cards if one.technical],
            not_shown=max(0, len(alarms) - CARDS_MAX),
            crew=crew(self._deps.desk.people(), viewer.reader),
        )


def _row(alarm: Alarm, viewer: Viewer) -> dict[str, object]:
    end = alarm.closing
    cause = labels.cause(viewer.w, end.cause, viewer.own) if end else ""
    return {"card": card(alarm, viewer.reader), "open": alarm.open, "cause": cause}


def _own_path(back: str) -> str:
    """A path of this console only: never another host, never `//`."""
    parts = urlsplit(back)
    own = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return quote(parts.path) if own and "\\" not in back else "/"
