"""What a technician writes about points, bands, the test key and sounders, and what it means.

    "point.1/3" = "closes attack"                 board 1, input 3: a contact that closes
    "point.1/4" = "opens latching tamper=5"       opens, stays in; 5 opens on tamper
    "point.2/0" = "bands"                         a loop with its resistor, measured in a register
    "point.2/40.3" = "closes holding"             bit 3 of holding register 40
    bands = "short 200 normal 1200 alarm 2600 cut"
    test_input = "1/7"
    sounder = "1/16 2/0"                          sirens or lamps on these coils

Every function raises ConfigError with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.errors import ConfigError
from core.signals import AlarmKind
from core.values import replace
from devices.contacts.board import (
    POINTS_MOST,
    PROTOCOL,
    SOUNDERS_MOST,
    Band,
    Framing,
    Guard,
    KeyInput,
    Output,
    Place,
    Point,
    Senses,
    Table,
)
from devices.contacts.meanings import PRESSED_KINDS

REGISTER_ABOVE = 65_536

NAME = re.compile(r"[^/\s]{1,32}")
"""A line's name: it stands before the slash of each identity."""

_POINT = re.compile(r"(?P<unit>0|[1-9]\d{0,2})/(?P<input>\S+)")
_INPUT = re.compile(r"(?P<address>0|[1-9]\d{0,4})(?:\.(?P<bit>\d|1[0-5]))?")
_LEAST_UNIT = {Framing.RTU: 1, Framing.TCP: 0}
_LAST_UNIT = {Framing.RTU: 247, Framing.TCP: 255}
_TABLES = {"coil": Table.COILS, "holding": Table.HOLDING}
_GUARDS = {"tamper": True, "fault": False}
"""What guards a point → what that input reads while all is well."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How this line counts: its first input is called 0, or 1 as printed on many boards."""

    framing: Framing
    first: int = 0

    def place(self, key: str, written: str, table: Table | None, *, measured: bool) -> Place:
        """`1/3`, `2/40.3`. Without a word about the table it is the usual one for such an input."""
        found = _POINT.fullmatch(written)
        unit = -1 if found is None else int(found["unit"])
        if found is None or not self._is_unit(unit):
            raise _wrong(key, written, "write board and input, like 1/3")
        return self.input(key, unit, found["input"], table, measured=measured)

    def input(
        self, key: str, unit: int, written: str, table: Table | None, *, measured: bool
    ) -> Place:
        """One input of a board: `3`, or bit 3 of a register as `40.3`."""
        found = _INPUT.fullmatch(written)
        address = -1 if found is None else int(found["address"]) - self.first
        if found is None or not 0 <= address < REGISTER_ABOVE:
            raise _wrong(key, written, f"inputs count from {self.first}, a bit is written 40.3")
        bit = None if found["bit"] is None else int(found["bit"])
        registers = measured or bit is not None
        usual = Table.INPUT if registers else Table.DISCRETE
        chosen = usual if table is None else table
        if chosen.has_registers and not registers:
            raise _wrong(key, written, "name the register's bit, like 40.3")
        if registers and not chosen.has_registers:
            raise _wrong(key, written, "a coil has no bits and measures nothing")
        return Place(unit, chosen, address, bit)

    def _is_unit(self, unit: int) -> bool:
        return _LEAST_UNIT[self.framing] <= unit <= _LAST_UNIT[self.framing]


def points(
    texts: Mapping[str, str], numbers: Numbers, kind: AlarmKind, *, has_bands: bool
) -> tuple[Point, ...]:
    """Every `point.UNIT/INPUT`; `kind` is that of points which name none."""
    if len(texts) > POINTS_MOST:
        raise ConfigError(f"{PROTOCOL}: {len(texts)} points; one line takes {POINTS_MOST}")
    found = tuple(_point(name, said, numbers, kind) for name, said in texts.items())
    for point in found:
        if point.senses is Senses.BANDS and not has_bands:
            raise ConfigError(
                f'{PROTOCOL}: point.{point.name} is measured; write bands = "short 200 normal '
                '1200 alarm 2600 cut" with the values your board gives'
            )
    return found


def bands(said: str) -> tuple[tuple[int, Band], ...]:
    """`short 200 normal 1200 alarm 2600 cut`: what is measured below each number, and above all."""
    if not said:
        return ()
    words = said.split()
    names, bounds = words[::2], words[1::2]
    known = all(name in [band.value for band in Band] for name in names)
    numbers = [int(bound) for bound in bounds if bound.isascii() and bound.isdigit()]
    rising = numbers == sorted(dict.fromkeys(numbers)) and len(numbers) == len(names) - 1
    within = not numbers or (numbers[0] > 0 and numbers[-1] < REGISTER_ABOVE)
    if not (known and rising and within) or len(bounds) != len(numbers):
        raise _wrong("bands", said, 'write it like "short 200 normal 1200 alarm 2600 cut"')
    found = [Band(name) for name in names]
    for least in ((Band.NORMAL,), (Band.ALARM,), (Band.CUT, Band.SHORT)):
        if not any(band in found for band in least):
            raise _wrong("bands", said, f"there must be a band {' or '.join(least)}")
    return tuple(zip((*numbers, REGISTER_ABOVE), found, strict=True))


def key_input(said: str, numbers: Numbers, limit: timedelta) -> KeyInput | None:
    """`1/7`, or `1/7 opens` for a key whose contact opens when it is turned on."""
    if not said:
        return None
    name, *words = said.split()
    point = _point(name, " ".join(words) or Senses.CLOSES, numbers, AlarmKind.SOS, "test_input")
    if point.senses not in (Senses.CLOSES, Senses.OPENS) or point.guard or point.latching:
        raise _wrong("test_input", said, 'write it like "1/7" or "1/7 opens"')
    return KeyInput(point.name, point.place, point.senses is Senses.CLOSES, limit)


def sounders(said: str, numbers: Numbers, read: Iterable[Place]) -> tuple[Output, ...]:
    """`1/16 2/0`: coils that sound. None of them is one of the places that are `read`."""
    names = tuple(dict.fromkeys(said.split()))
    if len(names) > SOUNDERS_MOST:
        raise ConfigError(f"{PROTOCOL}: {len(names)} sounders; one line takes {SOUNDERS_MOST}")
    inputs, found = tuple(read), []
    for name in names:
        place = numbers.place("sounder", name, Table.COILS, measured=False)
        if place in inputs:
            raise _wrong("sounder", said, f"{name} is read as an input; name another output")
        found.append(Output(name, place.unit, place.address))
    return tuple(found)


def _point(
    name: str, said: str, numbers: Numbers, kind: AlarmKind, key: str | None = None
) -> Point:
    key = key or f"point.{name}"
    words = said.split()
    senses = next((Senses(word) for word in words[:1] if word in [s.value for s in Senses]), None)
    if senses is None:
        raise _wrong(key, said, f"begin with one of: {', '.join(Senses)}")
    table = next((_TABLES[word] for word in words if word in _TABLES), None)
    measured = senses in (Senses.BANDS, Senses.COUNTS)
    place = numbers.place(key, name, table, measured=measured)
    if measured and place.bit is not None:
        raise _wrong(key, said, f"{senses} reads a whole register")
    point = Point(name, place, senses, kind)
    for word in words[1:]:
        point = _with(point, word, key, said, numbers)
    return point


def _with(point: Point, word: str, key: str, said: str, numbers: Numbers) -> Point:
    """The point with what one more word says of it."""
    if word in _TABLES:
        return point
    if word == "latching":
        return replace(point, latching=True)
    if word in [kind.value for kind in PRESSED_KINDS]:
        return replace(point, kind=AlarmKind(word))
    what, equals, written = word.partition("=")
    if not equals or what not in _GUARDS:
        known = ", ".join((*_TABLES, "latching", "tamper=INPUT", "fault=INPUT", *PRESSED_KINDS))
        raise _wrong(key, said, f"{word!r} is none of: {known}")
    table = point.place.table
    same = table.has_registers == ("." in written)
    place = numbers.input(key, point.place.unit, written, table if same else None, measured=False)
    return replace(point, guard=Guard(place, _GUARDS[what]))


def _wrong(key: str, said: str, hint: str) -> ConfigError:
    return ConfigError(f"{PROTOCOL}: {key} is {said!r}; {hint}")
