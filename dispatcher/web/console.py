"""The console: board, one alarm, people, devices, earlier alarms, press buttons in demo mode.

Server-rendered. A page loads itself anew when the stream says that something changed, and swaps
the parts marked `data-live`; without JavaScript it is loaded anew by the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.clock import monotonic_s
from core.errors import DomainError, TilkaldError
from core.signals import AlarmKind, AnswerKind, Level
from core.words import LANGUAGES, Words
from dispatcher.alarms.model import Alarm, Cause
from dispatcher.engine.ports import AnswerOutcome
from dispatcher.roster.model import Person
from dispatcher.site.model import Organisation, Site
from dispatcher.web import labels
from dispatcher.web.alarm_page import alarm_page, may_answer
from dispatcher.web.answer_bar import question_of
from dispatcher.web.api import (
    CURSOR_LONGEST,
    PAGE_DEFAULT,
    AlarmId,
    Asker,
    answered,
    find,
    identity_of,
)
from dispatcher.web.api_model import ID_LONGEST, TEXT_LONGEST
from dispatcher.web.asking import TAKES_AWAY, UNDO_S, Touches, asked_at, is_sure
from dispatcher.web.board import Reader, card
from dispatcher.web.crew import crew, device_rows
from dispatcher.web.lines_api import DeviceIn, may_register, register
from dispatcher.web.lines_page import lines_page
from dispatcher.web.moments import Moments, zone_of
from dispatcher.web.names import Names
from dispatcher.web.pages import render, words_of
from dispatcher.web.ports import WebDeps
from dispatcher.web.problems import status_of
from dispatcher.web.sign_in import signed_out

LANGUAGE_COOKIE = "tilkald_language"
YEAR_S = 365 * 24 * 3600
LANGUAGE_NAMES = {"da": "Dansk", "nb": "Norsk", "en": "English"}
CARDS_MAX = 100
"""A board with more cards than this says how many are not shown; the API has them all."""

DEMO_KINDS = {
    Level.RED: AlarmKind.ATTACK,
    Level.ORANGE: AlarmKind.ATTACK,
    Level.YELLOW: AlarmKind.ASSIST,
    Level.GREEN: AlarmKind.ASSIST,
    Level.BLUE: AlarmKind.MEDICAL,
}
SAID = {
    "sent": "Your answer was taken.",
    "stood_down": "Thank you. Others are enough.",
    "already": "You have answered that already.",
    "over": "It is over already.",
    "not_taken": "Your answer was not taken. Try again.",
    "raised": "Help is called for you.",
    "pressed": "Pressed.",
    "registered": "Registered. Press it once more: the board must show its place.",
}
_SAID_OF = {
    AnswerOutcome.COUNTED: "sent",
    AnswerOutcome.STOOD_DOWN: "stood_down",
    AnswerOutcome.ALREADY: "already",
    AnswerOutcome.CLOSED: "over",
    AnswerOutcome.NOT_YOURS: "not_taken",
    AnswerOutcome.RAISED: "raised",
    AnswerOutcome.UNKNOWN: "not_taken",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads a page: the person, their site, and everything to put it in words for them."""

    id: str
    person: Person | None
    site: Site | None
    reader: Reader

    @property
    def w(self) -> Words:
        return self.reader.w

    @property
    def own(self) -> Mapping[str, str]:
        return self.reader.own

    @property
    def name(self) -> str:
        return self.person.first_name if self.person else self.id


def console_routes(deps: WebDeps) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    console = Console(deps)
    router.add_api_route("/", console.board, methods=["GET"])
    router.add_api_route("/wall", console.wall, methods=["GET"])
    router.add_api_route("/alarms", console.earlier, methods=["GET"])
    router.add_api_route("/alarms/{alarm_id}", console.alarm, methods=["GET"])
    router.add_api_route("/alarms/{alarm_id}/answer", console.answer, methods=["POST"])
    router.add_api_route("/alarms/{alarm_id}/end", console.end, methods=["GET"])
    router.add_api_route("/alarms/{alarm_id}/close", console.close, methods=["POST"])
    router.add_api_route("/leave", console.leave, methods=["GET"])
    router.add_api_route("/leave", console.left, methods=["POST"])
    router.add_api_route("/people", console.people, methods=["GET"])
    router.add_api_route("/devices", console.devices, methods=["GET"])
    router.add_api_route("/lines", console.lines, methods=["GET"])
    router.add_api_route("/lines/register", console.register, methods=["POST"])
    router.add_api_route("/demo", console.demo, methods=["GET"])
    router.add_api_route("/demo/press", console.press, methods=["POST"])
    router.add_api_route("/language", console.language, methods=["POST"])
    return router


class Console:
    """The pages, over one Desk."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._touches = Touches[AnswerOutcome](monotonic_s)

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
        viewer = self._viewer(request)
        page = await self._deps.alarm_pages(cursor=cursor, limit=PAGE_DEFAULT)
        rows = [_row(alarm, viewer) for alarm in page.alarms]
        return self._page(request, viewer, "earlier.html", rows=rows, cursor=page.cursor)

    async def alarm(
        self,
        request: Request,
        alarm_id: AlarmId,
        ask: Annotated[str, Query(max_length=ID_LONGEST)] = "",
    ) -> Response:
        try:
            found = await find(self._deps, alarm_id)
        except DomainError as missing:
            return self._missing(request, missing)
        return await self._alarm(request, found, 200, ask=ask)

    async def answer(
        self,
        request: Request,
        asker: Asker,
        alarm_id: AlarmId,
        answer: Annotated[AnswerKind, Form()],
        rev: Annotated[int | None, Form(ge=0)] = None,
        asked: Annotated[str, Form(max_length=ID_LONGEST)] = "",
    ) -> Response:
        try:
            found = await find(self._deps, alarm_id)
            if answer is AnswerKind.OVER:
                return RedirectResponse(_path_of(alarm_id, "/end"), 303)
            if answer in TAKES_AWAY and not is_sure(asked, self._deps.desk.now()):
                return RedirectResponse(_path_of(alarm_id, f"?ask={answer}"), 303)
            outcome = await self._touches.once(
                (asker.person, alarm_id, answer),
                partial(answered, self._deps, found, asker.person, answer, rev),
            )
        except DomainError as refused:
            return await self._refused(request, alarm_id, refused)
        return _back_to(alarm_id, _SAID_OF[outcome])

    async def end(self, request: Request, alarm_id: AlarmId) -> Response:
        """Where an alarm is ended: a page of its own, so that nothing moves under a finger."""
        try:
            found = await find(self._deps, alarm_id)
        except DomainError as missing:
            return self._missing(request, missing)
        if not found.open:
            return _back_to(alarm_id, "over")
        viewer = self._viewer(request)
        causes = [(one, labels.cause(viewer.w, one, viewer.own)) for one in labels.CAUSES_OFFERED]
        return self._page(
            request,
            viewer,
            "end.html",
            card=card(found, viewer.reader),
            rev=found.rev,
            causes=causes,
            asked=asked_at(self._deps.desk.now()),
            undo_s=UNDO_S,
        )

    async def close(
        self,
        request: Request,
        asker: Asker,
        alarm_id: AlarmId,
        rev: Annotated[int, Form(ge=0)],
        cause: Annotated[Cause, Form()],
        text: Annotated[str, Form(max_length=TEXT_LONGEST)] = "",
        asked: Annotated[str, Form(max_length=ID_LONGEST)] = "",
    ) -> Response:
        if not is_sure(asked, self._deps.desk.now()):
            return RedirectResponse(_path_of(alarm_id, "/end"), 303)
        try:
            await self._deps.desk.close_alarm(alarm_id, rev, asker.person, cause, text.strip())
        except DomainError as refused:
            return await self._refused(request, alarm_id, refused)
        return _back_to(alarm_id, "")

    async def people(self, request: Request) -> Response:
        viewer = self._viewer(request)
        people = crew(self._deps.desk.people(), viewer.reader)
        return self._page(request, viewer, "people.html", crew=people)

    async def devices(self, request: Request) -> Response:
        viewer = self._viewer(request)
        rows = device_rows(self._deps.desk.devices(), viewer.reader)
        return self._page(request, viewer, "devices.html", rows=rows)

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
        viewer = self._viewer(request)
        page = lines_page(self._deps, viewer.reader)
        may = self._deps.register is not None and may_register(self._deps, viewer.id)
        return self._page(
            request, viewer, "lines.html", status, page=page, may_register=may, refusal=refusal
        )

    async def demo(self, request: Request) -> Response:
        viewer = self._viewer(request)
        if self._deps.press is None:
            return self._missing(request, DomainError("not_found", "no demonstration"))
        people = crew(self._deps.desk.people(), viewer.reader)
        levels = [(level, labels.level(viewer.w, level, viewer.own)) for level in _MOST_ACUTE]
        return self._page(request, viewer, "demo.html", crew=people, levels=levels)

    async def press(
        self,
        request: Request,
        person: Annotated[str, Form(max_length=ID_LONGEST)],
        level: Annotated[Level, Form()] = Level.RED,
        kind: Annotated[AlarmKind | None, Form()] = None,
    ) -> Response:
        if self._deps.press is None:
            return self._missing(request, DomainError("not_found", "no demonstration"))
        try:
            await self._deps.press(person, level, kind or DEMO_KINDS[level])
        except DomainError as refused:
            return self._missing(request, refused)
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
        return self._page(request, self._viewer(request), "leave.html", asked=asked)

    async def left(
        self, request: Request, asked: Annotated[str, Form(max_length=ID_LONGEST)] = ""
    ) -> Response:
        if not is_sure(asked, self._deps.desk.now()):
            return RedirectResponse("/leave", 303)
        return signed_out()

    def _board(self, request: Request, *, wall: bool) -> Response:
        viewer = self._viewer(request)
        alarms = self._deps.desk.open_alarms()
        cards = [card(alarm, viewer.reader) for alarm in alarms[:CARDS_MAX]]
        return self._page(
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

    async def _alarm(
        self, request: Request, alarm: Alarm, status: int, refusal: str = "", ask: str = ""
    ) -> Response:
        viewer = self._viewer(request)
        desk = self._deps.desk
        page = alarm_page(
            alarm,
            viewer.id,
            viewer.reader,
            view=desk.last_view(alarm.id) if alarm.open else None,
            notices=await desk.notices(alarm.id),
            timeline=await desk.timeline(alarm.id),
        )
        asks = ask in (AnswerKind.DECLINE, AnswerKind.WITHDRAW) and may_answer(alarm, viewer.id)
        question = question_of(viewer.w, AnswerKind(ask), desk.now()) if asks else None
        return self._page(
            request, viewer, "alarm.html", status, page=page, refusal=refusal, question=question
        )

    async def _refused(self, request: Request, alarm_id: str, refused: DomainError) -> Response:
        """Show the alarm as it is now, with the reason on top: the person decides again."""
        try:
            found = await find(self._deps, alarm_id)
        except DomainError as missing:
            return self._missing(request, missing)
        why = _why(refused, self._viewer(request).w)
        return await self._alarm(request, found, status_of(refused), why)

    def _missing(self, request: Request, error: TilkaldError) -> Response:
        viewer = self._viewer(request)
        status = status_of(error) if isinstance(error, DomainError) else 404
        return self._page(request, viewer, "missing.html", status)

    def _viewer(self, request: Request) -> Viewer:
        desk = self._deps.desk
        organisation = desk.organisation()
        names = Names.of(organisation)
        who = identity_of(request).person
        person = names.people.get(who)
        site = _site_of(organisation, names, person)
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        default = person.language if person else site.language if site else None
        language = chosen if chosen in LANGUAGES else default or self._deps.settings.language
        zone = zone_of(site.timezone) if site else UTC
        reader = Reader(
            words_of(language),
            dict(site.words) if site else {},
            Moments(desk.now(), desk.wall(), zone),
            names,
        )
        return Viewer(who, person, site, reader)

    def _page(
        self, request: Request, viewer: Viewer, template: str, status: int = 200, **fields: Any
    ) -> Response:
        settings = self._deps.settings
        said = request.query_params.get("said", "")
        fields.setdefault("wall", False)
        fields.setdefault("sounds", False)
        html = render(
            template,
            w=viewer.w,
            viewer=viewer,
            moments=viewer.reader.moments,
            problems=self._deps.desk.problems(),
            demo_mode=self._deps.press is not None,
            path=request.url.path,
            said=viewer.w(SAID[said]) if said in SAID else "",
            languages=LANGUAGE_NAMES,
            silent_s=settings.silent_after.total_seconds(),
            beat_s=settings.heartbeat.total_seconds(),
            version=settings.version,
            **fields,
        )
        return HTMLResponse(html, status)


_MOST_ACUTE = (Level.RED, Level.BLUE, Level.ORANGE, Level.YELLOW, Level.GREEN)


def _row(alarm: Alarm, viewer: Viewer) -> dict[str, object]:
    end = alarm.closing
    cause = labels.cause(viewer.w, end.cause, viewer.own) if end else ""
    return {"card": card(alarm, viewer.reader), "open": alarm.open, "cause": cause}


def _site_of(organisation: Organisation, names: Names, person: Person | None) -> Site | None:
    if person is not None and person.site in names.sites:
        return names.sites[person.site]
    return organisation.sites[0] if organisation.sites else None


def _why(refused: DomainError, w: Words) -> str:
    match refused.code:
        case "stale":
            return w("Something new has happened. Look, then try again.")
        case "not_allowed":
            return w("Only somebody who was there, or the duty leader, can end it.")
        case _:
            return w("That did not work. Try again.")


def _back_to(alarm_id: str, said: str) -> Response:
    return RedirectResponse(_path_of(alarm_id, f"?said={said}" if said else ""), 303)


def _path_of(alarm_id: str, rest: str) -> str:
    return f"/alarms/{quote(alarm_id, safe='')}{rest}"


def _own_path(back: str) -> str:
    """A path of this console only: never another host, never `//`."""
    parts = urlsplit(back)
    own = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return quote(parts.path) if own and "\\" not in back else "/"
