"""What is wired to the boards of one line, what must be read to see all of it, what is written.

A point is one button: its contact, and maybe a second input that guards it. All inputs of one table
of one board are read at once, so an answer can belong to one read only, also when it comes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from core.errors import ConfigError
from core.signals import AlarmKind

PROTOCOL = "modbus"
"""`Reading.protocol`, and the first part of a wire identity: `modbus:desk/1/3`."""

BITS_MOST, REGISTERS_MOST = 2_000, 125
"""What one read may ask for [Modbus application protocol V1.1b3, 6.1 to 6.4]."""

POINTS_MOST = 256
"""Points of one line; RS-485 carries 32 boards."""

SOUNDERS_MOST = 8
"""Outputs of one line. Each costs the presses a turn whenever it is written."""


class Table(IntEnum):
    """Where a board keeps its inputs; the number is the function that reads it."""

    COILS = 1
    DISCRETE = 2
    HOLDING = 3
    INPUT = 4

    @property
    def has_registers(self) -> bool:
        """Sixteen bits at each address, else one."""
        return self in (Table.HOLDING, Table.INPUT)

    @property
    def title(self) -> str:
        return _TITLES[self]


_TITLES = {
    Table.COILS: "coils",
    Table.DISCRETE: "discrete inputs",
    Table.HOLDING: "holding registers",
    Table.INPUT: "input registers",
}


class Senses(StrEnum):
    """How a point shows that it is pressed."""

    CLOSES = "closes"
    OPENS = "opens"
    BANDS = "bands"
    """A register holds what the loop with its end-of-line resistor measures."""
    COUNTS = "counts"
    """A register of the board counts presses, also those between two looks."""


class Band(StrEnum):
    """What a measured value of a loop means."""

    NORMAL = "normal"
    ALARM = "alarm"
    CUT = "cut"
    SHORT = "short"
    FAULT = "fault"
    """Between the others: nothing a well loop can measure."""


class Framing(StrEnum):
    """How requests and answers stand on the wire."""

    RTU = "rtu"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Place:
    """One input. `address` counts from 0 as on the wire, `bit` from 0 within a register."""

    unit: int
    table: Table
    address: int
    bit: int | None = None

    def stands_in(self, read: Read) -> bool:
        """Whether an answer to this read shows it."""
        return (self.unit, self.table) == (read.unit, read.table)


@dataclass(frozen=True, slots=True)
class Guard:
    """A second input that watches a point's housing and wires; `well`: what it reads then."""

    place: Place
    well: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One button. `name`: board and input as the technician wrote them, `1/3`.

    `latching`: it stays in until somebody resets it there; only then is its release news.
    """

    name: str
    place: Place
    senses: Senses = Senses.CLOSES
    kind: AlarmKind = AlarmKind.SOS
    latching: bool = False
    guard: Guard | None = None

    @property
    def supervised(self) -> bool:
        """A cut of its wires is seen, whatever the button does."""
        return self.guard is not None or self.senses is Senses.BANDS

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.place,) if self.guard is None else (self.place, self.guard.place)


@dataclass(frozen=True, slots=True)
class KeyInput:
    """A key switch: while it is on, the first press of each point is a test, at most for `limit`.

    `on`: what its input reads then.
    """

    name: str
    place: Place
    on: bool
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Output:
    """One coil with a siren or a lamp on it. `name` as the technician wrote it, `1/16`."""

    name: str
    unit: int
    address: int


_UNSET = tuple(Point(f"1/{number}", Place(1, Table.DISCRETE, number)) for number in range(8))
"""What is read where nobody set a point: most boards have eight inputs and leave as number 1."""


@dataclass(frozen=True, slots=True)
class Board:
    """The boards of one line, and the times they are watched by. `name` tells lines apart.

    `bands`: for points that measure, upper bounds (exclusive) in rising order; the last is 65,536.
    `gap` is kept between an answer and the next request, `answer_within` is what a board may take
    beside the time on the wire. `settle`: a contact quiet for so long has come to rest.
    `tamper_calls`: a cut or opened point calls people like a press does. `sounders` sound for at
    most `sound_most` after each call.
    """

    name: str = "board"
    framing: Framing = Framing.RTU
    points: tuple[Point, ...] = _UNSET
    bands: tuple[tuple[int, Band], ...] = ()
    test: KeyInput | None = None
    tamper_calls: bool = False
    poll_every: timedelta = timedelta(seconds=0.1)
    answer_within: timedelta = timedelta(seconds=0.3)
    gap: timedelta = timedelta(seconds=0.004)
    bit: timedelta = timedelta(seconds=1 / 9_600)
    silent_after: timedelta = timedelta(seconds=5)
    settle: timedelta = timedelta(seconds=0.3)
    sounders: tuple[Output, ...] = ()
    sound_most: timedelta = timedelta(seconds=30)

    def band(self, value: int) -> Band:
        return next((band for bound, band in self.bands if value < bound), Band.FAULT)


@dataclass(frozen=True, slots=True)
class Read:
    """One request: all inputs of one table of one board."""

    unit: int
    table: Table
    first: int
    count: int

    @property
    def content_bytes(self) -> int:
        """How much an answer holds."""
        return self.count * 2 if self.table.has_registers else -(-self.count // 8)

    def value(self, content: bytes, place: Place) -> int:
        """What stands at one of its places."""
        at = place.address - self.first
        if not self.table.has_registers:
            return content[at // 8] >> at % 8 & 1
        register = int.from_bytes(content[2 * at : 2 * at + 2], "big")
        return register if place.bit is None else register >> place.bit & 1


@dataclass(frozen=True, slots=True)
class Write:
    """One request: a coil on or off."""

    output: Output
    on: bool


def reads_of(board: Board) -> tuple[Read, ...]:
    """What must be asked. Raises ConfigError where inputs stand too far apart for one request."""
    spans: dict[tuple[int, Table], list[int]] = {}
    for place in places_of(board.points, board.test):
        spans.setdefault((place.unit, place.table), []).append(place.address)
    return tuple(_read(unit, table, at) for (unit, table), at in sorted(spans.items()))


def places_of(points: Iterable[Point], test: KeyInput | None) -> Iterator[Place]:
    """Every input that is read."""
    for point in points:
        yield from point.places
    if test is not None:
        yield test.place


def _read(unit: int, table: Table, addresses: Iterable[int]) -> Read:
    first, last = min(addresses), max(addresses)
    most = REGISTERS_MOST if table.has_registers else BITS_MOST
    if last - first >= most:
        raise ConfigError(
            f"{PROTOCOL}: {first} and {last} of the {table.title} of unit {unit} are too far apart;"
            f" one request reads {most}"
        )
    return Read(unit, table, first, last - first + 1)
