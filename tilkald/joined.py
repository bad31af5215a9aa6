"""What the halves ask of each other, when both are in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from alarms.vocabulary import LostWhy
from core.clock import Clock
from core.signals import Later, Signal, Taken
from devices.findings import Finding, Trouble
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.engine.engine import Engine
from dispatcher.engine.pictures import SitePictures
from dispatcher.store.ports import RawBytes
from gateway.app import Gateway

_UNREACHABLE = (Trouble.SILENT, Trouble.COMMON_CAUSE, Trouble.TAMPER)

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


class EngineDesk:
    """`gateway.ports.Desk` over the engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._engine: Engine | None = None
        self._pictures: SitePictures | None = None

    def listening(self, engine: Engine, pictures: SitePictures) -> None:
        """Join the two, before anything comes in."""
        self._engine, self._pictures = engine, pictures

    @property
    def engine(self) -> Engine:
        assert self._engine is not None, "join the halves first"
        return self._engine

    async def take(self, signal: Signal, later: Later | None = None) -> Taken:
        return await self.engine.take(signal, later)

    async def keep_raw(
        self, protocol: str, sender: str, why: str, content: bytes, later: Later | None = None
    ) -> Taken:
        raw = RawBytes(self._clock.now(), protocol, sender, why, content)
        return await self.engine.keep_raw(raw, later)

    def device_subscribed(self, device: str) -> None:
        self.engine.device_subscribed(device)

    async def found(self, finding: Finding) -> None:
        """A technical trouble or its end: an alarm in the technical lane, and routes to avoid."""
        assert self._pictures is not None
        if finding.trouble in _UNREACHABLE:
            for device in finding.devices:
                why = None if finding.over else finding.trouble.value
                self._pictures.unreachable(device, why)
                self._lose_wearer(device, finding)
        if finding.over:
            self.engine.recovered(finding.key)
        else:
            devices = ", ".join(finding.devices)
            message = _FOUND[finding.trouble]
            self.engine.technical(
                finding.key, message, finding.site, devices=devices, line=finding.line
            )

    def problem(self, part: str, text: str | None) -> None:
        if text is None:
            self.engine.health.clear(part)
        else:
            device = part.partition(":")[2]
            message = _PROBLEMS.get(part.partition(":")[0], "{why}")
            self.engine.health.report(part, message, device=device, why=text)

    def _lose_wearer(self, device: str, finding: Finding) -> None:
        """Somebody on their way whose device is gone may not arrive: the plan goes on (law 2)."""
        assert self._pictures is not None
        person = self._pictures.wearer(device, self._clock.wall())
        if person is not None and not finding.over and finding.trouble is not Trouble.TAMPER:
            self.engine.responder_lost(person, LostWhy.DEVICE_LOST)


class GatewayLines:
    """`dispatcher.app.Lines` over the gateway of the same process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gateway: Gateway | None = None

    def listening(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def tell(
        self,
        device: str,
        payload: bytes,
        on_ack: Callable[[], None] | None = None,
        urgent: bool = True,
    ) -> bool:
        assert self._gateway is not None, "join the halves first"
        return self._gateway.tell(device, payload, on_ack, urgent)

    def sound(self, site: str, for_: timedelta) -> int:
        assert self._gateway is not None, "join the halves first"
        return self._gateway.sound(site, for_)

    def unregistered(self) -> Sequence[Unregistered]:
        assert self._gateway is not None, "join the halves first"
        return self._gateway.unregistered()

    def line_standings(self) -> Sequence[LineStanding]:
        assert self._gateway is not None, "join the halves first"
        return self._gateway.line_standings()

    def gateway_standings(self) -> Sequence[GatewayStanding]:
        assert self._gateway is not None, "join the halves first"
        return self._gateway.remote.standing()

    def state_of(self, device: str) -> tuple[str, float | None, float | None]:
        assert self._gateway is not None, "join the halves first"
        health = self._gateway.health(device)
        heard = health.heard
        heard_s = None if heard is None else (self._clock.now() - heard).total_seconds()
        return health.state.value, heard_s, health.battery
