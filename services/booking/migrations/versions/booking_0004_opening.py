"""Opening plans, school years, what they come to day by day, and closures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0004"
down_revision = "booking_0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_KINDS = "'staffed', 'extended', 'booked_only'"

# Until the worker reckons them anew, days have what the weekly hours come to.
_LAY_OUT = """
INSERT INTO open_days (arena, day, number, during, kind, why)
SELECT arena, day, row_number() OVER (PARTITION BY arena, day ORDER BY opens, closes) - 1, during, 'staffed',
       '{"rule": "weekly", "name":
         {"nb": "Vanlige åpningstider", "nn": "Vanlege opningstider", "en": "Usual opening hours"}}'
  FROM opening_hours, generate_series(-1, 800) AS number, LATERAL (SELECT current_date + number AS day) AS which,
       LATERAL (SELECT (day + make_interval(mins => opens)) AT TIME ZONE 'Europe/Oslo' AS opening,
                       (day + make_interval(mins => closes)) AT TIME ZONE 'Europe/Oslo' AS closing) AS at,
       LATERAL (SELECT tstzrange(opening, greatest(opening, closing)) AS during) AS span
 WHERE weekday = extract(isodow FROM day) AND opening < closing
"""


_SHARES = (
    "CASE share WHEN uuid_nil() THEN people IS NOT NULL AND traits IS NOT NULL{}"
    " WHEN holder THEN people IS NULL AND traits IS NULL ELSE false END"
)
# what is closed twice is closed: claims of closures may overlap each other
_CLOSED = " WHEN '00000000-0000-0000-0000-000000000001' THEN people IS NULL AND traits IS NULL"


def upgrade() -> None:
    op.add_column("opening_hours", sa.Column("kind", sa.Text, nullable=False, server_default="staffed"))
    op.create_check_constraint("opening_hours_are_of_a_known_kind", "opening_hours", f"kind IN ({_KINDS})")
    op.add_column("arenas", sa.Column("reckoned_until", sa.Date))
    op.add_column("arenas", sa.Column("holidays_edition", sa.Text))
    op.add_column(
        "spaces",
        sa.Column("open_kinds", sa.ARRAY(sa.Text), nullable=False, server_default="{staffed,extended,booked_only}"),
    )
    _create_plans()
    _create_open_days()
    _create_closures()


def downgrade() -> None:
    op.execute("DELETE FROM claims WHERE holder IN (SELECT id FROM closures)")
    _allow_shares(_SHARES.format(""))
    for table in ("closures", "open_days", "school_years", "opening_plans"):
        op.drop_table(table)
    for table, column in (
        ("spaces", "open_kinds"),
        ("arenas", "holidays_edition"),
        ("arenas", "reckoned_until"),
        ("opening_hours", "kind"),
    ):
        op.drop_column(table, column)


def _allow_shares(rule: str) -> None:
    op.drop_constraint("claims_tell_how_they_share", "claims")
    op.create_check_constraint("claims_tell_how_they_share", "claims", rule)


def _create_plans() -> None:
    op.create_table(
        "opening_plans",
        sa.Column("arena", sa.Text, sa.ForeignKey("arenas.id"), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("plan", postgresql.JSONB, nullable=False),
    )
    op.create_table(
        "school_years",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("holidays", postgresql.JSONB, nullable=False),
        sa.CheckConstraint("first_day <= last_day", name="school_years_end_after_they_begin"),
    )


def _create_open_days() -> None:
    op.create_table(
        "open_days",
        sa.Column("arena", sa.Text, sa.ForeignKey("arenas.id"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("during", postgresql.TSTZRANGE, nullable=False),
        sa.Column("kind", sa.Text),
        sa.Column("why", postgresql.JSONB, nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="open_days_are_of_a_known_kind"),
        sa.CheckConstraint("(kind IS NULL) = isempty(during)", name="open_days_are_of_a_kind_when_open"),
    )
    op.execute(_LAY_OUT)


def _create_closures() -> None:
    _allow_shares(_SHARES.format(_CLOSED))
    op.create_table(
        "closures",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("square", sa.Text, sa.ForeignKey("squares.id"), nullable=False),
        sa.Column("arena", sa.Text, sa.ForeignKey("arenas.id"), nullable=False),
        sa.Column("space", sa.Text, sa.ForeignKey("spaces.id")),
        sa.Column("begins_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("reason", postgresql.JSONB, nullable=False),
        sa.Column("announced_by", sa.Uuid, nullable=False),
        sa.Column("announced_at", _INSTANT, nullable=False),
        sa.Column("lifted_by", sa.Uuid),
        sa.Column("lifted_at", _INSTANT),
        sa.CheckConstraint("begins_at < ends_at", name="closures_end_after_they_begin"),
        sa.CheckConstraint("state IN ('announced', 'lifted')", name="closures_are_in_a_known_state"),
        sa.CheckConstraint("kind IN ('closure', 'maintenance')", name="closures_are_of_a_known_kind"),
        sa.CheckConstraint("(state = 'lifted') = (lifted_at IS NOT NULL)", name="closures_tell_when_they_were_lifted"),
    )
    op.create_index("closures_of_square", "closures", ["square", "begins_at", "id"])
    op.create_index("closures_ahead", "closures", ["arena", "ends_at"], postgresql_where=sa.text("state = 'announced'"))
