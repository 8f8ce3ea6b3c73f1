"""Restores from a backup: the epoch each began, what listeners take by it, and what emitters no longer know."""

import sqlalchemy as sa
from alembic import op

revision = "kernel_0004"
down_revision = "kernel_0003"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "restores",
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("restored_at", _TIME, nullable=False),
    )
    op.create_table(
        "unknown_subjects",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("settled_at", _TIME),
        sa.Column("settlement", sa.Text),
        sa.CheckConstraint("settlement IN ('kept', 'withdrawn')", name="unknown_subjects_settlement"),
        sa.CheckConstraint("(settled_at IS NULL) = (settlement IS NULL)", name="unknown_subjects_settled"),
    )
    # constant defaults are kept in the catalogue: no row is rewritten
    op.add_column("inbox_subjects", sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("inbox_subjects", sa.Column("anew", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("inbox_subjects", "anew")
    op.drop_column("inbox_subjects", "epoch")
    op.drop_table("unknown_subjects")
    op.drop_table("restores")
