"""Values to store: as full as real ones, with the little that a test is about as arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alarms.model import (
    STATE_VERSION,
    Alarm,
    Call,
    Cause,
    Closing,
    Escalation,
    Notice,
    Place,
    Presser,
    Purpose,
    Sent,
    Standpoint,
    Times,
)
from alarms.plan import Callee, Plan, Step
from alarms.view import Unusual
from alarms.vocabulary import PlaceSource, WakeWhy, Who
from core.clock import ClockMark
from core.signals import (
    AlarmKind,
    Level,
    MessageRef,
    Position,
    Reading,
    ReceiptState,
    Signal,
    SignalType,
    Standing,
)
from core.values import replace
from dispatcher.roster.model import Presence
from dispatcher.safety.timed_case import TimedCase
from dispatcher.store.ports import (
    AlarmWrite,
    CaseWrite,
    LinkWrite,
    NoticeMove,
    RawBytes,
    TimelineEntry,
    Transaction,
)

T = datetime(2026, 11, 21, 19, 0, 0, 123456, tzinfo=UTC)
PLACE = Place("hall-2", "Hall 2", PlaceSource.BEACON, age_s=8.0, meeting="Vagtrum", accuracy_m=3.5)


def after(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def signal(number: int = 1, *, device: str = "badge-anna", text: str = "") -> Signal:
    reading = Reading(
        protocol="native",
        device=device,
        type=SignalType.ALARM,
        kind=AlarmKind.ATTACK,
        level=Level.RED,
        at=T,
        age=timedelta(seconds=2),
        seq=number,
        boot="7",
        battery=0.87,
        zone="beacon-17",
        position=Position(56.15, 10.2, 8.0, T, "gnss"),
        text=text,
        cancels=MessageRef(3, "7"),
        odd=("unknown kind",),
        raw=b"\x00\xff{}",
    )
    return Signal(
        id=f"sig_{device}_{number}",
        identity=f"{device}|7|{number}",
        reading=reading,
        site="solgaarden",
        device=device,
        standing=Standing.ASSIGNED,
        at=after(number / 1000),
        wall=after(number / 1000),
        person="anna",
        zone="hall-2",
        pressed_at=T,
        level=Level.RED,
        epoch=2,
    )


def alarm(alarm_id: str = "alm_1", *, rev: int = 1, wake_at: datetime | None = None) -> Alarm:
    call = Call(
        person="bo",
        first_name="Bo",
        step=0,
        asked_at=T,
        standpoint=Standpoint.CALLED,
        expected_s=35.5,
        unusual=(Unusual.MINIMUM_STAFF,),
        sent=(Sent("ntc_1", "wearable", "badge-bo", ReceiptState.SENDING, after(5)),),
        deadline=after(71),
    )
    steps = (
        Step(timedelta(), Callee(Who.NEAREST), ("wearable",)),
        Step(timedelta(seconds=20), Callee(Who.LEADER), ()),
    )
    return Alarm(
        id=alarm_id,
        site="solgaarden",
        kind=AlarmKind.ATTACK,
        level=Level.RED,
        place=PLACE,
        pressers=(Presser("badge-anna", "anna", "Anna", Standing.ASSIGNED, T, "hall-2", "7", 412),),
        plan=Plan("red", "solgaarden", steps, (Level.RED,), responders=2),
        times=Times(pressed=T, stored=after(0.001)),
        rev=rev,
        escalation=Escalation(
            version=STATE_VERSION,
            started=T,
            shift=timedelta(seconds=-3.5),
            next_step=1,
            round=0,
            wake_at=wake_at or after(20),
            wake_why=WakeWhy.STEP,
            calls=(call,),
            nobody_yet_due=after(20),
        ),
        odd=("late",),
    )


def closed(open_alarm: Alarm) -> Alarm:
    closing = Closing("bo", Cause.CALMED_DOWN, "Godt du trykkede")
    return replace(open_alarm, rev=open_alarm.rev + 1, closing=closing)


def case(
    case_id: str = "ses_1", *, kind: str = "lone_work", rev: int = 1, wake_at: datetime | None = T
) -> TimedCase:
    why = "" if wake_at is None else "check_in"
    return TimedCase(kind, case_id, "solgaarden", rev, wake_at, why, 3, '{"who":"Åse"}')


def cases(*written: TimedCase, seen_rev: int = 0) -> Transaction:
    return Transaction(cases=tuple(CaseWrite(one, seen_rev) for one in written))


def notice(
    notice_id: str = "ntc_1",
    *,
    alarm_id: str = "alm_1",
    address: str = "badge-bo",
    state: ReceiptState = ReceiptState.PENDING,
    created: datetime = T,
) -> Notice:
    return Notice(
        id=notice_id,
        alarm=alarm_id,
        site="solgaarden",
        person="bo",
        channel="wearable",
        address=address,
        purpose=Purpose.CALL,
        kind=AlarmKind.ATTACK,
        level=Level.RED,
        place=PLACE,
        created=created,
        expires=created + timedelta(minutes=30),
        state=state,
        presser_names=("Anna",),
        with_you=("Ida",),
        unusual=(Unusual.NOT_INSTRUCTED,),
        late=timedelta(minutes=1),
    )


def move(state: ReceiptState, *, notice_id: str = "ntc_1", ref: str = "") -> NoticeMove:
    return NoticeMove(notice_id, state, after(1), "said so", ref)


def entry(what: str = "opened", *, alarm_id: str = "alm_1", body: str = "{}") -> TimelineEntry:
    return TimelineEntry(alarm_id, T, after(3600), what, body)


def link(token_hash: str = "a" * 64, *, notice_id: str = "ntc_1") -> LinkWrite:
    return LinkWrite(token_hash, notice_id, "bo", "alm_1")


def raw(number: int = 1, *, sender: str = "badge-anna", content: bytes = b"junk") -> RawBytes:
    return RawBytes(after(number), "native", sender, f"no JSON, {number}", content)


def presence(person: str, *, here: bool, at: datetime = T) -> Presence:
    return Presence(person, here, at, after(8 * 3600))


def mark(seconds: float = 0) -> ClockMark:
    return ClockMark(after(seconds), after(seconds + 0.5), 1234.5678 + seconds, "boot-1")


def opening(alarm_id: str = "alm_1", *, number: int = 1) -> Transaction:
    """What one press commits: the signal, the alarm, the first notice and the timeline."""
    notice_id = "ntc_1" if alarm_id == "alm_1" else f"ntc_{alarm_id}"
    return Transaction(
        signals=(signal(number),),
        alarms=(AlarmWrite(alarm(alarm_id), 0),),
        notices=(notice(notice_id, alarm_id=alarm_id),),
        timeline=(
            entry("opened", alarm_id=alarm_id, body='{"by": "Anna"}'),
            entry("called", alarm_id=alarm_id, body='{"who": "Bo"}'),
        ),
    )
