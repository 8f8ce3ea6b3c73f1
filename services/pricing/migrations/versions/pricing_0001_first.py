"""Tariffs, quotes, charges, agreements with their hours, waivers. What is entered stays as it was entered."""

import sqlalchemy as sa
from alembic import op

revision = "pricing_0001"
down_revision = None
branch_labels = ("pricing",)
depends_on = None

_LEDGERS = ("charge_entries", "waiver_entries")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_tariffs()
    _create_charges()
    _create_agreements()
    _create_waivers()
    op.execute(
        """
        CREATE FUNCTION entered_for_good() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            RAISE EXCEPTION 'entries of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for ledger in _LEDGERS:
        op.execute(
            f"CREATE TRIGGER {ledger}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {ledger}"
            " FOR EACH STATEMENT EXECUTE FUNCTION entered_for_good()"
        )


def _create_tariffs() -> None:
    op.create_table(
        "tariff_versions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("premises", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("stored_at", _TIME, nullable=False),
        sa.Column("replaced_at", _TIME),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    current = sa.text("replaced_at IS NULL")
    op.create_index("tariff_versions_current", "tariff_versions", ["id"], unique=True, postgresql_where=current)
    op.create_table(
        "spaces",
        sa.Column("space", sa.Text, primary_key=True),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("premises", sa.Text, nullable=False),
    )


def _create_charges() -> None:
    op.create_table(
        "quotes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("booking", sa.Uuid, nullable=False, unique=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("tenant", sa.Uuid, nullable=False),
        sa.Column("booked_by", sa.Text, nullable=False),
        sa.Column("square", sa.Text, nullable=False),
        sa.Column("quoted_at", _TIME, nullable=False),
        sa.Column("price", sa.JSON),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("(price IS NULL) <> (reason IS NULL)", name="quotes_price_or_reason"),
    )
    op.create_table(
        "charges",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("quote", sa.Uuid, sa.ForeignKey("quotes.id"), nullable=False, unique=True),
        sa.Column("booking", sa.Uuid, nullable=False, unique=True),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "charge_entries",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("charge", sa.Uuid, sa.ForeignKey("charges.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.UniqueConstraint("charge", "reason"),
    )


def _create_agreements() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tenant", sa.Uuid, nullable=False, index=True),
        sa.Column("square", sa.Text, nullable=False, index=True),
        sa.Column("arena", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("task", sa.JSON, nullable=False),
        sa.Column("hour_value", sa.BigInteger, nullable=False),
        sa.Column("max_amount", sa.BigInteger),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "agreement_participants",
        sa.Column("agreement", sa.Uuid, sa.ForeignKey("agreements.id"), nullable=False),
        sa.Column("person", sa.Uuid, nullable=False, index=True),
        sa.PrimaryKeyConstraint("agreement", "person"),
    )
    op.create_table(
        "hours",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("agreement", sa.Uuid, sa.ForeignKey("agreements.id"), nullable=False, index=True),
        sa.Column("registered_by", sa.Uuid, nullable=False, index=True),
        sa.Column("worked_on", sa.Date, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("registered_at", _TIME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", _TIME),
        sa.CheckConstraint("decided_by <> registered_by", name="hours_not_decided_by_oneself"),
    )


def _create_waivers() -> None:
    op.create_table(
        "waiver_accounts",
        sa.Column("tenant", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "currency"),
        sa.CheckConstraint("balance >= 0", name="waiver_accounts_never_below_zero"),
    )
    op.create_table(
        "waiver_entries",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("tenant", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("booking", sa.Uuid),
        sa.Column("registration", sa.Uuid, sa.ForeignKey("hours.id"), unique=True),
        sa.ForeignKeyConstraint(["tenant", "currency"], ["waiver_accounts.tenant", "waiver_accounts.currency"]),
        sa.UniqueConstraint("booking", "reason"),
    )
    op.create_index("waiver_entries_account", "waiver_entries", ["tenant", "currency", "position"])


def downgrade() -> None:
    for table in ("waiver_entries", "waiver_accounts", "hours", "agreement_participants", "agreements"):
        op.drop_table(table)
    for table in ("charge_entries", "charges", "quotes", "spaces", "tariff_versions"):
        op.drop_table(table)
    op.execute("DROP FUNCTION entered_for_good")
