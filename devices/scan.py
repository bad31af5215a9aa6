"""What speaks and is not registered: for a technician who presses a device and confirms it.

A point of a panel is one of them as long as only its panel is registered. Bounded: of too many
unknown senders the one heard longest ago is forgotten. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace
from devices.registry import wire_names

SENDERS_MAX = 1_000

TEXT_CHARS_MAX = 200
RAW_BYTES_MAX = 256


@dataclass(frozen=True, slots=True)
class Unregistered:
    """One unknown sender with its newest message. Times are wall clock.

    `wire` is what its device would carry in `devices.toml` to be known. `known_as` is the device
    its panel is registered as, where only the panel is.
    """

    line: str
    protocol: str
    identity: str
    first: datetime
    last: datetime
    count: int
    type: SignalType
    kind: AlarmKind | None = None
    text: str = ""
    code: str = ""
    raw: bytes = b""
    point: str = ""
    known_as: str = ""

    @property
    def wire(self) -> str:
        return f"{self.protocol}:{wire_names(self.identity, self.point)[0][0]}"


class Scan:
    """Everything unknown heard since the start."""

    def __init__(self, senders_max: int = SENDERS_MAX) -> None:
        self._senders_max = senders_max
        self._heard: dict[tuple[str, str, str, str], Unregistered] = {}

    def heard(self, line: str, reading: Reading, wall: datetime, known_as: str = "") -> None:
        """An unknown sender spoke; it moves to the end: the front was heard longest ago."""
        key = (line, reading.protocol, reading.device, reading.point)
        known = self._heard.pop(key, None)
        if known is None and len(self._heard) >= self._senders_max:
            del self._heard[next(iter(self._heard))]
        newest = Unregistered(
            line=line,
            protocol=reading.protocol,
            identity=reading.device,
            first=wall,
            last=wall,
            count=1,
            type=reading.type,
            kind=reading.kind,
            text=reading.text[:TEXT_CHARS_MAX],
            code=reading.code[:TEXT_CHARS_MAX],
            raw=reading.raw[:RAW_BYTES_MAX],
            point=reading.point,
            known_as=known_as,
        )
        if known is not None:
            newest = replace(newest, first=known.first, count=known.count + 1)
        self._heard[key] = newest

    def forget(self, registered: Callable[[str, str, str], bool]) -> None:
        """Another configuration: leave out whom it knows, asked by protocol, identity, point."""
        self._heard = {
            key: one
            for key, one in self._heard.items()
            if not registered(one.protocol, one.identity, one.point)
        }

    def newest_first(self) -> tuple[Unregistered, ...]:
        return tuple(reversed(self._heard.values()))
