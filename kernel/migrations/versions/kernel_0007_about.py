"""Which persons and things a kept answer is about, so that it goes with a person who is erased."""

import sqlalchemy as sa
from alembic import op

revision = "kernel_0007"
down_revision = "kernel_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    about: sa.Column[object] = sa.Column(
        "about", sa.ARRAY(sa.Uuid), comment="the ids that request and answer name; null: not kept then"
    )
    op.add_column("idempotency_keys", about)


def downgrade() -> None:
    op.drop_column("idempotency_keys", "about")
