"""Claims of a number, and what a person or an organisation did of late, are counted often."""

from alembic import op

from kernel.migrate import create_index

revision = "booking_0032"
down_revision = "booking_0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_index("actors_by_claimed_number", "actors", ["claimed_number"])
    create_index("actors_by_registrar", "actors", ["registered_by"])
    create_index("invitations_by_actor", "invitations", ["actor", "created_at"])
    create_index("invitations_by_inviter", "invitations", ["invited_by", "created_at"])


def downgrade() -> None:
    op.drop_index("invitations_by_inviter", "invitations")
    op.drop_index("invitations_by_actor", "invitations")
    op.drop_index("actors_by_registrar", "actors")
    op.drop_index("actors_by_claimed_number", "actors")
