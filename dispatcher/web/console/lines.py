"""The page of the lines: how they stand, who speaks there unregistered, a form to register it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.words import Words
from devices.catalogue import KINDS
from devices.scan import Unregistered
from devices.standing import GatewayStanding, LineStanding
from dispatcher.roster.model import Person, Zone
from dispatcher.web import labels
from dispatcher.web.console.board import Reader
from dispatcher.web.moments import ago
from dispatcher.web.ports import WebDeps

SENDERS_SHOWN = 50
"""A page with more unknown senders says how many are not shown; the API has them all."""

REGISTERED_AS = ("call_point", "fixed_button", "pendant", "badge")


@dataclass(frozen=True, slots=True)
class GatewayRow:
    id: str
    reached: bool
    said: str
    waiting: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SenderRow:
    """One unknown sender. `suggested` is an id made of its name on the wire."""

    line: str
    wire: str
    said: str
    text: str
    when: str
    count: int
    known_as: str
    suggested: str


@dataclass(frozen=True, slots=True)
class LinesPage:
    lines: tuple[LineStanding, ...]
    gateways: tuple[GatewayRow, ...]
    senders: tuple[SenderRow, ...]
    not_shown: int
    kinds: tuple[tuple[str, str], ...]
    zones: tuple[Zone, ...]
    people: tuple[Person, ...]


def lines_page(deps: WebDeps, reader: Reader) -> LinesPage:
    senders = deps.unregistered()
    organisation = deps.desk.organisation()
    return LinesPage(
        lines=tuple(sorted(deps.lines(), key=lambda line: (line.well, line.id))),
        gateways=tuple(_gateway(one, reader) for one in deps.gateways()),
        senders=tuple(_sender(one, reader) for one in senders[:SENDERS_SHOWN]),
        not_shown=max(0, len(senders) - SENDERS_SHOWN),
        kinds=tuple(_kinds(reader.w)),
        zones=tuple(sorted(organisation.zones, key=lambda zone: zone.label)),
        people=tuple(sorted(organisation.people, key=lambda person: person.name)),
    )


def _kinds(w: Words) -> Sequence[tuple[str, str]]:
    return [(name, labels.known(w, labels.DEVICE_KINDS, name)) for name in REGISTERED_AS]


def _gateway(one: GatewayStanding, reader: Reader) -> GatewayRow:
    w = reader.w
    waiting = ""
    if one.backlog:
        since = ago(w, one.oldest)
        waiting = w.many(
            "{count} message waits there, from {ago}",
            "{count} messages wait there, the oldest from {ago}",
            one.backlog,
            ago=since,
        )
    return GatewayRow(
        one.id,
        one.reached,
        w("In contact") if one.reached else w("No contact"),
        waiting,
        one.problems,
    )


def _sender(one: Unregistered, reader: Reader) -> SenderRow:
    w = reader.w
    what = one.kind.value if one.kind is not None else one.type.value
    return SenderRow(
        line=one.line,
        wire=one.wire,
        said=labels.known(w, labels.SIGNALS, what),
        text=one.text or one.code,
        when=ago(w, reader.moments.wall - one.last),
        count=one.count,
        known_as=one.known_as,
        suggested=_suggested(one.wire),
    )


def _suggested(wire: str) -> str:
    kept = [letter if letter.isascii() and letter.isalnum() else "-" for letter in wire.lower()]
    return "".join(kept).strip("-")[:64]


assert set(REGISTERED_AS) <= set(KINDS)
