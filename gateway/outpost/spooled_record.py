"""One record of the spool: how it is written down, and how it is read after another start.

A record outlives versions: what of it this one cannot read is handed over as bytes, never left out.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from core.signals import Signal
from core.values import replace
from gateway.handover import Handed, Record
from gateway.outpost.spool import Kept


def written(record: Record, now: datetime) -> bytes:
    """Write a record as one line, whatever a device has put into its texts."""
    signal = record.signal
    at = now if signal is None else signal.at
    pressed_at = None if signal is None else signal.pressed_at
    try:
        said = msgspec.json.encode(record)
    except (UnicodeEncodeError, OverflowError):
        assert signal is not None, "bytes can always be written down"
        said = msgspec.json.encode(Record(signal=_plain(signal)))
    return msgspec.json.encode(_Spooled(at, msgspec.Raw(said), pressed_at))


def signal_in(content: bytes) -> tuple[Signal, datetime] | None:
    """The signal and when it was heard; None for bytes, and for what cannot be read any more."""
    spooled = _read(content)
    if spooled is None:
        return None
    try:
        signal = _RECORDS.decode(spooled.record).signal
    except msgspec.MsgspecError:
        return None
    return None if signal is None else (signal, spooled.at)


def handed(kept: Kept, now: datetime) -> Handed:
    """The record as it is handed over, with its ages."""
    spooled = _read(kept.content)
    if spooled is None:
        return Handed(kept.number, record=msgspec.Raw(msgspec.json.encode(kept.content)))
    pressed = spooled.pressed_at
    return Handed(
        number=kept.number,
        age_s=_age_s(spooled.at, now),
        record=spooled.record,
        pressed_s=None if pressed is None else _age_s(pressed, now),
        old=kept.old,
    )


class _Spooled(msgspec.Struct, frozen=True):
    """One record in the spool. Times are the gateway's service time."""

    at: datetime
    record: msgspec.Raw
    pressed_at: datetime | None = None


_SPOOLED = msgspec.json.Decoder(_Spooled)
_RECORDS = msgspec.json.Decoder(Record)


def _plain(signal: Signal) -> Signal:
    """What of it can be written down, whatever its device has put into its texts."""
    reading = signal.reading
    kept = replace(
        reading,
        device=_clean(reading.device),
        text=_clean(reading.text),
        code=_clean(reading.code),
        zone=None if reading.zone is None else _clean(reading.zone),
        notice=None if reading.notice is None else _clean(reading.notice),
        boot=None if reading.boot is None else _clean(reading.boot),
        point=_clean(reading.point),
        about=_clean(reading.about),
        odd=tuple(_clean(one) for one in reading.odd),
        cancels=None,
    )
    device, point = _clean(signal.device), _clean(signal.point)
    return replace(signal, reading=kept, device=device, point=point)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _read(content: bytes) -> _Spooled | None:
    """None for one of a version that wrote them otherwise."""
    try:
        return _SPOOLED.decode(content)
    except msgspec.MsgspecError:
        return None


def _age_s(at: datetime, now: datetime) -> float:
    return max((now - at).total_seconds(), 0.0)
