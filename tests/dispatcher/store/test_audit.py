"""Law 2, watched from outside the engine: an alarm that stands still is found within a minute."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.signals import ReceiptState
from core.values import replace
from dispatcher.store.ports import AlarmWrite, Transaction
from dispatcher.store.sqlite.audit import (
    NOTICE_WAITS_MOST,
    WAKE_LATE_MOST,
    AuditedAlarm,
    AuditedCase,
    AuditedNotice,
    Auditor,
    AuditRows,
    Fault,
    findings,
)
from dispatcher.store.sqlite.connection import DatabaseFile
from dispatcher.store.sqlite.store import SqliteStore
from tests.dispatcher.store.samples import (
    T,
    after,
    alarm,
    case,
    cases,
    closed,
    move,
    opening,
)

SECOND = timedelta(seconds=1)


def test_an_open_alarm_without_a_next_moment_is_found() -> None:
    (found,) = findings(AuditRows(alarms=(AuditedAlarm("alm_1", None),)), T)
    assert (found.fault, found.alarm) == (Fault.NO_NEXT_MOMENT, "alm_1")


def test_an_open_alarm_is_overdue_after_the_limit_and_not_before() -> None:
    rows = AuditRows(alarms=(AuditedAlarm("alm_1", T),))
    assert findings(rows, T + WAKE_LATE_MOST) == []
    (found,) = findings(rows, T + WAKE_LATE_MOST + SECOND)
    assert (found.fault, found.since) == (Fault.OVERDUE, T)
    assert found.text == "Open alarm alm_1 should have gone on 11 s ago."


def test_an_open_case_of_any_kind_is_overdue_after_the_limit_and_not_before() -> None:
    rows = AuditRows(cases=(AuditedCase("trip", "trp_1", T, "back"),))
    assert findings(rows, T + WAKE_LATE_MOST) == []
    (found,) = findings(rows, T + WAKE_LATE_MOST + SECOND)
    assert (found.fault, found.case, found.since) == (Fault.OVERDUE, "trp_1", T)
    assert found.text == "Open case trp_1 (trip) should have gone on 11 s ago: back."


def test_a_notice_that_does_not_leave_is_found_after_the_limit() -> None:
    rows = AuditRows(notices=(AuditedNotice("ntc_1", "alm_1", "sending", T),))
    assert findings(rows, T + NOTICE_WAITS_MOST) == []
    (found,) = findings(rows, T + NOTICE_WAITS_MOST + SECOND)
    assert (found.fault, found.alarm, found.notice) == (Fault.NOTICE_STUCK, "alm_1", "ntc_1")


async def test_the_auditor_sees_what_the_store_has_committed(
    database: Path, sqlite_store: SqliteStore
) -> None:
    auditor = Auditor(database)
    assert await auditor.look(after(9999)) == []
    await sqlite_store.submit(opening())
    assert await auditor.look(after(20)) == []
    late = await auditor.look(after(60))
    assert [(one.fault, one.alarm) for one in late] == [
        (Fault.OVERDUE, "alm_1"),
        (Fault.NOTICE_STUCK, "alm_1"),
    ]
    await sqlite_store.submit(
        Transaction(
            alarms=(AlarmWrite(alarm(rev=2, wake_at=after(90)), 1),),
            moves=(move(ReceiptState.SENT),),
        )
    )
    assert await auditor.look(after(60)) == []


async def test_the_auditor_sees_cases_that_stand_still_whatever_their_state_says(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(cases(case(), case("ses_2", wake_at=after(90))))
    with closing(sqlite3.connect(database)) as damaging:
        damaging.execute("UPDATE cases SET state = x'ff00'")
        damaging.commit()
    auditor = Auditor(database)
    (found,) = await auditor.look(after(60))
    assert (found.fault, found.alarm, found.case) == (Fault.OVERDUE, None, "ses_1")
    await sqlite_store.submit(cases(case(rev=2, wake_at=None), seen_rev=1))
    assert await auditor.look(after(60)) == []


async def test_an_alarm_without_an_escalation_is_found(
    database: Path, sqlite_store: SqliteStore
) -> None:
    lost = replace(alarm(), escalation=None)
    await sqlite_store.submit(Transaction(alarms=(AlarmWrite(lost, 0),)))
    (found,) = await Auditor(database).look(T)
    assert found.fault is Fault.NO_NEXT_MOMENT


async def test_a_closed_alarm_needs_no_next_moment(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(Transaction(alarms=(AlarmWrite(alarm(), 0),)))
    await sqlite_store.submit(Transaction(alarms=(AlarmWrite(closed(alarm()), 1),)))
    assert await Auditor(database).look(after(9999)) == []


async def test_a_state_nobody_can_read_hides_nothing_from_the_auditor(
    database: Path, sqlite_store: SqliteStore
) -> None:
    await sqlite_store.submit(opening())
    with closing(sqlite3.connect(database)) as damaging:
        damaging.execute("UPDATE alarms SET state = x'00'")
        damaging.commit()
    assert [one.fault for one in await Auditor(database).look(after(60))] == [
        Fault.OVERDUE,
        Fault.NOTICE_STUCK,
    ]


async def test_a_database_that_cannot_be_read_is_itself_a_finding(database: Path) -> None:
    (found,) = await Auditor(database).look(T)
    assert (found.fault, found.alarm) == (Fault.STORE_UNREADABLE, None)
    assert "gone or cannot be opened" in found.text


async def test_the_auditor_cannot_write(database: Path, sqlite_store: SqliteStore) -> None:
    await sqlite_store.submit(opening())
    with closing(DatabaseFile(database).reading()) as reading:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reading.execute("DELETE FROM alarms")
