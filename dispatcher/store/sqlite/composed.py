"""Composes every statement of the SQLite store from the schema, by SQLAlchemy.

The service runs their text as it stands in `statements.py`, written by
`python -m dispatcher.store.sqlite.composed`: composing at each start would cost a press half a
second. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap

from sqlalchemy import (
    ColumnElement,
    Table,
    bindparam,
    delete,
    false,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as insert_into
from sqlalchemy.sql.elements import ClauseElement

from alarms.receipts import MOVES, UNFINISHED
from core.signals import ReceiptState
from dispatcher.store.schema import (
    alarms,
    cases,
    clock,
    links,
    notices,
    once,
    organisations,
    plans,
    presence,
    raw,
    restores,
    signals,
    staff_tokens,
    timeline,
    timeline_bodies,
)

_DIALECT = sqlite.dialect(paramstyle="named")
_ONE: ColumnElement[int] = literal_column("1")
_ZERO: ColumnElement[int] = literal_column("0")


def _compiled(statement: ClauseElement) -> str:
    compiled = statement.compile(dialect=_DIALECT)
    unnamed = [name for name, value in compiled.params.items() if value is not None]
    assert not unnamed, f"every parameter is named by us, these are not: {unnamed}"
    return str(compiled)


def _insert(table: Table, counted: str = "") -> Insert:
    """Insert named values; `counted` is the column SQLite counts up itself."""
    names = [column.name for column in table.columns if column.name != counted]
    return insert_into(table).values({name: bindparam(name) for name in names})


def _insert_once(table: Table, *key: str, counted: str = "") -> str:
    """A repeat with the same key changes nothing; whatever else is wrong is an error."""
    return _compiled(_insert(table, counted).on_conflict_do_nothing(index_elements=key))


def _upsert_newer(table: Table, key: str, newer: str) -> str:
    """Replace what is there unless that is newer."""
    insert = _insert(table)
    rest = {name: column for name, column in insert.excluded.items() if name != key}
    not_older = insert.excluded[newer] >= table.c[newer]
    return _compiled(insert.on_conflict_do_update(index_elements=[key], set_=rest, where=not_older))


def _literal(token: str) -> ColumnElement[str]:
    """One of our own tokens in the text itself: only so SQLite sees that a partial index fits."""
    return literal_column(f"'{token}'")


def _among(column: ColumnElement[str], states: tuple[ReceiptState, ...]) -> ColumnElement[bool]:
    return or_(false(), *[column == _literal(state) for state in states])


# Writing a transaction.

INSERT_ONCE = _insert_once(once, "name")
INSERT_SIGNAL = _insert_once(signals, "identity", counted="number")
INSERT_ALARM = _insert_once(alarms, "id", counted="number")
INSERT_PLAN = _insert_once(plans, "digest")
INSERT_CASE = _insert_once(cases, "kind", "id", counted="number")
INSERT_NOTICE = _insert_once(notices, "id", counted="number")
INSERT_LINK = _insert_once(links, "token_hash")
INSERT_ENTRY = _compiled(_insert(timeline, counted="entry"))
INSERT_BODY = _compiled(_insert(timeline_bodies))
INSERT_RAW = _compiled(_insert(raw, counted="number"))
WRITE_PRESENCE = _upsert_newer(presence, "person", "at_us")
WRITE_CLOCK = _upsert_newer(clock, "id", "service_us")

_OF_AN_ALARM = ("site", "rev", "open", "wake_at_us", "state_version", "state", "plan_digest")


def _update_alarm(*names: str) -> str:
    return _compiled(
        update(alarms)
        .where(alarms.c.id == bindparam("seen_id"), alarms.c.rev == bindparam("seen_rev"))
        .values({name: bindparam(name) for name in names})
    )


UPDATE_ALARM = _update_alarm(*_OF_AN_ALARM)
UPDATE_ALARM_AND_HEAD = _update_alarm(*_OF_AN_ALARM, "entries", "head")
UPDATE_CASE = _compiled(
    update(cases)
    .where(
        cases.c.kind == bindparam("seen_kind"),
        cases.c.id == bindparam("seen_id"),
        cases.c.rev == bindparam("seen_rev"),
    )
    .values(
        {
            name: bindparam(name)
            for name in ("site", "rev", "wake_at_us", "wake_why", "state_version", "state")
        }
    )
)
ALARM_REV = _compiled(select(alarms.c.rev).where(alarms.c.id == bindparam("id")))


def _move_to(state: ReceiptState) -> str:
    sources = tuple(source for source, targets in MOVES.items() if state in targets)
    return _compiled(
        update(notices)
        .where(notices.c.id == bindparam("notice"), _among(notices.c.receipt, sources))
        .values(
            receipt=bindparam("receipt"),
            moved_at_us=bindparam("moved_at_us"),
            detail=bindparam("detail"),
        )
    )


MOVE_NOTICE: Mapping[ReceiptState, str] = {state: _move_to(state) for state in ReceiptState}
NOTE_PROVIDER_REF = _compiled(
    update(notices)
    .where(notices.c.id == bindparam("notice"), notices.c.provider_ref == _literal(""))
    .values(provider_ref=bindparam("provider_ref"))
)

_of_sender = (raw.c.protocol == bindparam("protocol")) & (raw.c.sender == bindparam("sender"))
_too_old = (
    select(raw.c.number)
    .where(_of_sender)
    .order_by(raw.c.number.desc())
    .limit(_ONE)
    .offset(bindparam("most"))
)
TRIM_RAW_OF_SENDER = _compiled(
    delete(raw).where(_of_sender, raw.c.number <= _too_old.scalar_subquery())
)
COUNT_RAW = _compiled(select(func.count()).select_from(raw))
_oldest = select(raw.c.number).order_by(raw.c.number).limit(bindparam("surplus")).offset(_ZERO)
TRIM_RAW = _compiled(delete(raw).where(raw.c.number.in_(_oldest)))

HEAD = _compiled(
    select(timeline.c.number, timeline.c.hash)
    .where(timeline.c.alarm == bindparam("alarm"))
    .order_by(timeline.c.number.desc())
    .limit(_ONE)
    .offset(_ZERO)
)
NOTE_HEAD = _compiled(
    update(alarms)
    .where(alarms.c.id == bindparam("alarm"))
    .values(entries=bindparam("entries"), head=bindparam("head"))
)
_of_alarm = select(timeline.c.entry).where(timeline.c.alarm == bindparam("alarm"))
ERASE_BODIES = _compiled(delete(timeline_bodies).where(timeline_bodies.c.entry.in_(_of_alarm)))

INSERT_ORGANISATION = _compiled(_insert(organisations))
NEWEST_ORGANISATION_VERSION = _compiled(select(func.max(organisations.c.version)))
WRITE_STAFF_TOKEN = _upsert_newer(staff_tokens, "token_hash", "at_us")
INSERT_RESTORE = _compiled(_insert(restores, counted="number"))
CONFIRM_RESTORE = _compiled(
    update(restores)
    .where(restores.c.confirmed_by.is_(None))
    .values(confirmed_by=bindparam("by"), confirmed_at_us=bindparam("at_us"))
)

# Reading.

_alarms = select(alarms, plans.c.state.label("plan_state")).outerjoin(
    plans, plans.c.digest == alarms.c.plan_digest
)
OPEN_ALARMS = _compiled(_alarms.where(alarms.c.open).order_by(alarms.c.number))
ALL_ALARMS = _compiled(_alarms.order_by(alarms.c.number))
ALARM = _compiled(_alarms.where(alarms.c.id == bindparam("id")))
ALARM_NUMBER = _compiled(select(alarms.c.number).where(alarms.c.id == bindparam("id")))
ALARMS_BEFORE = _compiled(
    _alarms.where(alarms.c.number < bindparam("before"))
    .order_by(alarms.c.number.desc())
    .limit(bindparam("most"))
    .offset(_ZERO)
)

OPEN_CASES = _compiled(
    select(cases).where(cases.c.wake_at_us.is_not(None)).order_by(cases.c.number)
)
CASE = _compiled(
    select(cases).where(cases.c.kind == bindparam("kind"), cases.c.id == bindparam("id"))
)

UNFINISHED_NOTICES = _compiled(
    select(notices).where(_among(notices.c.receipt, UNFINISHED)).order_by(notices.c.number)
)
NOTICES_OF_OPEN_ALARMS = _compiled(
    select(notices)
    .join(alarms, alarms.c.id == notices.c.alarm)
    .where(alarms.c.open)
    # Else SQLite goes through the notices of all years, because they come in order there.
    .order_by(alarms.c.number, notices.c.number)
)
NOTICES_OF_ALARM = _compiled(
    select(notices).where(notices.c.alarm == bindparam("alarm")).order_by(notices.c.number)
)
NOTICE = _compiled(select(notices).where(notices.c.id == bindparam("id")))
NOTICE_BY_PROVIDER = _compiled(
    select(notices)
    .where(
        notices.c.channel == bindparam("channel"),
        notices.c.provider_ref == bindparam("provider_ref"),
        notices.c.provider_ref != _literal(""),
    )
    .order_by(notices.c.number.desc())
    .limit(_ONE)
    .offset(_ZERO)
)
LINKS_OF_OPEN_ALARMS = _compiled(
    select(links).join(alarms, alarms.c.id == links.c.alarm).where(alarms.c.open)
)
LINK = _compiled(select(links).where(links.c.token_hash == bindparam("token_hash")))

_entries = select(timeline, timeline_bodies.c.salt, timeline_bodies.c.body).outerjoin(
    timeline_bodies,
    timeline_bodies.c.entry == timeline.c.entry,
)
TIMELINE = _compiled(
    _entries.where(timeline.c.alarm == bindparam("alarm")).order_by(timeline.c.number)
)
ALL_TIMELINES = _compiled(_entries.order_by(timeline.c.alarm, timeline.c.number))
HEADS = _compiled(
    select(alarms.c.id, alarms.c.open, alarms.c.entries, alarms.c.head).order_by(alarms.c.number)
)
NEWEST_ENTRY = _compiled(select(func.coalesce(func.max(timeline.c.entry), _ZERO)))
# With max(), SQLite takes the other columns from the row that has the greatest number.
HEADS_UPTO = _compiled(
    select(timeline.c.alarm, func.max(timeline.c.number).label("number"), timeline.c.hash)
    .where(timeline.c.entry <= bindparam("entries"))
    .group_by(timeline.c.alarm)
    .order_by(timeline.c.alarm)
)

PRESENCE = _compiled(select(presence).order_by(presence.c.person))
CLOCK = _compiled(select(clock))
RAW_NEWEST = _compiled(
    select(raw).order_by(raw.c.number.desc()).limit(bindparam("most")).offset(_ZERO)
)
ORGANISATION = _compiled(
    select(organisations).where(organisations.c.version == bindparam("version"))
)
NEWEST_ORGANISATION = _compiled(
    select(organisations).order_by(organisations.c.version.desc()).limit(_ONE).offset(_ZERO)
)
ORGANISATION_VERSIONS = _compiled(
    select(organisations.c.version, organisations.c.at_us, organisations.c.by).order_by(
        organisations.c.version
    )
)
STAFF_TOKEN = _compiled(
    select(staff_tokens.c.person).where(staff_tokens.c.token_hash == bindparam("token_hash"))
)
STAFF_TOKENS = _compiled(
    select(staff_tokens.c.token_hash, staff_tokens.c.person).order_by(staff_tokens.c.at_us)
)
RESTORED_AT = _compiled(select(func.max(restores.c.at_us)).where(restores.c.confirmed_by.is_(None)))

HAS_SIGNAL = _compiled(select(signals.c.number).where(signals.c.identity == bindparam("identity")))


def _last_heard() -> str:
    """Walks from device to device along the index, so its cost does not grow with history."""
    first = select(func.min(signals.c.device).label("device"))
    devices = first.cte("devices", recursive=True)
    following = select(func.min(signals.c.device)).where(signals.c.device > devices.c.device)
    devices = devices.union_all(
        select(following.scalar_subquery()).where(devices.c.device.is_not(None))
    )
    mine = signals.alias("mine")
    newest = (
        select(mine.c.number)
        .where(mine.c.device == devices.c.device)
        .order_by(mine.c.number.desc())
        .limit(bindparam("most"))
        .offset(_ZERO)
        .correlate(devices)
    )
    return _compiled(
        select(
            signals.c.device,
            signals.c.identity,
            signals.c.boot,
            signals.c.epoch,
            signals.c.seq,
            signals.c.at_us,
        )
        .select_from(devices)
        .join(signals, signals.c.number.in_(newest))
        .order_by(signals.c.number)
    )


LAST_HEARD = _last_heard()

# What the auditor reads, from columns alone (law 2).

AUDIT_ALARMS = _compiled(
    select(alarms.c.id, alarms.c.wake_at_us).where(alarms.c.open).order_by(alarms.c.number)
)
AUDIT_CASES = _compiled(
    select(cases.c.kind, cases.c.id, cases.c.wake_at_us, cases.c.wake_why)
    .where(cases.c.wake_at_us.is_not(None))
    .order_by(cases.c.number)
)
AUDIT_NOTICES = _compiled(
    select(notices.c.id, notices.c.alarm, notices.c.receipt, notices.c.moved_at_us)
    .where(_among(notices.c.receipt, UNFINISHED))
    .order_by(notices.c.number)
)

_LINE = 72
_INDENT = "    "
_HEADING = '''"""Every statement of the SQLite store, as the driver runs it.

Written by `python -m dispatcher.store.sqlite.composed` from the schema; change it there, not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.signals import ReceiptState
'''


def module() -> str:
    """The text of `statements.py`."""
    moves = "".join(
        f"    ReceiptState.{state.name}: {_quoted(text)},\n" for state, text in MOVE_NOTICE.items()
    )
    table = f"MOVE_NOTICE: Mapping[ReceiptState, str] = {{\n{moves}}}\n"
    single = "".join(f"{name} = {_quoted(text)}\n" for name, text in _named())
    return f"{_HEADING}\n{single}{table}"


def _named() -> Iterator[tuple[str, str]]:
    """What is public here and is text: the statements."""
    for name, value in globals().items():
        if name.isupper() and not name.startswith("_") and isinstance(value, str):
            yield name, value


def _quoted(text: str) -> str:
    """In lines of ours: to SQLite a line's end is a blank, and no token of ours holds one."""
    words = " ".join(text.split())
    lines = wrap(words, _LINE, break_long_words=False, break_on_hyphens=False)
    return '"""' + f"\n{_INDENT}".join(lines) + '"""'


if __name__ == "__main__":
    Path(__file__).with_name("statements.py").write_text(module())
