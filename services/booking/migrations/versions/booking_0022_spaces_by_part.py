"""Index spaces by their parts: a booking asks which spaces overlap its own, for house rules and quotas."""

from alembic import op

revision = "booking_0022"
down_revision = "booking_0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("spaces_by_part", "spaces", ["parts"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_index("spaces_by_part", "spaces")
