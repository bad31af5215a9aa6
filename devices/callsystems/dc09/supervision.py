"""What a receiver says of its panels by itself: silent, heard again, a wrong clock."""

from __future__ import annotations

from datetime import timedelta

from core.signals import AlarmKind, Reading, SignalType
from devices.callsystems.dc09.settings import PROTOCOL

SILENT = "supervision"
CLOCK = "clock"
"""Codes of what is said here."""


def silent(account: str, allowed: timedelta) -> Reading:
    text = f"{account} has said nothing for {allowed.total_seconds():.0f} s"
    return Reading(PROTOCOL, account, SignalType.TECHNICAL, code=SILENT, text=text)


def heard_again(account: str) -> Reading:
    return _over(account, SILENT, f"{account} is heard again")


def wrong_clock(account: str, off_s: float) -> Reading:
    text = f"the clock of {account} is {off_s:+.0f} s off, so its messages are refused: set it"
    return Reading(PROTOCOL, account, SignalType.TECHNICAL, code=CLOCK, text=text)


def right_clock(account: str) -> Reading:
    return _over(account, CLOCK, f"the clock of {account} is right again")


def _over(account: str, code: str, text: str) -> Reading:
    technical = AlarmKind.TECHNICAL
    return Reading(PROTOCOL, account, SignalType.RESTORE, technical, code=code, text=text)
