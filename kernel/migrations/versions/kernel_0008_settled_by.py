"""Who decided on what was lost in a restore, and why."""

import sqlalchemy as sa
from alembic import op

revision = "kernel_0008"
down_revision = "kernel_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("settled_by", "why"):
        op.add_column("unknown_subjects", sa.Column(name, sa.Text))


def downgrade() -> None:
    for name in ("settled_by", "why"):
        op.drop_column("unknown_subjects", name)
