"""Telling the wearer (law 7): what the engine decides to tell becomes a message to their device."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from alarms.model import TellType
from core import ids
from core.values import value
from devices.buttons.native import messages
from devices.buttons.native.messages import Head


@value(frozen=True)
class Tell:
    """One message to one wearer's device (docs/contract.md)."""

    device: str
    type: TellType
    alarm: str
    rev: int
    at: datetime
    boot: str | None = None
    seq: int | None = None
    by: tuple[str, ...] = ()
    eta_s: float | None = None
    notice: str = ""


def message(tell: Tell) -> bytes:
    """The bytes of one message down, with the fields of docs/contract.md."""
    head = Head(_id(tell), tell.at, tell.alarm or None, tell.rev)
    match tell.type:
        case TellType.RECEIVED:
            return messages.received(head, tell.boot, tell.seq)
        case TellType.ACCEPTED:
            return messages.accepted(head, _first(tell.by), tell.eta_s, len(tell.by))
        case TellType.ARRIVED:
            return messages.arrived(head)
        case TellType.NOBODY_YET:
            return messages.nobody_yet(head)
        case TellType.CLOSED:
            return messages.closed(head)
        case TellType.TEST_OK:
            return messages.test_ok(head, tell.boot, tell.seq)
        case TellType.STAND_DOWN:
            return messages.stand_down(head, tell.notice, messages.StandDownReason.CANCELLED)
        case _:
            assert_never(tell.type)


def _id(tell: Tell) -> str:
    about = (tell.boot, tell.seq, tell.notice)
    return ids.derived("m", tell.device, tell.alarm, tell.rev, tell.type, *about)


def _first(names: tuple[str, ...]) -> str:
    return names[0] if names else ""
