"""One alarm on the console: what happened, the buttons to answer with, the page that ends it."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alarms.model import Alarm, Cause
from core.clock import monotonic_s
from core.errors import DomainError
from core.signals import AnswerKind
from core.words import Words
from dispatcher.channels.desk import AnswerOutcome
from dispatcher.web import labels
from dispatcher.web.answer_bar import has_pressed, question_of
from dispatcher.web.api.problems import status_of
from dispatcher.web.api.routes import AlarmId, Asker, answered, find
from dispatcher.web.api.shapes import ID_LONGEST, TEXT_LONGEST
from dispatcher.web.asking import TAKES_AWAY, UNDO_S, Touches, asked_at, is_sure
from dispatcher.web.console.alarm_page import alarm_page, may_answer
from dispatcher.web.console.board import card
from dispatcher.web.console.frame import Frame

_SAID_OF = {
    AnswerOutcome.COUNTED: "sent",
    AnswerOutcome.STOOD_DOWN: "stood_down",
    AnswerOutcome.ALREADY: "already",
    AnswerOutcome.CLOSED: "over",
    AnswerOutcome.NOT_YOURS: "not_taken",
    AnswerOutcome.RAISED: "raised",
    AnswerOutcome.UNKNOWN: "not_taken",
}


def alarm_routes(frame: Frame) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    pages = AlarmPages(frame)
    router.add_api_route("/alarms/{alarm_id}", pages.alarm, methods=["GET"])
    router.add_api_route("/alarms/{alarm_id}/answer", pages.answer, methods=["POST"])
    router.add_api_route("/alarms/{alarm_id}/end", pages.end, methods=["GET"])
    router.add_api_route("/alarms/{alarm_id}/close", pages.close, methods=["POST"])
    return router


class AlarmPages:
    """The pages of one alarm."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._desk = frame.deps.desk
        self._touches = Touches[AnswerOutcome](monotonic_s)

    async def alarm(
        self,
        request: Request,
        alarm_id: AlarmId,
        ask: Annotated[str, Query(max_length=ID_LONGEST)] = "",
    ) -> Response:
        try:
            found = await find(self._frame.deps, alarm_id)
        except DomainError as missing:
            return self._frame.missing(request, missing)
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
            found = await find(self._frame.deps, alarm_id)
            if answer is AnswerKind.OVER:
                return RedirectResponse(_path_of(alarm_id, "/end"), 303)
            if answer in TAKES_AWAY and not is_sure(asked, self._desk.now()):
                return RedirectResponse(_path_of(alarm_id, f"?ask={answer}"), 303)
            outcome = await self._touches.once(
                (asker.person, alarm_id, answer),
                partial(answered, self._frame.deps, found, asker.person, answer, rev),
            )
        except DomainError as refused:
            return await self._refused(request, alarm_id, refused)
        return _back_to(alarm_id, _SAID_OF[outcome])

    async def end(self, request: Request, alarm_id: AlarmId) -> Response:
        """Where an alarm is ended: a page of its own, so that nothing moves under a finger."""
        try:
            found = await find(self._frame.deps, alarm_id)
        except DomainError as missing:
            return self._frame.missing(request, missing)
        if not found.open:
            return _back_to(alarm_id, "over")
        viewer = self._frame.viewer(request)
        causes = [(one, labels.cause(viewer.w, one, viewer.own)) for one in labels.CAUSES_OFFERED]
        return self._frame.page(
            request,
            viewer,
            "end.html",
            card=card(found, viewer.reader),
            rev=found.rev,
            causes=causes,
            asked=asked_at(self._desk.now()),
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
        if not is_sure(asked, self._desk.now()):
            return RedirectResponse(_path_of(alarm_id, "/end"), 303)
        try:
            await self._desk.close_alarm(alarm_id, rev, asker.person, cause, text.strip())
        except DomainError as refused:
            return await self._refused(request, alarm_id, refused)
        return _back_to(alarm_id, "")

    async def _alarm(
        self, request: Request, alarm: Alarm, status: int, refusal: str = "", ask: str = ""
    ) -> Response:
        viewer = self._frame.viewer(request)
        desk = self._desk
        pressed = has_pressed(desk.open_alarms(), viewer.id)
        page = alarm_page(
            alarm,
            viewer.id,
            viewer.reader,
            view=desk.last_view(alarm.id) if alarm.open else None,
            notices=await desk.notices(alarm.id),
            timeline=await desk.timeline(alarm.id),
            pressed=pressed,
        )
        may = may_answer(alarm, viewer.id) and not pressed
        asks = may and ask in (AnswerKind.DECLINE, AnswerKind.WITHDRAW)
        question = question_of(viewer.w, AnswerKind(ask), desk.now()) if asks else None
        return self._frame.page(
            request, viewer, "alarm.html", status, page=page, refusal=refusal, question=question
        )

    async def _refused(self, request: Request, alarm_id: str, refused: DomainError) -> Response:
        """Show the alarm as it is now, with the reason on top: the person decides again."""
        try:
            found = await find(self._frame.deps, alarm_id)
        except DomainError as missing:
            return self._frame.missing(request, missing)
        why = _why(refused, self._frame.viewer(request).w)
        return await self._alarm(request, found, status_of(refused), why)


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
