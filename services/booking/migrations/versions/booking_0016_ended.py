"""When a booking that was under way gave back the rest of its time."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0016"
down_revision = "booking_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "bookings",
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            comment="when it gave back the rest of its time, once that was under way",
        ),
    )
    # each of these is its booking's last step, which is when it changed last
    op.execute(
        "UPDATE bookings SET ended_at = changed_at WHERE changed_at < ends_at "
        "AND (state IN ('completed', 'released') OR state = 'cancelled' AND changed_at >= begins_at)"
    )


def downgrade() -> None:
    op.drop_column("bookings", "ended_at")
