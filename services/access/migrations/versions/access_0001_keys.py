"""Locks, keys, the entry log, and the memory of simulated locks."""

import sqlalchemy as sa
from alembic import op

revision = "access_0001"
down_revision = None
branch_labels = ("access",)
depends_on = None

_QUARTER = sa.text("interval '15 minutes'")


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    _create_locks()
    _create_keys()
    _create_entries()
    _create_simulated_locks()


def _create_locks() -> None:
    op.create_table(
        "locks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("space", sa.Text, nullable=False, unique=True),
        sa.Column("arena", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("space_name", sa.Text),
        sa.Column("arena_name", sa.Text),
        sa.Column("margin_before", sa.Interval, nullable=False, server_default=_QUARTER),
        sa.Column("margin_after", sa.Interval, nullable=False, server_default=_QUARTER),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("least(margin_before, margin_after) >= interval '0'", name="locks_margins"),
    )
    op.create_index("locks_square", "locks", ["square", "space"])
    op.create_index("locks_checked_at", "locks", ["checked_at"])


def _create_keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("booking", sa.Uuid, nullable=False, unique=True),
        sa.Column("booked_by", sa.Text, nullable=False),
        sa.Column("lock", sa.Uuid, sa.ForeignKey("locks.id"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_digest", sa.LargeBinary, nullable=False),
        sa.Column("sealed_code", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_from < valid_until", name="keys_validity"),
        sa.CheckConstraint("state IN ('issued', 'armed', 'revoked')", name="keys_state"),
        sa.CheckConstraint("(state = 'revoked') = (sealed_code IS NULL)", name="keys_revoked_have_no_code"),
    )
    # A revoked key's code counts, too: who had it must not find that it opens for somebody else.
    op.execute(
        "ALTER TABLE keys ADD CONSTRAINT keys_code_is_one_keys_only EXCLUDE USING gist"
        " (lock WITH =, code_digest WITH =, tstzrange(valid_from, valid_until) WITH &&)"
    )
    op.create_index("keys_booked_by", "keys", ["booked_by", "valid_from", "id"])
    op.create_index("keys_lock", "keys", ["lock", "valid_until"])


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lock", sa.Uuid, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("refusal", sa.Text),
        sa.Column("key", sa.Uuid),
        sa.Column("booking", sa.Uuid),
        sa.CheckConstraint("refusal IS NOT NULL OR key IS NOT NULL", name="entries_opened_by_a_key"),
    )
    op.create_index("entries_at", "entries", ["at", "id"])
    op.create_index("entries_square", "entries", ["square", "at", "id"])


def _create_simulated_locks() -> None:
    op.create_table(
        "simulated_lock_wrong_codes",
        sa.Column("lock", sa.Uuid, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "simulated_lock_memory",
        sa.Column("lock", sa.Uuid, primary_key=True),
        sa.Column("key", sa.Uuid, primary_key=True),
        sa.Column("code_digest", sa.LargeBinary, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    for table in ("simulated_lock_memory", "simulated_lock_wrong_codes", "entries", "keys", "locks"):
        op.drop_table(table)
