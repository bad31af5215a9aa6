"""Who may answer for whom, and who counts (law 6): the one place that says so. Pure.

It is asked at every answer, at every press, when a configuration is taken over and at a start. What
raises help is believed from anyone; everything else only from whoever the notice was for, on an
address that is theirs at this moment, while they are no victim themselves and still work here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from alarms.closing import GREW_JUST_NOW, GREW_SMS
from alarms.model import Alarm, Call, Notice, Purpose, Standpoint, call_of
from alarms.turn import COMING
from alarms.vocabulary import LostWhy, StandDownWhy, Timeline
from core.signals import AnswerKind, ReceiptState
from core.values import replace, value
from dispatcher.channels.desk import Source, SourceKind
from dispatcher.channels.rows import row
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.store.ports import TimelineEntry, Transaction

RAISES = (AnswerKind.MORE_HELP,)
"""Answers that call help: believed from anyone, also from a victim (law 6)."""

ASKING = (
    *(Purpose.CALL, Purpose.ASK_AGAIN, Purpose.CHANGE, Purpose.PRESSES_AGAIN),
    *(Purpose.SAYS_OVER, Purpose.IS_IT_OVER),
)
_GONE = (Standpoint.STOOD_DOWN, Standpoint.DECLINED)


@value(frozen=True)
class Origin:
    """Where an answer comes from, as the world stands now.

    `holders`: everybody who has that address now; of a device out of use nobody. `pressed`: one of
    them is a victim, so nobody knows whose hand it is in.
    """

    source: Source
    holders: tuple[str, ...]
    pressed: bool = False


def waits_of(kind: SourceKind) -> timedelta | None:
    """A page says which picture it showed. What cannot is believed once its news must be read."""
    match kind:
        case SourceKind.DEVICE:
            return GREW_JUST_NOW
        case SourceKind.NUMBER:
            return GREW_SMS
        case SourceKind.LINK | SourceKind.STAFF:
            return None


def speaker(notice: Notice, origin: Origin) -> str | None:
    """Who says it: the person the notice was for, else whoever alone has its address now.

    Somebody called by SMS may answer on their badge. A badge or a number that has changed hands
    speaks for its new holder, never for the old one. None: it counts for nobody.
    """
    source, holders = origin.source, origin.holders
    its_own = notice.person in holders
    match source.kind:
        case SourceKind.DEVICE if its_own:
            return notice.person
        case SourceKind.DEVICE | SourceKind.NUMBER if notice.address == source.value:
            new = holders[0] if len(holders) == 1 else None
            return notice.person if its_own else new
        case SourceKind.LINK if notice.id == source.value and its_own:
            return notice.person
        case SourceKind.STAFF if notice.person == source.value:
            return notice.person
        case _:
            return None


def unfit(pressed: bool, known: bool) -> LostWhy | None:
    """Why a person counts nowhere now; None when they do."""
    if pressed:
        return LostWhy.PRESSED
    return None if known else LostWhy.REMOVED


def lost_because(call: Call, why_unfit: LostWhy | None, revoked: Sequence[str]) -> LostWhy | None:
    """Why a called person is lost to this call; None when they are not.

    `revoked`: those of the addresses they were called at that have been revoked.
    """
    if why_unfit:
        return why_unfit
    said_by = (call.said_by,) if call.said_by else tuple(sent.address for sent in call.sent)
    stolen = any(address in revoked for address in said_by)
    return LostWhy.REVOKED if stolen and call.standpoint in COMING else None


def not_counted(alarm: str, person: str, answer: AnswerKind, why: LostWhy, at: Moment) -> Outcome:
    """Write to the timeline that an answer was not counted."""
    return recorded(alarm, Timeline.NOT_COUNTED, at, person=person, answer=answer, why=why)


def recorded(alarm: str, what: Timeline, at: Moment, **said: str) -> Outcome:
    """Write one line of the timeline."""
    body = msgspec.json.encode(said).decode()
    return Outcome(Transaction(timeline=(TimelineEntry(alarm, at.now, at.wall, what, body),)))


def waits_for_answer(notice: Notice, alarm: Alarm, also_failed: bool = False) -> bool:
    """Whether this notice still stands: sent, not taken back, its person not out of it."""
    if notice.purpose not in ASKING or (notice.state.failed and not also_failed):
        return False
    call = call_of(alarm, notice.person)
    return (
        notice.state is not ReceiptState.WITHDRAWN
        and call is not None
        and call.standpoint not in _GONE
    )


def late_accept(notice: Notice, answer: AnswerKind, at: Moment) -> Outcome:
    """The alarm is closed: the answer is recorded; a person on the way is told so again."""
    body = msgspec.json.encode({"person": notice.person, "answer": answer}).decode()
    entry = TimelineEntry(notice.alarm, at.now, at.wall, Timeline.LATE_ANSWER, body)
    unit = Transaction(timeline=(entry,))
    if answer not in (AnswerKind.ACCEPT, AnswerKind.ARRIVED):
        return Outcome(unit)
    down = _stand_down(notice, at)
    return Outcome(Transaction(timeline=(entry,), notices=(down,)), send=(down,))


def _stand_down(notice: Notice, at: Moment) -> Notice:
    return replace(
        notice,
        id=f"{notice.id}-late-{int(at.now.timestamp() * 1_000_000)}",
        purpose=Purpose.STAND_DOWN,
        about=notice.id,
        reason=StandDownWhy.CLOSED,
        created=at.now,
        state=ReceiptState.SENDING if row(notice.channel).immediate else ReceiptState.PENDING,
        provider_ref="",
    )
