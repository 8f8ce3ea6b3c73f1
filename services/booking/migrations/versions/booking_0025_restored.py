"""After a restore all bookings are told again, and counted."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0025"
down_revision = "booking_0024"
branch_labels = None
depends_on = "kernel_0004"


def upgrade() -> None:
    op.add_column("restatement", sa.Column("complete", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("restatement", sa.Column("until", sa.DateTime(timezone=True)))
    for column in ("told", "expected"):
        op.add_column("restatement", sa.Column(column, sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    for column in ("expected", "told", "until", "complete"):
        op.drop_column("restatement", column)
