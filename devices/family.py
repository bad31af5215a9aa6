"""A device family: the row its package gives of itself, and a line of it opened from settings.

`devices.protocols` lists the rows; nothing else here knows a family by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.signals import Reading, SignalType
from devices.line_settings import LineSettings, Texts
from devices.registry import Line
from devices.session import DeviceSession


class LocalSounder(Protocol):
    """The sirens and lamps on the outputs of one line."""

    @property
    def is_sounding(self) -> bool: ...

    def sound(self, now: datetime, for_: timedelta) -> int:
        """Sound for so long; how many there are that answer."""
        ...

    def stop(self, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Port:
    """One line, opened: `connect` gives each of its connections a session.

    `own` is a session without a connection: it watches over all of them, e.g. who is silent.
    `sounder`: what can sound in the house, through whichever session is open.
    """

    connect: Callable[[], DeviceSession]
    own: DeviceSession | None = None
    sounder: LocalSounder | None = None


class Encoding(StrEnum):
    """How a person writes a frame of this protocol down."""

    HEX = "hex"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Boards:
    """What a family whose lines carry boards tells of them; each may fall silent by itself.

    `line_name`: what stands before every identity of a line, where no two lines may share it.
    `board_of`: the board an identity is on. `sounders`: the sirens and lamps on the outputs, as the
    technician named them. `own_codes`: what tells of the line's own equipment, which nobody
    registers: a siren, a test key.
    """

    line_name: Callable[[Texts], str]
    board_of: Callable[[str], str]
    sounders: Callable[[Texts], tuple[str, ...]]
    own_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One device family. Its `name` stands in files and on the command line.

    `protocol` is what its readings carry, `role` what its lines are when there are several kinds.
    `opens` makes a line from its settings and raises ConfigError for a wrong value. `page` under
    `docs/` explains every setting.

    `around`: the control characters before and after a frame that a person who writes it down as
    text leaves out. `radio`: anybody near can record what it hears and send it again, so nothing
    it says ever closes an alarm, whatever a site says of its line (law 6). `points`: many speak
    under one identity, each at a point of its own (`devices.registry.wire_names`). `answers`: the
    protocol acknowledges, so a sender says its call until it is. `logs_in`: its devices log in at
    our own listener, which knows their passwords; no line speaks it.

    `silent`: the code of a technical reading that says that who speaks there is silent; a restore
    of that code, or a technical reading of the code `back`, says that they are heard again.
    """

    protocol: str
    title: str
    encoding: Encoding
    opens: Callable[[LineSettings], Port]
    page: str
    role: str = ""
    around: tuple[bytes, bytes] = (b"", b"")
    radio: bool = False
    points: bool = False
    answers: bool = True
    logs_in: bool = False
    silent: str = ""
    back: str = ""
    boards: Boards | None = None

    @property
    def name(self) -> str:
        return f"{self.protocol}-{self.role}" if self.role else self.protocol

    def open(self) -> DeviceSession:
        """A session of a line on which nothing is set."""
        return open_port(self, {}).connect()

    def line_answers(self, reading: Reading) -> bool | None:
        """Whether this reading says that who spoke there is silent (False), or is back (True)."""
        if not reading.code or reading.code not in (self.silent, self.back):
            return None
        match reading.type:
            case SignalType.TECHNICAL:
                return reading.code == self.back
            case SignalType.RESTORE if reading.code == self.silent:
                return True
            case _:
                return None


def open_port(
    family: Family, settings: Texts, *, datagrams: bool = False, speed_bd: int = 9_600
) -> Port:
    """A line of this family; `datagrams`: over UDP. `speed_bd`: of a serial line.

    Raises ConfigError: an unknown setting, a wrong value.
    """
    given = LineSettings(family.name, settings, datagrams=datagrams, speed_bd=speed_bd)
    port = family.opens(given)
    given.done()
    return port


def open_line(family: Family, line: Line) -> Port:
    """A line as it is configured. Raises ConfigError."""
    datagrams = line.url.startswith("udp://")
    return open_port(family, dict(line.settings), datagrams=datagrams, speed_bd=line.speed_bd)


def nothing_to_set(session: Callable[[], DeviceSession]) -> Callable[[LineSettings], Port]:
    """A family without settings, whose connections have nothing in common."""
    return lambda _: Port(session)
