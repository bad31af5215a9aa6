"""What a receiver sends damaged, three times the same: what it means, or that it is damaged."""

from __future__ import annotations

from collections.abc import Sequence

from core.values import replace
from devices.session import Heard

GARBLED = "garbled"
"""`Reading.code` of a receiver whose bytes come damaged, so that nobody can say who sends."""


def garbled_text(receiver: str) -> str:
    """For a person: that somebody is damaged there must be known."""
    return f"what {receiver} sends comes damaged: look at its cable, its speed, its port"


def as_meant(found: Sequence[Heard], why: str, raw: bytes) -> list[Heard]:
    """The readings of a damaged packet taken as it stands, each saying so."""
    odd = f"message: {why}, and the same again and again"
    said = (one.reading for one in found)
    return [Heard(replace(one, odd=(*one.odd, odd), raw=raw), raw=raw) for one in said if one]
