"""What nobody can bring about in a test, as a store holds it before the engine starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alarms.model import (
    STATE_VERSION,
    Alarm,
    Call,
    Escalation,
    Notice,
    Place,
    Presser,
    Purpose,
    Sent,
    Standpoint,
    Times,
)
from alarms.vocabulary import PlaceSource, WakeWhy
from core.signals import AlarmKind, Level, ReceiptState, Standing
from core.values import replace
from dispatcher.channels.rows import SMS, WEARABLE
from dispatcher.store.ports import AlarmWrite, Transaction
from tests.support.bosted import FLAT, NOW, WIDENS_AFTER, configuration


def an_alarm(alarm_id: str = "a_1", **fields: Any) -> Alarm:
    """One that was pressed 42 s ago by Anna, as a store holds it; Bo was called."""
    stored = NOW - timedelta(seconds=42)
    call = Call("bo", "Bo", 0, stored, Standpoint.RANG, 35.0)
    sent = (Sent(f"{alarm_id}-1", WEARABLE, "badge-bo", ReceiptState.DELIVERED),)
    running = Escalation(
        version=STATE_VERSION,
        started=stored,
        shift=timedelta(),
        next_step=1,
        round=0,
        wake_at=stored + WIDENS_AFTER,
        wake_why=WakeWhy.STEP,
        wake_of="1",
        calls=(replace(call, sent=sent),),
    )
    anna = Presser("badge-anna", "anna", "Anna", Standing.ASSIGNED, stored, FLAT)
    alarm = Alarm(
        id=alarm_id,
        site="lind",
        kind=AlarmKind.ATTACK,
        level=Level.RED,
        place=Place(FLAT, "LEJL 12 HUS 2 1.SAL", PlaceSource.BEACON),
        pressers=(anna,),
        plan=configuration().plans[0],
        times=Times(pressed=stored, stored=stored),
        escalation=running,
    )
    return replace(alarm, **fields)


def a_notice(alarm: Alarm, **fields: Any) -> Notice:
    """The SMS that has called Bo."""
    notice = Notice(
        id=f"{alarm.id}-2",
        alarm=alarm.id,
        site=alarm.site,
        person="bo",
        channel=SMS,
        address="+4520000042",
        purpose=Purpose.CALL,
        kind=alarm.kind,
        level=alarm.level,
        place=alarm.place,
        created=NOW,
        expires=NOW + timedelta(minutes=30),
        state=ReceiptState.DELIVERED,
    )
    return replace(notice, **fields)


def kept(*alarms: Alarm, **more: Any) -> Transaction:
    """These stand in the store."""
    return Transaction(alarms=tuple(AlarmWrite(alarm, 0) for alarm in alarms), **more)
