"""What was imported from other systems, so that it is imported once: by source alone, as a booking may be moved from
one square to another; and what the file said then. Nothing has written the table before."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0011"
down_revision = "booking_0010"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_table("imported_bookings")
    op.create_table(
        "imported_bookings",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("recurrence", sa.Text, primary_key=True),
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id"), nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("imported_bookings")
    op.create_table(
        "imported_bookings",
        sa.Column("square", sa.Text, sa.ForeignKey("squares.id"), primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("occurrence", sa.Text, primary_key=True),
        sa.Column("booking", sa.Uuid, nullable=False),
        sa.Column("imported_at", _INSTANT, nullable=False),
    )
