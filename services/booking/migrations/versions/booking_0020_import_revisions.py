"""What an import has to remember to judge the next one: which version of each event it read, booked or not, and when
the file said that a booking begins, wherever the house has moved it since."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0020"
down_revision = "booking_0019"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "imported_bookings", sa.Column("begins_at", _INSTANT, comment="what the file said; null: not remembered")
    )
    op.create_table(
        "imported_revisions",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("recurrence", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer),
        sa.Column("changed_at", _INSTANT),
        sa.Column("stamped_at", _INSTANT),
    )


def downgrade() -> None:
    op.drop_table("imported_revisions")
    op.drop_column("imported_bookings", "begins_at")
