"""Calendar feeds, and what was imported."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0009"
down_revision = "booking_0008"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("space", sa.Text, sa.ForeignKey("spaces.id")),
        sa.Column("square", sa.Text, sa.ForeignKey("squares.id")),
        sa.Column("actor", sa.Uuid),
        sa.Column("expires_at", _INSTANT),
        sa.CheckConstraint("num_nonnulls(space, square, actor) = 1", name="calendar_feeds_are_of_one_thing"),
        sa.CheckConstraint("detail IN ('public', 'full')", name="calendar_feeds_tell_how_much_they_show"),
    )
    op.create_index("calendar_feeds_by_person", "calendar_feeds", ["made_by", "id"])
    op.create_table(
        "imported_bookings",
        sa.Column("square", sa.Text, sa.ForeignKey("squares.id"), primary_key=True),
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("occurrence", sa.Text, primary_key=True),
        sa.Column("booking", sa.Uuid, nullable=False),
        sa.Column("imported_at", _INSTANT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("imported_bookings")
    op.drop_table("calendar_feeds")
