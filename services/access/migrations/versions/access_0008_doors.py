"""What arena managers ordered of doors, and what those do since."""

import sqlalchemy as sa
from alembic import op

revision = "access_0008"
down_revision = "access_0007"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "door_orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("lock", sa.Uuid, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("order", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("ordered_by", sa.Text, nullable=False),
    )
    op.create_index("door_orders_at", "door_orders", ["at", "id"])
    op.create_index("door_orders_square", "door_orders", ["square", "at", "id"])
    op.create_index("door_orders_ordered_by", "door_orders", ["ordered_by"])
    op.create_table(
        "door_states",
        sa.Column("lock", sa.Uuid, primary_key=True),
        sa.Column("shut_since", _TIME),
        sa.Column("shut_why", sa.Text),
        sa.Column("works_since", _TIME),
        sa.Column("nothing_without_news", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("door_states")
    op.drop_table("door_orders")
