"""Which orders of doors were in the interest of who gave them; and when a right to act for somebody ended."""

import sqlalchemy as sa
from alembic import op

revision = "access_0009"
down_revision = "access_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    own = sa.Column("own_interest", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("door_orders", own)
    op.add_column("representations", sa.Column("ended_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("representations", "ended_at")
    op.drop_column("door_orders", "own_interest")
