"""Bookings whose titles went with the person who wrote them."""

import sqlalchemy as sa
from alembic import op

revision = "programming_0003"
down_revision = "programming_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("untitled_bookings", sa.Column("booking", sa.Uuid, primary_key=True))


def downgrade() -> None:
    op.drop_table("untitled_bookings")
