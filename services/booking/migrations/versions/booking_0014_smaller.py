"""What takes no more than before passes the triggers of shared spaces and equipment, whatever the rules have become."""

from alembic import op

revision = "booking_0014"
down_revision = "booking_0013"
branch_labels = None
depends_on = None

_KEEP_ROOM = """
CREATE OR REPLACE FUNCTION claims_keep_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.share = OLD.share AND NEW.part = OLD.part AND NEW.during <@ OLD.during
       AND NEW.people <= OLD.people AND NEW.traits = OLD.traits THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(1, NEW.part);
    IF crowded(NEW.part, NEW.during, NEW.people, NEW.traits, NEW.holder) && NEW.during THEN
        RAISE EXCEPTION 'the shared space has no room' USING ERRCODE = 'TG001', CONSTRAINT = 'claims_keep_room';
    END IF;
    RETURN NEW;
END
$$
"""
_KEEP_COUNT = """
CREATE OR REPLACE FUNCTION equipment_loans_keep_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.equipment = OLD.equipment AND NEW.during <@ OLD.during
       AND NEW.pieces <= OLD.pieces THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(2, NEW.equipment);
    IF lent_out(NEW.equipment, NEW.during, NEW.pieces, NEW.booking) && NEW.during THEN
        RAISE EXCEPTION 'not so many are left' USING ERRCODE = 'TG002', CONSTRAINT = 'equipment_loans_keep_count';
    END IF;
    RETURN NEW;
END
$$
"""
_ROOM_BEFORE = """
CREATE OR REPLACE FUNCTION claims_keep_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, NEW.part);
    IF crowded(NEW.part, NEW.during, NEW.people, NEW.traits, NEW.holder) && NEW.during THEN
        RAISE EXCEPTION 'the shared space has no room' USING ERRCODE = 'TG001', CONSTRAINT = 'claims_keep_room';
    END IF;
    RETURN NEW;
END
$$
"""
_COUNT_BEFORE = """
CREATE OR REPLACE FUNCTION equipment_loans_keep_count() RETURNS trigger LANGUAGE plpgsql AS $$
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
    op.execute(_KEEP_ROOM)
    op.execute(_KEEP_COUNT)


def downgrade() -> None:
    op.execute(_ROOM_BEFORE)
    op.execute(_COUNT_BEFORE)
