"""How old access's news of bookings is, and the time of each booking in the memory of locks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "access_0006"
down_revision = "access_0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("sent_at", _TIME, nullable=False, index=True),
        sa.Column("last", postgresql.JSONB, nullable=False),
        sa.Column("restated_since", _TIME),
    )
    op.create_table(
        "news",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("known_at", _TIME, nullable=False),
        sa.Column("fresh_since", _TIME, nullable=False),
        sa.Column("restated_since", _TIME),
    )
    op.add_column("simulated_lock_memory", sa.Column("begins_at", _TIME))
    op.add_column("simulated_lock_memory", sa.Column("ends_at", _TIME))
    op.execute(
        "UPDATE simulated_lock_memory AS memory SET begins_at = keys.begins_at, ends_at = keys.ends_at"
        " FROM keys WHERE keys.id = memory.key AND keys.lock = memory.lock AND memory.valid_until > now()"
    )


def downgrade() -> None:
    op.drop_column("simulated_lock_memory", "ends_at")
    op.drop_column("simulated_lock_memory", "begins_at")
    op.drop_table("news")
    op.drop_table("heartbeats")
