"""What tenants move away from before they have confirmed it is remembered: they don't wait for that."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "booking_0027"
down_revision = "booking_0026"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "let_go",
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, comment="with which its tenant moved it"),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("begins_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("setup_minutes", sa.Integer, nullable=False),
        sa.Column("clearing_minutes", sa.Integer, nullable=False),
        sa.Column("equipment", JSONB, nullable=False, comment="pieces by the equipment's id"),
        comment="what tenants moved away from before they had confirmed it: they don't wait for that",
    )


def downgrade() -> None:
    op.drop_table("let_go")
