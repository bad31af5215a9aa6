"""What one SCAIP message means: `Mrq` in, `Reading` out, by the tables of `meanings`."""

from __future__ import annotations

import re
from datetime import datetime

from core.signals import AlarmKind, Position, Reading, SignalType
from devices.callsystems.scaip.codec import Mrq
from devices.callsystems.scaip.meanings import DEVICES, LOCATIONS, STATUS, Device, Status

PROTOCOL = "scaip"

TEXT_CHARS_MAX = 200
ID_CHARS_MAX = 48

TROUBLES = (SignalType.TECHNICAL, SignalType.LOW_BATTERY, SignalType.TAMPER)
MESSAGE_TYPES = ("ME", "RE", "IN", "PI")

_GEO = re.compile(r"\s*(-?\d{1,2}(?:\.\d{1,9})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,9})?)\s*")
_RECEIPT = re.compile(rb"<mrs\b", re.IGNORECASE)
_SCAIP = re.compile(rb"<mrq|<scaip|scaip\+xml", re.IGNORECASE)


def what_it_says(mrq: Mrq, sender: str, raw: bytes, odd: tuple[str, ...] = ()) -> Reading:
    """`sender`: who SIP says it is, for a message that names no controller."""
    odd = (*odd, *mrq.odd, *_oddities(mrq))
    device, point = identity(mrq, sender)
    type_, kind, text = _meaning(mrq, f"{device}/{point}" if point else device)
    said = (text, *_place_in_words(mrq), mrq.text("dte"), mrq.text("stt"), mrq.text("ite"))
    return Reading(
        protocol=PROTOCOL,
        device=device,
        type=type_,
        kind=kind,
        point=point,
        position=_position(mrq),
        text=", ".join(dict.fromkeys(_printable(one) for one in said if one))[:TEXT_CHARS_MAX],
        code=_code(mrq),
        about=_about(mrq, type_, kind),
        line_test=type_ is SignalType.TEST,  # 102 and 103 try a channel, by themselves
        odd=odd,
        raw=raw,
    )


def unreadable(why: str, raw: bytes, sender: str) -> Reading | None:
    """No tag of it can be read: a call for help, unless it is a receipt, or no SCAIP at all."""
    if not _SCAIP.search(raw) or _RECEIPT.search(raw):
        return None
    device = _safe(sender) or "unknown"
    return Reading(
        protocol=PROTOCOL,
        device=device,
        type=SignalType.ALARM,
        kind=AlarmKind.UNKNOWN,
        text=f"unreadable message from {device}",
        odd=(f"message: {why}"[:TEXT_CHARS_MAX],),
        raw=raw,
    )


def identity(mrq: Mrq, sender: str) -> tuple[str, str]:
    """The controller, and the device on it where that has a number of its own."""
    controller = _safe(mrq.text("cid").lstrip("+ ")) or _safe(sender) or "unknown"
    device = _safe(mrq.text("did"))
    return controller, device if device.strip("0") else ""


def _meaning(mrq: Mrq, device: str) -> tuple[SignalType, AlarmKind | None, str]:
    what = _device(mrq)
    number = mrq.number("stc")
    status = None if number is None else STATUS.get(number)
    message = mrq.text("mty").upper() or "ME"
    if status is not None:
        text = f"{what.name}: {status.name}"
        return _beside(message, status, what, text)
    said = mrq.text("stc")
    match message:
        case "RE":
            return SignalType.RESTORE, _over(None, what), f"{what.name}: reset"
        case "PI":
            return SignalType.HEARTBEAT, None, f"{what.name}: heartbeat"
        case "IN":
            return SignalType.UNKNOWN, None, f"{what.name}: information {said}".strip()
        case _ if said and number is None:
            return SignalType.ALARM, what.kind, f"{what.name}: status {_printable(said)[:8]}"
        case _ if said:
            text = f"unknown code {said[:8]} from {device}, {what.name}"
            return SignalType.ALARM, AlarmKind.UNKNOWN, text
        case _:
            return SignalType.ALARM, what.kind, what.name


def _beside(
    message: str, status: Status, what: Device, text: str
) -> tuple[SignalType, AlarmKind | None, str]:
    """A reset is a restore whatever it resets; a heartbeat with an alarm's status is a heartbeat.

    It comes by itself every few minutes, for ever, and some units write their last status into it.
    Of a thing that is wrong, or well again, a heartbeat may bring the news.
    """
    if message == "RE":
        return SignalType.RESTORE, _over(status, what), text
    if message == "PI" and status.type not in TROUBLES and not status.ends:
        return SignalType.HEARTBEAT, None, text
    match status.type:
        case SignalType.ALARM:
            return status.type, status.kind or what.kind, text
        case SignalType.TECHNICAL:
            return status.type, AlarmKind.TECHNICAL, text
        case SignalType.RESTORE:
            return status.type, _over(status, what), text
        case _:
            return status.type, None, text


def _over(status: Status | None, what: Device) -> AlarmKind | None:
    """What a restore says is over: mains that are back are no reason to think a call is."""
    if status is not None and status.type is SignalType.TAMPER:
        return AlarmKind.TAMPER
    if status is not None and (status.ends or status.type in TROUBLES):
        return AlarmKind.TECHNICAL
    return what.kind if what.kind in (AlarmKind.TECHNICAL, AlarmKind.TAMPER) else None


def _about(mrq: Mrq, type_: SignalType, kind: AlarmKind | None) -> str:
    """A trouble and its end say the same here: the trouble's status, and the device it is of."""
    number = mrq.number("stc")
    over = type_ is SignalType.RESTORE and kind in (AlarmKind.TECHNICAL, AlarmKind.TAMPER)
    if number is None or not (over or type_ in TROUBLES):
        return ""
    status = STATUS.get(number)
    return f"{(status.ends if status else 0) or number}/{mrq.number('dty') or 0}"


def _device(mrq: Mrq) -> Device:
    number = mrq.number("dty")
    known = None if number is None else DEVICES.get(number)
    return known or Device(f"device type {mrq.text('dty')[:8] or 'missing'}")


def _oddities(mrq: Mrq) -> list[str]:
    odd = [f"{tag}: missing" for tag in mrq.missing]
    message = mrq.text("mty").upper()
    if message and message not in MESSAGE_TYPES:
        odd.append(f"mty: not a type we know ({_printable(message)[:8]})")
    if mrq.text("cid") and not re.fullmatch(r"[0-9]{1,16}", mrq.text("cid")):
        odd.append("cid: not 1 to 16 digits")
    odd += [
        f"{tag}: not a number ({_printable(mrq.text(tag))[:8]})"
        for tag in ("dty", "stc")
        if mrq.text(tag) and mrq.number(tag) is None
    ]
    return odd


def _code(mrq: Mrq) -> str:
    """The type of message, the device and its status, as numbers: `ME 3/10`."""
    parts = [mrq.number("dty"), mrq.number("stc")]
    said = "/".join("" if part is None else str(part) for part in parts)
    return f"{_printable(mrq.text('mty').upper())[:2] or 'ME'} {said}"


def _place_in_words(mrq: Mrq) -> list[str]:
    number = mrq.number("lco")
    place = "" if number is None else LOCATIONS.get(number, "")
    return [f"{place} {mrq.text('lva')}".strip() if place else "", mrq.text("lte")]


def _position(mrq: Mrq) -> Position | None:
    """WGS 84 from `geo` ("lat,lon"), else from an NMEA sentence that has a fix."""
    at = _instant(mrq.text("tim"))
    geo = _GEO.fullmatch(mrq.text("geo"))
    if geo is not None:
        return _on_the_globe(float(geo[1]), float(geo[2]), at)
    gga = mrq.text("gga").split(",")
    if len(gga) < 7 or not gga[0].endswith("GGA") or gga[6] in ("", "0"):
        return None
    lat, lon = _degrees(gga[2], gga[3], 2), _degrees(gga[4], gga[5], 3)
    return None if lat is None or lon is None else _on_the_globe(lat, lon, at)


def _on_the_globe(lat: float, lon: float, at: datetime | None) -> Position | None:
    """0,0 is what a receiver without a fix says."""
    if abs(lat) > 90 or abs(lon) > 180 or lat == lon == 0:
        return None
    return Position(lat, lon, None, at, "device")


def _degrees(said: str, side: str, digits: int) -> float | None:
    match = re.fullmatch(rf"(\d{{{digits}}})(\d\d(?:\.\d{{1,8}})?)", said, re.ASCII)
    if match is None or side not in ("N", "S", "E", "W"):
        return None
    degrees = round(int(match[1]) + float(match[2]) / 60, 7)
    return -degrees if side in ("S", "W") else degrees


def _instant(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _safe(name: str) -> str:
    """What was damaged stays visible: without it the rest would name another unit."""
    safe = re.sub(r"[^0-9A-Za-z_.-]+", "-", name.strip())[:ID_CHARS_MAX]
    return safe if safe.strip("-") else ""


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
