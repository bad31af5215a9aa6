"""A Modbus board: it answers what it is asked about its inputs, and a finger closes one.

The bytes are pymodbus's, so that nothing of ours stands on both ends. A plain button springs back
after a moment; one that latches stays in until somebody resets it, so it is still seen pressed when
the cable is back. Nobody is told that a press was seen. Its outputs do what they are told, until
its power goes: a board that lost its line sounds on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadDiscreteInputsRequest,
    ReadDiscreteInputsResponse,
    WriteSingleCoilRequest,
    WriteSingleCoilResponse,
)

from firmware_sim.speakers.ports import Unanswered

HELD_FOR = timedelta(seconds=1)
"""How long a finger stays on a button that springs back."""

ILLEGAL_FUNCTION = 1
WAITING_BYTES_MAX = 512
"""More bytes without a request are noise."""


@dataclass(frozen=True, slots=True)
class Wired:
    """How one button is wired. `opens`: its contact is closed while nobody presses."""

    opens: bool = False
    latching: bool = False


def wired(settings: Mapping[str, str]) -> Mapping[str, Wired]:
    """The buttons of a line, from what the technician wrote: `point.1/3 = "closes latching"`."""
    points = [(key, said.split()) for key, said in settings.items() if key.startswith("point.")]
    return {
        key.removeprefix("point."): Wired("opens" in words, "latching" in words)
        for key, words in points
    }


class InputBoards:
    """The boards of one line. Callers are named by board and input, as `1/3`."""

    def __init__(self, buttons: Mapping[str, Wired], *, over_tcp: bool) -> None:
        self.calls = Unanswered()
        self._buttons = buttons
        self._framer = (FramerSocket if over_tcp else FramerRTU)(DecodePDU(True))
        self._pressed: dict[str, datetime | None] = {}
        self._outputs: dict[str, bool] = {}
        self._received = b""
        self._wire: list[bytes] = []

    @property
    def wake_at(self) -> datetime | None:
        return min((until for until in self._pressed.values() if until is not None), default=None)

    @property
    def sounding(self) -> tuple[str, ...]:
        """The outputs that are on, as `1/16`."""
        return tuple(name for name, on in self._outputs.items() if on)

    def connected(self, now: datetime, wall: datetime) -> None:
        self._received = b""

    def lost(self, now: datetime) -> None:
        """A board waits to be asked."""

    def receive(self, data: bytes, now: datetime, wall: datetime) -> None:
        self.wake(now, wall)
        self._received = (self._received + data)[-WAITING_BYTES_MAX:]
        while self._received:
            try:
                used, request = self._framer.handleFrame(self._received, 0, 0)
            except ModbusException:
                used, request = len(self._received), None
            if not used:
                return
            self._received = self._received[used:]
            if request is not None:
                self._wire.append(self._framer.buildFrame(self._answer(request)))

    def wake(self, now: datetime, wall: datetime) -> None:
        while (call := self.calls.due(now)) is not None:
            latching = self._buttons.get(call.who, Wired()).latching
            self._pressed[call.who] = None if latching else now + HELD_FOR
        for name, until in list(self._pressed.items()):
            if until is not None and until <= now:
                del self._pressed[name]

    def to_send(self) -> Sequence[bytes]:
        wire, self._wire = self._wire, []
        return wire

    def _answer(self, request: ModbusPDU) -> ModbusPDU:
        answer: ModbusPDU
        if isinstance(request, ReadDiscreteInputsRequest):
            inputs = range(request.address, request.address + request.count)
            bits = [self._is_closed(f"{request.dev_id}/{number}") for number in inputs]
            answer = ReadDiscreteInputsResponse(bits=bits)
        elif isinstance(request, WriteSingleCoilRequest):
            self._outputs[f"{request.dev_id}/{request.address}"] = request.bits[0]
            answer = WriteSingleCoilResponse(address=request.address, bits=request.bits)
        else:
            answer = ExceptionResponse(request.function_code, ILLEGAL_FUNCTION)
        answer.dev_id, answer.transaction_id = request.dev_id, request.transaction_id
        return answer

    def _is_closed(self, name: str) -> bool:
        return self._buttons.get(name, Wired()).opens != (name in self._pressed)
