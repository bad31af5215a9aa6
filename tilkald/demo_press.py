"""The press buttons of demo mode: a real alarm over real MQTT, from a session of its own."""

from __future__ import annotations

import json
from collections.abc import Callable

import aiomqtt

from core import ids
from core.errors import DomainError
from core.signals import AlarmKind, Level
from dispatcher.roster.organisation import Organisation
from tilkald.own_device import Door


class MqttPress:
    """Implements `dispatcher.web.ports.DemoPress`."""

    def __init__(self, door: Callable[[], Door], organisation: Callable[[], Organisation]) -> None:
        self._door = door
        self._organisation = organisation
        self._seq = 0

    async def __call__(self, person: str, level: Level, kind: AlarmKind) -> None:
        """Raises DomainError `not_found` when the person wears nothing that can press."""
        device = next((d for d in self._organisation().devices if d.person == person), None)
        if device is None:
            raise DomainError("not_found", f"{person} wears no device. Give them one.")
        door = self._door()
        self._seq += 1
        press = {
            "type": "alarm",
            "kind": kind,
            "level": level,
            "seq": self._seq,
            "boot": ids.secret()[:8],
            "age_ms": 0,
        }
        async with aiomqtt.Client(
            door.host,
            door.port,
            username=device.id,
            password=device.password,
            identifier=f"{device.id}-console",
        ) as client:
            await client.publish(f"{door.prefix}/{device.id}/up", json.dumps(press), qos=1)
