"""Waiting lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0007"
down_revision = "booking_0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "waitings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("space", sa.Text, sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("arena", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("tenant", sa.Uuid, nullable=False),
        sa.Column("person", sa.Uuid, nullable=False),
        sa.Column("earliest", _INSTANT, nullable=False),
        sa.Column("latest", _INSTANT, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("participants", sa.Integer, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("confirm", sa.Text, nullable=False),
        sa.Column("noise", sa.Text, nullable=False),
        sa.Column("equipment", postgresql.JSONB, nullable=False),
        sa.Column("series", sa.Uuid),
        sa.Column("joined_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id")),
        sa.Column("offered_until", _INSTANT),
        sa.CheckConstraint(
            "state IN ('waiting', 'offered', 'taken', 'passed', 'left', 'over')",
            name="waitings_are_in_a_known_state",
        ),
        sa.CheckConstraint(
            "minutes > 0 AND latest - earliest >= make_interval(mins => minutes)", name="waitings_have_room"
        ),
    )
    op.execute(
        "ALTER TABLE waitings ADD CONSTRAINT waitings_are_not_doubled EXCLUDE USING gist"
        " (tenant WITH =, space WITH =, tstzrange(earliest, latest) WITH &&) WHERE (state = 'waiting')"
    )
    op.create_index("waitings_in_line", "waitings", ["square", "joined_at", "id"], postgresql_where=_WAITING)
    op.create_index(
        "waitings_at",
        "waitings",
        ["square", sa.text("tstzrange(earliest, latest)")],
        postgresql_using="gist",
        postgresql_where=_WAITING,
    )
    op.create_index("waitings_offered", "waitings", ["booking"], postgresql_where=sa.text("state = 'offered'"))
    op.create_index("waitings_of_tenant", "waitings", ["tenant", "joined_at", "id"])
    op.create_index("waitings_by_person", "waitings", ["person"])
    op.create_index("waitings_of_square", "waitings", ["square", "joined_at", "id"])
    op.create_index("waitings_of_series", "waitings", ["series"], postgresql_where=sa.text("series IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("waitings")
