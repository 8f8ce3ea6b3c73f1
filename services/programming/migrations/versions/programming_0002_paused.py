"""An activity leaves the programme while its booking is decided anew, and may come back."""

from alembic import op

revision = "programming_0002"
down_revision = "programming_0001"
branch_labels = None
depends_on = None

_STATES = "state IN ('scheduled', 'paused', 'withdrawn')"


def upgrade() -> None:
    op.drop_constraint("activities_state", "activities")
    op.create_check_constraint("activities_state", "activities", _STATES)


def downgrade() -> None:
    op.execute("UPDATE activities SET state = 'withdrawn' WHERE state = 'paused'")
    op.drop_constraint("activities_state", "activities")
    op.create_check_constraint("activities_state", "activities", "state IN ('scheduled', 'withdrawn')")
