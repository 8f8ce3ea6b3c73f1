"""What a booking takes: claims that closures and shared spaces can take too, buffers, equipment, and its history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0002"
down_revision = "booking_0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_STATES = (
    "'held', 'awaiting_approval', 'awaiting_payment', 'confirmed', 'in_use', 'completed', "
    "'cancelled', 'declined', 'expired', 'released'"
)

_CROWDED = """
CREATE FUNCTION crowded(wanted integer, span tstzrange, people integer, traits jsonb, besides uuid)
RETURNS tstzmultirange LANGUAGE sql STABLE AS $$
    WITH here AS (
        SELECT claims.during * span AS during, claims.people, claims.traits
          FROM claims
         WHERE part = wanted AND claims.during && span AND share = uuid_nil() AND holder IS DISTINCT FROM besides
    ), changes AS (
        SELECT at, sum(more) AS more, sum(groups) AS groups
          FROM here, LATERAL (
            VALUES (lower(during), here.people, 1), (upper(during), -here.people, -1)
          ) AS edge (at, more, groups)
         GROUP BY at
    ), stretches AS (
        SELECT tstzrange(at, lead(at) OVER along) AS during,
               sum(more) OVER along AS people, sum(groups) OVER along AS groups
          FROM changes
        WINDOW along AS (ORDER BY at)
    ), space AS (
        SELECT capacity, coalesce(sharing, '{"groups": 1, "apart": []}') AS sharing FROM spaces WHERE number = wanted
    )
    SELECT coalesce(range_agg(no_room.during), '{}')
      FROM (
        SELECT stretches.during FROM stretches, space
         WHERE stretches.people + crowded.people > capacity OR stretches.groups + 1 > (sharing->>'groups')::integer
        UNION ALL
        SELECT here.during FROM here, space
         WHERE EXISTS (
            SELECT FROM jsonb_array_elements(sharing->'apart') AS pair
             WHERE crowded.traits @> (pair->0) AND here.traits @> (pair->1)
                OR crowded.traits @> (pair->1) AND here.traits @> (pair->0)
         )
        UNION ALL
        SELECT span FROM space WHERE crowded.people > capacity
      ) AS no_room
$$
"""
_LENT_OUT = """
CREATE FUNCTION lent_out(wanted integer, span tstzrange, pieces integer, besides uuid)
RETURNS tstzmultirange LANGUAGE sql STABLE AS $$
    WITH changes AS (
        SELECT at, sum(more) AS more
          FROM equipment_loans, LATERAL (
            VALUES (lower(during * span), equipment_loans.pieces), (upper(during * span), -equipment_loans.pieces)
          ) AS edge (at, more)
         WHERE equipment = wanted AND during && span AND booking IS DISTINCT FROM besides
         GROUP BY at
    ), stretches AS (
        SELECT tstzrange(at, lead(at) OVER (ORDER BY at)) AS during, sum(more) OVER (ORDER BY at) AS lent FROM changes
    )
    SELECT coalesce(range_agg(short.during), '{}')
      FROM (
        SELECT stretches.during FROM stretches, equipment
         WHERE number = wanted AND lent + lent_out.pieces > pieces_owned
        UNION ALL
        SELECT span FROM equipment WHERE number = wanted AND lent_out.pieces > pieces_owned
      ) AS short
$$
"""
_KEEP_ROOM = """
CREATE FUNCTION claims_keep_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, NEW.part);
    IF crowded(NEW.part, NEW.during, NEW.people, NEW.traits, NEW.holder) && NEW.during THEN
        RAISE EXCEPTION 'the shared space has no room' USING ERRCODE = 'TG001', CONSTRAINT = 'claims_keep_room';
    END IF;
    RETURN NEW;
END
$$
"""
_KEEP_COUNT = """
CREATE FUNCTION equipment_loans_keep_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(2, NEW.equipment);
    IF lent_out(NEW.equipment, NEW.during, NEW.pieces, NEW.booking) && NEW.during THEN
        RAISE EXCEPTION 'not so many are left' USING ERRCODE = 'TG002', CONSTRAINT = 'equipment_loans_keep_count';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    _describe_spaces()
    _lengthen_bookings()
    _open_claims()
    _lend_equipment()
    _keep_history()


def downgrade() -> None:
    op.execute("DROP TRIGGER equipment_loans_keep_count ON equipment_loans")
    op.execute("DROP TRIGGER claims_keep_room ON claims")
    for function in ("equipment_loans_keep_count", "claims_keep_room", "lent_out", "crowded"):
        op.execute(f"DROP FUNCTION {function}")
    for table in ("booking_steps", "equipment_loans", "equipment"):
        op.drop_table(table)
    op.execute("DELETE FROM claims WHERE holder NOT IN (SELECT id FROM bookings)")
    op.drop_constraint("claims_do_not_overlap", "claims")
    for column in ("share", "people", "traits"):
        op.drop_column("claims", column)
    op.alter_column("claims", "holder", new_column_name="booking")
    op.create_foreign_key("claims_booking_fkey", "claims", "bookings", ["booking"], ["id"])
    op.execute(
        "ALTER TABLE claims ADD CONSTRAINT claims_do_not_overlap EXCLUDE USING gist (part WITH =, during WITH &&)"
    )
    op.execute("DROP FUNCTION uuid_nil")
    _shorten_bookings()
    for column in [
        "features",
        "floor",
        "noise",
        "pictures",
        "joins",
        "sharing",
        "setup_minutes",
        "clearing_minutes",
        "approval",
        "prepay",
        "release_minutes",
        "purposes",
        "audiences",
    ]:
        op.drop_column("spaces", column)


def _describe_spaces() -> None:
    for column in (
        sa.Column("features", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("floor", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("noise", sa.Text, nullable=False, server_default="loud"),
        sa.Column("pictures", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("joins", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("sharing", postgresql.JSONB),
        sa.Column("setup_minutes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("clearing_minutes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("approval", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("prepay", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("release_minutes", sa.Integer),
        sa.Column("purposes", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("audiences", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    ):
        op.add_column("spaces", column)


def _lengthen_bookings() -> None:
    for column in (
        sa.Column("noise", sa.Text, nullable=False, server_default="normal"),
        sa.Column("equipment", postgresql.JSONB, nullable=False, server_default="{}"),
        sa.Column("series", sa.Uuid),
        sa.Column("shared", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("setup_minutes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("clearing_minutes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("needs_approval", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("needs_payment", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("release_at", _INSTANT),
        sa.Column("cancelled_by", sa.Text),
        sa.Column("timed_version", sa.Integer, nullable=False, server_default="1"),
    ):
        op.add_column("bookings", column)
    op.execute("UPDATE bookings SET cancelled_by = 'tenant' WHERE state = 'cancelled'")
    op.drop_constraint("bookings_are_in_a_known_state", "bookings")
    op.create_check_constraint("bookings_are_in_a_known_state", "bookings", f"state IN ({_STATES})")
    op.drop_index("bookings_held", "bookings")
    op.create_index(
        "bookings_waiting",
        "bookings",
        ["hold_expires_at"],
        postgresql_where=sa.text("state IN ('held', 'awaiting_approval', 'awaiting_payment')"),
    )
    op.create_index(
        "bookings_under_way", "bookings", ["ends_at"], postgresql_where=sa.text("state IN ('confirmed', 'in_use')")
    )
    op.create_index("bookings_of_series", "bookings", ["series"], postgresql_where=sa.text("series IS NOT NULL"))


def _shorten_bookings() -> None:
    op.drop_index("bookings_of_series", "bookings")
    op.drop_index("bookings_under_way", "bookings")
    op.drop_index("bookings_waiting", "bookings")
    op.create_index("bookings_held", "bookings", ["hold_expires_at"], postgresql_where=sa.text("state = 'held'"))
    op.drop_constraint("bookings_are_in_a_known_state", "bookings")
    op.execute(
        "UPDATE bookings SET state = CASE WHEN state LIKE 'awaiting%' THEN 'held' WHEN state = 'released'"
        " THEN 'cancelled' ELSE 'confirmed' END"
        " WHERE state IN ('awaiting_approval', 'awaiting_payment', 'in_use', 'completed', 'released')"
    )
    op.create_check_constraint(
        "bookings_are_in_a_known_state",
        "bookings",
        "state IN ('held', 'confirmed', 'cancelled', 'declined', 'expired')",
    )
    for column in [
        "noise",
        "equipment",
        "series",
        "shared",
        "setup_minutes",
        "clearing_minutes",
        "needs_approval",
        "needs_payment",
        "release_at",
        "cancelled_by",
        "timed_version",
    ]:
        op.drop_column("bookings", column)


def _open_claims() -> None:
    op.execute(
        "CREATE FUNCTION uuid_nil() RETURNS uuid LANGUAGE sql IMMUTABLE"
        " AS $$ SELECT uuid '00000000-0000-0000-0000-000000000000' $$"
    )
    op.drop_constraint("claims_do_not_overlap", "claims")
    # a closure takes claims, too; and the lock of a foreign key is one more thing for rivals to wait for
    op.drop_constraint("claims_booking_fkey", "claims", type_="foreignkey")
    op.alter_column("claims", "booking", new_column_name="holder")
    op.add_column("claims", sa.Column("share", sa.Uuid))
    op.add_column("claims", sa.Column("people", sa.Integer))
    op.add_column("claims", sa.Column("traits", postgresql.JSONB))
    op.execute("UPDATE claims SET share = holder")
    op.alter_column("claims", "share", nullable=False)
    op.execute(
        "ALTER TABLE claims ADD CONSTRAINT claims_do_not_overlap"
        " EXCLUDE USING gist (part WITH =, during WITH &&, share WITH <>)"
    )
    op.create_check_constraint(
        "claims_tell_how_they_share",
        "claims",
        "CASE share WHEN uuid_nil() THEN people IS NOT NULL AND traits IS NOT NULL"
        " WHEN holder THEN people IS NULL AND traits IS NULL ELSE false END",
    )
    op.execute(_CROWDED)
    op.execute(_KEEP_ROOM)
    op.execute(
        "CREATE TRIGGER claims_keep_room BEFORE INSERT OR UPDATE ON claims FOR EACH ROW"
        " WHEN (NEW.share = '00000000-0000-0000-0000-000000000000') EXECUTE FUNCTION claims_keep_room()"
    )


def _lend_equipment() -> None:
    op.create_table(
        "equipment",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, sa.Identity(), nullable=False, unique=True),
        sa.Column("arena", sa.Text, sa.ForeignKey("arenas.id"), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", postgresql.JSONB, nullable=False),
        sa.Column("pieces_owned", sa.Integer, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_table(
        "equipment_loans",
        sa.Column("booking", sa.Uuid, primary_key=True),
        sa.Column("equipment", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("during", postgresql.TSTZRANGE, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.CheckConstraint("pieces > 0", name="equipment_loans_are_of_something"),
    )
    op.create_index("equipment_loans_at", "equipment_loans", ["equipment", "during"], postgresql_using="gist")
    op.execute(_LENT_OUT)
    op.execute(_KEEP_COUNT)
    op.execute(
        "CREATE TRIGGER equipment_loans_keep_count BEFORE INSERT OR UPDATE ON equipment_loans FOR EACH ROW"
        " EXECUTE FUNCTION equipment_loans_keep_count()"
    )


def _keep_history() -> None:
    op.create_table(
        "booking_steps",
        sa.Column("booking", sa.Uuid, sa.ForeignKey("bookings.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("by", sa.Uuid),
        sa.Column("why", sa.Text),
    )
