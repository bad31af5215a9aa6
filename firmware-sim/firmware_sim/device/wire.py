"""The device's side of the MQTT contract (docs/contract.md): bodies out, messages in.

Written from the document and not from the service's own codec, so that a drill proves the contract
and not that one codec agrees with itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from core.errors import PeerError
from core.signals import AlarmKind, AnswerKind, Level, MessageRef, SignalType

DOWN_BYTES_MAX = 16_384
"""A longer message to a device is refused: a worn device has little memory."""


@dataclass(frozen=True, slots=True)
class Up:
    """What the device has to say, before it is known how long it must wait to say it."""

    type: SignalType
    seq: int
    boot: int
    happened: datetime
    kind: AlarmKind | None = None
    level: Level | None = None
    zone: str | None = None
    battery: float | None = None
    notice: str | None = None
    answer: AnswerKind | None = None
    cancels: MessageRef | None = None

    @property
    def is_press(self) -> bool:
        """Only an alarm or a test waits for the service's own word that it is stored."""
        return self.type in (SignalType.ALARM, SignalType.TEST)


class Down(msgspec.Struct, frozen=True):
    """One message to the device; unknown fields are ignored, missing ones are None."""

    type: str
    id: str | None = None
    alarm: str | None = None
    rev: int | None = None
    boot: str | int | None = None
    seq: int | None = None
    by: str | list[str] | None = None
    eta_s: float | None = None
    count: int | None = None
    notice: str | None = None
    text: str = ""
    level: str | None = None
    zone: str | None = None
    quiet: bool = False
    expires: datetime | None = None
    reason: str = ""

    @property
    def names(self) -> str:
        """Who is meant by `by`, as one text."""
        match self.by:
            case None:
                return ""
            case str():
                return self.by
            case _:
                return ", ".join(self.by)


def body(up: Up, now: datetime, *, has_clock: bool) -> bytes:
    """The JSON of one message, aged to `now`. A device without a clock sends no `at`."""
    said = {
        "seq": up.seq,
        "boot": up.boot,
        "type": up.type,
        "kind": up.kind,
        "level": up.level,
        "at": up.happened if has_clock else None,
        "age_ms": round((now - up.happened).total_seconds() * 1000),
        "battery": up.battery,
        "zone": up.zone,
        "notice": up.notice,
        "answer": up.answer,
        "cancels": _reference(up.cancels),
    }
    return msgspec.json.encode({name: value for name, value in said.items() if value is not None})


def read_down(payload: bytes) -> Down:
    """A message to the device. Raises PeerError for what cannot be read."""
    if len(payload) > DOWN_BYTES_MAX:
        raise PeerError(f"a message of {len(payload)} bytes was refused: {DOWN_BYTES_MAX} is most")
    try:
        return _DOWN.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        raise PeerError(f"a message to the device was not understood: {wrong}") from wrong


def _reference(ref: MessageRef | None) -> dict[str, object] | None:
    if ref is None:
        return None
    boot = int(ref.boot) if ref.boot is not None else None
    return {"boot": boot, "seq": ref.seq}


_DOWN = msgspec.json.Decoder(Down)
