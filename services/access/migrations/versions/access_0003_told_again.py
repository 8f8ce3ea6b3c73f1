"""What is told again is found in the outbox without reading all of it."""

from alembic import op

revision = "access_0003"
down_revision = "access_0002"
branch_labels = None
depends_on = "kernel_0003"

_TOLD_AGAIN = "type IN ('no.torg.access.key_unused.v1')"


def upgrade() -> None:
    op.execute(f"CREATE INDEX outbox_told_again ON outbox (created_at) WHERE {_TOLD_AGAIN}")


def downgrade() -> None:
    op.execute("DROP INDEX outbox_told_again")
