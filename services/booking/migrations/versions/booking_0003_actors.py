"""Who may act for whom, with roles and end dates, and what the registers say of an organisation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0003"
down_revision = "booking_0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ROLES = "role IN ('owner', 'booker')"


def upgrade() -> None:
    _say_who_verified()
    _give_terms()
    _create_lookups()
    _create_invitations()


def downgrade() -> None:
    for table in ("outgoing_mails", "invitations", "register_outage", "organisation_lookups"):
        op.drop_table(table)
    op.execute("DELETE FROM representatives WHERE role IS NULL")
    op.drop_constraint("representatives_have_a_known_role", "representatives")
    for column in ("version", "role", "until", "known_as", "changed_at"):
        op.drop_column("representatives", column)
    op.drop_constraint("actors_unverified_count_as_business", "actors")
    op.drop_constraint("actors_are_verified_by_somebody", "actors")
    for column in [
        "version",
        "told_kind",
        "registered_by",
        "verified_by",
        "verified_at",
        "verified_person",
        "verification_reason",
    ]:
        op.drop_column("actors", column)


def _say_who_verified() -> None:
    """Until now operators alone registered organisations, and what they told was taken for true."""
    op.add_column("actors", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("actors", sa.Column("told_kind", sa.Text))
    op.add_column("actors", sa.Column("registered_by", sa.Uuid))
    op.add_column("actors", sa.Column("verified_by", sa.Text))
    op.add_column("actors", sa.Column("verified_at", _INSTANT))
    op.add_column("actors", sa.Column("verified_person", sa.Uuid))
    op.add_column("actors", sa.Column("verification_reason", sa.Text))
    op.execute("UPDATE actors SET told_kind = kind, verified_by = 'operator', verified_at = created_at")
    op.alter_column("actors", "told_kind", nullable=False)
    op.alter_column("actors", "version", server_default=None)
    op.create_check_constraint(
        "actors_unverified_count_as_business", "actors", "verified_by IS NOT NULL OR kind = 'business'"
    )
    op.create_check_constraint(
        "actors_are_verified_by_somebody", "actors", "verified_by IN ('registers', 'manager', 'operator')"
    )


def _give_terms() -> None:
    """Who could act for an organisation could book, and no more."""
    op.add_column("representatives", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("representatives", sa.Column("role", sa.Text))
    op.add_column("representatives", sa.Column("until", sa.Date))
    op.add_column("representatives", sa.Column("known_as", sa.Text))
    op.add_column("representatives", sa.Column("changed_at", _INSTANT))
    op.execute("UPDATE representatives SET role = 'booker', changed_at = created_at")
    op.alter_column("representatives", "changed_at", nullable=False)
    op.alter_column("representatives", "version", server_default=None)
    op.create_check_constraint("representatives_have_a_known_role", "representatives", _ROLES)


def _create_lookups() -> None:
    op.create_table(
        "organisation_lookups",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("answer", postgresql.JSONB),
        sa.Column("answered_at", _INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _INSTANT),
        sa.Column("asked_at", _INSTANT),
    )
    op.create_index("organisation_lookups_due", "organisation_lookups", ["next_at"])
    op.create_table(
        "register_outage",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("resume_at", _INSTANT, nullable=False),
        sa.CheckConstraint("id = 1", name="register_outage_has_one_row"),
    )
    op.execute("INSERT INTO register_outage VALUES (1, 0, to_timestamp(0))")
    op.execute(
        "INSERT INTO organisation_lookups (number, attempts, next_at) SELECT organisation_number, 0, now() FROM actors"
    )


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("actor", sa.Uuid, sa.ForeignKey("actors.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("known_as", sa.Text),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("by_house", sa.Boolean, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("digests", sa.ARRAY(sa.LargeBinary), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("mail", sa.Text),
        sa.CheckConstraint(_ROLES, name="invitations_have_a_known_role"),
        sa.CheckConstraint("state IN ('pending', 'accepted', 'withdrawn')", name="invitations_are_in_a_known_state"),
        sa.CheckConstraint("mail IN ('waiting', 'sent', 'failed')", name="invitations_have_a_known_mail"),
    )
    op.create_index("invitations_of_actor", "invitations", ["actor", "id"])
    op.create_table(
        "outgoing_mails",
        sa.Column("invitation", sa.Uuid, sa.ForeignKey("invitations.id"), primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
    )
    op.create_index("outgoing_mails_due", "outgoing_mails", ["next_at"])
