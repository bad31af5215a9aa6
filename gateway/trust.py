"""What the token of a remote gateway may say (law 6): a token can be stolen with its machine. Pure.

Whatever raises help is believed from it, for any device. What takes help away is believed only for
the devices of its site, of a badge only while that speaks nowhere else, and of the other devices
only by a line that ends there. Whether a line may close is what the configuration says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.signals import AnswerKind, Reading, SignalType
from devices.protocols import protocol_of
from devices.registry import NATIVE, Line

_RAISES = (
    *(SignalType.ALARM, SignalType.TAMPER, SignalType.LOW_BATTERY),
    *(SignalType.TECHNICAL, SignalType.UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Trust:
    """In one gateway, as its site is configured now. `elsewhere`: whether a device is connected at
    our own listener, or at another gateway."""

    lines: Sequence[Line] = ()
    elsewhere: Callable[[str], bool] = lambda device: False

    def why_not(self, reading: Reading, device: str) -> str:
        """Why a reading of a device of the gateway's site is not believed; empty when it is."""
        if raises(reading):
            return ""
        if self.elsewhere(device):
            return f"{reading.type} of {device}, which is connected elsewhere"
        if reading.protocol != NATIVE and not self._speak(reading):
            return f"{reading.type} of {device} by {reading.protocol}, which no line there speaks"
        return ""

    def may_close(self, reading: Reading) -> bool:
        """Whether the site lets what came by such a line there close an alarm without proof."""
        return reading.closes and any(line.closes for line in self._speak(reading))

    def _speak(self, reading: Reading) -> list[Line]:
        return [one for one in self.lines if protocol_of(one.protocol) == reading.protocol]


def raises(reading: Reading) -> bool:
    """Whether it calls help, or tells of a trouble: believed from anyone."""
    return reading.type in _RAISES or reading.answer is AnswerKind.MORE_HELP
