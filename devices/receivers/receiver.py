"""The receiver at the end of a radio line: what is said of itself, and of what it sends damaged.

Both kinds of serial receiver are asked every now and then (`keep_alive`), and both lose bytes on a
bad cable: the same damaged packet a third time is taken as it stands, for who presses there must be
heard; where nobody can say who that is, a person is told that the receiver is damaged.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from core.signals import AlarmKind, Reading, SignalType
from core.values import replace, value
from devices.doubts import Doubts
from devices.receivers.keep_alive import SILENT, KeepAlive
from devices.session import Heard

RECEIVER = "receiver"
"""What the receiver itself is called where it is not a transmitter that speaks."""

GARBLED = "garbled"
"""`Reading.code` of a receiver whose bytes come damaged, so that nobody can say who sends."""


@value(frozen=True)
class Junk:
    """Bytes that belong to no packet, cut at its codec's limit; `why` for a person."""

    why: str
    raw: bytes


class Receiver:
    """One of them. `packet_bytes_least`: what is no longer was no packet before it was damaged."""

    def __init__(
        self, protocol: str, packet_bytes_least: int, name: str, doubts: Doubts | None
    ) -> None:
        self.name = name
        self.keep_alive = KeepAlive()
        self._protocol = protocol
        self._packet_bytes_least = packet_bytes_least
        self._doubts = doubts or Doubts()

    def said(self, type_: SignalType, code: str, text: str, raw: bytes = b"") -> Reading:
        """A reading of the receiver itself."""
        kind = AlarmKind.TECHNICAL if type_ is SignalType.TECHNICAL else None
        return Reading(self._protocol, self.name, type_, kind, text=text, code=code, raw=raw)

    def heard(self, now: datetime) -> list[Heard]:
        """A byte came: whether that ends a silence."""
        if not self.keep_alive.heard(now):
            return []
        return [Heard(self.said(SignalType.RESTORE, SILENT, f"{self.name} answers again"))]

    def silent(self) -> Heard:
        text = f"{self.name} does not answer: look at its cable, its power, its port"
        return Heard(self.said(SignalType.TECHNICAL, SILENT, text))

    def damaged(
        self, junk: Junk, now: datetime, as_it_stands: Callable[[bytes], list[Heard] | None]
    ) -> list[Heard]:
        """`as_it_stands`: what these bytes say when their fault is passed over; None: nothing."""
        heard = [Heard(error=f"{junk.why}: {len(junk.raw)} bytes", raw=junk.raw)]
        if not self._doubts.again(now, junk.raw):
            return heard
        meant = as_it_stands(junk.raw)
        if meant is not None:
            return heard + _as_meant(meant, junk)
        # Noise is short, or all the same.
        if len(junk.raw) > self._packet_bytes_least and len(dict.fromkeys(junk.raw)) > 2:
            text = f"what {self.name} sends comes damaged: look at its cable, its speed, its port"
            said = self.said(SignalType.TECHNICAL, GARBLED, text, junk.raw)
            heard.append(Heard(said, raw=junk.raw))
        return heard


def _as_meant(found: list[Heard], junk: Junk) -> list[Heard]:
    """The readings of a damaged packet taken as it stands, each saying so."""
    odd = f"message: {junk.why}, and the same again and again"
    said = (one.reading for one in found)
    return [
        Heard(replace(one, odd=(*one.odd, odd), raw=junk.raw), raw=junk.raw) for one in said if one
    ]
