"""`/api/v1`: lines, remote gateways, who speaks there unregistered, and registering them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from core.errors import DomainError
from devices.registry import Device
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.web.api.routes import PROBLEM, Asker, Deps
from dispatcher.web.api.shapes import ID_LONGEST, TEXT_LONGEST
from dispatcher.web.ports import WebDeps

router = APIRouter(
    prefix="/api/v1", tags=["lines"], responses={code: PROBLEM for code in (401, 403, 422, 503)}
)

Id = Annotated[str, Field(min_length=1, max_length=ID_LONGEST)]


class DeviceIn(BaseModel):
    """What spoke as `wire` is this device from now on: worn by a person, or hanging in a zone."""

    model_config = ConfigDict(extra="forbid")
    id: Id
    kind: Id
    wire: Annotated[str, Field(min_length=1, max_length=TEXT_LONGEST)]
    zone: Id | None = None
    person: Id | None = None


@dataclass(frozen=True, slots=True)
class LineOut:
    """One line. `gateway`: the remote gateway it ends at; empty: here."""

    id: str
    protocol: str
    well: bool
    gateway: str


@dataclass(frozen=True, slots=True)
class GatewayOut:
    """One remote gateway; `backlog` records wait in its spool, the oldest for `oldest_s`."""

    id: str
    site: str
    reached: bool
    backlog: int
    oldest_s: float
    devices_connected: int
    problems: list[str]


@dataclass(frozen=True, slots=True)
class LinesOut:
    lines: list[LineOut]
    gateways: list[GatewayOut]


@dataclass(frozen=True, slots=True)
class SenderOut:
    """An unknown sender. `wire` is what its device would carry in `devices.toml`."""

    line: str
    protocol: str
    identity: str
    wire: str
    first: datetime
    last: datetime
    count: int
    type: str
    kind: str | None
    text: str
    code: str
    raw: str
    known_as: str


@dataclass(frozen=True, slots=True)
class UnregisteredOut:
    senders: list[SenderOut]


@dataclass(frozen=True, slots=True)
class RegisteredOut:
    id: str


@router.get("/lines")
async def lines(deps: Deps) -> LinesOut:
    """Every line and every remote gateway, and whether it is well."""
    return LinesOut([_line(one) for one in deps.lines()], [_gateway(g) for g in deps.gateways()])


@router.get("/unregistered")
async def unregistered(deps: Deps) -> UnregisteredOut:
    """What speaks on the lines and stands in no configuration, with its newest message."""
    return UnregisteredOut([_sender(one) for one in deps.unregistered()])


@router.post("/devices", status_code=201)
async def register_device(deps: Deps, asker: Asker, body: DeviceIn) -> RegisteredOut:
    """Register what spoke. Only who leads, or deputises, may."""
    await register(deps, asker.person, body)
    return RegisteredOut(body.id)


async def register(deps: WebDeps, person: str, body: DeviceIn) -> None:
    """Raises DomainError: `not_allowed`, `invalid` with the reason, `not_found`."""
    if deps.register is None:
        raise DomainError("not_found", "Devices are registered in the site's files here.")
    if not may_register(deps, person):
        raise DomainError("not_allowed", "Only the duty leader or a deputy registers devices.")
    device = Device(
        body.id,
        body.kind,
        _site_of(deps, body),
        person=body.person or None,
        zone=body.zone or None,
        wire=(body.wire,),
    )
    await deps.register(device, person)


def may_register(deps: WebDeps, person: str) -> bool:
    """A standing leader or deputy of a site, or whoever leads now."""
    sites = deps.desk.organisation().sites
    standing = any(person in (*site.leaders, *site.deputies) for site in sites)
    return standing or any(
        one.person == person and one.duty == "leader" for one in deps.desk.people()
    )


def _site_of(deps: WebDeps, body: DeviceIn) -> str:
    """Of the place it hangs in or the person who wears it."""
    organisation = deps.desk.organisation()
    places = {zone.id: zone.site for zone in organisation.zones}
    people = {person.id: person.site for person in organisation.people}
    site = places.get(body.zone or "") or people.get(body.person or "")
    if site is None:
        raise DomainError("invalid", "Name a zone or a person of the site.")
    return site


def _line(one: LineStanding) -> LineOut:
    return LineOut(one.id, one.protocol, one.well, one.gateway)


def _gateway(one: GatewayStanding) -> GatewayOut:
    return GatewayOut(
        one.id,
        one.site,
        one.reached,
        one.backlog,
        one.oldest.total_seconds(),
        one.connected,
        list(one.problems),
    )


def _sender(one: Unregistered) -> SenderOut:
    return SenderOut(
        line=one.line,
        protocol=one.protocol,
        identity=one.identity,
        wire=one.wire,
        first=one.first,
        last=one.last,
        count=one.count,
        type=one.type.value,
        kind=one.kind.value if one.kind is not None else None,
        text=one.text,
        code=one.code,
        raw=one.raw.hex(),
        known_as=one.known_as,
    )
