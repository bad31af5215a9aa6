"""What the halves ask of each other, when both are in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from core.clock import Clock
from core.signals import Owed, Signal
from devices.findings import Finding, State
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.engine.engine import Engine
from dispatcher.engine.pictures import SitePictures
from dispatcher.engine.supervised import Supervised
from dispatcher.store.ports import RawBytes
from gateway.app import Gateway


class EngineDesk:
    """`gateway.ports.Desk` over the engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._engine: Engine | None = None
        self._supervised: Supervised | None = None

    def listening(self, engine: Engine, pictures: SitePictures) -> None:
        """Join the two, before anything comes in."""
        self._engine = engine
        self._supervised = Supervised(engine, pictures, self._clock.wall)

    @property
    def engine(self) -> Engine:
        assert self._engine is not None, "join the halves first"
        return self._engine

    @property
    def supervised(self) -> Supervised:
        assert self._supervised is not None, "join the halves first"
        return self._supervised

    def hear(self, signal: Signal, owed: Owed) -> None:
        self.engine.hear(signal, owed)

    def keep_raw(self, protocol: str, sender: str, why: str, content: bytes, owed: Owed) -> None:
        self.engine.keep_raw(RawBytes(self._clock.now(), protocol, sender, why, content), owed)

    def device_subscribed(self, device: str) -> None:
        self.engine.device_subscribed(device)

    async def found(self, finding: Finding) -> None:
        self.supervised.found(finding)

    def problem(self, part: str, text: str | None) -> None:
        self.supervised.problem(part, text)


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

    def state_of(self, device: str) -> tuple[State, float | None, float | None]:
        assert self._gateway is not None, "join the halves first"
        health = self._gateway.health(device)
        heard = health.heard
        heard_s = None if heard is None else (self._clock.now() - heard).total_seconds()
        return health.state, heard_s, health.battery
