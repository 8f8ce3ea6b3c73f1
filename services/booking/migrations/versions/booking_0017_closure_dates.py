"""A closure may recur: each of its dates takes its own claims."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0017"
down_revision = "booking_0016"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("closures", sa.Column("recurrence", postgresql.JSONB, comment="null: once"))
    op.create_table(
        "closure_dates",
        sa.Column("id", sa.Uuid, primary_key=True, comment="holds the claims of the date"),
        sa.Column("closure", sa.Uuid, sa.ForeignKey("closures.id"), nullable=False),
        sa.Column("begins_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("lifted_at", _INSTANT),
        sa.Column("lifted_by", sa.Uuid),
        sa.UniqueConstraint("closure", "begins_at", name="closure_dates_begin_once"),
        sa.CheckConstraint("begins_at < ends_at", name="closure_dates_end_after_they_begin"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM claims WHERE holder IN (SELECT id FROM closure_dates)")
    op.drop_table("closure_dates")
    op.drop_column("closures", "recurrence")
