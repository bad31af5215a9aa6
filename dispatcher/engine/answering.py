"""Whether an answer counts (law 6), and what becomes of one that comes too late."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from core.signals import AnswerKind, ReceiptState
from dispatcher.alarms.model import Alarm, Notice, Purpose, Standpoint
from dispatcher.engine.open_alarms import call_of
from dispatcher.engine.ports import Source, SourceKind
from dispatcher.engine.work import Moment, Work
from dispatcher.store.ports import TimelineEntry, Unit

_ASKING = (Purpose.CALL, Purpose.ASK_AGAIN, Purpose.CHANGE, Purpose.SAYS_OVER, Purpose.IS_IT_OVER)
_GONE = (Standpoint.STOOD_DOWN, Standpoint.DECLINED)


def rightful(notice: Notice, source: Source, worn: bool) -> bool:
    """An answer counts only from the device, number or link its notice was sent to.

    `worn`: the answering device is worn by the person the notice was for; somebody called by SMS
    may answer on their badge.
    """
    match source.kind:
        case SourceKind.DEVICE:
            return notice.address == source.value or worn
        case SourceKind.NUMBER:
            return notice.address == source.value
        case SourceKind.LINK:
            return notice.id == source.value
        case SourceKind.STAFF:
            return notice.person == source.value


def waits_for_answer(notice: Notice, alarm: Alarm, also_failed: bool = False) -> bool:
    """Whether this notice still stands: sent, not taken back, its person not out of it."""
    if notice.purpose not in _ASKING or (notice.state.failed and not also_failed):
        return False
    call = call_of(alarm, notice.person)
    return (
        notice.state is not ReceiptState.WITHDRAWN
        and call is not None
        and call.standpoint not in _GONE
    )


def late_accept(notice: Notice, answer: AnswerKind, at: Moment) -> Work:
    """The alarm is closed: the answer is recorded; a person on the way is told so again."""
    body = msgspec.json.encode({"person": notice.person, "answer": answer}).decode()
    entry = TimelineEntry(notice.alarm, at.now, at.wall, "late_answer", body)
    unit = Unit(timeline=(entry,))
    if answer not in (AnswerKind.ACCEPT, AnswerKind.ARRIVED):
        return Work(unit)
    down = _stand_down(notice, at)
    return Work(Unit(timeline=(entry,), notices=(down,)), send=(down,))


def _stand_down(notice: Notice, at: Moment) -> Notice:
    return replace(
        notice,
        id=f"{notice.id}-late-{int(at.now.timestamp() * 1_000_000)}",
        purpose=Purpose.STAND_DOWN,
        about=notice.id,
        reason="closed",
        created=at.now,
        state=ReceiptState.SENDING if notice.channel == "wearable" else ReceiptState.PENDING,
        provider_ref="",
    )
