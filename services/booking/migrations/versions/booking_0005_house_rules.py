"""House rules by version, and who accepted which."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "booking_0005"
down_revision = "booking_0004"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_SCOPED = "scope IN ('square', 'arena', 'space')"


def upgrade() -> None:
    op.create_table(
        "house_rules",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("square", sa.Text, sa.ForeignKey("squares.id"), nullable=False),
        sa.Column("text", postgresql.JSONB, nullable=False),
        sa.Column("rules", postgresql.JSONB, nullable=False),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("published_at", _INSTANT, nullable=False),
        sa.Column("published_by", sa.Uuid, nullable=False),
        sa.CheckConstraint(_SCOPED, name="house_rules_are_of_a_known_scope"),
        sa.CheckConstraint("version > 0", name="house_rules_count_their_versions"),
    )
    op.create_table(
        "house_rule_acceptances",
        sa.Column("person", sa.Uuid, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("accepted_at", _INSTANT, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["scope", "place", "version"], ["house_rules.scope", "house_rules.place", "house_rules.version"]
        ),
    )


def downgrade() -> None:
    op.drop_table("house_rule_acceptances")
    op.drop_table("house_rules")
