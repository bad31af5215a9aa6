"""One dispatcher process on virtual time with its store, and everything it does written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from alarms.model import Notice
from core.clock import VirtualClock
from core.signals import Level, Signal, SignalType
from dispatcher.channels.wearer import Tell
from dispatcher.engine.outcome import Outcome
from firmware_sim.world.agenda import Agenda
from firmware_sim.world.process import Process, at_once
from firmware_sim.world.simulate import START
from firmware_sim.world.town import town
from firmware_sim.world.witness import Witness, WitnessedStore
from tests.support.press import Presses

STARTS_WITHIN_S = 0.01
"""What always stands is opened, and stored, before anything else is looked at."""


@dataclass(slots=True)
class Outdoors:
    """What left the process, in order."""

    handed: list[Notice] = field(default_factory=list)
    told: list[Tell] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    decided_: list[Outcome] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    names: int = 0

    def new_name(self) -> str:
        self.names += 1
        return f"name-{self.names}"

    def hand_over(self, notice: Notice) -> None:
        self.handed.append(notice)
        self.order.append("handed over")

    def tell(self, tell: Tell) -> None:
        self.told.append(tell)
        self.order.append(f"told {tell.type}")

    def acknowledge(self, signal: Signal) -> None:
        self.acknowledged.append(signal.identity)
        self.order.append("acknowledged")

    def decided(self, work: Outcome) -> None:
        self.decided_.append(work)
        self.order.append("decided")


class Running:
    """A process that is up; time passes only by `wait`."""

    def __init__(self) -> None:
        self.agenda = Agenda(VirtualClock(START))
        self.store = WitnessedStore(Witness())
        self.out = Outdoors()
        self._presses = Presses()
        self.process = Process(self.store, self.agenda, town(), self.out)
        self.process.start()
        self.wait(STARTS_WITHIN_S)
        self.out.order.clear()
        self.out.decided_.clear()

    def press(self, person: str = "tor", level: Level = Level.RED, zone: str = "h1-hall") -> Signal:
        signal = self._presses.signal(
            person, SignalType.ALARM, self.process.at, level=level, zone=zone
        )
        self.process.take(signal)
        return signal

    def wait(self, seconds: float) -> None:
        """Everything that happens in the next seconds."""
        until = self.agenda.clock.now() + timedelta(seconds=seconds)
        self.agenda.at(until, "waited", lambda: None)
        while (planned := self.agenda.next()) is not None:
            planned.action()
            if planned.what == "waited":
                return

    def crash_and_start(self) -> None:
        """Memory is gone; another process starts on the same store."""
        self.agenda.end_of_life()
        self.out.order.append("crashed")
        self.process = Process(self.store, self.agenda, town(), self.out)
        self.process.start()

    def stored_notices(self) -> list[Notice]:
        alarms = at_once(self.store.open_alarms())
        return [notice for alarm in alarms for notice in at_once(self.store.notices(alarm.id))]
