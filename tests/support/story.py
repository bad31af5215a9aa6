"""Stories as text tables on virtual time: who does what, when, and everything that then happens.

    Anna in lejl-12 | Bo 35 s | Lone leader
    plan: 0 s nearest wearable; 30 s leader sms
    0:00 | Anna | presses | call Bo: wearable; Anna feels: sent
    0:20 |      |         | Anna feels: nobody yet
    0:30 |      |         | call Lone: sms

A line that begins with `;` or `|` goes on with the one before. The last column is the whole list
of effects: one that is missing, too much or at another second fails with both tables. Time passes
between the lines, and what happens there by itself needs a line of its own. The code under test is
the engine that the service runs; only people, devices, channels and a store that always works are
acted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import timedelta

from alarms.model import Alarm, Cause, Notice, Purpose, TellType
from alarms.vocabulary import LostWhy, NotSentWhy, StandDownWhy
from core.errors import DomainError
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState, SignalType, Standing
from core.words import words
from dispatcher.channels.desk import AnswerOutcome, Source, SourceKind
from dispatcher.channels.rows import CHANNELS
from dispatcher.channels.wearer import Tell
from dispatcher.engine.actions import Action, Commit, HandOver, Sound
from dispatcher.engine.health import LOCALES
from dispatcher.engine.outbox import Outbox
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.roster.model import Language
from firmware_sim.world.process import WatchedLine, WatchedMachine
from tests.support.house import SITE, House, house_of
from tests.support.press import START, Panel, Presses

WAKES_MOST = 10_000

ANSWERS = {
    "rings": AnswerKind.RANG,
    "sees it": AnswerKind.SEEN,
    "accepts": AnswerKind.ACCEPT,
    "declines": AnswerKind.DECLINE,
    "withdraws": AnswerKind.WITHDRAW,
    "arrives": AnswerKind.ARRIVED,
    "asks for more help": AnswerKind.MORE_HELP,
    "says it is over": AnswerKind.OVER,
}
_STOOD_DOWN = (StandDownWhy.ENOUGH, StandDownWhy.CLOSED)
STANDINGS = {
    "Unknown badge": Standing.UNKNOWN,
    "Spare badge": Standing.UNASSIGNED,
    "Withdrawn badge": Standing.WITHDRAWN,
}


def story(text: str) -> Stage:
    """Act a story out; fails with both tables when anything else happens than it says."""
    lines = _joined(text)
    people, rest = lines[0], lines[1:]
    plans = [line for line in rest if line.startswith("plan")]
    rows = [_row(line) for line in rest if not line.startswith(("plan", "#"))]
    stage = Stage(house_of(people, plans))
    for row in rows:
        stage.play(row)
    expected, got = [r.text for r in rows], [r.text for r in stage.rows]
    assert got == expected, _both(expected, got)
    return stage


@dataclass(slots=True)
class Row:
    """One line: at this second somebody does something, and this happens."""

    at_s: float
    who: str
    does: str
    effects: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        minutes, seconds = divmod(self.at_s, 60)
        happens = "; ".join(self.effects) or "nothing"
        return f"{int(minutes)}:{seconds:02g} | {self.who} | {self.does} | {happens}".replace(
            ":0.5", ":00.5"
        )


class StageOutbox(Outbox):
    """Has no place in its lane for what goes to a route that stalls."""

    stalled: Container[str] = ()

    def _fill_lanes(self, at: Moment) -> None:
        held = {}
        for key, lane in self._lanes.items():
            held[key] = [i for i in lane.waiting if self._leaving[i].notice.address in self.stalled]
            lane.waiting = deque(one for one in lane.waiting if one not in held[key])
        super()._fill_lanes(at)
        for key, waiting in held.items():
            self._lanes[key].waiting.extendleft(reversed(waiting))


class StageMachine(WatchedMachine):
    """Says what the outbox has kept back."""

    outbox_type = StageOutbox
    not_sent: Callable[[str, str], None]

    def receipt(
        self, notice_id: str, state: ReceiptState, at: Moment, detail: str = "", ref: str = ""
    ) -> None:
        kept_back = detail.removeprefix("not sent: ")
        if kept_back in tuple(NotSentWhy):
            self.not_sent(notice_id, kept_back)
        super().receipt(notice_id, state, at, detail, ref)


class Stage:
    """Runs the engine on virtual time and plays store, channels, devices and people."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._lives = 0
        self._stalled: dict[str, None] = {}
        self._lists: dict[str, None] = {}
        self._live()
        self.now_s = 0.0
        self.rows: list[Row] = []
        self.works: list[Outcome] = []
        self.presses = Presses()
        self._effects: list[str] = []
        self._said: dict[str, Notice] = {}
        self._alarms: list[str] = []
        self._faults: dict[str, str] = {}
        self._seen_rev: dict[str, int] = {}
        self._running = True

    def _live(self) -> None:
        """A new process."""
        self._lives += 1
        self.machine = StageMachine(
            self.house,
            self.house,
            CHANNELS,
            lambda: words(Language.ENGLISH, LOCALES),
            f"life-{self._lives}",
            lambda: f"secret of life {self._lives}",
        )
        assert isinstance(self.machine.line, WatchedLine)
        self.machine.line.watch = self._watch
        self.machine.not_sent = self._not_sent
        assert isinstance(self.machine.outbox, StageOutbox)
        self.machine.outbox.stalled = self._stalled
        self.core = self.machine.core
        self.house.open_alarms = self.core.open_alarms

    @property
    def at(self) -> Moment:
        now = START + timedelta(seconds=self.now_s)
        return Moment(now, now)

    def play(self, row: Row) -> None:
        """Let time pass to this line, then act it."""
        self._pass_time(row.at_s)
        if not row.does:
            if not self.rows or (self.rows[-1].at_s, self.rows[-1].does) != (row.at_s, ""):
                self.rows.append(Row(row.at_s, "", "", []))
            return
        self._effects = []
        self._act(row.who, row.does)
        self._run()
        self.rows.append(Row(row.at_s, row.who, row.does, self._effects))

    def _pass_time(self, until_s: float) -> None:
        for _ in range(WAKES_MOST):
            wake = self.machine.wake_at if self._running else None
            if wake is None or wake.at > START + timedelta(seconds=until_s):
                break
            self.now_s = max(self.now_s, (wake.at - START).total_seconds())
            self._effects = []
            self._run()
            if self._effects:
                self.rows.append(Row(self.now_s, "", "", self._effects))
        else:
            raise AssertionError("the engine wakes without end")
        self.now_s = until_s

    def _run(self) -> None:
        """Whatever the engine asks for, until there is nothing left to do at this moment."""
        for _ in range(WAKES_MOST):
            while actions := self.machine.take_actions(self.at):
                for action in actions:
                    self._do(action)
            wake = self.machine.wake_at
            if wake is None or wake.at > self.at.now:
                return
            self.machine.wake(self.at)
        raise AssertionError("a moment that does not move on")

    def _do(self, action: Action) -> None:
        match action:
            case Commit(ticket=ticket):
                self.machine.committed(ticket, self.at)
            case HandOver(notice=notice):
                self._hand_over(notice)
            case Sound(alarm=alarm):
                self.machine.sounded(alarm.id, 0, self.at)
            case _:
                pass  # told already when it was decided, or for pages and logs

    def _act(self, who: str, does: str) -> None:
        person = self.house.people.get(who.lower())
        answer, _, ago = does.partition(", said ")
        if answer in ANSWERS:
            self._answer(who.lower(), ANSWERS[answer], float(ago.split()[0]) if ago else None)
        elif does.startswith(("presses", "repeats", "cancels", "restores")):
            self._press(who, does)
        elif who.endswith(("'s badge", "'s phone")):
            self._line(who, does)
        elif who == "House" and does.startswith("loses "):
            self.house.gone[does.removeprefix("loses ").lower()] = None
        elif who == "Service":
            self._service(does)
        elif does.startswith("closes") and person is not None:
            self._close(person.id, does)
        elif does == "looks":
            self._seen_rev[who.lower()] = self._alarm_rev()
        elif does == "goes off duty":
            self.house.off[who.lower()] = None
            signal = self.presses.signal(who, SignalType.CHECK_OUT, self.at)
            self.machine.take(signal, self.at)
        elif does == "comes to shift's end":
            self.house.off[who.lower()] = None
            self.machine.lost(who.lower(), LostWhy.SHIFT_OVER, self.at)
        elif does == "leaves for good":
            self.house.gone[who.lower()] = None
            self.machine.reconfigured(self.at)
        elif does == "loses the badge":
            self.house.unhealthy[f"badge-{who.lower()}"] = "silent"
            self.machine.lost(who.lower(), LostWhy.DEVICE_LOST, self.at)
        else:
            raise AssertionError(f"nobody knows how to play: {who} | {does}")

    def _press(self, who: str, does: str) -> None:
        """`presses yellow weapon in hall-2`, `presses 60 s ago`, `repeats`, `cancels press 1`.

        A panel `presses point 7 saying bath`, `restores point 7 trusted`, `cancels proven`.
        """
        words = does.split()
        verbs = {"cancels": SignalType.CANCEL, "restores": SignalType.RESTORE}
        signal = self.presses.signal(
            who,
            verbs.get(words[0], SignalType.ALARM),
            self.at,
            level=next((Level(w) for w in words if w in tuple(Level)), None),
            kind=next((AlarmKind(w) for w in words if w in tuple(AlarmKind)), None),
            zone=words[words.index("in") + 1] if "in" in words else None,
            ago_s=float(words[words.index("s") - 1]) if "ago" in words else None,
            press=int(words[-1]) if "press" in words else None,
            authenticated="unauthenticated" not in words,
            spare="spare" in words,
            repeat=words[0] == "repeats" or "copy" in words,
            standing=STANDINGS.get(who, Standing.ASSIGNED),
            panel=_panel(who, words),
        )
        self.machine.take(signal, self.at)

    def _answer(self, person: str, answer: AnswerKind, ago_s: float | None) -> None:
        """`accepts`, `accepts, said 600 s ago`."""
        said = None if ago_s is None else self.at.now - timedelta(seconds=ago_s)
        notice, heard = self._said.get(person), len(self._effects)
        if notice is None:
            outcome, _ = self.machine.volunteer(self._alarms[-1], person, answer, None, self.at)
        else:
            worn = notice.channel == "wearable"
            source = Source(SourceKind.DEVICE if worn else SourceKind.NUMBER, notice.address)
            outcome, _ = self.machine.answer(notice, answer, source, self.at, said)
        if outcome is not AnswerOutcome.COUNTED:
            self._effects.insert(heard, f"answer: {outcome}")

    def _close(self, person: str, does: str) -> None:
        rev = self._seen_rev[person] if "old screen" in does else self._alarm_rev()
        cause = Cause.NOT_NEEDED_ANY_MORE
        try:
            self.machine.close(self._alarms[-1], rev, person, cause, "", self.at)
        except DomainError as error:
            self._effects.append(f"refused: {error.code}")

    def _alarm_rev(self) -> int:
        alarm = self.core.open_alarms.get(self._alarms[-1])
        return alarm.rev if alarm is not None else 1

    def _line(self, who: str, does: str) -> None:
        """A route of one person: `is silent`, `refuses`, `stalls`, `works`; `is reported stolen`,
        `goes to Ida` (another configuration)."""
        name, _, what = who.lower().partition("'s ")
        if does == "is reported stolen":
            self.house.revoked[f"badge-{name}"] = None
            self.machine.reconfigured(self.at)
            return
        if does.startswith("goes to "):
            self.house.lent[f"badge-{name}"] = does.removeprefix("goes to ").lower()
            self.machine.reconfigured(self.at)
            return
        channel = "wearable" if what == "badge" else "sms"
        address = next(r.address for r in self.house.people[name].routes if r.channel == channel)
        self._faults[address] = does
        if does == "stalls":
            self._stalled[address] = None
        elif self._stalled.pop(address, "works") is None:
            self.machine.outbox.wake(self.at)

    def _service(self, does: str) -> None:
        match does.split(" ", 1):
            case ["stops", *_]:
                self._running = False
            case ["starts", *_]:
                self._start_again()
            case ["reports", what]:
                self.machine.technical(what, what, SITE, "", self.at)
            case ["hears", what]:
                self.machine.recovered(what, self.at)
            case _:
                raise AssertionError(f"nobody knows how to play: Service | {does}")

    def _start_again(self) -> None:
        """A new process with what the store held."""
        before = self.core.open_alarms
        self._live()
        self._running = True
        alarms, notices = list(before.alarms.values()), list(before.notices.values())
        self.machine.load(alarms, notices, (), (), (), self.at)
        self.machine.go_on(self.at)

    # What is decided, and what leaves the house

    def _watch(self, outcome: Outcome) -> None:
        self.works.append(outcome)
        for write in outcome.transaction.alarms:
            if write.alarm.cause_key == "held_after_down_time":
                self._lists[write.alarm.id] = None
                if write.seen_rev == 0:
                    held = [a for a in self.core.open_alarms.alarms.values() if is_held(a)]
                    self._effects.append(f"list for the duty leader: {len(held)}")
            elif write.seen_rev == 0:
                self._alarms.append(write.alarm.id)
        self._effects += self._told(outcome)
        for notice in outcome.send:
            if notice.purpose is not Purpose.STAND_DOWN and notice.alarm not in self._lists:
                self._said[notice.person] = notice

    def _not_sent(self, notice_id: str, why: str) -> None:
        person = self.core.open_alarms.notices[notice_id].person
        self._effects.append(f"not sent to {self._name(person)}: {why}")

    def _hand_over(self, notice: Notice) -> None:
        """Its channel has it now: works, refuses, or is silent about it."""
        match self._faults.get(notice.address, "works"):
            case "refuses":
                refused = ReceiptState.FAILED_TEMPORARY
                self.machine.refused(notice.id, refused, "", self.at)
            case fault:
                ref = f"ref-{notice.id}"
                self.machine.handed_over(notice.id, ReceiptState.SENT, self.at, ref)
                if fault == "works":
                    self.machine.receipt(notice.id, ReceiptState.DELIVERED, self.at)

    # Words

    def _told(self, work: Outcome) -> list[str]:
        """Of everything but the list for the duty leader, which is a technical alarm."""
        said: list[str] = []
        for alarm_id in work.ring_locally:
            if alarm_id in self._lists:
                continue
            state = self.core.open_alarms.alarms[alarm_id].escalation
            said.append(f"{self._number(alarm_id)}round {state.round if state else 0}")
        groups: dict[tuple[str, str, str], list[Notice]] = {}
        for notice in (one for one in work.send if one.alarm not in self._lists):
            key = (notice.alarm, notice.person, f"{notice.purpose}{notice.reason}")
            groups.setdefault(key, []).append(notice)
        said += [self._number(g[0].alarm) + self._sentence(g) for g in groups.values()]
        for move in work.transaction.moves:
            if move.state is ReceiptState.WITHDRAWN and move.detail in _STOOD_DOWN:
                said.append(f"withdraw {self._who(move.notice)}")
            elif move.state is ReceiptState.WITHDRAWN and move.detail == NotSentWhy.PRESSED:
                said.append(f"withdraw {self._who(move.notice)}: pressed")
        said += [self._number(t.alarm) + self._feels(t) for t in work.tell]
        for write in work.transaction.alarms:
            if write.alarm.closing is not None:
                closing = write.alarm.closing
                name = self._name(closing.by)
                said.append(f"{self._number(write.alarm.id)}closed by {name}: {closing.cause}")
        return said

    def _sentence(self, notices: list[Notice]) -> str:
        first, channels = notices[0], ", ".join(n.channel for n in notices)
        name = self._name(first.person)
        match first.purpose:
            case Purpose.CALL:
                unusual = f" ({', '.join(first.unusual)})" if first.unusual else ""
                late = f" late {first.late.total_seconds():g} s" if first.late else ""
                return f"call {name}: {channels}{unusual}{late}"
            case Purpose.ASK_AGAIN:
                return f"ask {name} again"
            case Purpose.CHANGE:
                return f"tell {name}: {first.level} {first.kind} in {first.place.label}"
            case Purpose.PRESSES_AGAIN:
                return f"tell {name}: {', '.join(first.presser_names)} presses again"
            case Purpose.IS_IT_OVER:
                return f"ask {name}: is it over?"
            case Purpose.SAYS_OVER:
                return f"tell {name}: {', '.join(first.presser_names)} says it is over"
            case Purpose.HOUSE_EMPTY:
                return f"tell {name}: {first.text} is empty"
            case Purpose.STAND_DOWN:
                return f"stand down {name}: {first.reason}"

    def _feels(self, tell: Tell) -> str:
        kind, _, person = tell.device.partition("-")
        who = self._name(person or kind) + ("'s spare" if kind == "spare" else "")
        by = " and ".join(tell.by)
        verb = "are" if len(tell.by) > 1 else "is"
        match tell.type:
            case TellType.RECEIVED:
                return f"{who} feels: sent"
            case TellType.ACCEPTED:
                eta = f", {tell.eta_s:g} s" if tell.eta_s is not None else ""
                return f"{who} feels: {by} {verb} coming{eta}"
            case TellType.ARRIVED:
                return f"{who} feels: somebody is there"
            case TellType.NOBODY_YET:
                return f"{who} feels: nobody yet"
            case TellType.CLOSED:
                return f"{who} feels: over"
            case TellType.STAND_DOWN:
                return f"{who}'s badge falls silent"
            case TellType.TEST_OK:
                return f"{who} feels: tested"

    def _name(self, person: str) -> str:
        known = self.house.people.get(person)
        return known.first_name if known is not None else person

    def _who(self, notice_id: str) -> str:
        notice = next(n for w in self.works for n in w.transaction.notices if n.id == notice_id)
        return f"{self._name(notice.person)}'s {notice.channel}"

    def _number(self, alarm_id: str) -> str:
        """The second alarm of a story, and later ones, say so."""
        if not alarm_id or alarm_id == self._alarms[0]:
            return ""
        return f"[{self._alarms.index(alarm_id) + 1}] "


def is_held(alarm: Alarm) -> bool:
    return alarm.escalation is not None and alarm.escalation.held_until is not None


def _panel(who: str, words: list[str]) -> Panel | None:
    if who not in ("Panel", "Unknown panel"):
        return None
    return Panel(
        "panel",
        who == "Panel",
        words[words.index("point") + 1] if "point" in words else "",
        words[words.index("saying") + 1] if "saying" in words else "",
        "proven" in words,
        "trusted" in words,
    )


def _joined(text: str) -> list[str]:
    """The lines; one that begins with `;` or `|` goes on with the one before it."""
    lines: list[str] = []
    for line in (line.strip() for line in text.strip().splitlines()):
        if line.startswith((";", "|")):
            lines[-1] += f" {line}"
        elif line:
            lines.append(line)
    return lines


def _row(line: str) -> Row:
    at, who, does, happens = (part.strip() for part in line.split("|", 3))
    minutes, seconds = at.split(":")
    effects = [] if happens == "nothing" else [part.strip() for part in happens.split(";")]
    return Row(int(minutes) * 60 + float(seconds), who, does, effects)


def _both(expected: list[str], got: list[str]) -> str:
    lines = ["", "   expected"]
    lines += [f"{' ' if row in got else '-'}  {row}" for row in expected]
    lines += ["   got"]
    lines += [f"{' ' if row in expected else '+'}  {row}" for row in got]
    return "\n".join(lines)
