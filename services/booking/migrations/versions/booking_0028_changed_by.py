"""Who published squares, opening plans and school years, and who gave or took a right to act for an organisation."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0028"
down_revision = "booking_0027"
branch_labels = None
depends_on = None

_TABLES = ("squares", "opening_plans", "school_years", "representatives")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("changed_by", sa.Uuid, comment="null: before that was kept, or by time"))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "changed_by")
