"""Values to rows and back: which columns of each table stand for what."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from alarms.model import Alarm, Notice
from core.clock import ClockMark
from core.signals import Signal
from dispatcher.roster.model import Presence
from dispatcher.safety.timed_case import TimedCase
from dispatcher.store.chain import BEGINNING, Head, Kept
from dispatcher.store.instants import instant, microseconds
from dispatcher.store.limits import RAW_BYTES_MAX
from dispatcher.store.ports import ChainedEntry, LastHeard, LinkWrite, RawBytes
from dispatcher.store.states import (
    NOTICE_VERSION,
    read_alarm,
    read_alarm_of_plan,
    read_notice,
    written,
    written_alarm,
    written_notice,
)

PREVIOUS_CHARS = 12
"""Of the hash of the entry before: enough to see whether this one continues it."""

Row = dict[str, Any]


def signal_row(signal: Signal) -> Row:
    return {
        "identity": signal.identity,
        "id": signal.id,
        "site": signal.site,
        "device": signal.device,
        "type": signal.reading.type.value,
        "boot": signal.reading.boot,
        "epoch": signal.epoch,
        "seq": signal.reading.seq,
        "at_us": microseconds(signal.at),
        "wall_us": microseconds(signal.wall),
        "state": written(signal),
    }


def alarm_row(alarm: Alarm, head: Head, plan_digest: str) -> Row:
    """`head`: where its timeline ends; `plan_digest` names the plan it runs."""
    wake_at = alarm.escalation.wake_at if alarm.escalation else None
    return {
        "id": alarm.id,
        "site": alarm.site,
        "rev": alarm.rev,
        "open": alarm.open,
        "wake_at_us": microseconds(wake_at) if wake_at and alarm.open else None,
        "entries": head.number,
        "head": head.hash,
        "state_version": alarm.version,
        "state": written_alarm(alarm),
        "plan_digest": plan_digest,
    }


def case_row(case: TimedCase) -> Row:
    return {
        "kind": case.kind,
        "id": case.id,
        "site": case.site,
        "rev": case.rev,
        "wake_at_us": None if case.wake_at is None else microseconds(case.wake_at),
        "wake_why": case.wake_why,
        "state_version": case.version,
        "state": case.state.encode(),
    }


def notice_row(notice: Notice) -> Row:
    return {
        "id": notice.id,
        "alarm": notice.alarm,
        "channel": notice.channel,
        "address": notice.address,
        "provider_ref": notice.provider_ref,
        "receipt": notice.state.value,
        "moved_at_us": microseconds(notice.created),
        "detail": "",
        "state_version": NOTICE_VERSION,
        "state": written_notice(notice),
    }


def link_row(link: LinkWrite) -> Row:
    return {
        "token_hash": link.token_hash,
        "notice": link.notice,
        "person": link.person,
        "alarm": link.alarm,
    }


def entry_row(entry: ChainedEntry) -> Row:
    return {
        "alarm": entry.alarm,
        "number": entry.number,
        "at_us": microseconds(entry.at),
        "wall_us": microseconds(entry.wall),
        "what": entry.what,
        "digest": entry.digest,
        "previous": entry.previous[:PREVIOUS_CHARS],
        "hash": entry.hash,
    }


def body_row(entry_key: int | None, body: str, salt: bytes) -> Row:
    """`entry_key` is what the database counted the entry as."""
    return {"entry": entry_key, "salt": salt, "body": body}


def raw_row(raw: RawBytes) -> Row:
    return {
        "at_us": microseconds(raw.at),
        "protocol": raw.protocol,
        "sender": raw.sender,
        "why": raw.why,
        "content": raw.content[:RAW_BYTES_MAX],
    }


def presence_row(presence: Presence) -> Row:
    return {
        "person": presence.person,
        "here": presence.here,
        "at_us": microseconds(presence.at),
        "until_us": None if presence.until is None else microseconds(presence.until),
    }


def clock_row(mark: ClockMark) -> Row:
    return {
        "id": 1,
        "service_us": microseconds(mark.service),
        "wall_us": microseconds(mark.wall),
        "boottime_s": mark.boottime_s,
        "boot": mark.boot,
    }


def alarm_of(row: sqlite3.Row) -> Alarm:
    """Raises Unreadable."""
    version, state = row["state_version"], row["state"]
    if row["plan_digest"] is None:
        return read_alarm(version, state)
    return read_alarm_of_plan(version, state, row["plan_state"])


def case_of(row: sqlite3.Row) -> TimedCase:
    """Never fails over the state: who cannot read it must still be able to name the case."""
    state: bytes | str = row["state"]  # text, where somebody has changed it by hand
    return TimedCase(
        kind=row["kind"],
        id=row["id"],
        site=row["site"],
        rev=row["rev"],
        wake_at=None if row["wake_at_us"] is None else instant(row["wake_at_us"]),
        wake_why=row["wake_why"],
        version=row["state_version"],
        state=state if isinstance(state, str) else state.decode(errors="replace"),
    )


def notice_of(row: sqlite3.Row) -> Notice:
    """Raises Unreadable."""
    # By their order, not by name: a start reads a hundred thousand of them.
    _, own_id, alarm, channel, address, provider_ref, receipt, _, _, version, state = row
    return read_notice(
        version,
        state,
        receipt,
        provider_ref,
        id=own_id,
        alarm=alarm,
        channel=channel,
        address=address,
    )


def link_of(row: sqlite3.Row) -> LinkWrite:
    return LinkWrite(row["token_hash"], row["notice"], row["person"], row["alarm"])


def chain_of(rows: Iterable[sqlite3.Row]) -> Iterator[Kept]:
    """The rows of `timeline` of one alarm in their order, each joined with its body."""
    before = BEGINNING.hash
    for row in rows:
        yield _kept_of(row, before)
        before = row["hash"]


def _kept_of(row: sqlite3.Row, before: str) -> Kept:
    """A body may have been erased."""
    entry = ChainedEntry(
        alarm=row["alarm"],
        number=row["number"],
        at=instant(row["at_us"]),
        wall=instant(row["wall_us"]),
        what=row["what"],
        body=row["body"],
        digest=row["digest"],
        previous=before if before.startswith(row["previous"]) else row["previous"],
        hash=row["hash"],
    )
    return Kept(entry, row["salt"])


def head_of(row: sqlite3.Row) -> Head:
    """Where a chain ends, by its last entry."""
    return Head(row["number"], row["hash"])


def noted_head_of(row: sqlite3.Row) -> Head:
    """Where a chain ends, as the row of its alarm says."""
    return Head(row["entries"], row["head"])


def raw_of(row: sqlite3.Row) -> RawBytes:
    return RawBytes(
        instant(row["at_us"]), row["protocol"], row["sender"], row["why"], row["content"]
    )


def presence_of(row: sqlite3.Row) -> Presence:
    until = None if row["until_us"] is None else instant(row["until_us"])
    return Presence(row["person"], bool(row["here"]), instant(row["at_us"]), until)


def clock_of(row: sqlite3.Row) -> ClockMark:
    return ClockMark(
        instant(row["service_us"]), instant(row["wall_us"]), row["boottime_s"], row["boot"]
    )


def heard_of(row: sqlite3.Row) -> LastHeard:
    return LastHeard(
        device=row["device"],
        identity=row["identity"],
        boot=row["boot"],
        epoch=row["epoch"],
        seq=row["seq"],
        at=instant(row["at_us"]),
    )
