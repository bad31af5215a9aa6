"""What the two web apps need of the rest of the service, in one frozen value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from core.signals import AlarmKind, Level
from devices.registry import Device
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.engine.ports import Desk
from dispatcher.roster.model import Language
from dispatcher.store.ports import AlarmPage, LinkWrite

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Values of the service settings the pages depend on.

    `public_url` is where the outside reaches the public listener (Twilio, notice links). `hosts`
    are names the staff listener answers to beside the loopback ones. `heartbeat` is the pause
    between signs of life on the stream; a board that has heard nothing for `silent_after` says so.
    """

    public_url: str = ""
    hosts: tuple[str, ...] = ()
    language: Language = Language.DANISH
    heartbeat: timedelta = timedelta(seconds=5)
    silent_after: timedelta = timedelta(seconds=10)
    version: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this node can take an alarm now; `problems` say in words why not."""

    ready: bool
    problems: tuple[str, ...] = ()


class AlarmPages(Protocol):
    """All alarms, newest first, a page at a time: the store's `alarms`."""

    async def __call__(self, *, cursor: str | None = None, limit: int = 50) -> AlarmPage: ...


class DemoPress(Protocol):
    """Presses the simulated device of a person. Raises DomainError `not_found`."""

    async def __call__(self, person: str, level: Level, kind: AlarmKind) -> None: ...


class TwilioHooks(Protocol):
    """What Twilio posts to us. `path` has its query; the answer is (HTTP status, body in XML)."""

    async def sms(
        self, path: str, params: Mapping[str, str], signature: str
    ) -> tuple[int, str]: ...

    async def status(
        self, path: str, params: Mapping[str, str], signature: str
    ) -> tuple[int, str]: ...


class SignInCodes(Protocol):
    """One-time codes of `/enter/…` links: `redeem` gives the staff token once, then None."""

    def knows(self, code: str) -> bool: ...

    def redeem(self, code: str) -> str | None: ...


class Register(Protocol):
    """Adds a device to the configuration, in the name of a person. Raises DomainError `invalid`."""

    async def __call__(self, device: Device, by: str) -> None: ...


@dataclass(frozen=True, slots=True)
class WebDeps:
    """Everything behind the pages. `press` only in demo mode, `twilio` only where it is set up.

    `unregistered`: who speaks on the lines and is not configured, the newest first.
    `staff_person` and `link` take the hash of a token (`core.ids.hashed`), never the token.
    `known`: the hashes of staff tokens and their persons, for when the store does not answer.
    """

    desk: Desk
    alarm_pages: AlarmPages
    staff_person: Callable[[str], Awaitable[str | None]]
    link: Callable[[str], Awaitable[LinkWrite | None]]
    codes: SignInCodes
    readiness: Callable[[], Readiness]
    metrics: Callable[[], bytes]
    settings: WebSettings = field(default_factory=WebSettings)
    press: DemoPress | None = None
    twilio: TwilioHooks | None = None
    unregistered: Callable[[], Sequence[Unregistered]] = tuple
    lines: Callable[[], Sequence[LineStanding]] = tuple
    gateways: Callable[[], Sequence[GatewayStanding]] = tuple
    register: Register | None = None
    known: Mapping[str, str] = field(default_factory=dict)
