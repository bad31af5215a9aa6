"""What a native device is told: builders to bytes, with exactly the fields of the contract.

Every message has `type, id, at, alarm, rev`; a device ignores a lower `rev` of the same alarm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from core.signals import Level
from devices.buttons.native.fields import boot_as_said
from devices.catalogue import Down


class StandDownReason(StrEnum):
    """Why a responder's device is told to stop."""

    ENOUGH = "enough"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Head:
    """What every message carries. `alarm` None and `rev` 0: it is about no alarm (`test_ok`)."""

    id: str
    at: datetime
    alarm: str | None = None
    rev: int = 0


def received(head: Head, boot: str | None, seq: int | None) -> bytes:
    """The press is stored; only to be sent after the commit. `boot` as the Reading carries it."""
    return _message(Down.RECEIVED, head, boot=boot_as_said(boot), seq=seq)


def accepted(head: Head, by: str, eta_s: float | None, count: int) -> bytes:
    """A colleague is coming: their first name, when (None: unknown), and how many in all."""
    rounded = None if eta_s is None else round(eta_s)
    return _message(Down.ACCEPTED, head, by=by, eta_s=rounded, count=count)


def arrived(head: Head) -> bytes:
    """Somebody is there."""
    return _message(Down.ARRIVED, head)


def nobody_yet(head: Head) -> bytes:
    """Stored, but nobody has accepted: get out, shout."""
    return _message(Down.NOBODY_YET, head)


def not_sent(head: Head, boot: str | None, seq: int | None) -> bytes:
    """A gateway keeps the press, and nobody has it who calls by plan: get out, shout."""
    return _message(Down.NOT_SENT, head, boot=boot_as_said(boot), seq=seq)


def closed(head: Head) -> bytes:
    """It is over; a person said so."""
    return _message(Down.CLOSED, head)


def test_ok(head: Head, boot: str | None, seq: int | None) -> bytes:
    """The whole chain confirmed this device's test."""
    return _message(Down.TEST_OK, head, boot=boot_as_said(boot), seq=seq)


@dataclass(frozen=True, slots=True)
class Page:
    """One call to a colleague's device. `quiet`: no sound towards the other person."""

    notice: str
    text: str
    level: Level
    zone: str | None
    quiet: bool
    expires: datetime


def page(head: Head, call: Page) -> bytes:
    """Somebody needs this colleague."""
    return _message(
        Down.PAGE,
        head,
        notice=call.notice,
        text=call.text,
        level=call.level.value,
        zone=call.zone,
        quiet=call.quiet,
        expires=_rfc3339(call.expires),
    )


def stand_down(head: Head, notice: str, reason: StandDownReason) -> bytes:
    """The page `notice` is taken back."""
    return _message(Down.STAND_DOWN, head, notice=notice, reason=reason.value)


def _message(type_: Down, head: Head, **more: object) -> bytes:
    said = {
        "type": type_.value,
        "id": head.id,
        "at": _rfc3339(head.at),
        "alarm": head.alarm,
        "rev": head.rev,
        **more,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
