"""Who took an invitation back."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0029"
down_revision = "booking_0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitations", sa.Column("withdrawn_by", sa.Uuid))


def downgrade() -> None:
    op.drop_column("invitations", "withdrawn_by")
