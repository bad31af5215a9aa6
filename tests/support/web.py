"""The two web apps over an engine in memory, and clients for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from core.clock import monotonic_s
from core.errors import DomainError
from core.signals import AlarmKind, Level, SignalType
from core.values import replace
from devices.registry import Device
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.web.ports import Readiness, WebDeps, WebSettings
from dispatcher.web.sign_in.sessions import OneTimeCodes
from tests.support.bosted import NOW
from tests.support.lindehuset import Lindehuset

STAFF_URL = "http://localhost:8080"
PUBLIC_URL = "http://localhost:8081"


@dataclass
class Presses:
    """The demonstration's presser: remembers what was pressed."""

    pressed: list[tuple[str, Level, AlarmKind]] = field(default_factory=list)

    async def __call__(self, person: str, level: Level, kind: AlarmKind) -> None:
        if person == "nobody":
            raise DomainError("not_found", "There is no such person.")
        self.pressed.append((person, level, kind))


@dataclass
class Hooks:
    """Twilio's hooks: remembers what arrived, answers in XML, refuses an unsigned one."""

    came: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)

    async def sms(self, path: str, params: Mapping[str, str], signature: str) -> tuple[int, str]:
        self.came.append(("sms", path, dict(params), signature))
        return (200, "<Response/>") if signature else (403, "")

    async def status(self, path: str, params: Mapping[str, str], signature: str) -> tuple[int, str]:
        self.came.append(("status", path, dict(params), signature))
        return (204, "")


def web_deps(
    house: Lindehuset,
    *,
    press: Presses | None = None,
    hooks: Hooks | None = None,
    codes: OneTimeCodes | None = None,
    ready: Readiness | None = None,
    heartbeat: timedelta = timedelta(seconds=5),
    silent_after: timedelta = timedelta(seconds=10),
) -> WebDeps:
    engine = house.engine
    return WebDeps(
        desk=engine,
        alarm_pages=engine.archive.pages,
        staff_person=house.store.staff_token,
        link=engine.archive.link,
        codes=codes or OneTimeCodes(monotonic_s),
        readiness=lambda: ready or Readiness(True),
        metrics=lambda: b"tilkald_alarms_total 1\n",
        settings=WebSettings(
            public_url="https://help.example", heartbeat=heartbeat, silent_after=silent_after
        ),
        press=press,
        twilio=hooks,
    )


SENDER = Unregistered(
    "nurse-call",
    "espa444",
    "0815",
    NOW,
    NOW,
    3,
    SignalType.ALARM,
    AlarmKind.ATTACK,
    text="<b>Stue 12</b>",
)
GATEWAY = GatewayStanding(
    "house-b",
    "lind",
    False,
    None,
    7,
    timedelta(hours=3),
    (),
    ("The spool cannot be used.",),
    2,
)


@dataclass
class Registry:
    """Remembers what was registered, or refuses it."""

    refuses: str = ""
    devices: list[tuple[Device, str]] = field(default_factory=list)

    async def __call__(self, device: Device, by: str) -> None:
        if self.refuses:
            raise DomainError("invalid", self.refuses)
        self.devices.append((device, by))


def with_lines(deps: WebDeps, registry: Registry) -> WebDeps:
    """Two lines, a gateway that is not reached, and a sender nobody has registered."""
    lines = (LineStanding("nurse-call", "espa444", True), LineStanding("panels", "dc09", False))
    return replace(
        deps,
        register=registry,
        unregistered=lambda: (SENDER,),
        lines=lambda: lines,
        gateways=lambda: (GATEWAY,),
    )


def staff_client(app: FastAPI, token: str | None = "token-of-per", **headers: str) -> AsyncClient:
    """A client of the staff listener that sends a Bearer token (None: no token)."""
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url=STAFF_URL, headers=headers)


def browser_client(app: FastAPI, token: str = "token-of-per") -> AsyncClient:
    """A client that, like a browser, sends the cookie and says where its requests come from."""
    client = staff_client(app, None, accept="text/html", **{"sec-fetch-site": "same-origin"})
    client.cookies.set("tilkald", token)
    return client


def public_client(app: FastAPI, **headers: str) -> AsyncClient:
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=headers)
