"""Which technical alarm a device's message is about, and which one its word "well again" ends.

The law kept here (law 6): *a wire without proof closes nothing above yellow*. A technical alarm is
green, so equipment that is well again may say so itself; but only fresh, and only of the very thing
it reported. A device reports many things, so the alarm's name tells which.
"""

from __future__ import annotations

from core.signals import AlarmKind, Signal, SignalType

OF_EQUIPMENT = (AlarmKind.TECHNICAL, AlarmKind.TAMPER, AlarmKind.LOSS)
"""What a restore of mains, battery or housing names as over: no call for help ends with it."""


def is_of_equipment(signal: Signal) -> bool:
    """A restore that says a thing is well, and nothing of a person."""
    return signal.type is SignalType.RESTORE and signal.reading.kind in OF_EQUIPMENT


def trouble_key(signal: Signal) -> str:
    """The cause of a technical signal. Supervision calls low batteries and tamper the same."""
    reading = signal.reading
    if reading.about:
        return _of_part(signal)
    if signal.type is SignalType.TECHNICAL and reading.code:
        return f"{SignalType.TECHNICAL}:{signal.device}:{reading.code}"
    return f"{signal.type}:{signal.device}"


def ended_key(signal: Signal) -> str:
    """The cause of the technical alarm this restore ends, or empty."""
    reading = signal.reading
    if not is_of_equipment(signal) or reading.retained or signal.repeat:
        return ""
    if reading.about:
        return _of_part(signal)
    if reading.kind is AlarmKind.TAMPER:
        return f"{SignalType.TAMPER}:{signal.device}"
    return ":".join(filter(None, (SignalType.TECHNICAL, signal.device, reading.code)))


def _of_part(signal: Signal) -> str:
    return f"trouble:{signal.device}:{signal.reading.about}"
