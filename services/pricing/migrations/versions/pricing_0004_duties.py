"""Who made agreements and adopted tariffs; in which arenas spaces are, and agreements hold; since when somebody may act
for an organisation, or may no longer."""

import sqlalchemy as sa
from alembic import op

revision = "pricing_0004"
down_revision = "pricing_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("spaces", sa.Column("arena", sa.Text, comment="null until booking has told it"))
    op.add_column(
        "agreements", sa.Column("arenas", sa.ARRAY(sa.Text), comment="all that it names; null: `arena` alone")
    )
    op.add_column("agreements", sa.Column("made_by", sa.Uuid, comment="null: before that was kept"))
    op.add_column("tariff_versions", sa.Column("adopted_by", sa.Uuid, comment="null: before that was kept"))
    changed_at = sa.Column(
        "changed_at", sa.DateTime(timezone=True), comment="when booking changed it; null: before that was kept"
    )
    op.add_column("representations", changed_at)


def downgrade() -> None:
    op.drop_column("representations", "changed_at")
    op.drop_column("tariff_versions", "adopted_by")
    op.drop_column("agreements", "made_by")
    op.drop_column("agreements", "arenas")
    op.drop_column("spaces", "arena")
