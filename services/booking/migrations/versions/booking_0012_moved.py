"""Bookings know whether the municipality has moved them."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0012"
down_revision = "booking_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # what was moved before stays as it is: it was told what cancelling costs
    op.add_column("bookings", sa.Column("moved_by_house", sa.Boolean, nullable=False, server_default=sa.text("false")))


def downgrade() -> None:
    op.drop_column("bookings", "moved_by_house")
