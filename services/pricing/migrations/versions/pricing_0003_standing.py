"""A quote that has a price and the reason there is none: a charged booking was moved to where it has no price, and what
is charged stands until booking has settled it."""

from alembic import op

revision = "pricing_0003"
down_revision = "pricing_0002"
branch_labels = None
depends_on = None

_NAME = "quotes_price_or_reason"


def upgrade() -> None:
    op.drop_constraint(_NAME, "quotes")
    op.create_check_constraint(_NAME, "quotes", "price IS NOT NULL OR reason IS NOT NULL")


def downgrade() -> None:
    op.execute("UPDATE quotes SET reason = NULL WHERE price IS NOT NULL")
    op.drop_constraint(_NAME, "quotes")
    op.create_check_constraint(_NAME, "quotes", "(price IS NULL) <> (reason IS NULL)")
