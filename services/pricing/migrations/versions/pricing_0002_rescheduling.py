"""Bookings that move, are paid beforehand, and are seen by those who may act for their tenant."""

import sqlalchemy as sa
from alembic import op

revision = "pricing_0002"
down_revision = "pricing_0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    # which version of the booking was priced; null for quotes from before bookings could move
    op.add_column("quotes", sa.Column("priced", sa.JSON))
    op.add_column("quotes", sa.Column("awaits_payment", sa.Integer))
    op.add_column("quotes", sa.Column("paid_told_at", _TIME))
    awaiting = sa.text("awaits_payment IS NOT NULL")
    op.create_index("quotes_awaiting_payment", "quotes", ["paid_told_at"], postgresql_where=awaiting)
    _count_rounds()
    _create_payments()
    op.create_table(
        "representations",
        sa.Column("actor", sa.Uuid, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("until", sa.Date),
        sa.PrimaryKeyConstraint("actor", "person"),
    )


def downgrade() -> None:
    op.drop_table("representations")
    op.drop_table("payments")
    op.execute("DROP FUNCTION paid_for_good")
    op.drop_constraint("waiver_entries_once_a_version", "waiver_entries")
    op.create_unique_constraint("waiver_entries_booking_reason_key", "waiver_entries", ["booking", "reason"])
    op.drop_column("waiver_entries", "quote_version")
    op.drop_constraint("charge_entries_once_a_version", "charge_entries")
    op.create_unique_constraint("charge_entries_charge_reason_key", "charge_entries", ["charge", "reason"])
    op.drop_column("charge_entries", "version")
    op.drop_index("quotes_awaiting_payment")
    for column in ("paid_told_at", "awaits_payment", "priced"):
        op.drop_column("quotes", column)


def _count_rounds() -> None:
    """A booking that moves is reversed and charged anew, as often as it moves: each entry once in each version."""
    op.add_column("charge_entries", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.drop_constraint("charge_entries_charge_reason_key", "charge_entries")
    op.create_unique_constraint("charge_entries_once_a_version", "charge_entries", ["charge", "reason", "version"])
    op.add_column("waiver_entries", sa.Column("quote_version", sa.Integer, nullable=False, server_default="1"))
    op.drop_constraint("waiver_entries_booking_reason_key", "waiver_entries")
    op.create_unique_constraint(
        "waiver_entries_once_a_version", "waiver_entries", ["booking", "reason", "quote_version"]
    )


def _create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("booking", sa.Uuid, nullable=False, index=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("paid_at", _TIME, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.CheckConstraint("amount > 0", name="payments_of_something"),
    )
    op.execute(
        """
        CREATE FUNCTION paid_for_good() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'payments are only ever added' USING ERRCODE = 'restrict_violation'; END $$
        """
    )
    # who registered it may be forgotten, what was paid never
    op.execute(
        "CREATE TRIGGER payments_stay BEFORE DELETE OR TRUNCATE OR UPDATE OF id, booking, amount, currency, paid_at"
        " ON payments FOR EACH STATEMENT EXECUTE FUNCTION paid_for_good()"
    )
