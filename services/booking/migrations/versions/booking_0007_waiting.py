"""Waiting lists."""

revision = "booking_0007"
down_revision = "booking_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
