"""A skipped date moves with its series: to another space, for more or fewer."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0015"
down_revision = "booking_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("series_skipped", sa.Column("space", sa.Text, comment="to which it was moved; null: the series' own"))
    op.add_column("series_skipped", sa.Column("participants", sa.Integer, comment="likewise"))


def downgrade() -> None:
    op.drop_column("series_skipped", "participants")
    op.drop_column("series_skipped", "space")
