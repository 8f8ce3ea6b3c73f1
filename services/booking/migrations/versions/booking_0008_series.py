"""Series."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0008"
down_revision = "booking_0007"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ON_THE_WALL = sa.DateTime(timezone=False)


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("space", sa.Text, sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("arena", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("tenant", sa.Uuid, nullable=False),
        sa.Column("tenant_kind", sa.Text, nullable=False),
        sa.Column("tenant_organisation_number", sa.Text),
        sa.Column("booked_by", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("participants", sa.Integer, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("confirm", sa.Text, nullable=False),
        sa.Column("noise", sa.Text, nullable=False),
        sa.Column("equipment", postgresql.JSONB, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("starts", _ON_THE_WALL, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text),
        sa.Column("dates", sa.ARRAY(_ON_THE_WALL), nullable=False),
        sa.Column("excepted", sa.ARRAY(_ON_THE_WALL), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
    )
    op.create_index("series_of_square", "series", ["square", "created_at", "id"])
    op.create_index("series_of_tenant", "series", ["tenant", "created_at", "id"])
    op.create_index("series_by_person", "series", ["booked_by", "created_at", "id"])
    op.create_table(
        "series_steps",
        sa.Column("series", sa.Uuid, sa.ForeignKey("series.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.Uuid),
        sa.Column("why", sa.Text),
        sa.Column("bookings", sa.Integer, nullable=False),
    )
    op.create_table(
        "series_skipped",
        sa.Column("series", sa.Uuid, sa.ForeignKey("series.id"), primary_key=True),
        sa.Column("begins_at", _INSTANT, primary_key=True),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("booking", sa.Uuid),
    )


def downgrade() -> None:
    for table in ("series_skipped", "series_steps", "series"):
        op.drop_table(table)
