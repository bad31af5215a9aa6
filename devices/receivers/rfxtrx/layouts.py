"""Who speaks in a packet, and which of its bytes are what: one layout a type.

Identities are `kind/number` (`security1/d3dc54`, `lighting2/1234567.5`), as pyRFXtrx writes the
numbers, so a technician finds them in other programs. Source: pyRFXtrx `lowlevel.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.receivers.rfxtrx.codec import Packet
from devices.receivers.rfxtrx.meanings import (
    CHIME,
    LENGTHS,
    LIGHTING1,
    LIGHTING2,
    LIGHTING4,
    LIGHTING5,
    LIGHTING6,
    SECURITY1,
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Who said it, the number of the command or status, and what else tells presses apart.

    `code` None: the packet *is* the press, it names no command. `battery` is a share.
    """

    device: str
    code: int | None
    press: int = 0
    battery: float | None = None


def spoken(packet: Packet) -> Spoken | None:
    """None for a type without a layout, and for a packet too short for its own."""
    right = LENGTHS.get(packet.type)
    data = packet.data
    if right is None or 3 + len(data) < min(right):
        return None
    match packet.type:
        case 0x10:
            return Spoken(f"lighting1/{_house(data[0])}{data[1]}", data[2])
        case 0x11:
            return Spoken(f"lighting2/{int.from_bytes(data[:4], 'big'):07x}.{data[4]}", data[5])
        case 0x13:
            return Spoken(f"lighting4/{data[:3].hex()}", None)
        case 0x14:
            return Spoken(f"lighting5/{data[:3].hex()}.{data[3]}", data[4])
        case 0x15:
            # The remote itself counts its presses in one byte; copies carry the same count.
            return Spoken(
                f"lighting6/{data[:2].hex()}.{_house(data[2])}{data[3]}", data[4], data[5]
            )
        case 0x16:
            return Spoken(f"chime/{data[:2].hex()}", None, data[2])
        case 0x20:
            battery = _battery(data[4]) if 3 + len(data) in right else None
            return Spoken(f"security1/{data[:3].hex()}", data[3], battery=battery)
        case _:
            return None


NAMES: dict[int, str] = {
    LIGHTING1: "lighting1",
    LIGHTING2: "lighting2",
    LIGHTING4: "lighting4",
    LIGHTING5: "lighting5",
    LIGHTING6: "lighting6",
    CHIME: "chime",
    SECURITY1: "security1",
}


def name(type_: int) -> str:
    return NAMES.get(type_, f"type{type_:02x}")


def _house(code: int) -> str:
    """X10 house codes are the letters A to P; another byte is shown as its number."""
    return chr(code) if 0x41 <= code <= 0x50 else f"{code:02x}."


def _battery(byte: int) -> float | None:
    """Low half: 0 empty to 9 full, read as Home Assistant does."""
    level = byte & 0x0F
    return (level + 1) / 10 if level <= 9 else None
