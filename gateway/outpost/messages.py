"""What the ring says, as bytes for native devices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from core.ids import derived
from devices.buttons.native import messages
from devices.buttons.native.messages import Head
from devices.catalogue import Down
from gateway.outpost.here import Here
from gateway.outpost.local_alarm import Effect, Page, TakeBack, Tell
from gateway.outpost.page_text import text

PAGE_HOLDS = timedelta(seconds=180)
"""How long a page stands that nobody answers; there is another within 30 s."""


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes for one device."""

    device: str
    payload: bytes


def said(effects: Iterable[Effect], here: Here) -> list[Said]:
    """The bytes of every effect, as its device reads them."""
    return [Said(effect.device, _message(effect, here)) for effect in effects]


def _message(effect: Effect, here: Here) -> bytes:
    match effect:
        case Page():
            return _page(effect, here)
        case TakeBack(notice=notice, reason=reason):
            return messages.stand_down(_head(here, notice, reason), notice, reason)
        case Tell():
            return _tell(effect, here)
        case _:
            assert_never(effect)


def _page(page: Page, here: Here) -> bytes:
    alarm = page.local.alarm
    return messages.page(
        _head(here, page.notice, str(page.local.times)),
        messages.Page(
            notice=page.notice,
            text=text(page, here),
            level=alarm.level,
            zone=alarm.place.zone,
            quiet=alarm.level.quiet,
            expires=here.wall + PAGE_HOLDS,
        ),
    )


def _tell(tell: Tell, here: Here) -> bytes:
    head = _head(here, tell.device, tell.about)
    match tell.type:
        case Down.ACCEPTED:
            return messages.accepted(head, tell.by[0] if tell.by else "", None, len(tell.by))
        case Down.ARRIVED:
            return messages.arrived(head)
        case Down.NOBODY_YET:
            return messages.nobody_yet(head)
        case _:
            return messages.not_sent(head, tell.boot, tell.seq)


def _head(here: Here, *about: str) -> Head:
    return Head(derived("m", *about, here.wall.isoformat()), here.wall)
