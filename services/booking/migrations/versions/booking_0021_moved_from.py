"""What a moved booking has to remember until its new price is known: that the price it has is of before, and where its
tenant moved it from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "booking_0021"
down_revision = "booking_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    outdated = sa.Column("price_outdated", sa.Boolean, nullable=False, server_default=sa.false(), comment="moved since")
    op.add_column("bookings", outdated)
    was = sa.Column("moved_from", JSONB, comment="until its price there is known; null: not moved")
    op.add_column("bookings", was)


def downgrade() -> None:
    op.drop_column("bookings", "moved_from")
    op.drop_column("bookings", "price_outdated")
