"""Which codes were renewed because somebody knew them who must not, and whose right that was. None was until now: those
whose right has ended are all seen to."""

import sqlalchemy as sa
from alembic import op

revision = "access_0007"
down_revision = "access_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("keys", sa.Column("renewed_at", sa.DateTime(timezone=True)))
    op.add_column("representations", sa.Column("renewed", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("representations", "renewed")
    op.drop_column("keys", "renewed_at")
