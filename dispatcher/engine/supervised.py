"""What supervision finds, and what it means for alarms: who is told, which routes are avoided, who
may not arrive.

The laws kept here: an accept that cannot be kept does not hold help up (law 2), and losses with one
cause are one technical alarm (law 12).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alarms.vocabulary import LostWhy
from core.values import value
from devices.findings import Finding, Trouble
from dispatcher.engine.engine import Engine
from dispatcher.engine.outcome import Moment
from dispatcher.engine.pictures import SitePictures

_FOUND = {
    Trouble.SILENT: "No contact with {devices}. Look for it.",
    Trouble.COMMON_CAUSE: "No contact with several devices at once: {devices}. Check the network.",
    Trouble.LINE_DOWN: "The line {line} is down. Devices on it cannot call. Check the cable.",
    Trouble.LOW_BATTERY: "Low battery: {devices}. Charge or change it.",
    Trouble.TAMPER: "Somebody has tampered with {devices}. Look at it.",
    Trouble.TWO_CLAIM: "Two devices call themselves {devices}. Find the wrong one.",
}

_PROBLEMS = {
    "revoked": "{device} is revoked as stolen and tried to log in. It was refused.",
    "unread": "{device} says what nobody can read, again and again. Look at it.",
    "storm": "{device} repeats itself without end. It is heard; look at it.",
}

_UNREACHABLE = (Trouble.SILENT, Trouble.COMMON_CAUSE, Trouble.TAMPER)
"""What makes a device no way to reach its person."""

_AWAY = (Trouble.SILENT, Trouble.COMMON_CAUSE)
"""What makes it doubtful that its wearer arrives: a device somebody opened is still with them."""


@value(frozen=True)
class Consequences:
    """What one finding changes. `message`: the technical alarm's text; "" ends the alarm.

    `routes` do not work now, for the reason `why`; None: they work again. `lost` are people who, if
    they are coming, may not arrive.
    """

    message: str
    routes: tuple[str, ...] = ()
    why: str | None = None
    lost: tuple[str, ...] = ()


def consequences(finding: Finding, wearer: Callable[[str], str | None]) -> Consequences:
    """What a finding means. Pure; `wearer` says who wears a device now."""
    routes = finding.devices if finding.trouble in _UNREACHABLE else ()
    if finding.over:
        return Consequences("", routes)
    away = finding.devices if finding.trouble in _AWAY else ()
    people = dict.fromkeys(wearer(device) for device in away)
    lost = tuple(person for person in people if person is not None)
    return Consequences(_FOUND[finding.trouble], routes, finding.trouble.value, lost)


def gone_home(before: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    """Whose shift has ended between two looks at who is on duty. Pure."""
    return tuple(person for person in before if person not in now)


class Supervised:
    """Carries out what supervision and the roster's clock change. On the event loop."""

    def __init__(
        self, engine: Engine, pictures: SitePictures, wall: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._pictures = pictures
        self._wall = wall
        self._on_duty: tuple[str, ...] | None = None

    def found(self, finding: Finding) -> None:
        """Take a technical trouble, news about one, or its end."""
        wall = self._wall()
        means = consequences(finding, lambda device: self._pictures.wearer(device, wall))
        self._pictures.unreachable(means.routes, means.why)
        for person in means.lost:
            self._engine.responder_lost(person, LostWhy.DEVICE_LOST)
        if not means.message:
            self._engine.recovered(finding.key)
            return
        devices = ", ".join(finding.devices)
        self._engine.technical(
            finding.key, means.message, finding.site, devices=devices, line=finding.line
        )

    def problem(self, part: str, text: str | None) -> None:
        """Show on every page what is degraded about a device; None: it works again."""
        if text is None:
            self._engine.health.clear(part)
            return
        what, _, device = part.partition(":")
        message = _PROBLEMS.get(what, "{why}")
        self._engine.health.report(part, message, device=device, why=text)

    def look_at_roster(self, at: Moment) -> tuple[str, ...]:
        """The devices that must be heard now; whose shift is over does not count as coming."""
        on_duty = self._pictures.on_duty(at)
        for person in gone_home(on_duty if self._on_duty is None else self._on_duty, on_duty):
            self._engine.responder_lost(person, LostWhy.SHIFT_OVER)
        self._on_duty = on_duty
        return self._pictures.expected_devices(at)
