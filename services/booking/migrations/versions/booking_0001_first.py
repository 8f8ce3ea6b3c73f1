"""Squares with arenas and spaces, actors, bookings, and the claims that keep bookings apart."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0001"
down_revision = None
branch_labels = ("booking",)
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    _create_squares()
    _create_spaces()
    _create_actors()
    _create_bookings()
    _create_claims()
    _create_what_follows_bookings()


def downgrade() -> None:
    tables = "restatement booking_keys claims bookings representatives actors spaces opening_hours arenas squares"
    for table in tables.split():
        op.drop_table(table)


def _create_squares() -> None:
    op.create_table(
        "squares",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", postgresql.JSONB, nullable=False),
    )
    op.create_table(
        "arenas",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("square", sa.Text, sa.ForeignKey("squares.id"), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
    )
    op.create_table(
        "opening_hours",
        sa.Column("arena", sa.Text, sa.ForeignKey("arenas.id"), primary_key=True),
        sa.Column("weekday", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("opens", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("closes", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="opening_hours_have_a_weekday"),
        sa.CheckConstraint("0 <= opens AND opens < closes", name="opening_hours_close_after_they_open"),
    )


def _create_spaces() -> None:
    op.create_table(
        "spaces",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, sa.Identity(), nullable=False, unique=True),
        sa.Column("arena", sa.Text, sa.ForeignKey("arenas.id"), nullable=False, index=True),
        sa.Column("parent", sa.Text, sa.ForeignKey("spaces.id")),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("premises", sa.Text, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("area", sa.Double, nullable=False),
        sa.Column("grid_minutes", sa.Integer, nullable=False),
        sa.Column("min_minutes", sa.Integer, nullable=False),
        sa.Column("max_minutes", sa.Integer, nullable=False),
        sa.Column("notice_minutes", sa.Integer, nullable=False),
        sa.Column("horizon_days", sa.Integer, nullable=False),
        sa.Column("parts", sa.ARRAY(sa.Integer), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )


def _create_actors() -> None:
    op.create_table(
        "actors",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("organisation_number", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('voluntary', 'business', 'municipal')", name="actors_are_of_a_known_kind"),
    )
    op.create_table(
        "representatives",
        sa.Column("actor", sa.Uuid, sa.ForeignKey("actors.id"), primary_key=True),
        sa.Column("person", sa.Uuid, primary_key=True, index=True),
        sa.Column("created_at", _INSTANT, nullable=False),
    )


def _create_bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("space", sa.Text, sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("arena", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("premises", sa.Text, nullable=False),
        sa.Column("begins_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("participants", sa.Integer, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("tenant", sa.Uuid, nullable=False),
        sa.Column("tenant_kind", sa.Text, nullable=False),
        sa.Column("tenant_organisation_number", sa.Text),
        sa.Column("booked_by", sa.Uuid, nullable=False),
        sa.Column("confirm", sa.Text, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("hold_expires_at", _INSTANT, nullable=False),
        sa.Column("price", postgresql.JSONB),
        sa.Column("key", sa.Text),
        sa.Column("opened_at", _INSTANT),
        sa.Column("confirmed_at", _INSTANT),
        sa.Column("cancelled_at", _INSTANT),
        sa.Column("decline_reason", sa.Text),
        sa.CheckConstraint("begins_at < ends_at", name="bookings_end_after_they_begin"),
        sa.CheckConstraint(
            "state IN ('held', 'confirmed', 'cancelled', 'declined', 'expired')", name="bookings_are_in_a_known_state"
        ),
    )
    op.create_index("bookings_of_square", "bookings", ["square", "begins_at", "id"])
    op.create_index("bookings_of_tenant", "bookings", ["tenant", "begins_at", "id"])
    op.create_index("bookings_by_person", "bookings", ["booked_by", "begins_at", "id"])
    op.create_index("bookings_by_end", "bookings", ["ends_at", "id"])
    op.create_index("bookings_held", "bookings", ["hold_expires_at"], postgresql_where=sa.text("state = 'held'"))


def _create_claims() -> None:
    op.create_table(
        "claims",
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id"), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("during", postgresql.TSTZRANGE, nullable=False),
        postgresql.ExcludeConstraint(("part", "="), ("during", "&&"), name="claims_do_not_overlap", using="gist"),
    )


def _create_what_follows_bookings() -> None:
    op.create_table(
        "booking_keys",
        sa.Column("key", sa.Uuid, primary_key=True),
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id"), nullable=False, index=True),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "restatement",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("begun_at", _INSTANT, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("booking", sa.Uuid, nullable=False),
        sa.CheckConstraint("id = 1", name="restatement_has_one_row"),
    )
    op.execute("INSERT INTO restatement VALUES (1, to_timestamp(0), true, to_timestamp(0), gen_random_uuid())")
