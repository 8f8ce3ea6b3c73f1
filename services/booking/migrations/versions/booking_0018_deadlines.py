"""Bookings know until when they may wait for a price, since when they can be confirmed, and whether they are offers."""

import sqlalchemy as sa
from alembic import op

revision = "booking_0018"
down_revision = "booking_0017"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
# what is held at this moment keeps the deadline it was told
_HELD = """
    UPDATE bookings
       SET price_by = hold_expires_at,
           answer_from = CASE WHEN price IS NOT NULL THEN created_at END
     WHERE state = 'held'
"""
_OFFERED = """
    UPDATE bookings
       SET offered_before = begins_at
      FROM waitings
     WHERE waitings.booking = bookings.id
       AND waitings.state = 'offered'
       AND bookings.state = 'held'
"""


def upgrade() -> None:
    for name, comment in (
        ("price_by", "until when it may wait for a price; null: made before that was told apart"),
        ("answer_from", "since when its tenant can confirm it"),
        ("offered_before", "until when others could book what is offered to one who waited"),
    ):
        op.add_column("bookings", sa.Column(name, _INSTANT, comment=comment))
    op.execute(_HELD)
    op.execute(_OFFERED)


def downgrade() -> None:
    for name in ("price_by", "answer_from", "offered_before"):
        op.drop_column("bookings", name)
