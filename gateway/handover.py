"""What a remote gateway and the dispatcher's machine say to each other: JSON, one shape each.

Times are ages in seconds, measured by whoever speaks: the two clocks need not agree. The two may be
of different versions: unknown fields are ignored, and what cannot be read is left out by itself
(`read_up`), so that no word nobody knows holds a press up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import msgspec

from core.signals import AlarmKind, Level, Reading, Signal
from devices.findings import Finding
from devices.registry import Assignment, Device, Line
from devices.scan import Unregistered

UP_PATH: Final = "/gateway/v1/{gateway}/up"
DOWN_PATH: Final = "/gateway/v1/{gateway}/down"

UP_BYTES_MAX = 8 * 1024 * 1024
HANDED_MAX = 200
"""Records in one request."""

HANDED_BYTES_MAX = 256 * 1024
"""What the records of one request weigh, the first one aside: a press behind them waits no longer
than a slow line takes for this."""

LIGHT_MAX = 1_000
"""Signs of life in one request."""

LIST_MAX = 20_000
"""Entries that are read of any other list."""

AGE_MAX_S = 3_650 * 86_400.0
"""No record is older than this; whoever says so has no clock."""

ALIVE_EVERY_S = 5.0
"""A gateway with nothing to say says so this often, and the stream down carries a blank line."""

SILENT_AFTER_S = 20.0
"""Nothing heard for so long, in either direction: the connection is gone."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """Bytes nobody could read, to be kept."""

    protocol: str
    sender: str
    why: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One thing the gateway accepted: a signal, or bytes. Times in it are the gateway's own."""

    signal: Signal | None = None
    raw: RawRecord | None = None


class Handed(msgspec.Struct, frozen=True):
    """One record on its way. `old`: it may have been handed over before.

    `age_s`: since the gateway heard it; `pressed_s`: since the press, where that is known. The
    record is read by itself, so that one nobody can read holds no other up.
    """

    number: int
    age_s: float = 0.0
    record: msgspec.Raw = msgspec.Raw(b"{}")
    pressed_s: float | None = None
    old: bool = False


class Light(msgspec.Struct, frozen=True):
    """The newest sign of life of one device: a heartbeat, a position, a presence."""

    reading: Reading
    age_s: float = 0.0


class Again(msgspec.Struct, frozen=True):
    """A copy whose original is handed over already: its device wants an answer."""

    signal: Signal
    age_s: float = 0.0


class Up(msgspec.Struct, frozen=True):
    """What a gateway says: what is new since its last word, and how it stands now.

    `listening`: devices that subscribed since. `lines`: line → whether it is well.
    """

    handed: tuple[Handed, ...] = ()
    again: tuple[Again, ...] = ()
    light: tuple[Light, ...] = ()
    alive: tuple[str, ...] = ()
    listening: tuple[str, ...] = ()
    acknowledged: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    connected: tuple[str, ...] = ()
    lines: Mapping[str, bool] = {}
    unregistered: tuple[Unregistered, ...] = ()
    problems: Mapping[str, str] = {}
    backlog: int = 0
    oldest_s: float = 0.0
    spool_bytes: int = 0
    configuration: int = 0


class Thanks(msgspec.Struct, frozen=True):
    """The numbers of what is committed; the rest is to be handed over again."""

    kept: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the configuration a gateway needs, kept in its data directory (0600).

    `places`: every name a device may use for a zone → zone; `labels`: zone → what people call it;
    `names`: person → first name. `language` speaks to whoever is rung locally. `sounds`: for what
    the plans of the site let sirens sound, level → kinds.
    """

    version: int = 0
    site: str = ""
    language: str = "da"
    devices: tuple[Device, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    lines: tuple[Line, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    sounds: Mapping[Level, tuple[AlarmKind, ...]] = field(default_factory=dict)

    def lets_sound(self, level: Level, kind: AlarmKind) -> bool:
        """Whether sirens may sound about such an alarm."""
        return kind in self.sounds.get(level, ())


class Down(msgspec.Struct, frozen=True):
    """One line of the stream down: something to tell a device, or another configuration.

    `sound_s`: nobody has accepted; the sirens of the house sound for so long. What is not `urgent`
    waits at the device's connection behind what is.
    """

    number: int = 0
    device: str = ""
    payload: bytes = b""
    part: Part | None = None
    sound_s: float = 0.0
    urgent: bool = True


def read_up(content: bytes) -> tuple[Up, Sequence[str]]:
    """What a gateway says, and what of it nobody can read. Raises msgspec.MsgspecError: nothing.

    A record that cannot be read keeps its number and its bytes: it is raised by its receiver.
    """
    said, fields, odd = _FIELDS.decode(content), dict[str, Any](), list[str]()
    for name, decoder in _PLAIN.items():
        if name in said:
            _read(fields, name, decoder, said[name], odd)
    for name, (decoder, most) in _LISTS.items():
        if name in said:
            found = _elements(name, decoder, said[name], odd)
            fields[name] = tuple(found[:most])
    return Up(**fields), odd


def aged(seconds: float) -> timedelta:
    """An age somebody else measured; out of all reason is read as the nearest that is in it."""
    return timedelta(seconds=min(max(seconds, 0.0), AGE_MAX_S))


class _Numbered(msgspec.Struct, frozen=True):
    number: int


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_NUMBERED = msgspec.json.Decoder(_Numbered)
_NAMES: msgspec.json.Decoder[Any] = msgspec.json.Decoder(str)
_NUMBERS: msgspec.json.Decoder[Any] = msgspec.json.Decoder(int)
_SECONDS: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float)

_LISTS: Mapping[str, tuple[msgspec.json.Decoder[Any], int]] = {
    "handed": (msgspec.json.Decoder(Handed), HANDED_MAX),
    "again": (msgspec.json.Decoder(Again), LIST_MAX),
    "light": (msgspec.json.Decoder(Light), LIST_MAX),
    "alive": (_NAMES, LIST_MAX),
    "listening": (_NAMES, LIST_MAX),
    "acknowledged": (_NUMBERS, LIST_MAX),
    "findings": (msgspec.json.Decoder(Finding), LIST_MAX),
    "connected": (_NAMES, LIST_MAX),
    "unregistered": (msgspec.json.Decoder(Unregistered), LIST_MAX),
}
_PLAIN: Mapping[str, msgspec.json.Decoder[Any]] = {
    "lines": msgspec.json.Decoder(dict[str, bool]),
    "problems": msgspec.json.Decoder(dict[str, str]),
    "backlog": _NUMBERS,
    "oldest_s": _SECONDS,
    "spool_bytes": _NUMBERS,
    "configuration": _NUMBERS,
}


def _elements(
    name: str, decoder: msgspec.json.Decoder[Any], raw: msgspec.Raw, odd: list[str]
) -> list[Any]:
    found: list[Any] = []
    try:
        elements = _ELEMENTS.decode(raw)
    except msgspec.MsgspecError as wrong:
        odd.append(f"{name}: {wrong}")
        return found
    for element in elements:
        try:
            found.append(decoder.decode(element))
        except msgspec.MsgspecError as wrong:
            odd.append(f"{name}: {wrong}")
            if name == "handed" and (number := _number_of(element)) is not None:
                found.append(Handed(number, record=element))
    return found


def _read(
    fields: dict[str, Any],
    name: str,
    decoder: msgspec.json.Decoder[Any],
    raw: msgspec.Raw,
    odd: list[str],
) -> None:
    try:
        fields[name] = decoder.decode(raw)
    except msgspec.MsgspecError as wrong:
        odd.append(f"{name}: {wrong}")


def _number_of(element: msgspec.Raw) -> int | None:
    try:
        return _NUMBERED.decode(element).number
    except msgspec.MsgspecError:
        return None
