"""Whose a wire identity is already: one sender is one device, however its name is written. Pure.

Intake looks for the narrowest name a sender is registered under. So a device also owns what speaks
as its id over MQTT, and every point of an account that no other device owns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from devices.protocols import FAMILIES
from devices.registry import NATIVE, Device, wire_names


@dataclass(frozen=True, slots=True)
class Owner:
    """The device that speaks there now, and the name it does so under."""

    device: str
    name: str


def native_name(device: str) -> str:
    """As what a device logs in."""
    return f"{NATIVE}:{device}"


def owner_of(identity: str, devices: Iterable[Device]) -> Owner | None:
    """Who would lose what this sender says to a new device of that name."""
    owned = {
        spelled(name): Owner(device.id, name)
        for device in devices
        for name in (native_name(device.id), *device.wire)
    }
    return next((owned[name] for name in _names(spelled(identity)) if name in owned), None)


def spelled(identity: str) -> str:
    """Without what people write in two ways: spaces, and small or capital letters."""
    return "".join(identity.split()).casefold()


def _names(identity: str) -> Iterator[str]:
    """The identity, and where its protocol has points, every wider name that means it too."""
    yield identity
    protocol, _, name = identity.partition(":")
    account, _, point = name.partition("/")
    family = FAMILIES.get(protocol)
    if family is not None and family.points and point:
        yield from (f"{protocol}:{wider}" for wider, _ in wire_names(account, point))
