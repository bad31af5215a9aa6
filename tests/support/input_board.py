"""Input boards at the far end of a line, in memory, and the time in which they are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.signals import Reading
from devices.contacts import FAMILY
from devices.contacts.board import Framing
from devices.contacts.frames import framed
from devices.family import Port, open_port
from devices.session import DeviceSession

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANSWERS_AFTER = timedelta(seconds=0.008)
WAKES_MAX = 100_000

COIL, DISCRETE, INPUT = 1, 2, 4
WRITE_COIL = 5
REGISTERS = (3, 4)


@dataclass
class FakeBoard:
    """One board: what its inputs are, and how it fails. Keys of `values`: (function, address).

    `refuses_writes`: the exception it answers to each of them.
    """

    values: dict[tuple[int, int], int] = field(default_factory=dict)
    silent: bool = False
    refuses: int = 0
    refuses_writes: int = 0
    late: timedelta = ANSWERS_AFTER

    def answer(self, request: bytes) -> bytes:
        """To a whole request, both without their checks."""
        unit, function = request[0], request[1]
        if self.refuses:
            return bytes((unit, function | 0x80, self.refuses))
        if function == WRITE_COIL:
            if self.refuses_writes:
                return bytes((unit, function | 0x80, self.refuses_writes))
            self.values[COIL, int.from_bytes(request[2:4])] = int(request[4:6] == b"\xff\x00")
            return request
        first, count = int.from_bytes(request[2:4]), int.from_bytes(request[4:6])
        found = [self.values.get((function, first + at), 0) for at in range(count)]
        if function in REGISTERS:
            content = b"".join(value.to_bytes(2) for value in found)
        else:
            bits = sum(value << at for at, value in enumerate(found))
            content = bits.to_bytes(-(-count // 8), "little")
        return bytes((unit, function, len(content))) + content


class Desk:
    """A line with boards and the session that asks them; `told` is what it said, in order."""

    def __init__(self, settings: dict[str, str] | None = None, *, units: int = 1) -> None:
        self.boards = {unit: FakeBoard() for unit in range(1, units + 1)}
        self.port: Port = open_port(FAMILY, settings or {})
        self.now = NOON
        self.told: list[tuple[datetime, Reading]] = []
        self.errors: list[str] = []
        self.requests: list[tuple[datetime, bytes]] = []
        self.bend: Callable[[bytes], bytes] = lambda answer: answer
        self.echoes = False
        self.plug_in()

    def plug_in(self) -> None:
        """The line is opened, maybe again: a new session."""
        self.session: DeviceSession = self.port.connect()
        self._coming: list[tuple[datetime, bytes]] = []
        self._take(self.session.receive(b"", self.now, self.now))

    def press(self, unit: int, address: int, value: int = 1, function: int = DISCRETE) -> None:
        self.boards[unit].values[function, address] = value

    def let_go(self, unit: int, address: int) -> None:
        self.press(unit, address, 0)

    def after(self, seconds: float) -> list[str]:
        """What is said in this time: `desk/1/3 alarm pressed`. Signs of life are left out."""
        end, begun = self.now + timedelta(seconds=seconds), len(self.told)
        for _ in range(WAKES_MAX):
            moment = min([self.session.wake_at or end, *(when for when, _ in self._coming), end])
            self.now = max(self.now, moment)
            while self._coming and self._coming[0][0] <= self.now:
                self._take(self.session.receive(self._coming.pop(0)[1], self.now, self.now))
            if self.session.wake_at is not None and self.session.wake_at <= self.now:
                self._take(self.session.wake(self.now))
            if self.now >= end:
                break
        else:
            raise AssertionError("the session wakes without end")
        return [self._line(one) for _, one in self.told[begun:] if one.type != "heartbeat"]

    def beats(self, seconds: float) -> list[str]:
        """Who gives a sign of life in this time."""
        begun = len(self.told)
        self.after(seconds)
        return [one.device for _, one in self.told[begun:] if one.type == "heartbeat"]

    def sounds(self, unit: int, address: int) -> bool:
        """Whether an output is on."""
        return self.boards[unit].values.get((COIL, address), 0) == 1

    def _line(self, reading: Reading) -> str:
        kind = f" {reading.kind}" if reading.kind is not None else ""
        return f"{reading.device} {reading.type}{kind} {reading.code}"

    def _take(self, messages: object) -> None:
        assert isinstance(messages, list | tuple)
        for message in messages:
            assert message.ticket == 0
            if message.reading is not None:
                self.told.append((self.now, message.reading))
            else:
                self.errors.append(message.error)
        asked = self.session.to_send()
        if asked:
            self.requests.append((self.now, asked))
            if self.echoes:
                self._coming.append((self.now, asked))
            board = self.boards.get(asked[0])
            if board is not None and not board.silent:
                answer = self.bend(framed(Framing.RTU, board.answer(asked[:-2])))
                self._coming.append((self.now + board.late, answer))
            self._coming.sort(key=lambda one: one[0])
