"""Erasures that are not in the journal yet, which is kept apart from the backups."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0030"
down_revision = "booking_0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unjournaled_erasures",
        sa.Column("pseudonym", sa.Uuid, primary_key=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        comment="a row is deleted as soon as the journal has it",
    )


def downgrade() -> None:
    op.drop_table("unjournaled_erasures")
