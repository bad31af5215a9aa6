"""Every device family: the one list. Whoever asks about a protocol asks its row here."""

from __future__ import annotations

from core.signals import Reading
from devices.buttons import native
from devices.callsystems import ademco685, dc09, espa444, espax, scaip, surgard
from devices.contacts import FAMILIES as INPUT_BOARDS
from devices.family import Family
from devices.line_settings import Texts
from devices.receivers import esp3, rfxtrx, rtl433

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
"""By the name a family has in files and on the command line."""

LINE_PROTOCOLS: tuple[str, ...] = tuple(
    name for name, family in FAMILIES.items() if not family.logs_in
)
"""What a line may speak."""

_BY_PROTOCOL = {family.protocol: family for family in reversed(FAMILIES.values())}
"""By what its readings carry. Families of several roles tell the same of a reading in each."""


def protocol_of(name: str) -> str:
    """What the readings of such a line carry: `espa444` on a line of `espa444-listen`."""
    return FAMILIES[name].protocol if name in FAMILIES else name


def board_of(protocol: str, identity: str) -> str:
    """Of a line with several boards, each of which may fall silent by itself: the sender's."""
    family = _BY_PROTOCOL.get(protocol)
    return family.boards.board_of(identity) if family and family.boards else ""


def own_name(name: str, settings: Texts) -> str:
    """What stands before every identity of such a line, where no two lines may share it."""
    family = FAMILIES.get(name)
    return family.boards.line_name(settings) if family and family.boards else ""


def sounders(name: str, settings: Texts) -> tuple[str, ...]:
    """The sirens and lamps on the outputs of such a line, as the technician named them."""
    family = FAMILIES.get(name)
    return family.boards.sounders(settings) if family and family.boards else ()


def is_of_the_line(reading: Reading) -> bool:
    """Whether it tells of the line's own equipment, which nobody registers: a siren, a test key."""
    family = _BY_PROTOCOL.get(reading.protocol)
    return bool(family and family.boards and reading.code in family.boards.own_codes)


def line_answers(reading: Reading) -> bool | None:
    """Whether this reading says that who spoke there is silent (False), or is back (True)."""
    family = _BY_PROTOCOL.get(reading.protocol)
    return family.line_answers(reading) if family else None
