"""What every page of the console stands in: whose it is, in which words, and what is wrong now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from core.errors import DomainError, TilkaldError
from core.words import LANGUAGES, Words
from dispatcher.roster.model import Person
from dispatcher.roster.organisation import Organisation, Site
from dispatcher.web.api.problems import status_of
from dispatcher.web.api.routes import identity_of
from dispatcher.web.console.board import Reader
from dispatcher.web.moments import Moments, zone_of
from dispatcher.web.names import Names
from dispatcher.web.pages import render, words_of
from dispatcher.web.ports import WebDeps

LANGUAGE_COOKIE = "tilkald_language"
YEAR_S = 365 * 24 * 3600
LANGUAGE_NAMES = {"da": "Dansk", "nb": "Norsk", "en": "English"}
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


class Frame:
    """Builds pages, over one Desk."""

    def __init__(self, deps: WebDeps) -> None:
        self.deps = deps

    def missing(self, request: Request, error: TilkaldError) -> Response:
        viewer = self.viewer(request)
        status = status_of(error) if isinstance(error, DomainError) else 404
        return self.page(request, viewer, "missing.html", status)

    def viewer(self, request: Request) -> Viewer:
        desk = self.deps.desk
        organisation = desk.organisation()
        names = Names.of(organisation)
        who = identity_of(request).person
        person = names.people.get(who)
        site = _site_of(organisation, names, person)
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        default = person.language if person else site.language if site else None
        language = chosen if chosen in LANGUAGES else default or self.deps.settings.language
        zone = zone_of(site.timezone) if site else UTC
        reader = Reader(
            words_of(language),
            dict(site.words) if site else {},
            Moments(desk.now(), desk.wall(), zone),
            names,
        )
        return Viewer(who, person, site, reader)

    def page(
        self, request: Request, viewer: Viewer, template: str, status: int = 200, **fields: Any
    ) -> Response:
        settings = self.deps.settings
        said = request.query_params.get("said", "")
        fields.setdefault("wall", False)
        fields.setdefault("sounds", False)
        html = render(
            template,
            w=viewer.w,
            viewer=viewer,
            moments=viewer.reader.moments,
            problems=self.deps.desk.problems(),
            demo_mode=self.deps.press is not None,
            path=request.url.path,
            said=viewer.w(SAID[said]) if said in SAID else "",
            languages=LANGUAGE_NAMES,
            silent_s=settings.silent_after.total_seconds(),
            beat_s=settings.heartbeat.total_seconds(),
            version=settings.version,
            **fields,
        )
        return HTMLResponse(html, status)


def _site_of(organisation: Organisation, names: Names, person: Person | None) -> Site | None:
    if person is not None and person.site in names.sites:
        return names.sites[person.site]
    return organisation.sites[0] if organisation.sites else None
