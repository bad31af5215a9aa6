"""What is kept of what a device said, without where it was (law 10): people are not tracked.

Only a call for help keeps its position: that is where help must go. Everywhere else coordinates are
for the moment, in memory; they stand in no store, journal or spool, not even inside raw bytes.
"""

from __future__ import annotations

import re

from core.signals import Reading, SignalType
from core.values import replace

_NUMBER = rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_IS = rb"""["']?\s*[:=>]\s*["'\[]?\s*"""
_PLACES = (
    # {"lat": 56.1, "lon": 10.2}, <latitude>56.1</latitude>
    re.compile(
        rb"((?<![a-z])(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng)(?:_[a-z]+)?"
        + _IS
        + rb")"
        + _NUMBER,
        re.IGNORECASE,
    ),
    # "position": [56.1, 10.2], <geo>56.1,10.2</geo>
    re.compile(
        rb"((?<![a-z])(?:pos|position|coordinates|location|gps|geo)"
        + _IS
        + rb")"
        + _NUMBER
        + rb"\s*[,;]\s*"
        + _NUMBER,
        re.IGNORECASE,
    ),
    # NMEA: 5546.95,N,01233.12,E
    re.compile(rb"()\d{2,5}\.\d+,[NS],\d{3,5}\.\d+,[EW]"),
    # DC-09: [X012E33.123][Y55N46.950]
    re.compile(rb"(\[[XY])[-+]?\d[\dNSEW.]*"),
)


def untracked(reading: Reading) -> Reading:
    """The reading as it may be kept."""
    # A device that was tampered with calls for help where it says of which kind.
    tampered = reading.type is SignalType.TAMPER and reading.kind is not None
    if reading.type is SignalType.ALARM or tampered:
        return reading
    odd = tuple("position: odd" if one.startswith("position:") else one for one in reading.odd)
    return replace(reading, position=None, odd=odd, raw=without_coordinates(reading.raw))


def without_coordinates(content: bytes) -> bytes:
    """Bytes with a dash where they name a place on the globe; all else as it came."""
    for place in _PLACES:
        content = place.sub(rb"\1-", content)
    return content
