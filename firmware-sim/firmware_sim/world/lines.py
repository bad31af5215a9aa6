"""What lies between: devices and their radio, the pagers, the SMS provider, all with bad days.

Uplink: a device says what must not be lost again and again until it is acknowledged. Downlink: a
page is handed over and may be lost, late or doubled; a provider refuses, is slow, or tells its
receipts twice and in the wrong order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from alarms.channel import Rings
from alarms.model import Notice
from core import ids
from core.chance import Chance
from core.errors import ChannelError
from core.signals import ReceiptState, Signal
from core.values import replace
from dispatcher.channels.emergency import refuse_emergency
from dispatcher.channels.rows import CHANNELS
from firmware_sim.device.faults import Faults, passage
from firmware_sim.world.agenda import Agenda
from firmware_sim.world.process import Process
from firmware_sim.world.witness import Witness, kind_of

REPEATS_MOST = 60
REPEAT_FIRST = timedelta(seconds=2)
REPEAT_LONGEST = timedelta(seconds=30)
BAD_RADIO = Faults(lost=0.05, late=0.1, doubled=0.05, reordered=0.1)


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the lines are; shares are 0 to 1."""

    radio: Faults = BAD_RADIO
    refused_for_now: float = 0.06
    refused_for_good: float = 0.03
    never_answers: float = 0.02
    receipt_never: float = 0.1
    receipt_twice: float = 0.1
    not_at_the_console: float = 0.5


class People(Protocol):
    def paged(self, notice: Notice) -> None:
        """A message has reached its person's device."""
        ...


class Lines:
    """Every wire of the world. `process` gives the one that lives now, None while it is down."""

    def __init__(
        self,
        agenda: Agenda,
        chance: Chance,
        weather: Weather,
        witness: Witness,
        process: Callable[[], Process | None],
    ) -> None:
        self._agenda = agenda
        self._chance = chance
        self._weather = weather
        self._witness = witness
        self._process = process
        self._acknowledged: dict[str, None] = {}
        self.silent: dict[str, None] = {}
        self.deaf: dict[str, None] = {}
        self.people: People | None = None

    # Up

    def say(self, signal: Signal) -> None:
        """A device says something that must not be lost: until it hears that it is kept."""
        self._attempt(signal, 0)

    def acknowledge(self, signal: Signal) -> None:
        """The acknowledgement itself may be lost: then the device says it once more."""
        if self._chance.random() >= self._weather.radio.lost:
            self._acknowledged[signal.identity] = None

    def _attempt(self, signal: Signal, number: int) -> None:
        if signal.identity in self._acknowledged or number >= REPEATS_MOST:
            self._acknowledged.pop(signal.identity, None)
            return
        if number:
            self._witness.tried["messages repeated"] += 1
        copies = () if signal.device in self.silent else passage(self._weather.radio, self._chance)
        self._witness.tried["messages lost"] += not copies
        self._witness.tried["messages doubled"] += len(copies) > 1
        for wait in copies:
            self._agenda.after(wait, f"{signal.device} says {signal.type}", self._in(signal))
        pause = min(REPEAT_FIRST * (number + 1), REPEAT_LONGEST)
        again = number + 1
        self._agenda.after(pause, "repeat", lambda: self._attempt(signal, again))

    def _in(self, signal: Signal) -> Callable[[], None]:
        def arrive() -> None:
            process = self._process()
            if process is not None:
                clock = self._agenda.clock
                process.take(replace(signal, at=clock.now(), wall=clock.wall()))

        return arrive

    # Down

    def hand_over(self, notice: Notice, process: Process) -> None:
        self._witness.tried[kind_of(notice)] += 1
        match CHANNELS[notice.channel].rings:
            case Rings.DEVICE:
                self._to_device(notice, process)
            case Rings.NUMBER:
                self._to_provider(notice, process)
            case Rings.PERSON:
                self._to_console(notice, process)

    def _to_device(self, notice: Notice, process: Process) -> None:
        if notice.address in self.silent:
            self._witness.tried["device not connected"] += 1
            self._result(process, notice, ReceiptState.FAILED_TEMPORARY)
            return
        self._result(process, notice, ReceiptState.SENT)
        if notice.address in self.deaf:
            self._witness.tried["pages at a deaf badge"] += 1
            return
        for wait in passage(self._weather.radio, self._chance):
            self._agenda.after(wait, f"page at {notice.address}", lambda: self._arrived(notice))

    def _to_provider(self, notice: Notice, process: Process) -> None:
        try:
            refuse_emergency(notice.address, "DK")
        except ChannelError:
            self._witness.tried["emergency number refused"] += 1
            self._result(process, notice, ReceiptState.FAILED_PERMANENT)
            return
        if notice.address.removeprefix("+45") in ("112", "114"):
            self._witness.breach(11, "no emergency number is ever rung", notice.address)
        dice, weather = self._chance.random(), self._weather
        if dice < weather.refused_for_good:
            self._witness.tried["provider refused for good"] += 1
            self._result(process, notice, ReceiptState.FAILED_PERMANENT)
        elif dice < weather.refused_for_good + weather.refused_for_now:
            self._witness.tried["provider refused for now"] += 1
            self._result(process, notice, ReceiptState.FAILED_TEMPORARY)
        elif dice < weather.refused_for_good + weather.refused_for_now + weather.never_answers:
            self._witness.tried["provider never answered"] += 1
        else:
            self._accepted_by_provider(notice, process)

    def _accepted_by_provider(self, notice: Notice, process: Process) -> None:
        slow = timedelta(seconds=self._chance.random() * 4)
        self._agenda.after(
            slow,
            "provider takes",
            lambda: self._result(process, notice, ReceiptState.SENT),
            life=process.life,
        )
        if self._chance.random() < self._weather.receipt_never:
            self._witness.tried["receipt never came"] += 1
            return
        arrives = timedelta(seconds=1 + self._chance.random() * 18)
        self._agenda.after(arrives, f"SMS at {notice.address}", lambda: self._arrived(notice))
        if self._chance.random() < self._weather.receipt_twice:
            self._witness.tried["receipt twice"] += 1
            again = arrives + timedelta(seconds=3)
            self._agenda.after(again, "receipt again", lambda: self._delivered(notice))
        if self._chance.random() < self._weather.receipt_twice:
            self._witness.tried["receipt in the wrong order"] += 1
            sent = ReceiptState.SENT
            self._agenda.after(arrives * 2, "receipt late", lambda: self._receipt(notice, sent))

    def _to_console(self, notice: Notice, process: Process) -> None:
        away = self._chance.random() < self._weather.not_at_the_console
        state = ReceiptState.FAILED_TEMPORARY if away else ReceiptState.DELIVERED
        self._result(process, notice, state)

    def _result(self, process: Process, notice: Notice, state: ReceiptState) -> None:
        """What the call of a channel returns: it dies with the process that called."""
        ref = ids.derived("p", notice.id) if CHANNELS[notice.channel].leaves_site else ""
        self._agenda.after(
            timedelta(milliseconds=1),
            f"{notice.channel} {state}",
            lambda: process.returned(notice.id, state, ref),
            life=process.life,
        )

    def _arrived(self, notice: Notice) -> None:
        if CHANNELS[notice.channel].rings is Rings.DEVICE and notice.address in self.silent:
            return
        self._delivered(notice)
        assert self.people is not None
        self.people.paged(notice)

    def _delivered(self, notice: Notice) -> None:
        self._receipt(notice, ReceiptState.DELIVERED)

    def _receipt(self, notice: Notice, state: ReceiptState) -> None:
        process = self._process()
        if process is not None:
            process.moved(notice.id, state)
