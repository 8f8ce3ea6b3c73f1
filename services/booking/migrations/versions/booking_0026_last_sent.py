"""The last event of each type is found in the outbox without reading all of it."""

from alembic import op

from kernel.migrate import create_index

revision = "booking_0026"
down_revision = "booking_0025"
branch_labels = None
depends_on = "kernel_0001"


def upgrade() -> None:
    create_index("outbox_last_sent", "outbox", ["type", "position"])


def downgrade() -> None:
    op.drop_index("outbox_last_sent", "outbox")
