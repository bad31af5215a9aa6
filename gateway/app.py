"""Composition root of the gateway: devices' listener, codec, intake and supervision, joined."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from core.clock import Clock
from core.settings import Settings
from devices.findings import Health
from devices.protocols import board_of, protocol_of
from devices.registry import Assignment, Device, Line, MemoryRegistry, RemoteGateway
from devices.scan import Unregistered
from devices.standing import LineStanding
from devices.watch import Watch
from gateway.handover import Part
from gateway.intake import Intake, IsStored
from gateway.lines import DeviceLines
from gateway.links.mqtt_listener import NativeMqttListener
from gateway.listener_settings import certificate_of, listener_settings
from gateway.native import Native
from gateway.outposts.receiving import RemoteGateways
from gateway.ports import Desk
from gateway.senders import Remembered
from gateway.supervision import Supervision


class Gateway:
    """All device lines of one process. `start` when the desk may be asked."""

    def __init__(
        self, settings: Settings, clock: Clock, desk: Desk, is_stored: IsStored | None = None
    ) -> None:
        """`is_stored` asks the store about the identity of a signal handed over a second time."""
        self._registry = MemoryRegistry()
        self._supervision = Supervision(Watch(), desk, clock)
        self._intake = Intake(desk, self._registry, clock, self._supervision, {})
        self._native = Native(
            settings.mqtt_prefix, self._registry, clock, desk, self._intake, self._supervision
        )
        self.listener = NativeMqttListener(self._native, clock, listener_settings(settings))
        self._native.listening(self.listener)
        self.lines = DeviceLines(
            self._registry,
            clock,
            self._intake,
            self._supervision,
            certificate=certificate_of(settings),
        )
        self._native.ending(self.lines.of_device)
        self.remote = RemoteGateways(
            clock,
            self._intake,
            self._supervision,
            desk.device_subscribed,
            is_stored or _never,
            desk.problem,
            self._native.is_connected,
        )

    async def start(self, heard_before: Iterable[Remembered]) -> None:
        """Listen. Raises ConfigError when a port is taken or a certificate is none."""
        self._intake.remember(heard_before)
        await self.listener.start()
        self.lines.start()

    async def stop(self) -> None:
        """Stop accepting, let what is under way be committed and acknowledged, close."""
        self.lines.stop_reading()
        await self.remote.close()
        await asyncio.gather(self._intake.close(), self.listener.close())
        await self._native.close()
        await self.lines.close()

    async def supervise(self) -> None:
        """Watch over the devices, until cancelled; the caller sees to it that it goes on."""
        async with asyncio.TaskGroup() as watching:
            watching.create_task(self._supervision.run())
            watching.create_task(self.remote.watch())

    def configure(
        self,
        devices: Sequence[Device],
        assignments: Sequence[Assignment],
        places: Mapping[str, str],
        own: Sequence[Device] = (),
        lines: Sequence[Line] = (),
        gateways: Sequence[tuple[RemoteGateway, Part]] = (),
    ) -> None:
        """Another configuration. `own` are the service's own devices: they are not supervised.

        Lines that end at a remote gateway are opened there; `gateways` says which part of the
        configuration each of those gets.
        """
        self._registry.load((*devices, *own), assignments)
        self._intake.places(places)
        self._supervision.configure(devices, _line_of(devices, lines))
        self._native.reconfigured()
        self.lines.configure(line for line in lines if not line.gateway)
        self._native.lines_changed()
        self.remote.configure(gateways)

    def expect(self, devices: Iterable[str]) -> None:
        """These devices must be heard: their wearer is on duty, or they hang in a place."""
        self._supervision.expect(devices)

    def health(self, device: str) -> Health:
        return self._supervision.health(device)

    def unregistered(self) -> tuple[Unregistered, ...]:
        """Who speaks on the lines and stands in no configuration, the newest first."""
        here, there = self.lines.scan.newest_first(), self.remote.unregistered()
        return tuple(sorted((*here, *there), key=lambda one: one.last, reverse=True))

    def line_standings(self) -> tuple[LineStanding, ...]:
        """Every line, here and at the remote gateways."""
        there = (line for gateway in self.remote.standing() for line in gateway.lines)
        return (*self.lines.standing(), *there)

    def is_connected(self, device: str) -> bool:
        return self._native.is_connected(device) or self.remote.is_connected(device)

    def sound(self, site: str, for_: timedelta) -> int:
        """Start every siren of a site, here and at its remote gateways; how many there are that
        answer."""
        return self.lines.sound(site, for_) + self.remote.sound(site, for_)

    def tell(
        self,
        device: str,
        payload: bytes,
        on_ack: Callable[[], None] | None = None,
        urgent: bool = True,
    ) -> bool:
        """Send to a device; true if it is connected. What is not `urgent` waits behind what is.

        A badge that is carried from one house to another is told in both for a moment: nobody
        knows yet which of its connections is the dead one. While it is connected here, only its own
        word is a receipt: a gateway's token may be in the wrong hands.
        """
        here = self._native.is_connected(device)
        there = self.remote.tell(device, payload, None if here else on_ack, urgent)
        return self._native.tell(device, payload, on_ack, urgent) or there


async def _never(identity: str) -> bool:
    """Say that no signal was handed over before: there is no store to ask."""
    return False


def _line_of(devices: Sequence[Device], lines: Sequence[Line]) -> dict[str, str]:
    """Device → the line of its site that speaks its protocol, or the board of that line.

    Where there are more, it is the one whose name stands before the device's, else the first.
    """
    found: dict[str, str] = {}
    for device in devices:
        for wire in device.wire:
            protocol, _, identity = wire.partition(":")
            speak = [
                line
                for line in lines
                if line.site == device.site and protocol_of(line.protocol) == protocol
            ]
            name = identity.partition("/")[0]
            named = [line for line in speak if dict(line.settings).get("name") == name]
            for line in (*named, *speak)[:1]:
                board = board_of(protocol, identity)
                found.setdefault(device.id, f"{line.id}/{board}" if board else line.id)
    return found
