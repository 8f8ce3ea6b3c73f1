"""How much others were told of a space, so that they are told anew of what a new release adds."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0023"
down_revision = "booking_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # an earlier release beside this one writes rows without it: they have been told less
    op.add_column("spaces", sa.Column("told_edition", sa.SmallInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("spaces", "told_edition")
