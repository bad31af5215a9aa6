"""`/api/v1`: alarms, people, devices, answers, closing, the event stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from alarms.model import Alarm, Cause
from core.errors import DomainError
from core.signals import AnswerKind
from dispatcher.channels.desk import AnswerOutcome
from dispatcher.web.api import shapes as shapes
from dispatcher.web.api.shapes import Outward
from dispatcher.web.asking import TAKES_AWAY, refuse_what_saw_less
from dispatcher.web.events import StreamAnswer, Streams
from dispatcher.web.ports import WebDeps
from dispatcher.web.sign_in.sessions import Identity

PAGE_DEFAULT = 50
PAGE_MAX = 200
CURSOR_LONGEST = 200
PROBLEM = {"description": "A problem document (RFC 9457)"}

router = APIRouter(
    prefix="/api/v1", tags=["api"], responses={code: PROBLEM for code in (401, 404, 422, 503)}
)


def deps_of(request: Request) -> WebDeps:
    deps = request.app.state.deps
    assert isinstance(deps, WebDeps)
    return deps


def identity_of(request: Request) -> Identity:
    """Who asks. Sign-in has let nobody pass without."""
    identity = request.state.identity
    assert isinstance(identity, Identity)
    return identity


Deps = Annotated[WebDeps, Depends(deps_of)]
Asker = Annotated[Identity, Depends(identity_of)]
AlarmId = Annotated[str, Path(max_length=shapes.ID_LONGEST)]


@router.get("/alarms")
async def alarms(
    deps: Deps,
    cursor: Annotated[str | None, Query(max_length=CURSOR_LONGEST)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
) -> shapes.AlarmsOut:
    """All alarms, newest first, a page at a time."""
    page = await deps.alarm_pages(cursor=cursor, limit=limit)
    outward = _outward(deps)
    shown = [outward.alarm(one) for one in page.alarms]
    return shapes.AlarmsOut(shown, page.cursor, page.complete)


@router.get("/alarms/{alarm_id}")
async def alarm(deps: Deps, alarm_id: AlarmId) -> shapes.AlarmOut:
    return _outward(deps).alarm(await find(deps, alarm_id))


@router.get("/alarms/{alarm_id}/timeline")
async def timeline(deps: Deps, alarm_id: AlarmId) -> shapes.TimelineOut:
    await find(deps, alarm_id)
    outward = _outward(deps)
    return shapes.TimelineOut([outward.entry(one) for one in await deps.desk.timeline(alarm_id)])


@router.get("/alarms/{alarm_id}/notices")
async def notices(deps: Deps, alarm_id: AlarmId) -> shapes.NoticesOut:
    await find(deps, alarm_id)
    outward = _outward(deps)
    return shapes.NoticesOut([outward.notice(one) for one in await deps.desk.notices(alarm_id)])


@router.get("/alarms/{alarm_id}/view")
async def view(deps: Deps, alarm_id: AlarmId) -> shapes.ViewOut:
    """Who was chosen at the newest decision and who not, and why. Only while the alarm is open."""
    picture = deps.desk.last_view(alarm_id)
    if picture is None:
        raise DomainError("not_found", f"There is no open alarm {alarm_id} with a picture.")
    return _outward(deps).view(picture)


@router.post(
    "/alarms/{alarm_id}/answer",
    responses={403: PROBLEM, 409: {"description": "The alarm moved on since `rev`; why is said"}},
)
async def answer(
    deps: Deps, asker: Asker, alarm_id: AlarmId, body: shapes.AnswerIn
) -> shapes.AnswerOut:
    """Answer as the person the token names, called or not.

    What takes help away names the `rev` it saw: 422 `rev_missing` without, 409 when somebody has
    joined or the level has risen since. `over` closes as `/close` does, or is refused as there.
    """
    found = await find(deps, alarm_id)
    return shapes.AnswerOut(await answered(deps, found, asker.person, body.answer, body.rev))


@router.post(
    "/alarms/{alarm_id}/close",
    responses={403: PROBLEM, 409: {"description": "The alarm moved on since `rev`; why is said"}},
)
async def close(
    deps: Deps, asker: Asker, alarm_id: AlarmId, body: shapes.CloseIn
) -> shapes.AlarmOut:
    """Close with a neutral cause. Refused when somebody joined or the level rose since `rev`."""
    closed = await deps.desk.close_alarm(alarm_id, body.rev, asker.person, body.cause, body.text)
    return _outward(deps).alarm(closed)


@router.get("/people")
async def people(deps: Deps) -> shapes.PeopleOut:
    return shapes.PeopleOut([shapes.person(one) for one in deps.desk.people()])


@router.get("/devices")
async def devices(deps: Deps) -> shapes.DevicesOut:
    return shapes.DevicesOut([shapes.device(one) for one in deps.desk.devices()])


@router.post("/demo/press", status_code=202)
async def press(deps: Deps, body: shapes.PressIn) -> Response:
    """Press the simulated device of a person. Only in demonstration mode."""
    if deps.press is None:
        raise DomainError("not_found", "This service is not a demonstration.")
    await deps.press(body.person, body.level, body.kind)
    return Response(status_code=202)


@router.get("/events", response_class=StreamingResponse, responses={429: PROBLEM})
async def events(
    request: Request,
    asker: Asker,
    last_event_id: Annotated[str | None, Header(max_length=CURSOR_LONGEST)] = None,
    last: Annotated[str | None, Query(max_length=CURSOR_LONGEST)] = None,
    page: Annotated[str, Query(max_length=shapes.ID_LONGEST)] = "",
) -> StreamingResponse:
    """Changes as server-sent events: `alarm`, `devices`, `health`, `resync`, and `beat`.

    `last` is the same as `Last-Event-ID`, for pages that open a stream anew. A `page` that opens a
    second one ends its first. 429: too many are open; ask for what you show every few seconds.
    """
    streams = request.app.state.streams
    assert isinstance(streams, Streams)
    return StreamAnswer(streams.open(asker.person, last_event_id or last, page))


async def find(deps: WebDeps, alarm_id: str) -> Alarm:
    """The alarm, from memory while it is open. Raises DomainError `not_found`."""
    found = deps.desk.open_alarm(alarm_id) or await deps.desk.alarm(alarm_id)
    if found is None:
        raise DomainError("not_found", f"There is no alarm {alarm_id}.")
    return found


async def answered(
    deps: WebDeps, alarm: Alarm, person: str, answer: AnswerKind, rev: int | None
) -> AnswerOutcome:
    """An answer from a page or the API. Raises DomainError `rev_missing`, `stale` and others."""
    if answer not in TAKES_AWAY:
        return await deps.desk.volunteer(alarm.id, person, answer, rev)
    if rev is None:
        text = f"“{answer}” takes help away. Send the `rev` of the alarm you looked at."
        raise DomainError("rev_missing", text)
    if not alarm.open:
        return await deps.desk.volunteer(alarm.id, person, answer, rev)
    if answer is AnswerKind.OVER:
        await deps.desk.close_alarm(alarm.id, rev, person, Cause.CALMED_DOWN)
        return AnswerOutcome.COUNTED
    refuse_what_saw_less(alarm, rev)
    return await deps.desk.volunteer(alarm.id, person, answer, rev)


def _outward(deps: WebDeps) -> Outward:
    return Outward(deps.desk.wall() - deps.desk.now(), deps.desk.now())
