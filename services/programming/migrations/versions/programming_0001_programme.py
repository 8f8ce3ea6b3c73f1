"""The programme: activities, and what spaces are called."""

import sqlalchemy as sa
from alembic import op

revision = "programming_0001"
down_revision = None
branch_labels = ("programming",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("booking", sa.Uuid, nullable=False, unique=True),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("arena", sa.Text, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("begins_at < ends_at", name="activities_time"),
        sa.CheckConstraint("state IN ('scheduled', 'withdrawn')", name="activities_state"),
    )
    scheduled = sa.text("state = 'scheduled'")
    op.create_index("activities_programme", "activities", ["square", "begins_at", "id"], postgresql_where=scheduled)
    op.create_index("activities_begins_at", "activities", ["begins_at", "id"], postgresql_where=scheduled)
    op.create_table(
        "spaces",
        sa.Column("space", sa.Text, primary_key=True),
        sa.Column("space_name", sa.Text, nullable=False),
        sa.Column("arena_name", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("spaces", "activities"):
        op.drop_table(table)
