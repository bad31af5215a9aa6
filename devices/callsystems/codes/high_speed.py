"""Ademco High Speed: a digit for each channel of a panel, sent by Sur-Gard and Ademco 685 alike.

Nothing says what is wired to a channel: an alarm on one is an alarm of kind unknown, unless the
site gives `channel N` a meaning of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.signals import AlarmKind as K
from devices.callsystems.codes.meaning import (
    Event,
    Meaning,
    alarm,
    battery,
    note,
    proof,
    restored,
    technical,
)

SOURCE = "MLR2-DV manual, 9.1.3, channel codes"

CHANNEL: dict[str, Meaning] = {
    "0": technical("trouble", SOURCE),
    "1": alarm(K.UNKNOWN, "alarm", SOURCE),
    "2": note("disarmed", SOURCE),
    "3": restored(K.UNKNOWN, "restore", SOURCE),
    "4": note("armed", SOURCE),
    "6": alarm(K.UNKNOWN, "alarm, still there", SOURCE),
}
"""5 is "normal" and says nothing."""

NORMAL = "5"

AUXILIARY: dict[str, Meaning] = {
    "7": note("zone status", SOURCE),
    "8": battery("low battery", SOURCE),
    "9": proof("test report", SOURCE),
}
"""The last digit of a message."""


def events(channels: str, auxiliary: str, own: Mapping[str, Meaning]) -> list[Event]:
    """What the digits say, one event for each channel that is not normal."""
    found = [
        _channel(number, digit, own) for number, digit in enumerate(channels, 1) if digit != NORMAL
    ]
    last = AUXILIARY.get(auxiliary)
    if last is not None and (last.text != AUXILIARY["7"].text or not found):
        found.append(Event(last, auxiliary))
    elif last is None and auxiliary not in (NORMAL, ""):
        # Receivers that give channel 9 a digit of its own use the codes of the other channels.
        found.append(_channel(len(channels) + 1, auxiliary, own))
    return found or [Event(AUXILIARY["7"], auxiliary)]


def _channel(number: int, digit: str, own: Mapping[str, Meaning]) -> Event:
    meaning = CHANNEL.get(digit) or alarm(K.UNKNOWN, f"unknown code {digit}", SOURCE)
    wired = own.get(f"channel {number}")
    if wired is not None and meaning.type is CHANNEL["1"].type:
        meaning = wired
    elif wired is not None and meaning.type is CHANNEL["3"].type:
        meaning = wired.ended()
    return Event(meaning, f"channel {number} {digit}", str(number))
