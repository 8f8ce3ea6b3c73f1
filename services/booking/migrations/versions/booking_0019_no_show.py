"""Quotas say whether what was released because nobody came counts no more."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0019"
down_revision = "booking_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # until now a no-show gave its minutes back, which no quota said
    op.add_column(
        "quotas",
        sa.Column(
            "no_show_gives_back",
            sa.Boolean,
            nullable=False,
            server_default=sa.text("false"),
            comment="whether what was released because nobody came counts no more",
        ),
    )


def downgrade() -> None:
    op.drop_column("quotas", "no_show_gives_back")
