"""Who presses and who comes: people answer, ignore, vanish, arrive, turn back, press too.

Everything they do is drawn from the world's one chance, weighted like bad but ordinary days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from alarms.channel import Rings
from alarms.model import Alarm, Notice, Purpose, Standpoint, call_of
from alarms.turn import COMING
from core import ids
from core.chance import Chance
from core.signals import (
    AlarmKind,
    AnswerKind,
    Level,
    MessageRef,
    Reading,
    Signal,
    SignalType,
    Standing,
)
from devices.registry import MemoryRegistry
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.rows import CHANNELS
from dispatcher.roster.organisation import Organisation
from firmware_sim.world.agenda import Agenda
from firmware_sim.world.lines import Lines
from firmware_sim.world.process import Process
from firmware_sim.world.witness import Witness

BOOT = "b1"
LONG_AGO = timedelta(minutes=30)
_ASKING = (Purpose.CALL, Purpose.ASK_AGAIN)
LEADER_LOOKS_EVERY = timedelta(minutes=5)
LEADER_ENDS_AFTER = timedelta(minutes=20)
ACUTE = (Level.RED, Level.RED, Level.RED, Level.YELLOW, Level.BLUE, Level.GREEN, None)
KINDS = (None, None, AlarmKind.ATTACK, AlarmKind.ASSIST, AlarmKind.WEAPON, AlarmKind.MAN_DOWN)


@dataclass(frozen=True, slots=True)
class Habits:
    """How often what happens; shares are 0 to 1, of the presses or of the calls a person gets."""

    presses_a_day: float = 60.0
    presses_again: float = 0.15
    cancels: float = 0.15
    another_presses: float = 0.1
    accepts: float = 0.5
    declines: float = 0.2
    vanishes: float = 0.15
    turns_back: float = 0.1
    hasty: float = 0.05
    presses_too: float = 0.04
    forges: float = 0.05
    wants_more: float = 0.1
    presses_at_last: float = 0.15
    accepts_by_itself: float = 0.1
    long_under_way: float = 0.05


class Staff:
    """Everybody of the site, wearers and colleagues; `process` gives the one that lives now."""

    def __init__(
        self,
        agenda: Agenda,
        chance: Chance,
        habits: Habits,
        lines: Lines,
        witness: Witness,
        process: Callable[[], Process | None],
        organisation: Organisation,
    ) -> None:
        self._agenda = agenda
        self._chance = chance
        self._habits = habits
        self._lines = lines
        self._witness = witness
        self._process = process
        self._seq: dict[str, int] = {}
        self._stood_down: dict[tuple[str, str], None] = {}
        self._old_revs: dict[str, int] = {}
        self.know(organisation)

    def know(self, organisation: Organisation) -> None:
        """Another version of the site: who wears what."""
        self.organisation = organisation
        self.registry = MemoryRegistry(organisation.devices, organisation.assignments)

    def begin(self) -> None:
        self._agenda.after(self._until_next_press(), "somebody presses", self._next_press)
        self._agenda.after(LEADER_LOOKS_EVERY, "the leader looks", self._leader_looks)

    # Pressing

    def press(self, device: str, level: Level | None = None) -> Signal:
        """One press of one device, whatever is odd about it."""
        chosen = level or self._chance.choice(ACUTE)
        signal = self.signal(device, SignalType.ALARM, level=chosen)
        self._witness.tried["presses"] += 1
        self._lines.say(signal)
        return signal

    def signal(
        self,
        device: str,
        type_: SignalType,
        *,
        level: Level | None = None,
        cancels: int | None = None,
        authenticated: bool = True,
    ) -> Signal:
        """The next message of one device, as intake would hand it on."""
        clock = self._agenda.clock
        known = self.registry.resolve("native", device, clock.wall())
        seq = self._seq[device] = self._seq.get(device, 0) + 1
        identity = f"{device}/{BOOT}/{seq}"
        pressed = clock.now() if self._chance.random() < 0.5 else None
        if self._chance.random() < 0.03:
            self._witness.tried["late presses"] += 1
            pressed = clock.now() - timedelta(minutes=40)
        return Signal(
            id=ids.derived("s", identity),
            identity=identity,
            reading=Reading(
                protocol="native",
                device=device,
                type=type_,
                kind=self._chance.choice(KINDS) if type_ is SignalType.ALARM else None,
                level=level,
                seq=seq,
                boot=BOOT,
                cancels=None if cancels is None else MessageRef(cancels, BOOT),
                authenticated=authenticated and known.standing is not Standing.UNKNOWN,
            ),
            site=known.site,
            device=known.device,
            standing=known.standing,
            at=clock.now(),
            wall=clock.wall(),
            person=known.person,
            zone=known.zone or self._somewhere(),
            pressed_at=pressed,
            level=level or known.level,
        )

    def _next_press(self) -> None:
        self._agenda.after(self._until_next_press(), "somebody presses", self._next_press)
        device = self._chance.choice(self.organisation.devices).id
        if self._chance.random() < 0.03:
            self._witness.tried["presses of an unknown device"] += 1
            device = f"stray-{self._chance.randrange(3)}"
        first = self.press(device)
        dice, habits = self._chance.random(), self._habits
        again, cancels = habits.presses_again, habits.cancels
        if dice < again:
            self._later(1, 20, "presses again", lambda: self._again(device))
        elif dice < again + cancels:
            self._later(2, 90, "cancels", lambda: self._cancel(device, first))
        elif dice < again + cancels + habits.another_presses:
            other = self._chance.choice(self.organisation.devices).id
            self._later(0, 60, "another press", lambda: self._again(other))

    def _again(self, device: str) -> None:
        self.press(device)

    def _cancel(self, device: str, first: Signal) -> None:
        """Named, unnamed, an older one, from a wire anybody can write on."""
        seq = first.reading.seq if self._chance.random() < 0.6 else None
        authenticated = self._chance.random() < 0.8
        self._witness.tried["cancels"] += 1
        self._lines.say(
            self.signal(device, SignalType.CANCEL, cancels=seq, authenticated=authenticated)
        )

    def _somewhere(self) -> str | None:
        zones = [zone.id for zone in self.organisation.zones]
        return self._chance.choice(zones) if self._chance.random() < 0.7 else None

    def _until_next_press(self) -> timedelta:
        return timedelta(days=1 / self._habits.presses_a_day) * self._chance.expovariate(1.0)

    # Being called

    def paged(self, notice: Notice) -> None:
        """A message buzzes at its person."""
        if notice.purpose is Purpose.STAND_DOWN:
            self._stood_down[notice.alarm, notice.person] = None
            return
        self._stood_down.pop((notice.alarm, notice.person), None)
        if self._accepts_by_itself(notice):
            accept = AnswerKind.ACCEPT
            self._later(0.1, 0.5, "accepts by itself", lambda: self._answer(notice, accept))
            return
        if CHANNELS[notice.channel].says_rang:
            self._later(0.1, 0.4, "rings", lambda: self._answer(notice, AnswerKind.RANG))
        match notice.purpose:
            case Purpose.CALL | Purpose.ASK_AGAIN:
                self._react(notice)
            case Purpose.IS_IT_OVER if self._chance.random() < 0.8:
                self._later(5, 60, "says over", lambda: self._answer(notice, AnswerKind.OVER))
            case _:
                pass

    def _accepts_by_itself(self, notice: Notice) -> bool:
        """A badge that answers for a person who never comes; always the same badges."""
        badges = int(1 / self._habits.accepts_by_itself) if self._habits.accepts_by_itself else 0
        chosen = badges and crc32(notice.address.encode()) % badges == 0
        return bool(chosen) and CHANNELS[notice.channel].says_rang and notice.purpose in _ASKING

    def _react(self, notice: Notice) -> None:
        dice, habits = self._chance.random(), self._habits
        if self._chance.random() < habits.forges:
            self._later(1, 5, "somebody forges an answer", lambda: self._forge(notice))
        if self._chance.random() < habits.long_under_way:
            self._later(1, 5, "an old answer comes", lambda: self._long_ago(notice))
        if dice < habits.accepts:
            self._later(2, 25, "accepts", lambda: self._accept(notice))
        elif dice < habits.accepts + habits.declines:
            self._later(2, 25, "declines", lambda: self._answer(notice, AnswerKind.DECLINE))
        elif dice < habits.accepts + habits.declines + habits.presses_too:
            self._witness.tried["called and pressed too"] += 1
            self._later(1, 20, "presses too", lambda: self._press_of(notice.person))

    def _accept(self, notice: Notice) -> None:
        outcome = self._answer(notice, AnswerKind.ACCEPT)
        if outcome != AnswerOutcome.COUNTED:
            return
        dice, habits = self._chance.random(), self._habits
        if self._chance.random() < habits.hasty:
            self._witness.tried["said over before arriving"] += 1
            over = AnswerKind.OVER
            self._later(1, 10, "says over too soon", lambda: self._answer(notice, over))
        if dice < habits.vanishes:
            self._witness.tried["accepted and vanished"] += 1
        elif dice < habits.vanishes + habits.turns_back:
            self._witness.tried["accepted and turned back"] += 1
            self._later(5, 40, "turns back", lambda: self._answer(notice, AnswerKind.WITHDRAW))
        else:
            self._later(15, 90, "arrives", lambda: self._arrive(notice))

    def _arrive(self, notice: Notice) -> None:
        if (notice.alarm, notice.person) in self._stood_down:
            return
        if self._answer(notice, AnswerKind.ARRIVED) not in ("counted", "already"):
            return
        if self._chance.random() < self._habits.presses_at_last:
            self._later(10, 900, "presses after an arrival", lambda: self._press_anew(notice))
        if self._chance.random() < self._habits.wants_more:
            more = AnswerKind.MORE_HELP
            self._later(5, 60, "wants more help", lambda: self._answer(notice, more))
        if self._chance.random() < 0.7:
            self._later(60, 800, "says over", lambda: self._answer(notice, AnswerKind.OVER))

    def _answer(self, notice: Notice, answer: AnswerKind) -> str:
        process = self._process()
        if process is None or notice.address in self._lines.silent:
            return ""
        self._witness.tried[f"answer {answer}"] += 1
        source = _source(notice)
        alarm = process.core.open_alarms.get(notice.alarm)
        outcome = process.answer(notice.id, answer, source)
        key = (notice.alarm, notice.person)
        if outcome == AnswerOutcome.COUNTED and answer is AnswerKind.ACCEPT:
            self._witness.accepted_at[key] = self._agenda.clock.now()
        if outcome in ("counted", "already") and answer is AnswerKind.ARRIVED:
            self._witness.arrived[key] = None
        self._remember(alarm)
        if outcome not in ("", AnswerOutcome.NOT_YOURS) and answer is not AnswerKind.RANG:
            self._witness.answered(notice.alarm, answer)
        return outcome

    def _forge(self, notice: Notice) -> None:
        """Another device, another number, another notice's link: none of them may count."""
        process = self._process()
        if process is None:
            return
        self._witness.tried["forged answers"] += 1
        source = Source(self._chance.choice(list(SourceKind)), "somebody-else")
        outcome = process.answer(notice.id, AnswerKind.DECLINE, source)
        if outcome != AnswerOutcome.NOT_YOURS:
            self._witness.breach(6, "an answer from elsewhere does not count", notice.id)

    def _long_ago(self, notice: Notice) -> None:
        """Said half an hour ago and only now here: it takes no help away.

        Who turned back then, after all else they said, is not counted on: that calls more help.
        """
        process = self._process()
        alarm = process.core.open_alarms.get(notice.alarm) if process is not None else None
        if process is None or alarm is None:
            return
        self._witness.tried["answers said long ago"] += 1
        answer = self._chance.choice((AnswerKind.ACCEPT, AnswerKind.DECLINE, AnswerKind.OVER))
        said = self._agenda.clock.now() - LONG_AGO
        before = call_of(alarm, notice.person)
        process.answer(notice.id, answer, _source(notice), said)
        now = process.core.open_alarms.get(notice.alarm)
        after = call_of(now, notice.person) if now is not None else None
        is_doubted = after is not None and after.standpoint is Standpoint.LOST
        is_doubted = is_doubted and before is not None and before.standpoint in COMING
        is_moved = after and before and after.standpoint != before.standpoint
        if now is None or (is_moved and not (is_doubted and answer is AnswerKind.DECLINE)):
            claim = "an old word takes no help away"
            self._witness.breach(6, claim, f"{notice.alarm} {answer} of {notice.person}")

    def _press_anew(self, notice: Notice) -> None:
        """The wearer needs help once more, though somebody is, or was, with them."""
        process = self._process()
        alarm = process.core.open_alarms.get(notice.alarm) if process is not None else None
        if alarm is not None and alarm.pressers and not alarm.technical:
            self._witness.tried["presses after an arrival"] += 1
            self.press(alarm.pressers[0].device, alarm.level)

    def _press_of(self, person: str) -> None:
        for device in self.registry.worn_by(person, self._agenda.clock.wall())[:1]:
            self.press(device.id, Level.RED)

    # The duty leader at the console

    def _leader_looks(self) -> None:
        """Ends what has been open for long, now and then on a screen from a while ago."""
        self._agenda.after(LEADER_LOOKS_EVERY, "the leader looks", self._leader_looks)
        process = self._process()
        if process is None:
            return
        for alarm in list(process.core.open_alarms.alarms.values()):
            leader = self._leader(process, alarm)
            old = self._agenda.clock.now() - (alarm.times.stored or self._agenda.clock.now())
            if leader is None or old < LEADER_ENDS_AFTER:
                self._remember(alarm)
            elif self._chance.random() < 0.6:
                self._end(process, alarm, leader)

    def _end(self, process: Process, alarm: Alarm, leader: str) -> None:
        seen = self._old_revs.get(alarm.id, alarm.rev)
        rev = seen if self._chance.random() < 0.3 else alarm.rev
        self._witness.tried["closes by the leader"] += 1
        refused = process.close(alarm.id, rev, leader)
        if rev < alarm.grew_rev:
            self._witness.tried["closes on an old picture"] += 1
            if refused != "stale":
                self._witness.breach(6, "a close on an old picture is refused", alarm.id)

    def _leader(self, process: Process, alarm: Alarm) -> str | None:
        people = [person.id for person in self.organisation.people]
        leads = (p for p in people if process.pictures.leads(p, alarm.site, process.at))
        return next(leads, None)

    def _remember(self, alarm: Alarm | None) -> None:
        if alarm is not None:
            self._old_revs.setdefault(alarm.id, alarm.rev)

    def _later(
        self, least_s: float, most_s: float, what: str, action: Callable[[], object]
    ) -> None:
        wait = timedelta(seconds=self._chance.uniform(least_s, most_s))
        self._agenda.after(wait, what, lambda: _only(action))


def _only(action: Callable[[], object]) -> None:
    action()


def _source(notice: Notice) -> Source:
    can = CHANNELS[notice.channel]
    if can.links:
        return Source(SourceKind.LINK, notice.id)
    if can.rings is Rings.DEVICE:
        return Source(SourceKind.DEVICE, notice.address)
    return Source(SourceKind.STAFF, notice.person)
