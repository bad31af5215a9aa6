"""A plan that many alarms run is kept once; an alarm written by an earlier release carries its own.

A migration never imports the present schema: it makes what its release needed, for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_plans")),
        sqlite_with_rowid=False,
    )
    op.add_column("alarms", sa.Column("plan_digest", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("there is no way back: restore the copy made before the migration")
