"""Bookings know what is left of the time to pay, so that moving them to and fro does not give all of it again."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0024"
down_revision = "booking_0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "when it was moved while it waited to be paid; null: all of it"
    op.add_column("bookings", sa.Column("payment_left", sa.Interval, comment=comment))


def downgrade() -> None:
    op.drop_column("bookings", "payment_left")
