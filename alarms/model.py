"""The alarm and its running plan: frozen, versioned, serialisable by `msgspec` as they stand."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta

from alarms.plan import Plan
from alarms.vocabulary import Cause as Cause
from alarms.vocabulary import (
    LostWhy,
    PlaceSource,
    RaisedWhy,
    StandDownWhy,
    Timeline,
    WakeWhy,
)
from alarms.vocabulary import Purpose as Purpose
from alarms.vocabulary import Standpoint as Standpoint
from alarms.vocabulary import TellType as TellType
from alarms.vocabulary import Unusual as Unusual
from core.signals import AlarmKind, AnswerKind, Level, ReceiptState, Standing
from core.values import value

STATE_VERSION = 2


@value(frozen=True)
class Presser:
    """One victim: the person (None when unknown), their device, and where they pressed.

    `point` tells the people apart who press at one device, e.g. an alarm panel. `account` and
    `account_point` are who spoke on the wire: a panel takes back what its points have raised.
    `age_unknown`: their press was a kept copy that says no age. `pressed_anew`: they have pressed
    once more, and that came at once.
    """

    device: str
    person: str | None
    first_name: str
    standing: Standing
    at: datetime
    zone: str | None = None
    boot: str | None = None
    seq: int | None = None
    epoch: int = 0
    pressed_at: datetime | None = None
    presses: int = 1
    says_over_at: datetime | None = None
    point: str = ""
    account: str = ""
    account_point: str = ""
    age_unknown: bool = False
    pressed_anew: bool = False

    @property
    def name(self) -> str:
        """What people read: the first name, else the device with its point."""
        return self.first_name or "/".join(filter(None, (self.device, self.point)))

    def is_at(self, device: str, point: str) -> bool:
        """Whether this is who presses there."""
        return self.device == device and self.point == point

    def is_still_at(self, device: str, point: str, person: str | None) -> bool:
        """Whether it is also who wears it now: what has changed hands is its new wearer's."""
        return self.is_at(device, point) and (person is None or self.person in (None, person))


@value(frozen=True)
class Place:
    """Where to go, honestly (law 8): the words staff use, where it comes from and how old it is.

    `age_s` is how old it was at `aged_at`; it grows. A position without it is of unknown age.
    """

    zone: str | None
    label: str
    source: PlaceSource
    age_s: float | None = None
    meeting: str | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    aged_at: datetime | None = None

    def age(self, now: datetime) -> float | None:
        """How old it is now, in seconds; None: that is not known, or says nothing."""
        if self.age_s is None or self.aged_at is None:
            return self.age_s
        return self.age_s + max((now - self.aged_at).total_seconds(), 0.0)

    def is_of_unknown_age(self) -> bool:
        return self.source is PlaceSource.POSITION and self.age_s is None


@value(frozen=True)
class Latecomer:
    """One of several who pressed: their press came late. `wall`: when it was, on the wall clock."""

    name: str
    ago: timedelta
    wall: datetime


@value(frozen=True)
class Sent:
    """One notice of a call, as escalation follows it. `due`: a receipt must have come by then.

    `missing`: it has not; the notice may still be heard, but nobody waits for its answer.
    """

    notice: str
    channel: str
    address: str
    state: ReceiptState
    due: datetime | None = None
    missing: bool = False


@value(frozen=True)
class Call:
    """One person being asked in one alarm.

    `deadline`: by then they have arrived or, off shift since, said that they are still there.
    `counts`: while they are coming they are waited for; not so whoever was silent when the wearer
    pressed again, or comes after all. `let_down` is how often they accepted and did not come.
    `said_by`, `said_at`: where their last answer came from, and when they said it.
    """

    person: str
    first_name: str
    step: int
    asked_at: datetime
    standpoint: Standpoint
    expected_s: float | None = None
    unusual: tuple[Unusual, ...] = ()
    sent: tuple[Sent, ...] = ()
    deadline: datetime | None = None
    asked_again: bool = False
    said_by: str = ""
    said_at: datetime | None = None
    counts: bool = True
    let_down: int = 0


@value(frozen=True)
class Need:
    """A new press is new need, whoever is there or coming already.

    `due`: if none of them has said anything by then, the circle widens anew. `since`: when the
    first press came that nobody has answered. `anew_at`: when the circle last widened anew; who was
    asked before that is rung afresh. `untold` waits for its turn, because `pressed_told_at` or
    `changed_told_at` is not long ago.
    """

    due: datetime | None = None
    since: datetime | None = None
    anew_at: datetime | None = None
    untold: Purpose | None = None
    pressed_told_at: datetime | None = None
    changed_told_at: datetime | None = None


@value(frozen=True)
class Escalation:
    """A running plan. `wake_at` with its reason is never empty while the alarm is open (law 2).

    Step `i` is due at `started + plan.steps[i].after + shift`; `shift` moves when a step is
    brought forward or the plan goes on after a pause. `round` counts rounds after the last step.
    The widening pauses when `responders` are coming; rounds go on until `needed` are. `round_at`
    is when the last round ran. Until `held_until` (after a long down time) only a person's word
    or that moment widens the circle. `over_unanswered` is how often it was asked whether it is over
    since anybody last said anything.
    """

    version: int
    started: datetime
    shift: timedelta
    next_step: int
    round: int
    wake_at: datetime
    wake_why: WakeWhy
    round_due: datetime | None = None
    round_at: datetime | None = None
    held_until: datetime | None = None
    responders: int = 1
    needed: int = 1
    calls: tuple[Call, ...] = ()
    nobody_yet_due: datetime | None = None
    told_nobody_yet: bool = False
    over_due: datetime | None = None
    over_asked: int = 0
    over_unanswered: int = 0
    need: Need = Need()
    notices_made: int = 0
    wake_of: str = ""

    @property
    def wake_reason(self) -> str:
        """Why it is looked at next and what that is about: `step 2`, `deadline bo`."""
        return f"{self.wake_why} {self.wake_of}".rstrip()


@value(frozen=True)
class Times:
    """The clock points (docs/glossary.md); T0 is None when unknown, never guessed."""

    pressed: datetime | None = None  # T0
    stored: datetime | None = None  # T1
    rang: datetime | None = None  # T2
    acknowledged: datetime | None = None  # T3
    accepted: datetime | None = None  # T4
    arrived: datetime | None = None  # T5
    external_called: datetime | None = None  # T6
    external_arrived: datetime | None = None  # T7
    closed: datetime | None = None  # T8


@value(frozen=True)
class Closing:
    """How an alarm ended: by whom, with which neutral cause."""

    by: str
    cause: Cause
    text: str = ""


@value(frozen=True)
class Alarm:
    """The case. `rev` rises with every change; a close carries the `rev` it saw (law 6).

    `grew_rev` is the `rev` at which somebody last joined, pressed again or asked for more help, or
    the level rose: a close that saw less is refused, but `grew_by` knows of it. `orphan`: nobody
    knows whose device or where, so the duty leader is called first. `cause_key` names what a
    technical alarm is about, so that its recovery finds it. `text` is what the devices said, each
    thing once, with `; ` between them.
    """

    id: str
    site: str
    kind: AlarmKind
    level: Level
    place: Place
    pressers: tuple[Presser, ...]
    plan: Plan
    times: Times
    rev: int = 1
    escalation: Escalation | None = None
    late: timedelta = timedelta()
    unstored: bool = False
    drill: bool = False
    text: str = ""
    odd: tuple[str, ...] = ()
    closing: Closing | None = None
    orphan: bool = False
    cause_key: str = ""
    grew_rev: int = 1
    grew_at: datetime | None = None
    grew_by: str = ""
    version: int = STATE_VERSION

    @property
    def open(self) -> bool:
        return self.closing is None

    @property
    def technical(self) -> bool:
        return self.kind is AlarmKind.TECHNICAL or self.level.advice

    @property
    def rings_locally(self) -> bool:
        """Law 7: what the person the wearer fears can hear sounds only where the plan asks for it,
        and only for what is acute."""
        acute = self.level.only_people_close and not self.technical
        return acute and self.plan.ring_locally


@value(frozen=True)
class Notice:
    """One message to one person on one channel: an effect, a row of the outbox, a page.

    The words are made by the channel from `place`, `pressers`, `with_you`, `unusual`, in the
    person's language. `letter` tells notices apart where a person answers by a bare number.
    `about` is the notice a stand-down takes back. `presser_names` are first names. `late`: how long
    ago they pressed, where every press came late; where only some did, those are the `latecomers`.
    `age_unknown`: whose press may be of any age. `immediate` channels get it committed as
    `sending`, others as `pending`.
    """

    id: str
    alarm: str
    site: str
    person: str
    channel: str
    address: str
    purpose: Purpose
    kind: AlarmKind
    level: Level
    place: Place
    created: datetime
    expires: datetime
    state: ReceiptState = ReceiptState.PENDING
    presser_names: tuple[str, ...] = ()
    with_you: tuple[str, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    about: str | None = None
    reason: StandDownWhy = StandDownWhy.NONE
    late: timedelta = timedelta()
    latecomers: tuple[Latecomer, ...] = ()
    age_unknown: tuple[str, ...] = ()
    rev: int = 1
    step: int = 0
    round: int = 0
    drill: bool = False
    text: str = ""
    provider_ref: str = ""
    letter: str = "A"

    @property
    def technical(self) -> bool:
        """Like `Alarm.technical`: never in the way of a call for help (law 12)."""
        return self.kind is AlarmKind.TECHNICAL or self.level.advice


# Effects: what a decision asks the engine to do, in this order, after the commit.


@value(frozen=True)
class Notify:
    notice: Notice


@value(frozen=True)
class StandDown:
    """Take back everything this person was sent."""

    person: str
    notices: tuple[str, ...]
    reason: StandDownWhy


@value(frozen=True)
class TellWearer:
    """Tell the devices of the pressers. `by` are first names, `eta_s` of the first of them."""

    type: TellType
    by: tuple[str, ...] = ()
    eta_s: float | None = None


@value(frozen=True)
class Exhausted:
    """Every step has run and nobody has accepted: ring local sounders, say so on the board."""

    round: int


@value(frozen=True)
class Annotate:
    """A line of the timeline: a token and its values."""

    what: Timeline
    fields: tuple[tuple[str, str], ...] = ()


Effect = Notify | StandDown | TellWearer | Exhausted | Annotate


# Events: what can happen to a running escalation.


@value(frozen=True)
class Due:
    """`wake_at` has come. `late` marks the first one after down time."""

    late: bool = False


@value(frozen=True)
class Answered:
    """A person's answer that has passed the engine's check of its source (law 6).

    `by`: the address it came from; empty: they have signed in. `said_at`: the earliest moment at
    which they may have said it; None: now.
    """

    person: str
    answer: AnswerKind
    notice: str
    by: str = ""
    said_at: datetime | None = None


@value(frozen=True)
class ResponderLost:
    """A called person does not come any more."""

    person: str
    why: LostWhy


@value(frozen=True)
class Reachable:
    """Somebody can be called who could not before: their device listens again."""

    person: str


@value(frozen=True)
class Receipt:
    """What the channel says of one notice."""

    notice: str
    state: ReceiptState
    detail: str = ""


@value(frozen=True)
class Cancelled:
    """The wearer says it is over."""

    device: str
    person: str | None


@value(frozen=True)
class Joined:
    """Somebody else pressed at the same place; the alarm already carries them.

    `raised`: their press also made it more acute, and the alarm carries the new plan snapshot.
    """

    presser: Presser
    raised: bool = False


@value(frozen=True)
class PressedAgain:
    """Who has pressed presses once more and says nothing else that is new."""

    device: str


@value(frozen=True)
class Raised:
    """The level or place rose or changed; the alarm already carries the new plan snapshot.

    `again`: it was another press. `worse`: a higher level, or a weapon.
    """

    why: RaisedWhy
    again: bool = True
    worse: bool = False


@value(frozen=True)
class Closed:
    """A person closed it; the alarm carries the closing."""

    closing: Closing


Event = (
    Due
    | Answered
    | ResponderLost
    | Reachable
    | Receipt
    | Cancelled
    | Joined
    | PressedAgain
    | Raised
    | Closed
)


@value(frozen=True)
class Decision:
    """What `escalate` and `triage` return: the alarm as it now is, and what to do about it."""

    alarm: Alarm
    effects: tuple[Effect, ...] = field(default=())


def call_of(alarm: Alarm, person: str) -> Call | None:
    """The call of one person in one alarm."""
    calls = alarm.escalation.calls if alarm.escalation is not None else ()
    return next((call for call in calls if call.person == person), None)
