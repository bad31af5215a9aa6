"""The first schema.

A migration never imports the present schema: it makes what its release needed, for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("wake_at_us", sa.Integer(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_alarms")),
        sa.UniqueConstraint("id", name=op.f("uq_alarms_id")),
    )
    op.create_index(
        "ix_alarms_open", "alarms", ["number"], unique=False, sqlite_where=sa.text("open = 1")
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service_us", sa.Integer(), nullable=False),
        sa.Column("wall_us", sa.Integer(), nullable=False),
        sa.Column("boottime_s", sa.Float(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_table(
        "once",
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_once")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "organisations",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_organisations")),
    )
    op.create_table(
        "presence",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("here", sa.Boolean(), nullable=False),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.Column("until_us", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_presence")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "raw",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_raw")),
    )
    op.create_index("ix_raw_sender", "raw", ["protocol", "sender", "number"], unique=False)
    op.create_table(
        "restores",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at_us", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_restores")),
    )
    op.create_table(
        "signals",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.Column("wall_us", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_signals")),
        sa.UniqueConstraint("identity", name=op.f("uq_signals_identity")),
    )
    op.create_index("ix_signals_device_number", "signals", ["device", "number"], unique=False)
    op.create_table(
        "staff_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_tokens")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "timeline",
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_us", sa.Integer(), nullable=False),
        sa.Column("wall_us", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_alarm", "timeline", ["alarm", "number"], unique=True)
    op.create_table(
        "notices",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("moved_at_us", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["alarm"], ["alarms.id"], name=op.f("fk_notices_alarm")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notices")),
        sa.UniqueConstraint("id", name=op.f("uq_notices_id")),
    )
    op.create_index("ix_notices_alarm", "notices", ["alarm", "number"], unique=False)
    op.create_index(
        "ix_notices_provider",
        "notices",
        ["channel", "provider_ref"],
        unique=False,
        sqlite_where=sa.text("provider_ref <> ''"),
    )
    op.create_index(
        "ix_notices_unfinished",
        "notices",
        ["number"],
        unique=False,
        sqlite_where=sa.text(
            "receipt = 'pending' OR receipt = 'sending' OR receipt = 'maybe_sent'"
        ),
    )
    op.create_table(
        "timeline_bodies",
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry"], ["timeline.entry"], name=op.f("fk_timeline_bodies_entry")
        ),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_timeline_bodies")),
    )
    op.create_table(
        "links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_links_notice")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_links")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("there is no way back: restore the copy made before the migration")
