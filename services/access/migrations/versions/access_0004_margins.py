"""What keys exclude each other, and when the bookings of keys end: margins end at the times of others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "access_0004"
down_revision = "access_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # an earlier release beside this one writes rows without them
    op.add_column("locks", sa.Column("parts", postgresql.ARRAY(sa.Text), nullable=False, server_default="{}"))
    op.add_column("locks", sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE locks SET parts = ARRAY[space]")
    op.add_column("keys", sa.Column("ends_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE keys SET ends_at = valid_until - margin_after,"
        " begins_at = coalesce(begins_at, valid_from + margin_before)"
        " FROM locks WHERE locks.id = keys.lock AND valid_until > now()"
        " AND valid_from + margin_before < valid_until - margin_after"
    )


def downgrade() -> None:
    op.drop_column("keys", "ends_at")
    op.drop_column("locks", "shared")
    op.drop_column("locks", "parts")
