"""`tilkald decode`: raw frames in, one JSON line each, through the very sessions the lines run.

Frames are arguments, or JSON lines `{"frame": …, "encoding": "hex"|"text"}` on standard input. One
session hears them all, as it would on a line, so a frame may depend on those before it. Every
message counts as stored: `reply` is what the protocol sends after the commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from core.clock import ServiceClock
from core.errors import ConfigError
from core.signals import Position, Reading
from devices.family import Encoding, Family, open_port
from devices.protocols import FAMILIES
from devices.session import DeviceSession, Heard

FRAME_CHARS_MAX = 1_000_000

_CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR"),
    *("SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB"),
    *("ESC", "FS", "GS", "RS", "US"),
)


def listing() -> Iterator[str]:
    """Every family: its name, how its frames are written, what it is."""
    for family in FAMILIES.values():
        yield f"{family.name:<16} {family.encoding.value:<5} {family.title}"


def family(name: str) -> Family:
    """Raises ConfigError with the names there are."""
    if name not in FAMILIES:
        raise ConfigError(f"There is no protocol {name!r}. Known: {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def settings_of(given: Sequence[str]) -> dict[str, str]:
    """`--set name=value`. Raises ConfigError."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise ConfigError(f"--set {one!r} sets nothing. Write name=value.")
        found[name] = value
    return found


class Decoder:
    """One session over all frames. `at` is the wall clock it is told, for recorded frames."""

    def __init__(
        self, family: Family, settings: Mapping[str, str], at: datetime | None = None
    ) -> None:
        """Raises ConfigError for settings the family does not have."""
        self._family = family
        self._session: DeviceSession = open_port(family, settings).connect()
        clock = ServiceClock()
        self._now = clock.now
        self._ahead = timedelta() if at is None else at - clock.wall()
        self._wall = clock.wall
        self._session.receive(b"", self._now(), self._now_on_the_wall())
        self._session.to_send()

    def line(self, text: str) -> dict[str, Any]:
        """One line of standard input: a JSON object, or the bare frame."""
        if not text.lstrip().startswith("{"):
            return self.frame(text)
        try:
            said = json.loads(text)
            encoding = Encoding(said.get("encoding", self._family.encoding.value))
        except (ValueError, RecursionError) as wrong:
            return _wrong(f"not a line of this form: {wrong}")
        if "frame" not in said:
            # The frames of some protocols are JSON themselves.
            return self.frame(text)
        if not isinstance(said["frame"], str):
            return _wrong('write {"frame": "…", "encoding": "hex" or "text"}')
        return self.frame(said["frame"], encoding)

    def frame(self, text: str, encoding: Encoding | None = None) -> dict[str, Any]:
        """One frame in, its readings and the reply out. Nothing that was written raises."""
        if len(text) > FRAME_CHARS_MAX:
            return _wrong(f"longer than {FRAME_CHARS_MAX} characters")
        try:
            frame = self._bytes(text, encoding or self._family.encoding)
        except ValueError:
            return _wrong("not hexadecimal; write pairs of digits, like 013102")
        now = self._now()
        heard, reply = self._settled(self._session.receive(frame, now, self._now_on_the_wall()))
        if not heard and not reply and self._family.encoding is Encoding.TEXT:
            # Who writes a text down writes all of it: nothing follows that could end it.
            heard, reply = self._settled(self._session.ended(now))
        return _answer(heard, reply)

    def _settled(self, heard: Sequence[Heard]) -> tuple[Sequence[Heard], bytes]:
        now = self._now()
        for message in heard:
            if message.ticket:
                self._session.stored(message.ticket, True, now)
        reply = bytearray()
        while sending := self._session.to_send():
            reply += sending
        return heard, bytes(reply)

    def _now_on_the_wall(self) -> datetime:
        return self._wall() + self._ahead

    def _bytes(self, text: str, encoding: Encoding) -> bytes:
        if encoding is Encoding.HEX:
            return bytes.fromhex(text)
        frame = text.encode("utf-8", "surrogateescape")
        before, after = self._family.around
        if not frame.startswith(before):
            frame = before + frame
        return frame if frame.endswith(after) else frame + after


def lines(decoder: Decoder, frames: Sequence[str], given: Iterable[str]) -> Iterator[str]:
    """One JSON line for each frame: the arguments, else the lines given."""
    for frame in frames:
        yield _written(decoder.line(frame))
    if not frames:
        for text in given:
            if text.strip():
                yield _written(decoder.line(text.rstrip("\n")))


def readable(content: bytes) -> str:
    """Bytes as a technician writes them: `1<NAK>`."""
    return "".join(_letter(number) for number in content)


def said(reading: Reading) -> dict[str, Any]:
    """One reading with the fields others script against, and what else it carries."""
    position = reading.position
    return {
        "protocol": reading.protocol,
        "device": reading.device,
        "kind": reading.type.value,
        "alarm": reading.kind.value if reading.kind is not None else None,
        "at": _moment(reading.at),
        **_place(position),
        "battery": reading.battery,
        "text": reading.text,
        "code": reading.code,
        "level": reading.level.value if reading.level is not None else None,
        "zone": reading.zone,
        "point": reading.point,
        "about": reading.about,
        "line_test": reading.line_test,
        "seq": reading.seq,
        "boot": reading.boot,
        "age_s": reading.age.total_seconds() if reading.age is not None else None,
        "authenticated": reading.authenticated,
        "odd": list(reading.odd),
    }


def _place(position: Position | None) -> dict[str, Any]:
    """A position without a fix is not a position: `fix` says whether there is one."""
    if position is None:
        return {"lat": None, "lon": None, "accuracy_m": None, "fix": False}
    return {
        "lat": position.lat,
        "lon": position.lon,
        "accuracy_m": position.accuracy_m,
        "fix": True,
    }


def _answer(heard: Sequence[Heard], reply: bytes) -> dict[str, Any]:
    errors = [message.error for message in heard if message.error and message.reading is None]
    readings = [said(message.reading) for message in heard if message.reading is not None]
    shared = {"readings": readings, "reply": reply.hex(), "reply_text": readable(reply)}
    if errors:
        return {"ok": False, "error": "; ".join(errors), **shared}
    return {"ok": True, **shared}


def _wrong(why: str) -> dict[str, Any]:
    return {"ok": False, "error": why, "readings": [], "reply": "", "reply_text": ""}


def _written(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _letter(number: int) -> str:
    if number < len(_CONTROLS):
        return f"<{_CONTROLS[number]}>"
    return chr(number) if number < 0x7F else f"<{number:02X}>"
