"""The auditor: looks past the engine, with a connection of its own, for help that stands still.

Law 2: every open alarm has a next moment, and it comes. The auditor trusts columns alone, decodes
no state and shares no connection with the store; the engine asks it every minute and calls people
when it finds something. Deciding what is wrong is a pure function over the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from core.beside import Beside
from dispatcher.store.instants import instant
from dispatcher.store.sqlite import statements as sql
from dispatcher.store.sqlite.connection import DatabaseFile

WAKE_LATE_MOST = timedelta(seconds=10)
"""A case whose moment passed longer ago than this has lost whoever should go on with it."""

NOTICE_WAITS_MOST = timedelta(seconds=30)
"""A notice that has not left within this is stuck: every channel answers or fails sooner."""


LOOK_WITHIN_S = 10.0
"""A look takes milliseconds; a disk that takes longer than this is told about."""


class Fault(StrEnum):
    """What the auditor can find."""

    NO_NEXT_MOMENT = "no_next_moment"
    OVERDUE = "overdue"
    NOTICE_STUCK = "notice_stuck"
    STORE_UNREADABLE = "store_unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `text` is one line for a person.

    `alarm` None: a case of another kind, or the store itself.
    """

    fault: Fault
    alarm: str | None
    text: str
    notice: str | None = None
    since: datetime | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True)
class AuditedAlarm:
    """An open alarm and its next moment."""

    id: str
    wake_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditedCase:
    """An open case of another kind, its next moment and the reason for it."""

    kind: str
    id: str
    wake_at: datetime
    wake_why: str


@dataclass(frozen=True, slots=True)
class AuditedNotice:
    """A notice that has not left, and since when it has stood there."""

    id: str
    alarm: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AuditRows:
    """Everything the auditor looks at."""

    alarms: tuple[AuditedAlarm, ...] = ()
    notices: tuple[AuditedNotice, ...] = ()
    cases: tuple[AuditedCase, ...] = ()


def findings(rows: AuditRows, now: datetime) -> Sequence[Finding]:
    """What is wrong at `now` (service time): alarms first, each in the order they were opened."""
    found = [_of_alarm(alarm, now) for alarm in rows.alarms]
    found += [_of_case(case, now) for case in rows.cases]
    found += [_of_notice(notice, now) for notice in rows.notices]
    return [finding for finding in found if finding is not None]


class Auditor:
    """Reads the file anew for each look, so that nothing the store holds can hide what is there."""

    def __init__(self, path: Path) -> None:
        self._file = DatabaseFile(path)
        self._thread = Beside("auditor")

    async def look(self, now: datetime) -> Sequence[Finding]:
        """Never raises for the database: one that cannot be read is itself a finding."""
        try:
            return await self._thread.ask(self._look, now, within_s=LOOK_WITHIN_S)
        except TimeoutError:
            return [Finding(Fault.STORE_UNREADABLE, None, str(self._file.silent()))]

    def _look(self, now: datetime) -> Sequence[Finding]:
        try:
            with closing(self._file.reading()) as connection:
                return findings(_rows(connection), now)
        except sqlite3.Error as problem:
            line = str(self._file.unavailable(problem))
            return [Finding(Fault.STORE_UNREADABLE, None, line)]


def _rows(connection: sqlite3.Connection) -> AuditRows:
    alarms = tuple(
        AuditedAlarm(row["id"], None if row["wake_at_us"] is None else instant(row["wake_at_us"]))
        for row in connection.execute(sql.AUDIT_ALARMS)
    )
    cases = tuple(
        AuditedCase(row["kind"], row["id"], instant(row["wake_at_us"]), row["wake_why"])
        for row in connection.execute(sql.AUDIT_CASES)
    )
    notices = tuple(
        AuditedNotice(row["id"], row["alarm"], row["receipt"], instant(row["moved_at_us"]))
        for row in connection.execute(sql.AUDIT_NOTICES)
    )
    return AuditRows(alarms, notices, cases)


def _of_alarm(alarm: AuditedAlarm, now: datetime) -> Finding | None:
    if alarm.wake_at is None:
        line = f"Open alarm {alarm.id} has no next moment: nobody more would be called."
        return Finding(Fault.NO_NEXT_MOMENT, alarm.id, line)
    late = now - alarm.wake_at
    if late <= WAKE_LATE_MOST:
        return None
    line = f"Open alarm {alarm.id} should have gone on {late.total_seconds():.0f} s ago."
    return Finding(Fault.OVERDUE, alarm.id, line, since=alarm.wake_at)


def _of_case(case: AuditedCase, now: datetime) -> Finding | None:
    late = now - case.wake_at
    if late <= WAKE_LATE_MOST:
        return None
    line = (
        f"Open case {case.id} ({case.kind}) should have gone on"
        f" {late.total_seconds():.0f} s ago: {case.wake_why}."
    )
    return Finding(Fault.OVERDUE, None, line, since=case.wake_at, case=case.id)


def _of_notice(notice: AuditedNotice, now: datetime) -> Finding | None:
    waited = now - notice.since
    if waited <= NOTICE_WAITS_MOST:
        return None
    line = (
        f"Notice {notice.id} of alarm {notice.alarm} has been {notice.state}"
        f" for {waited.total_seconds():.0f} s."
    )
    return Finding(Fault.NOTICE_STUCK, notice.alarm, line, notice.id, notice.since)
