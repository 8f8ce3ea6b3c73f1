"""Where a booking takes of its tenant's waiver: what an agreement grants counts in the arenas it names."""

import sqlalchemy as sa
from alembic import op

revision = "pricing_0005"
down_revision = "pricing_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waiver_entries", sa.Column("arena", sa.Text, comment="null: granted, or before that was kept"))


def downgrade() -> None:
    op.drop_column("waiver_entries", "arena")
