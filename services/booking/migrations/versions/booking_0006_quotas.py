"""Fair use: groups of spaces, and the quotas that hold in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0006"
down_revision = "booking_0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "space_groups",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("prime", postgresql.JSONB, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("changed_by", sa.Uuid, nullable=False),
    )
    op.create_table(
        "space_group_places",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("space_group", sa.Text, sa.ForeignKey("space_groups.id"), primary_key=True, index=True),
        sa.CheckConstraint(
            "scope IN ('square', 'arena', 'space', 'premises')", name="space_groups_are_of_known_scopes"
        ),
    )
    _create_quotas()


def downgrade() -> None:
    for table in ("quotas", "space_group_places", "space_groups"):
        op.drop_table(table)


def _create_quotas() -> None:
    op.create_table(
        "quotas",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("space_group", sa.Text, sa.ForeignKey("space_groups.id"), nullable=False, index=True),
        sa.Column("category", sa.Text),
        sa.Column("actor", sa.Uuid, sa.ForeignKey("actors.id")),
        sa.Column("week_minutes", sa.Integer),
        sa.Column("prime_week_minutes", sa.Integer),
        sa.Column("open_bookings", sa.Integer),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("changed_by", sa.Uuid, nullable=False),
        sa.CheckConstraint("num_nonnulls(category, actor) = 1", name="quotas_are_of_a_category_or_an_actor"),
        sa.CheckConstraint(
            "num_nonnulls(week_minutes, prime_week_minutes, open_bookings) > 0", name="quotas_limit_something"
        ),
        sa.CheckConstraint("valid_from <= valid_until", name="quotas_end_after_they_begin"),
        sa.CheckConstraint(
            "category IN ('resident', 'voluntary', 'business', 'municipal')", name="quotas_are_of_a_known_category"
        ),
    )
