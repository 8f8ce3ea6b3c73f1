"""Who names an organisation number claims it, and owns it once their role is confirmed: until then the row has no
number of its own. What is verified already keeps its number."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0031"
down_revision = "booking_0030"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("actors", "organisation_number", nullable=True)
    op.add_column(
        "actors", sa.Column("claimed_number", sa.Text, comment="what whoever registered it says; never changes")
    )
    op.add_column("actors", sa.Column("number_given_at", _INSTANT, comment="null: not since claims were told apart"))
    op.add_column("actors", sa.Column("claim_digest", sa.LargeBinary, comment="of who claims it, until it is decided"))
    op.add_column("actors", sa.Column("claim_named", sa.Boolean, comment="whether the registers name who claims it"))
    op.add_column("actors", sa.Column("claim_ended", sa.Text, comment="null: it stands"))
    op.add_column("actors", sa.Column("claim_ended_at", _INSTANT))
    op.add_column(
        "actors", sa.Column("claim_ended_by", sa.Uuid, comment="null: nobody, but another was given the number")
    )
    op.add_column("actors", sa.Column("claim_ended_why", sa.Text))
    op.execute("UPDATE actors SET number_given_at = verified_at WHERE verified_by IS NOT NULL")


def downgrade() -> None:
    # of several who claim one number none may keep it, as a number was one actor's
    op.execute("UPDATE actors SET organisation_number = 'claimed ' || id WHERE organisation_number IS NULL")
    op.alter_column("actors", "organisation_number", nullable=False)
    for column in (
        "claim_ended_why",
        "claim_ended_by",
        "claim_ended_at",
        "claim_ended",
        "claim_named",
        "claim_digest",
        "number_given_at",
        "claimed_number",
    ):
        op.drop_column("actors", column)
