"""SIA event codes (DC-03): a block read, by the table of `sia_table`.

A block is `N` or `O` (new, old) and packets separated by `/`: modifiers (`ti12:30`, `ri1`, `id5`)
and codes with the number of what they speak of (`PA501`), a text after either (`^Hall^`, and in the
wild `*'Hall'NM`). Some diallers leave the `/` out; both are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.values import replace
from devices.callsystems.codes.meaning import About, Event, Meaning, shown, unknown
from devices.callsystems.codes.sia_table import MEANINGS

EVENTS_MAX = 32
"""Codes read from one message; what is beyond them is named as odd."""

_PACKET = re.compile(
    r"(?P<modifier>[a-z]{2})(?P<value>[0-9:.\-]*)"
    r"|(?P<code>[A-Z]{2})(?P<number>[0-9A-Fa-f]*)"
)
_TEXT = re.compile(r"\^([^^]*)\^?|\*'([^']*)'(?:NM)?|\*\"([^\"]*)\"(?:NM)?|\*([0-9.\-]+[A-Za-z_]*)")


def events(blocks: str, device: str, own: Mapping[str, Meaning]) -> list[Event]:
    """What the blocks of one message say, without their account. Linear in their length.

    An ASCII block (`A`) is the text of what came before it; alone it could be a call for help.
    """
    found: list[Event] = []
    for block in blocks.split("|"):
        if block[:1] in ("N", "O"):
            found += _block(block[1:], device, own)
        elif block[:1] == "A":
            _add_text(found, block[1:], device)
        elif block.strip() and block[:1] not in ("#", "&", "@"):
            found.append(_unread(block, device))
    if len(found) <= EVENTS_MAX:
        return found
    return [*found[:EVENTS_MAX], _unread(f"{len(found) - EVENTS_MAX} more codes", device)]


def _block(block: str, device: str, own: Mapping[str, Meaning]) -> list[Event]:
    found: list[Event] = []
    area, user, at = "", "", 0
    rest: list[str] = []
    while at < len(block):
        packet = _PACKET.match(block, at)
        if packet is None:
            rest.append(block[at])
            at += 1
            continue
        at = packet.end()
        text = _TEXT.match(block, at)
        at = text.end() if text else at
        said = shown(next(filter(None, text.groups()), "")) if text else ""
        if packet["code"]:
            found.append(_event(packet["code"], packet["number"], area, user, said, device, own))
            continue
        if packet["modifier"] == "ri":
            area = said or packet["value"]
        elif packet["modifier"] == "id":
            user = said or packet["value"]
    if not found:
        return [_unread(block, device)]
    if beside := "".join(rest).strip("/ "):
        odd = f"code: more beside it ({shown(beside, 40)})"
        found[-1] = replace(found[-1], odd=(*found[-1].odd, odd))
    return found


def _event(
    code: str,
    number: str,
    area: str,
    user: str,
    said: str,
    device: str,
    own: Mapping[str, Meaning],
) -> Event:
    meaning = own.get(code) or MEANINGS.get(code) or unknown(code, device, may_call=True)
    by = f"user {user.lstrip('0')}" if user.strip("0") and meaning.about is not About.USER else ""
    return Event(meaning, code, number, area, ", ".join(filter(None, (said, by))))


def _add_text(found: list[Event], text: str, device: str) -> None:
    if not found:
        found.append(_unread(f"A{text}", device))
        return
    said = shown(", ".join(filter(None, (found[-1].said, text))))
    found[-1] = replace(found[-1], said=said)


def _unread(block: str, device: str) -> Event:
    code = shown(block, 40)
    return Event(unknown(code, device, may_call=True), code)
