"""Which booking has the place and time of one whose key is suspended, as booking lost it in a restore."""

import sqlalchemy as sa
from alembic import op

revision = "access_0005"
down_revision = "access_0004"
branch_labels = None
depends_on = "kernel_0004"


def upgrade() -> None:
    op.add_column("keys", sa.Column("suspended_for", sa.Uuid))


def downgrade() -> None:
    op.drop_column("keys", "suspended_for")
