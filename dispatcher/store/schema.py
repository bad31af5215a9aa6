"""The tables of the store. Columns are what is searched by; `state` is the rest, as JSON.

Every index is a page more to write with each press: there is none that another can stand in for.
Columns that end in `_us` are instants (`dispatcher.store.instants`). A change here needs a
migration beside it: a test compares the two (`migrate.REVISION` is the newest), and
`python -m dispatcher.store.sqlite.composed` afterwards.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

_UNFINISHED = "receipt = 'pending' OR receipt = 'sending' OR receipt = 'maybe_sent'"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

signals = Table(
    "signals",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("identity", Text, nullable=False, unique=True),
    Column("id", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("boot", Text),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer),
    Column("at_us", Integer, nullable=False),
    Column("wall_us", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("ix_signals_device_number", "device", "number"),
)

alarms = Table(
    "alarms",
    metadata,
    # The number is the order they were opened in: pages run along it.
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("site", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("open", Boolean(create_constraint=False), nullable=False),
    # The auditor reads this one alone, so that it trusts as little of us as possible (law 2).
    Column("wake_at_us", Integer),
    # Where its timeline ends, noted apart from the timeline itself.
    Column("entries", Integer, nullable=False),
    Column("head", Text, nullable=False),
    Column("state_version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
    # The `digest` of its plan; None: an earlier release wrote the plan into the state.
    Column("plan_digest", Text),
    Index("ix_alarms_open", "number", sqlite_where=text("open = 1")),
)

plans = Table(
    "plans",
    metadata,
    # Many alarms run one plan, and none of them changes it.
    Column("digest", Text, primary_key=True),
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

cases = Table(
    "cases",
    metadata,
    # Timed cases of every other kind. Alarms have their own table: its columns are searched by.
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    # The next moment; without one it is over.
    Column("wake_at_us", Integer),
    Column("wake_why", Text, nullable=False),
    Column("state_version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("ix_cases_kind_id", "kind", "id", unique=True),
    Index("ix_cases_open", "number", sqlite_where=text("wake_at_us IS NOT NULL")),
)

notices = Table(
    "notices",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("alarm", Text, ForeignKey("alarms.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("provider_ref", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("moved_at_us", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("state_version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Index("ix_notices_alarm", "alarm", "number"),
    Index(
        "ix_notices_provider", "channel", "provider_ref", sqlite_where=text("provider_ref <> ''")
    ),
    Index("ix_notices_unfinished", "number", sqlite_where=text(_UNFINISHED)),
)

links = Table(
    "links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("notice", Text, ForeignKey("notices.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("alarm", Text, nullable=False),
    sqlite_with_rowid=False,
)

timeline = Table(
    "timeline",
    metadata,
    # Counts all entries of all alarms: a checkpoint says up to where it looked.
    Column("entry", Integer, primary_key=True),
    Column("alarm", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at_us", Integer, nullable=False),
    Column("wall_us", Integer, nullable=False),
    Column("what", Text, nullable=False),
    Column("digest", Text, nullable=False),
    # The beginning of the hash that stands with the entry before; earlier releases wrote it whole.
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_timeline_alarm", "alarm", "number", unique=True),
)

timeline_bodies = Table(
    "timeline_bodies",
    metadata,
    Column("entry", Integer, ForeignKey("timeline.entry"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("body", Text, nullable=False),
)

raw = Table(
    "raw",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at_us", Integer, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_raw_sender", "protocol", "sender", "number"),
)

presence = Table(
    "presence",
    metadata,
    Column("person", Text, primary_key=True),
    Column("here", Boolean(create_constraint=False), nullable=False),
    Column("at_us", Integer, nullable=False),
    Column("until_us", Integer),
    sqlite_with_rowid=False,
)

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("service_us", Integer, nullable=False),
    Column("wall_us", Integer, nullable=False),
    Column("boottime_s", Float, nullable=False),
    Column("boot", Text, nullable=False),
)

organisations = Table(
    "organisations",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("at_us", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("state_version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

staff_tokens = Table(
    "staff_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("at_us", Integer, nullable=False),
    sqlite_with_rowid=False,
)

once = Table(
    "once",
    metadata,
    # Units that may come twice and must count once (the journal's replay).
    Column("name", Text, primary_key=True),
    sqlite_with_rowid=False,
)

restores = Table(
    "restores",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at_us", Integer, nullable=False),
    Column("confirmed_by", Text),
    Column("confirmed_at_us", Integer),
)
