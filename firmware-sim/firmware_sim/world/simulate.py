"""One seed, so many days: people, faults and crashes over the real core and store.

After every single event every law is checked; the first broken one ends the run with the seed and
the last events. The same seed gives the same world, event by event.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alarms.model import Alarm, Notice, Purpose, Standpoint, TellType
from alarms.plan import ROUND_SHORTEST
from alarms.vocabulary import PlaceSource
from core.chance import seeded
from core.clock import VirtualClock
from core.errors import ConfigError, StoreUnavailable
from core.signals import Level, ReceiptState, Signal, SignalType
from core.values import replace
from dispatcher.channels.rows import CHANNELS
from dispatcher.channels.wearer import Tell
from dispatcher.engine.outcome import Outcome
from dispatcher.roster.index import OrganisationIndex
from dispatcher.roster.organisation import Organisation
from dispatcher.site.files import read_directory
from firmware_sim.world.agenda import Agenda
from firmware_sim.world.laws import Broken, Scene, check
from firmware_sim.world.lines import Lines, Weather
from firmware_sim.world.people import Habits, Staff
from firmware_sim.world.process import Process
from firmware_sim.world.report import Report
from firmware_sim.world.town import changed, town
from firmware_sim.world.unread import UnreadLog
from firmware_sim.world.witness import HandOver, Witness, WitnessedStore

START = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
STARTS_AGAIN_AFTER = timedelta(seconds=1)
TAIL = 40
"""Events shown before a broken law."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """What befalls the service itself, as times a day; a crash lasts seconds or an hour."""

    crashes: float = 40.0
    crashes_mid_step: float = 60.0
    long_down_share: float = 0.05
    store_failures: float = 12.0
    disk_hangs: float = 12.0
    silent_devices: float = 30.0
    deaf_badges: float = 20.0
    off_duty: float = 20.0
    clock_jumps: float = 3.0
    configurations: float = 4.0


@dataclass(frozen=True, slots=True)
class Setting:
    """One run: everything but the seed and the days."""

    organisation: Organisation = field(default_factory=town)
    weather: Weather = field(default_factory=Weather)
    habits: Habits = field(default_factory=Habits)
    troubles: Troubles = field(default_factory=Troubles)
    process: type[Process] = Process


def simulate(seed: int, days: float, setting: Setting | None = None) -> Report:
    """Run the world until its time is over or a law is broken."""
    return World(seed, days, setting or Setting()).run()


def run_simulate(seed: int, days: float, folder: Path | None = None) -> int:
    """For the command line: prints the report; 0 when every law held, 1 when not, 2 for a site

    that cannot be read.
    """
    try:
        organisation = read_directory(folder) if folder is not None else town()
    except ConfigError as error:
        print(error)
        return 2
    report = simulate(seed, days, Setting(organisation=organisation))
    print(report.text())
    return 0 if report.held else 1


class World:
    """Everything there is, moved on by one agenda."""

    def __init__(self, seed: int, days: float, setting: Setting) -> None:
        self.seed, self.days, self.setting = seed, days, setting
        self.chance = seeded(seed)
        self.agenda = Agenda(VirtualClock(START))
        self.witness = Witness()
        self.store = WitnessedStore(self.witness)
        self.organisation = setting.organisation
        self.index = OrganisationIndex(self.organisation, CHANNELS)
        self.process: Process | None = None
        self.lines = Lines(
            self.agenda, self.chance, setting.weather, self.witness, lambda: self.process
        )
        self.staff = Staff(
            self.agenda,
            self.chance,
            setting.habits,
            self.lines,
            self.witness,
            lambda: self.process,
            self.organisation,
        )
        self.lines.people = self.staff
        self.journal: list[bytes] = []
        self._names = 0
        self._dies_in: int | None = None
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._digest = hashlib.blake2b(digest_size=8)

    def run(self) -> Report:
        """Every event goes into a log nobody reads: it holds nothing up (law 12)."""
        log = UnreadLog()
        try:
            return self._run(log)
        finally:
            log.close()

    def _run(self, log: UnreadLog) -> Report:
        self._begin()
        end = START + timedelta(days=self.days)
        events, broken = 0, list[Broken]()
        while not broken and (planned := self.agenda.next()) is not None:
            if planned.when > end:
                break
            events += 1
            line = f"{planned.when:%d %H:%M:%S.%f} {planned.what}"
            self._tail.append(line)
            log.say(line)
            self._digest.update(line.encode())
            if self._dies_now(planned.life):
                continue
            try:
                planned.action()
            except AssertionError as error:
                broken.append(Broken(5, "the process never fails by itself", repr(error)))
            broken += check(self._scene())
        self.witness.tried["lines of a log nobody reads"] += events
        self.witness.tried["of them lost"] += log.lost
        digest = self._digest.hexdigest()
        tail = tuple(self._tail) if broken else ()
        tried = dict(self.witness.tried)
        return Report(self.seed, self.days, events, tried, tuple(broken), tail, digest)

    def _begin(self) -> None:
        self._start()
        self.staff.begin()
        troubles = self.setting.troubles
        for a_day, what, action in (
            (troubles.crashes, "crash", self._crash),
            (troubles.crashes_mid_step, "about to crash", self._crash_soon),
            (troubles.store_failures, "the store fails", self._store_fails),
            (troubles.disk_hangs, "the disk hangs", self._disk_hangs),
            (troubles.silent_devices, "a device goes silent", self._silent),
            (troubles.deaf_badges, "a badge goes deaf", self._deaf),
            (troubles.off_duty, "somebody checks out or in", self._check_out),
            (troubles.clock_jumps, "the wall clock jumps", self._clock_jumps),
            (troubles.configurations, "another configuration", self._configure),
        ):
            self._befall(a_day, what, action)

    def _befall(self, a_day: float, what: str, action: Callable[[], None]) -> None:
        if a_day <= 0:
            return
        wait = timedelta(days=1 / a_day) * self.chance.expovariate(1.0)

        def happen() -> None:
            self.witness.tried[what] += 1
            action()
            self._befall(a_day, what, action)

        self.agenda.after(wait, what, happen)

    def _scene(self) -> Scene:
        return Scene(self.agenda.clock.now(), self.process, self.store, self.witness)

    # The process: its life and death

    def _start(self) -> None:
        if self.process is not None:
            return
        if self.store.hangs or (self.journal and self.store.fail_with is not None):
            self.agenda.after(STARTS_AGAIN_AFTER, "the process starts", self._start)
            return
        kind = self.setting.process
        self.process = kind(self.store, self.agenda, self.organisation, self)
        self.process.start()
        for device in self.lines.silent:
            self.process.pictures.unreachable((device,), "silent")

    def _crash(self) -> None:
        """Everything in memory is gone; what was on its way to the store never comes there."""
        if self.process is None:
            return
        self._dies_in = None
        self.process = None
        self.agenda.end_of_life()
        self.witness.died()
        long = self.chance.random() < self.setting.troubles.long_down_share
        down_s = self.chance.uniform(1800, 5400) if long else self.chance.uniform(0.2, 20)
        self.agenda.after(timedelta(seconds=down_s), "the process starts", self._start)

    def _crash_soon(self) -> None:
        """In the middle of what it does next: between decision, commit, hand-over and result."""
        if self._dies_in is None:
            self._dies_in = self.chance.randrange(1, 12)

    def _dies_now(self, life: int) -> bool:
        if self._dies_in is None or life == 0 or self.process is None:
            return False
        self._dies_in -= 1
        if self._dies_in > 0:
            return False
        self.witness.tried["crashes between two steps"] += 1
        self._crash()
        return True

    # What befalls it

    def _store_fails(self) -> None:
        self.store.fail_with = StoreUnavailable("the disk is full")
        wait = timedelta(seconds=self.chance.uniform(0.5, 90))
        self.agenda.after(wait, "the store works again", self._store_works)

    def _store_works(self) -> None:
        self.store.fail_with = None

    def _disk_hangs(self) -> None:
        """It neither commits nor fails, for a while."""
        self.store.hangs = True
        wait = timedelta(seconds=self.chance.uniform(0.5, 60))
        self.agenda.after(wait, "the disk answers", self._disk_answers)

    def _disk_answers(self) -> None:
        self.store.hangs = False

    def _silent(self) -> None:
        device = self.chance.choice(self.organisation.devices).id
        if device in self.lines.silent:
            return
        self.lines.silent[device] = None
        person = self.staff.registry.resolve("native", device, self.agenda.clock.wall()).person

        def noticed() -> None:
            if self.process is not None and device in self.lines.silent:
                self.process.silent(device, person)

        def heard() -> None:
            self.lines.silent.pop(device, None)
            if self.process is not None:
                self.process.heard_again(device)

        self.agenda.after(timedelta(seconds=120), f"{device} is silent", noticed)
        back = timedelta(seconds=self.chance.uniform(30, 3600))
        self.agenda.after(back, f"{device} is heard again", heard)

    def _deaf(self) -> None:
        """Connected, and no page is heard or acknowledged; its own presses come through."""
        device = self.chance.choice(self.organisation.devices).id
        self.lines.deaf[device] = None
        back = timedelta(seconds=self.chance.uniform(60, 7200))
        self.agenda.after(back, f"{device} hears again", lambda: self.lines.deaf.pop(device, None))

    def _check_out(self) -> None:
        device = self.chance.choice(self.organisation.devices).id
        person = self.staff.registry.resolve("native", device, self.agenda.clock.wall()).person
        if self.process is None or person is None:
            return
        kind = self.chance.choice((SignalType.CHECK_OUT, SignalType.CHECK_IN))
        signal = self.staff.signal(device, kind)
        if self.chance.random() < 0.3:
            self.witness.tried["said long ago: off duty or here"] += 1
            signal = replace(signal, pressed_at=signal.at - timedelta(hours=10))
        self.process.take(signal)

    def _clock_jumps(self) -> None:
        self.agenda.clock.offset += timedelta(hours=self.chance.uniform(-6, 6))

    def _configure(self) -> None:
        first, version = self.setting.organisation, self.organisation.version + 1
        self.organisation = changed(first, version, self.chance)
        self.index = OrganisationIndex(self.organisation, CHANNELS)
        self.staff.know(self.organisation)
        if self.process is not None:
            self.process.configure(self.organisation)

    # Outside: what leaves the process

    def decided(self, work: Outcome) -> None:
        now = self.agenda.clock.now()
        self.witness.read_presses(work, now)
        self.witness.read_lapses(work)
        for alarm_id in work.ring_locally:
            last = self.witness.last_round.get(alarm_id)
            if last is not None and now - last < ROUND_SHORTEST:
                self.witness.breach(4, "rounds are at least 5 s apart", alarm_id)
            self.witness.last_round[alarm_id] = now
        for notice in work.send:
            self.witness.to_leave.setdefault(notice.id, now)
            if notice.purpose is not Purpose.STAND_DOWN:
                self.witness.unheard.pop(notice.alarm, None)
            if notice.purpose in (Purpose.CALL, Purpose.ASK_AGAIN):
                self.witness.alone.pop(notice.alarm, None)
            if notice.purpose in (Purpose.CALL, Purpose.ASK_AGAIN, Purpose.CHANGE):
                self.witness.last_call[notice.alarm] = now
            if notice.place.source not in list(PlaceSource):
                self.witness.breach(8, "every place says where it comes from", notice.id)
        for move in work.transaction.moves:
            if move.state is not ReceiptState.SENDING:
                self.witness.to_leave.pop(move.notice, None)
        for write in work.transaction.alarms:
            if write.alarm.closing is not None:
                self._closed(write.alarm.id, work)

    def _closed(self, alarm_id: str, work: Outcome) -> None:
        """Law 6, from what people really did."""
        alarm = next(w.alarm for w in work.transaction.alarms if w.alarm.id == alarm_id)
        assert alarm.closing is not None
        self.witness.tried["alarms closed"] += 1
        by = alarm.closing.by
        calls = alarm.escalation.calls if alarm.escalation is not None else ()
        came = (alarm_id, by) in self.witness.arrived or any(
            c.person == by and c.standpoint is Standpoint.ARRIVED for c in calls
        )
        leads = self._led(alarm, by)
        victim = any(p.person == by for p in alarm.pressers)
        if acute(alarm) and (victim or not (came or leads)):
            claim = "acute alarms are closed by a person who may"
            self.witness.breach(6, claim, f"{alarm_id} by {by}")
        self.witness.forget(alarm_id)

    def _led(self, alarm: Alarm, person: str) -> bool:
        """Whether they led when they closed it: a deputy does while the leader is its victim."""
        assert self.process is not None
        pictures, at = self.process.pictures, self.process.at
        if pictures.leads(person, alarm.site, at):
            return True
        victims = [p.person for p in alarm.pressers if p.person is not None]
        leader_pressed = any(pictures.leads(victim, alarm.site, at) for victim in victims)
        return leader_pressed and person in self.index.sites[alarm.site].deputies

    def new_name(self) -> str:
        self._names += 1
        return f"name-{self._names}"

    def hand_over(self, notice: Notice) -> None:
        process = self.process
        assert process is not None
        self.witness.to_leave.pop(notice.id, None)
        known = self.witness.handed.get(notice.id)
        stored = self.store.knows(notice.id)
        self.witness.with_channel[notice.id] = self.agenda.clock.now()
        if not stored and not process.is_ahead:
            self.witness.breach(5, "nothing leaves before its commit", notice.id)
        elif not stored and not self._is_written_down(notice):
            claim = "what is called from memory is written down first"
            self.witness.breach(1, claim, notice.id)
        if notice.about is not None and process.machine.outbox.holds(notice.about):
            claim = "a stand-down leaves behind the call it takes back"
            self.witness.breach(5, claim, notice.id)
        if known is not None and known.stored and notice.state != "maybe_sent":
            self.witness.breach(5, "only what was in sending goes out twice", notice.id)
        times = known.times + 1 if known is not None else 1
        self.witness.tried["handed over twice"] += times > 1
        self.witness.handed[notice.id] = HandOver(times, stored)
        if self._rings_at_a_victim(notice, process):
            about = f"{notice.id} {notice.purpose} to {notice.person} at {notice.address}"
            self.witness.breach(3, "nothing rings at a victim", about)
        self.lines.hand_over(notice, process)

    def _is_written_down(self, notice: Notice) -> bool:
        named = f'"{notice.id}"'.encode()
        return any(named in line for line in self.journal)

    def _rings_at_a_victim(self, notice: Notice, process: Process) -> bool:
        """Every presser of every open alarm of the site, and everything they hold."""
        wall = self.agenda.clock.wall()
        for alarm in process.core.open_alarms.alarms.values():
            for presser in alarm.pressers:
                if notice.address == presser.device or notice.person == presser.person:
                    return True
                if presser.person is not None and notice.address in self.index.addresses(
                    presser.person, wall
                ):
                    return True
        return False

    def tell(self, tell: Tell) -> None:
        self.witness.tried[f"wearer told {tell.type}"] += 1
        if tell.type is TellType.RECEIVED:
            self.witness.owed_received.pop((tell.device, tell.seq), None)
            if (tell.device, tell.seq) not in self.store.stored_presses:
                about = f"{tell.device} {tell.seq}"
                self.witness.breach(1, "`received` is told of what is stored", about)
        elif tell.alarm:
            self.witness.told[tell.alarm, tell.type] = self.agenda.clock.now()

    def acknowledge(self, signal: Signal) -> None:
        if signal.identity not in self.store.stored_signals:
            self.witness.breach(1, "what is acknowledged is stored", signal.identity)
        self.lines.acknowledge(signal)


def acute(alarm: Alarm) -> bool:
    """Law 6 in its own words, not in the words of the code it is checked on."""
    return alarm.level in (Level.ORANGE, Level.RED, Level.BLUE)
