"""What must hold after every event, each with its law's number, its claim, and who broke it.

Where a law shows in one fact (a page at a victim's badge), `witness` notes the breach as it
happens; here is what must be true of the state at every moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alarms.answers import DEADLINE_LONGEST, IS_IT_OVER_AFTER
from alarms.escalate import NOBODY_YET_AFTER
from alarms.model import Alarm, Call, Purpose, Standpoint, TellType
from alarms.plan import ROUND_LONGEST
from alarms.receipts import UNDER_WAY
from alarms.turn import COMING, WAITING
from core.signals import ReceiptState
from dispatcher.channels.rows import CHANNELS
from dispatcher.engine.outbox import SEND_TIMEOUT
from firmware_sim.world.process import Process
from firmware_sim.world.witness import Witness, WitnessedStore

SLACK = timedelta(seconds=1)
"""What committing and handing over may take in the world; every law's seconds get it on top."""

RECEIVED_WITHIN = timedelta(seconds=2)
HEARD_WITHIN = timedelta(seconds=30) + SLACK
WIDENED_WITHIN = timedelta(seconds=90) + SLACK
LEAVES_WITHIN = timedelta(seconds=3)
SAVED_WITHIN = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Broken:
    """One law, broken: which, what it claims, and about what."""

    law: int
    claim: str
    about: str

    def __str__(self) -> str:
        return f"law {self.law}: {self.claim} ✗ {self.about}"


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a law may look at. `process` None: it is down."""

    now: datetime
    process: Process | None
    store: WitnessedStore
    witness: Witness
    coming: dict[str, bool] = field(default_factory=dict)
    """Of each alarm whether somebody is coming, as far as a law has asked."""


@dataclass(frozen=True, slots=True)
class Law:
    """One claim that can be checked at any moment; yields what it is broken about."""

    number: int
    claim: str
    broken: Callable[[Scene, Process], Iterator[str]]


def check(scene: Scene) -> list[Broken]:
    """Every law, now."""
    found = [Broken(*breach) for breach in scene.witness.breaches]
    if scene.process is not None:
        for law in LAWS:
            found += [Broken(law.number, law.claim, a) for a in law.broken(scene, scene.process)]
    return found


def _next_moment(scene: Scene, process: Process) -> Iterator[str]:
    moments = []
    for alarm in process.core.open_alarms.alarms.values():
        if alarm.escalation is None:
            yield alarm.id
            continue
        moments.append(alarm.escalation.wake_at)
        if alarm.escalation.wake_at < scene.now - SLACK:
            yield f"{alarm.id} overslept {alarm.escalation.wake_why}"
    for case in process.core.cases.open.values():
        moments.append(case.wake_at or scene.now)
        if case.wake_at is None or case.wake_at < scene.now - SLACK:
            yield f"{case.kind} {case.id} overslept {case.wake_why}"
    if moments and process.core.next_moment() != min(moments):
        yield f"the process stands at {process.core.next_moment()}, not at {min(moments)}"


def _deadline(scene: Scene, process: Process) -> Iterator[str]:
    for alarm, call in _calls(process):
        if call.standpoint is Standpoint.ACCEPTED and not _held(alarm):
            since = scene.witness.accepted_at.get((alarm.id, call.person), process.started)
            since = max(since, process.started)
            if scene.now > since + DEADLINE_LONGEST + SLACK:
                yield f"{alarm.id} waits for {call.person} since {since:%H:%M:%S}"


def _calls_on(scene: Scene, process: Process) -> Iterator[str]:
    """Steps at their second, then rounds: with nobody coming there is always a next call."""
    for alarm in _acute(process):
        state = alarm.escalation
        if state is None or _held(alarm) or _coming(scene, alarm):
            continue
        if state.next_step < len(alarm.plan.steps):
            step = alarm.plan.steps[state.next_step]
            due = state.started + step.after + state.shift
        else:
            # The last step may have found nobody who was not ringing already.
            steps = alarm.plan.steps
            step_ran = state.started + steps[-1].after + state.shift if steps else state.started
            last = scene.witness.last_call.get(alarm.id, process.started)
            nobody = scene.witness.nobody_since.get(alarm.id, process.started)
            due = max(last, step_ran, nobody, process.started) + ROUND_LONGEST
        if scene.now > due + SLACK:
            yield f"{alarm.id} called nobody since {due:%H:%M:%S}"


def _heard(scene: Scene, process: Process) -> Iterator[str]:
    for alarm_id, since in scene.witness.unheard.items():
        alarm = process.core.open_alarms.get(alarm_id)
        if alarm is not None and since >= process.started and scene.now > since + HEARD_WITHIN:
            yield f"{alarm_id} pressed at {since:%H:%M:%S}"


def _widens_anew(scene: Scene, process: Process) -> Iterator[str]:
    for alarm_id, since in scene.witness.alone.items():
        alarm = process.core.open_alarms.get(alarm_id)
        if alarm is not None and since >= process.started and scene.now > since + WIDENED_WITHIN:
            yield f"{alarm_id} pressed at {since:%H:%M:%S}"


def _deaf_is_not_called(scene: Scene, process: Process) -> Iterator[str]:
    """Connected is not heard: a page without its receipt keeps nobody else from being called."""
    for alarm in _acute(process):
        state = alarm.escalation
        if state is None or _held(alarm) or _coming(scene, alarm):
            continue
        called = [c for c in state.calls if c.step == state.next_step - 1]
        more = 0 < state.next_step < len(alarm.plan.steps)
        if more and called and all(_without_receipt(scene, process, c) for c in called):
            yield alarm.id


def _without_receipt(scene: Scene, process: Process, call: Call) -> bool:
    if call.standpoint is not Standpoint.CALLED:
        return False
    for sent in call.sent:
        notice, within = (
            process.core.open_alarms.notices[sent.notice],
            _receipt_within(sent.channel),
        )
        late = within is not None and scene.now > notice.created + within + SLACK
        if not (sent.state.failed or (late and sent.state in UNDER_WAY)):
            return False
    return True


def _near_before_far(scene: Scene, process: Process) -> Iterator[str]:
    """Who was not needed any more is asked anew when they are."""
    for alarm in _acute(process):
        state, view = alarm.escalation, process.core.open_alarms.views.get(alarm.id)
        if state is None or view is None or _held(alarm):
            continue
        coming = [c for c in state.calls if _comes(scene, alarm, c)]
        near = [candidate.person for candidate in view.nearest]
        for call in state.calls:
            left_out = call.standpoint is Standpoint.STOOD_DOWN and call.person in near
            if left_out and len(coming) < state.responders:
                yield f"{alarm.id} {call.person}"


def _coming_is_of_the_site(scene: Scene, process: Process) -> Iterator[str]:
    people = [person.id for person in process.organisation.people]
    for alarm, call in _calls(process):
        if call.standpoint not in COMING:
            continue
        if call.person not in people or process.core.open_alarms.has_pressed(call.person):
            yield f"{alarm.id} {call.person}"


def _asked_whether_over(scene: Scene, process: Process) -> Iterator[str]:
    for alarm in process.core.open_alarms.alarms.values():
        state = alarm.escalation
        arrived = state is not None and any(c.standpoint is Standpoint.ARRIVED for c in state.calls)
        if state is None or not arrived or _held(alarm):
            continue
        if state.over_due is None or state.over_due > scene.now + IS_IT_OVER_AFTER:
            yield alarm.id
        elif scene.now > state.over_due + SLACK:
            yield alarm.id


def _routes_go_on(scene: Scene, process: Process) -> Iterator[str]:
    for alarm, call in _calls(process):
        failed = call.sent and all(sent.state.failed for sent in call.sent)
        if failed and call.standpoint in WAITING:
            yield f"{alarm.id} {call.person}"


def _nothing_lost(scene: Scene, process: Process) -> Iterator[str]:
    if process.is_ahead:
        return
    for notice_id in scene.store.unfinished:
        if not process.has_in_hand(notice_id):
            yield notice_id


def _stored_soon(scene: Scene, process: Process) -> Iterator[str]:
    """What went on from memory is stored once the store works."""
    works_since = scene.store.works_since(scene.now)
    if process.is_ahead and works_since is not None and scene.now > works_since + SAVED_WITHIN:
        yield f"{len(process.machine.line.ahead())} outcomes are in memory alone"


def _memory_is_stored(scene: Scene, process: Process) -> Iterator[str]:
    """When nothing is on its way into the store, the store has what memory has."""
    if process.disk or process.machine.receipts or not process.machine.line.is_idle:
        return
    for alarm in process.core.open_alarms.alarms.values():
        if scene.store.rev_of(alarm.id) != alarm.rev:
            yield f"{alarm.id} is at {alarm.rev}, stored at {scene.store.rev_of(alarm.id)}"


def _channels_are_given_up(scene: Scene, process: Process) -> Iterator[str]:
    for notice_id, since in list(scene.witness.with_channel.items()):
        if not process.machine.outbox.holds(notice_id):
            del scene.witness.with_channel[notice_id]
        elif scene.now > since + SEND_TIMEOUT + SLACK:
            yield notice_id


def _received(scene: Scene, process: Process) -> Iterator[str]:
    owed = scene.witness.owed_received
    for (device, seq), since in owed.items():
        if since is None:  # stored just now
            owed[device, seq] = scene.now
        elif since >= process.started and scene.now > since + RECEIVED_WITHIN:
            yield f"{device} press {seq}"


def _nobody_yet(scene: Scene, process: Process) -> Iterator[str]:
    witness = scene.witness
    for alarm in process.core.open_alarms.alarms.values():
        if alarm.technical or not alarm.pressers or _coming(scene, alarm):
            witness.nobody_since.pop(alarm.id, None)
            continue
        since = witness.nobody_since.setdefault(alarm.id, scene.now)
        told = witness.told.get((alarm.id, TellType.NOBODY_YET))
        if process.started >= since or scene.now <= since + NOBODY_YET_AFTER + SLACK:
            continue
        if told is None or told < since:
            yield alarm.id


def _one_per_cause(scene: Scene, process: Process) -> Iterator[str]:
    keys = [a.cause_key for a in process.core.open_alarms.alarms.values() if a.cause_key]
    yield from (key for key in dict.fromkeys(keys) if keys.count(key) > 1)


def _one_victim_one_alarm(scene: Scene, process: Process) -> Iterator[str]:
    alarms = process.core.open_alarms.alarms.values()
    # A badge that has changed hands is another one.
    devices = [(p.device, p.person) for alarm in alarms for p in alarm.pressers]
    yield from (one[0] for one in dict.fromkeys(devices) if devices.count(one) > 1)


def _rings_at_victims(scene: Scene, process: Process) -> Iterator[str]:
    """Who has pressed stands in no alarm as somebody who is still being asked."""
    for alarm, call in _calls(process):
        still = call.standpoint in WAITING and any(
            s.state not in (ReceiptState.WITHDRAWN,) and not s.state.failed for s in call.sent
        )
        if still and process.core.open_alarms.has_pressed(call.person):
            yield f"{alarm.id} {call.person}"


def _leaves(scene: Scene, process: Process) -> Iterator[str]:
    for notice_id, since in scene.witness.to_leave.items():
        notice = process.core.open_alarms.notices.get(notice_id)
        # A technical notice may wait for a provider that is slow with others of its few (law 12).
        waits = notice is None or notice.technical or notice.purpose is Purpose.STAND_DOWN
        if not waits and scene.now > since + LEAVES_WITHIN:
            yield notice_id


LAWS = (
    Law(1, "what is called leaves within 3 s, whatever the disk does", _leaves),
    Law(2, "every open case has a next moment and the process stands at it", _next_moment),
    Law(2, "nobody stays accepted beyond the longest deadline", _deadline),
    Law(2, "with nobody coming somebody is called at least every 30 s", _calls_on),
    Law(2, "who has arrived is asked every ten minutes whether it is over", _asked_whether_over),
    Law(2, "a new press is heard by somebody within 30 s", _heard),
    Law(2, "a new press nobody answers calls anew within 90 s", _widens_anew),
    Law(2, "who counts as coming is of the site and has not pressed", _coming_is_of_the_site),
    Law(4, "where no page has its receipt the next are called", _deaf_is_not_called),
    Law(4, "who was not needed is asked anew when they are", _near_before_far),
    Law(3, "who has pressed is asked nowhere", _rings_at_victims),
    Law(4, "when every way to a person failed they do not count as called", _routes_go_on),
    Law(4, "a channel that does not answer is given up after 15 s", _channels_are_given_up),
    Law(1, "what went on from memory is stored once the store works", _stored_soon),
    Law(5, "what is decided is stored, in its order", _memory_is_stored),
    Law(5, "no notice is lost", _nothing_lost),
    Law(5, "one device's press is one alarm", _one_victim_one_alarm),
    Law(7, "a stored press is answered within 2 s", _received),
    Law(7, "a wearer to whom nobody comes is told so after 20 s", _nobody_yet),
    Law(12, "losses with one cause are one technical alarm", _one_per_cause),
)

IN_ONE_FACT = (
    (1, "what is acknowledged is stored"),
    (1, "a stored press is in an alarm"),
    (1, "`received` is told of what is stored"),
    (1, "what is called from memory is written down first"),
    (3, "nothing rings at a victim"),
    (4, "rounds are at least 5 s apart"),
    (5, "rev strictly rises"),
    (5, "nothing leaves before its commit"),
    (5, "a stand-down leaves behind the call it takes back"),
    (5, "what counts as sent was handed over"),
    (5, "only what was in sending goes out twice"),
    (5, "no step is completed twice"),
    (6, "what is closed stays closed"),
    (6, "acute alarms are closed by a person who may"),
    (6, "an answer from elsewhere does not count"),
    (6, "a close on an old picture is refused"),
    (6, "an old word takes no help away"),
    (8, "every place says where it comes from"),
    (11, "no emergency number is ever rung"),
)
"""Claims that one fact can break: noted by the witness the moment it happens."""


def _calls(process: Process) -> Iterator[tuple[Alarm, Call]]:
    for alarm in process.core.open_alarms.alarms.values():
        for call in alarm.escalation.calls if alarm.escalation is not None else ():
            yield alarm, call


def _acute(process: Process) -> Iterator[Alarm]:
    return (alarm for alarm in process.core.open_alarms.alarms.values() if not alarm.technical)


def _coming(scene: Scene, alarm: Alarm) -> bool:
    known = scene.coming.get(alarm.id)
    if known is None:
        calls = alarm.escalation.calls if alarm.escalation is not None else ()
        known = scene.coming[alarm.id] = any(_comes(scene, alarm, call) for call in calls)
    return known


def _comes(scene: Scene, alarm: Alarm, call: Call) -> bool:
    """Who let an accept lapse once is waited for again only when they are there."""
    if call.standpoint is Standpoint.ARRIVED:
        return True
    said = (alarm.id, call.person)
    lapsed = said in scene.witness.lapsed or said in scene.witness.lapsing
    return call.standpoint is Standpoint.ACCEPTED and not lapsed


def _receipt_within(channel: str) -> timedelta | None:
    return CHANNELS[channel].receipt_within


def _held(alarm: Alarm) -> bool:
    """After a long down time the duty leader has the word first."""
    return alarm.escalation is not None and alarm.escalation.held_until is not None
