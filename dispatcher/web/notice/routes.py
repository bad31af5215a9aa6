"""`/n/<token>`: one notice, one person, no login. GET changes nothing; POST is an answer.

Link previews read GET and HEAD, so neither may count as anything. A POST carries a form token
that only this page's link gives, and must not come from another site's page. The token itself is
never logged and never stands in a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from alarms.model import Alarm, Cause, Notice
from core.clock import monotonic_s
from core.errors import DomainError, StoreUnavailable
from core.ids import hashed, same
from core.signals import AnswerKind
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.roster.model import Person
from dispatcher.roster.organisation import Site
from dispatcher.web.answer_bar import Question, has_pressed, question_of
from dispatcher.web.asking import TAKES_AWAY, Touches, is_sure, refuse_what_saw_less
from dispatcher.web.guard import MissLimit, same_host
from dispatcher.web.moments import Moments, zone_of
from dispatcher.web.names import Names
from dispatcher.web.notice.view import (
    NoticeView,
    Phase,
    allowed,
    answer_from,
    phase_of,
    view_of,
)
from dispatcher.web.pages import small_page, words_of
from dispatcher.web.ports import WebDeps

TOKEN_LONGEST = 64
REFRESH_S = 20
"""How often a phone without JavaScript loads the page anew; with it, every `POLL_S`."""

POLL_S = 4
RETRY_AFTER_S = 60


@dataclass(frozen=True, slots=True)
class Opened:
    """A living link: whose it is and what it is about."""

    person: Person
    site: Site | None
    alarm: Alarm
    notice: Notice
    phase: Phase
    moments: Moments
    names: Names

    def view(self) -> NoticeView:
        own = dict(self.site.words) if self.site else {}
        w = words_of(self.person.language)
        return view_of(self.alarm, self.notice, self.phase, w, own, self.moments, self.names)


class NoticePages:
    """The handlers of the notice page, over one Desk and one link lookup."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._desk = deps.desk
        self._misses = MissLimit(monotonic_s)
        self._touches = Touches[str](monotonic_s)

    async def show(self, request: Request, token: str) -> Response:
        try:
            opened = await self._open(token)
        except StoreUnavailable:
            return small_page("notice_later.html", 503, refresh_s=REFRESH_S)
        if opened is None:
            return self._no_such_link(request)
        said = request.query_params.get("said", "")
        if opened.phase is Phase.PRESSED and said != "more_help":
            said = ""  # what became of an answer that cannot count would only confuse
        ask = request.query_params.get("ask", "")
        return _page(opened, token, said if said in SAID else "", ask)

    async def answer(self, request: Request, token: str, form: FormData) -> Response:
        """Take one answer and go back to the page (303), so a reload sends nothing twice."""
        try:
            opened = await self._open(token)
        except StoreUnavailable:
            return small_page("notice_later.html", 503, refresh_s=REFRESH_S)
        if opened is None:
            return self._no_such_link(request)
        here = f"/n/{quote(token, safe='')}"
        if not _from_this_page(request, token, form, self._deps.settings.public_url):
            return RedirectResponse(f"{here}?said=again", 303)
        then = await self._take(opened, form)
        return RedirectResponse(f"{here}?{then}" if then else here, 303)

    async def _open(self, token: str) -> Opened | None:
        """The link's person, alarm and notice; None for whatever is unknown or gone alike."""
        link = await self._deps.link(hashed(token[:TOKEN_LONGEST]))
        desk = self._desk
        organisation = desk.organisation()
        names = Names.of(organisation)
        person = names.people.get(link.person) if link else None
        if link is None or person is None or len(token) > TOKEN_LONGEST:
            return None
        alarm = desk.open_alarm(link.alarm) or await desk.alarm(link.alarm)
        notices = await desk.notices(link.alarm)
        notice = next((one for one in notices if one.id == link.notice), None)
        if alarm is None or notice is None or notice.person != person.id:
            return None
        site = names.sites.get(alarm.site)
        moments = Moments(desk.now(), desk.wall(), zone_of(site.timezone if site else "UTC"))
        pressed = has_pressed((alarm, *desk.open_alarms()), person.id)
        phase = phase_of(alarm, notice, moments, pressed=pressed)
        if phase is Phase.GONE:
            return None
        return Opened(person, site, alarm, notice, phase, moments, names)

    async def _take(self, opened: Opened, form: FormData) -> str:
        """What the page shows next, as its query: "" when its new state says it all."""
        try:
            answer = answer_from(str(form.get("answer", "")))
            if not allowed(opened.phase, answer):
                return ""
            if answer in TAKES_AWAY:
                _refuse_unseen(opened, answer, form)
                if not is_sure(str(form.get("asked", "")), opened.moments.now):
                    return f"ask={answer}"
            touch = (opened.notice.id, opened.alarm.id, answer)
            said = await self._touches.once(touch, partial(self._given, opened, answer, form))
        except DomainError as refused:
            said = {"stale": "stale", "not_allowed": "not_allowed"}.get(refused.code, "again")
        return f"said={said}" if said else ""

    async def _given(self, opened: Opened, answer: AnswerKind, form: FormData) -> str:
        """What the page says of it; "" when its new state says it all."""
        if answer is AnswerKind.OVER:
            await self._desk.close_alarm(
                opened.alarm.id, _rev(form), opened.person.id, Cause.CALMED_DOWN
            )
            return ""
        source = Source(SourceKind.LINK, opened.notice.id)
        outcome = await self._desk.answer(opened.notice.id, answer, source)
        return _SAID_AFTER.get(outcome, "more_help" if answer is AnswerKind.MORE_HELP else "")

    def _no_such_link(self, request: Request) -> Response:
        """One page for unknown and gone links alike; it slows down whoever is guessing."""
        address = request.client.host if request.client else ""
        if self._misses.missed(address):
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            return small_page("notice_gone.html", 429, headers=headers)
        return small_page("notice_gone.html", 404)


SAID = {
    "again": "That did not work. Press again.",
    "stale": "Something new has happened. Look, then press again.",
    "not_allowed": "Press “I am here” first.",
    "enough": "Thank you. Others are enough.",
    "more_help": "More help is called.",
}
_SAID_AFTER = {
    AnswerOutcome.STOOD_DOWN: "enough",
    AnswerOutcome.NOT_YOURS: "again",
    AnswerOutcome.UNKNOWN: "again",
}


def notice_routes(deps: WebDeps) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    pages = NoticePages(deps)

    @router.api_route("/n/{token}", methods=["GET", "HEAD"])
    async def show(request: Request, token: str) -> Response:
        return await pages.show(request, token)

    @router.post("/n/{token}")
    async def answer(request: Request, token: str) -> Response:
        async with request.form(max_files=0, max_fields=20) as form:
            return await pages.answer(request, token, form)

    return router


def form_token(token: str) -> str:
    """Bound to the link, and the same after a restart: a page opened before still answers."""
    return hashed(f"form of {token}")


def _from_this_page(request: Request, token: str, form: FormData, public_url: str) -> bool:
    """The form token proves the page; what the browser says of itself must not speak against it.

    An old browser says nothing, and our own page, having no referrer, is the origin "null".
    """
    if not same(str(form.get("form", "")), form_token(token)):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin", "null")
    host = request.headers.get("host", "")
    if origin == "null" or same_host(origin, host):
        return True
    # Behind a proxy the Host header may be the proxy's own; people see the public URL.
    return same_host(origin, urlsplit(public_url).netloc)


def _refuse_unseen(opened: Opened, answer: AnswerKind, form: FormData) -> None:
    """Law 6: what takes help away comes from who may, and names the `rev` they saw."""
    if answer is AnswerKind.OVER and opened.phase is not Phase.ARRIVED:
        raise DomainError("not_allowed", "Only somebody who has arrived can say it is over.")
    refuse_what_saw_less(opened.alarm, _rev(form))


def _rev(form: FormData) -> int:
    rev = str(form.get("rev", ""))
    if not rev.isdecimal() or len(rev) > len(str(2**53)):
        raise DomainError("stale", "The page did not say which state it saw.")
    return int(rev)


def _question(opened: Opened, ask: str) -> Question | None:
    """What the page asks once more, where that makes sense now."""
    try:
        answer = answer_from(ask)
    except DomainError:
        return None
    if not allowed(opened.phase, answer):
        return None
    if answer is AnswerKind.OVER and opened.phase is not Phase.ARRIVED:
        return None
    return question_of(words_of(opened.person.language), answer, opened.moments.now)


def _page(opened: Opened, token: str, said: str, ask: str) -> Response:
    w = words_of(opened.person.language)
    status = 410 if opened.phase is Phase.STOOD_DOWN else 200
    return small_page(
        "notice.html",
        status,
        w=w,
        view=opened.view(),
        question=_question(opened, ask),
        said=w(SAID[said]) if said else "",
        form=form_token(token),
        updated=opened.moments.clock(opened.moments.now),
        refresh_s=REFRESH_S,
        poll_s=POLL_S,
    )
