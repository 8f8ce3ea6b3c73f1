"""Which managers there are of a square, by having called; so that a service knows whether another is left to decide."""

import sqlalchemy as sa
from alembic import op

revision = "kernel_0006"
down_revision = "kernel_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "square_managers",
        sa.Column("square", sa.Text, primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("seen_on", sa.Date, nullable=False, comment="the last local day they came"),
    )


def downgrade() -> None:
    op.drop_table("square_managers")
