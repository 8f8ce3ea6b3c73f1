"""Which releases can work on the schema, told to those that know nothing of its newest revisions: one row."""

import sqlalchemy as sa
from alembic import op

revision = "kernel_0005"
down_revision = "kernel_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("oldest_release", sa.Column("release", sa.Text, primary_key=True))


def downgrade() -> None:
    op.drop_table("oldest_release")
