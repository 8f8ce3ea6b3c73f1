"""The manager's desk: comments on a booking."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0010"
down_revision = "booking_0009"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "booking_comments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id"), nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("author", sa.Uuid, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("written_at", _INSTANT, nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False),
        sa.CheckConstraint("side IN ('tenant', 'house')", name="booking_comments_are_of_a_known_side"),
    )
    op.create_index("booking_comments_of_booking", "booking_comments", ["booking", "id"])
    op.create_index("booking_comments_by_author", "booking_comments", ["author"])
    op.create_index("booking_comments_unseen", "booking_comments", ["booking"], postgresql_where=sa.text("NOT seen"))


def downgrade() -> None:
    op.drop_table("booking_comments")
