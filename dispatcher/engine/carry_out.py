"""From a decision to work: effects become rows of one transaction and what follows its commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import assert_never

import msgspec

from alarms.channel import UNKNOWN, Capabilities, Rings
from alarms.model import (
    Alarm,
    Annotate,
    Decision,
    Exhausted,
    Notice,
    Notify,
    Purpose,
    StandDown,
    TellType,
    TellWearer,
)
from alarms.turn import COMING
from alarms.view import Candidate, View
from alarms.vocabulary import StandDownWhy, Timeline
from core.signals import ReceiptState
from core.values import replace
from dispatcher.channels.wearer import Tell
from dispatcher.engine.open_alarms import OpenAlarms
from dispatcher.engine.outcome import Moment, Outcome
from dispatcher.store.ports import AlarmWrite, NoticeMove, TimelineEntry, Transaction

NEAREST_MOST, LEFT_OUT_MOST = 8, 20
"""How many of each the timeline keeps of a decision's picture: the nearest ones matter."""

_WITH_PICTURE = (Timeline.OPENED, Timeline.STEP, Timeline.ROUND, Timeline.RAISED)


@dataclass(slots=True)
class _Desk:
    """What one decision is collected on."""

    alarm: Alarm
    notices: list[Notice] = field(default_factory=list)
    moves: list[NoticeMove] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    tell: list[Tell] = field(default_factory=list)
    ring_locally: list[str] = field(default_factory=list)
    pictured: bool = False


def carried_out(
    decision: Decision,
    seen_rev: int,
    open_alarms: OpenAlarms,
    channels: Mapping[str, Capabilities],
    at: Moment,
) -> Outcome:
    """The one transaction of a decision, and what is sent after it (law 5)."""
    alarm = decision.alarm
    desk = _Desk(alarm)
    for effect in decision.effects:
        match effect:
            case Notify(notice=notice):
                desk.notices.append(_outgoing(notice, open_alarms, channels))
            case StandDown():
                _stand_down(effect, desk, open_alarms, channels, at)
            case TellWearer():
                desk.tell.extend(_tells(alarm, effect, at))
                body = {"what": effect.type, "by": effect.by}
                desk.timeline.append(_entry(alarm.id, Timeline.TOLD_WEARER, body, at))
            case Exhausted():
                desk.ring_locally.append(alarm.id)
            case Annotate():
                fields: dict[str, object] = dict(effect.fields)
                if effect.what in _WITH_PICTURE and not desk.pictured:
                    fields |= _new_picture(alarm.id, open_alarms)
                    desk.pictured = True  # one decision has one view
                desk.timeline.append(_entry(alarm.id, effect.what, fields, at))
            case _:
                assert_never(effect)
    if alarm.closing is not None:
        body = {"by": alarm.closing.by, "cause": alarm.closing.cause}
        desk.timeline.append(_entry(alarm.id, Timeline.CLOSED, body, at))
    unit = Transaction(
        alarms=(AlarmWrite(alarm, seen_rev),),
        notices=tuple(desk.notices),
        moves=tuple(desk.moves),
        timeline=tuple(desk.timeline),
    )
    return Outcome(
        unit,
        send=tuple(desk.notices),
        tell=tuple(desk.tell),
        changed=(alarm.id,),
        ring_locally=tuple(desk.ring_locally),
    )


def _new_picture(alarm_id: str, open_alarms: OpenAlarms) -> dict[str, object]:
    """The picture a decision used, unless it is the one that stands in the timeline before it."""
    view = open_alarms.views.get(alarm_id)
    if view is None:
        return {}
    picture = pictured(view)
    digest = sha256(picture).digest()
    if open_alarms.pictured.get(alarm_id) == digest:
        return {}
    open_alarms.pictured[alarm_id] = digest
    return {"view": msgspec.Raw(picture)}


def pictured(view: View) -> bytes:
    """A picture, short, as JSON: who could be called, in order, and who could not."""
    picture = {
        "nearest": [_candidate(c) for c in view.nearest[:NEAREST_MOST]],
        "leaders": [_candidate(c) for c in view.leaders],
        "on_call": [_candidate(c) for c in view.on_call],
        "left_out": [[o.person, o.why] for o in view.left_out[:LEFT_OUT_MOST]],
    }
    return msgspec.json.encode(picture)


def _candidate(candidate: Candidate) -> dict[str, object]:
    said = {
        "person": candidate.person,
        "expected_s": candidate.expected_s,
        "why": [str(reason) for reason in candidate.why],
        "unusual": candidate.unusual,
        "routes": [f"{r.channel}{'' if r.healthy else '?'}" for r in candidate.routes],
    }
    return {name: value for name, value in said.items() if value not in (None, ())}


def _outgoing(
    notice: Notice, open_alarms: OpenAlarms, channels: Mapping[str, Capabilities]
) -> Notice:
    """An immediate channel's notice is committed as `sending`: the hand-over follows at once."""
    immediate = _row(channels, notice).immediate
    state = ReceiptState.SENDING if immediate else ReceiptState.PENDING
    letter = open_alarms.letter(notice.address, notice.alarm, technical=notice.technical)
    return replace(notice, state=state, letter=letter)


def _stand_down(
    effect: StandDown,
    desk: _Desk,
    open_alarms: OpenAlarms,
    channels: Mapping[str, Capabilities],
    at: Moment,
) -> None:
    """Withdraw what has not left; answer what has, once per address, behind what was sent."""
    answered: dict[tuple[str, str], Notice] = {}
    fresh = {notice.id: notice for notice in desk.notices}
    for notice_id in effect.notices:
        notice = fresh.get(notice_id) or open_alarms.notices.get(notice_id)
        if notice is None:
            continue
        if notice.state is ReceiptState.PENDING:
            desk.moves.append(NoticeMove(notice.id, ReceiptState.WITHDRAWN, at.now, effect.reason))
        elif not notice.state.failed and notice.state is not ReceiptState.WITHDRAWN:
            answered[notice.channel, notice.address] = notice
    if effect.reason.untold:
        ringing = [n for n in answered.values() if _row(channels, n).rings is Rings.DEVICE]
        desk.tell.extend(_silenced(notice, desk.alarm, at) for notice in ringing)
        return
    view = open_alarms.views.get(desk.alarm.id)
    barred = view.barred if view is not None else ()
    carried = _carried_by_who_comes(desk.alarm) if effect.reason is StandDownWhy.ENOUGH else ()
    for notice in answered.values():
        if not _row(channels, notice).withdraws:
            continue  # what has left by there is past
        if notice.address in barred:
            continue  # law 3: a shared phone that a presser holds stays silent
        if (notice.channel, notice.address) in carried:
            continue  # "you need not come" on the shared phone of who has just said they come
        desk.notices.append(
            _outgoing(_taken_back(notice, effect, desk.alarm, at), open_alarms, channels)
        )


def _row(channels: Mapping[str, Capabilities], notice: Notice) -> Capabilities:
    return channels.get(notice.channel, UNKNOWN)


def _carried_by_who_comes(alarm: Alarm) -> list[tuple[str, str]]:
    calls = alarm.escalation.calls if alarm.escalation is not None else ()
    coming = (call for call in calls if call.standpoint in COMING)
    return [(sent.channel, sent.address) for call in coming for sent in call.sent]


def _silenced(notice: Notice, alarm: Alarm, at: Moment) -> Tell:
    """A colleague who was being called has pressed: their own badge must not ring beside them."""
    kind = TellType.STAND_DOWN
    return Tell(notice.address, kind, alarm.id, alarm.rev, at.now, notice=notice.id)


def _taken_back(notice: Notice, effect: StandDown, alarm: Alarm, at: Moment) -> Notice:
    return replace(
        notice,
        id=f"{notice.id}-down-{alarm.rev}",
        purpose=Purpose.STAND_DOWN,
        about=notice.id,
        reason=effect.reason,
        created=at.now,
        rev=alarm.rev,
        state=ReceiptState.PENDING,
        provider_ref="",
    )


def _tells(alarm: Alarm, effect: TellWearer, at: Moment) -> list[Tell]:
    return [
        Tell(
            device=presser.device,
            type=effect.type,
            alarm=alarm.id,
            rev=alarm.rev,
            at=at.now,
            boot=presser.boot if effect.type is TellType.RECEIVED else None,
            seq=presser.seq if effect.type is TellType.RECEIVED else None,
            by=effect.by,
            eta_s=effect.eta_s,
        )
        for presser in alarm.pressers
    ]


def _entry(alarm: str, what: Timeline, body: Mapping[str, object], at: Moment) -> TimelineEntry:
    return TimelineEntry(alarm, at.now, at.wall, what, msgspec.json.encode(body).decode())
