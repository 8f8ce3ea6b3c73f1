"""One credential for a series, keys that wait for a decision, who may act for whom, and who did not come."""

import sqlalchemy as sa
from alembic import op

revision = "access_0002"
down_revision = "access_0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _grow_keys()
    op.drop_constraint("keys_state", "keys")
    op.create_check_constraint("keys_state", "keys", "state IN ('issued', 'armed', 'suspended', 'revoked')")
    _share_codes_within(", credential WITH <>")
    op.create_index("keys_credential", "keys", ["credential"])
    op.create_index("keys_tenant", "keys", ["tenant", "valid_from", "id"])
    waiting = sa.text("release_at IS NOT NULL AND NOT unused_told AND state = 'armed'")
    op.create_index("keys_release_at", "keys", ["release_at"], postgresql_where=waiting)
    op.create_index("entries_opened", "entries", ["key"], postgresql_where=sa.text("refusal IS NULL"))
    op.create_table(
        "representations",
        sa.Column("actor", sa.Uuid, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("until", sa.Date),
        sa.PrimaryKeyConstraint("actor", "person"),
    )
    op.create_index("representations_person", "representations", ["person"])
    # what is known of locks from before is that nothing was said against them
    long_since = sa.text("timestamptz '1970-01-01 00:00Z'")
    op.add_column("simulated_lock_wrong_codes", sa.Column("reachable_since", _TIME, server_default=long_since))
    op.alter_column("simulated_lock_wrong_codes", "reachable_since", server_default=None)


def downgrade() -> None:
    op.drop_column("simulated_lock_wrong_codes", "reachable_since")
    op.drop_table("representations")
    op.drop_index("entries_opened")
    op.execute("UPDATE keys SET state = 'revoked', sealed_code = NULL WHERE state = 'suspended'")
    op.drop_constraint("keys_state", "keys")
    op.create_check_constraint("keys_state", "keys", "state IN ('issued', 'armed', 'revoked')")
    _share_codes_within("")
    for column in ("unused_told", "release_at", "begins_at", "tenant", "credential"):
        op.drop_column("keys", column)


def _grow_keys() -> None:
    """What a key is of: until now each booking had a code of its own."""
    op.add_column("keys", sa.Column("credential", sa.Uuid))
    op.execute("UPDATE keys SET credential = booking")
    op.alter_column("keys", "credential", nullable=False)
    op.add_column("keys", sa.Column("tenant", sa.Uuid))
    op.add_column("keys", sa.Column("begins_at", _TIME))
    op.add_column("keys", sa.Column("release_at", _TIME))
    op.add_column("keys", sa.Column("unused_told", sa.Boolean, nullable=False, server_default=sa.false()))


def _share_codes_within(credential: str) -> None:
    """A revoked key's code counts, too: who had it must not find that it opens for somebody else."""
    op.drop_constraint("keys_code_is_one_keys_only", "keys")
    op.execute(
        "ALTER TABLE keys ADD CONSTRAINT keys_code_is_one_keys_only EXCLUDE USING gist"
        f" (lock WITH =, code_digest WITH =, tstzrange(valid_from, valid_until) WITH &&{credential})"
    )
