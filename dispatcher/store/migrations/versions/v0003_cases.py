"""Timed cases of other kinds than alarms.

A migration never imports the present schema: it makes what its release needed, for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("wake_at_us", sa.Integer(), nullable=True),
        sa.Column("wake_why", sa.Text(), nullable=False),
        sa.Column("state_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_kind_id", "cases", ["kind", "id"], unique=True)
    op.create_index(
        "ix_cases_open",
        "cases",
        ["number"],
        unique=False,
        sqlite_where=sa.text("wake_at_us IS NOT NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("there is no way back: restore the copy made before the migration")
