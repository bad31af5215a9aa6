"""Every device protocol by the name it has in files and on the command line."""

from __future__ import annotations

from collections.abc import Mapping

from core.signals import Reading, SignalType
from devices.buttons import native
from devices.callsystems import ademco685, dc09, espa444, espax, scaip, surgard
from devices.contacts import FAMILIES as INPUT_BOARDS
from devices.contacts.board import PROTOCOL as MODBUS
from devices.contacts.board import Board
from devices.contacts.meanings import TEST_KEY
from devices.contacts.session import UNIT_SILENT
from devices.contacts.sounder import SOUNDER_SILENT
from devices.receivers import esp3, rfxtrx, rtl433
from devices.session import Family

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        *espa444.FAMILIES,
        espax.FAMILY,
        dc09.FAMILY,
        surgard.FAMILY,
        ademco685.FAMILY,
        scaip.FAMILY,
        esp3.FAMILY,
        rfxtrx.FAMILY,
        rtl433.FAMILY,
        *INPUT_BOARDS,
        native.FAMILY,
    )
}

LINE_PROTOCOLS: tuple[str, ...] = tuple(name for name in FAMILIES if name != native.FAMILY.name)
"""What a line may speak. Native devices log in at our own listener, which knows their passwords."""

_ABOUT_THE_LINE: dict[tuple[SignalType, str], bool] = {
    (SignalType.TECHNICAL, "line_silent"): False,
    (SignalType.TECHNICAL, "line_back"): True,
    (SignalType.RESTORE, "line_silent"): True,
    (SignalType.TECHNICAL, "silent"): False,
    (SignalType.RESTORE, "silent"): True,
    (SignalType.TECHNICAL, UNIT_SILENT): False,
    (SignalType.RESTORE, UNIT_SILENT): True,
    (SignalType.TECHNICAL, "supervision"): False,
    (SignalType.RESTORE, "supervision"): True,
}
"""What a session says about its line, its receiver, or a panel on it → whether that is there."""


def board_of(protocol: str, identity: str) -> str:
    """Of a line with several boards, each of which may fall silent by itself: the sender's."""
    if protocol != MODBUS:
        return ""
    _, _, on_the_line = identity.partition("/")
    return on_the_line.partition("/")[0]


def own_name(protocol: str, settings: Mapping[str, str]) -> str:
    """What stands before every identity of such a line, where no two lines may share it."""
    if protocol not in (family.name for family in INPUT_BOARDS):
        return ""
    return settings.get("name", Board().name)


def sounders(protocol: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    """The sirens and lamps on the outputs of such a line, as the technician named them."""
    if protocol not in (family.name for family in INPUT_BOARDS):
        return ()
    return tuple(dict.fromkeys(settings.get("sounder", "").split()))


def is_of_the_line(reading: Reading) -> bool:
    """Whether it tells of the line's own equipment, which nobody registers: a siren, a test key."""
    return reading.protocol == MODBUS and reading.code in (SOUNDER_SILENT, TEST_KEY)


def line_answers(reading: Reading) -> bool | None:
    """Whether this reading says that who spoke there is silent (False), or is back (True)."""
    return _ABOUT_THE_LINE.get((reading.type, reading.code))
