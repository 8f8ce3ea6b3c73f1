"""What is told again is found in the outbox without reading all of it."""

from alembic import op

revision = "booking_0013"
down_revision = "booking_0012"
branch_labels = None
depends_on = "kernel_0003"

_TOLD_AGAIN = "type IN ('no.torg.booking.person_erased.v1', 'no.torg.booking.representation_changed.v1')"


def upgrade() -> None:
    op.execute(f"CREATE INDEX outbox_told_again ON outbox (created_at) WHERE {_TOLD_AGAIN}")


def downgrade() -> None:
    op.execute("DROP INDEX outbox_told_again")
