"""The tables, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

metadata = MetaData()
_Instant = DateTime(timezone=True)

squares = Table(
    "squares",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", JSONB, nullable=False),
)

arenas = Table(
    "arenas",
    metadata,
    Column("id", Text, primary_key=True),
    Column("square", ForeignKey("squares.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", JSONB, nullable=False),
)

opening_hours = Table(
    "opening_hours",
    metadata,
    Column("arena", ForeignKey("arenas.id"), primary_key=True),
    Column("weekday", SmallInteger, primary_key=True),
    Column("opens", SmallInteger, primary_key=True, comment="minutes after local midnight"),
    Column(
        "closes", SmallInteger, primary_key=True, comment="minutes after the same midnight; above 1440 the day after"
    ),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "number", Integer, Identity(), nullable=False, unique=True, comment="stands for the space where text is slow"
    ),
    Column("arena", ForeignKey("arenas.id"), nullable=False, index=True),
    Column("parent", ForeignKey("spaces.id")),
    Column("position", Integer, nullable=False),
    Column("name", JSONB, nullable=False),
    Column("premises", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("area", Double, nullable=False),
    Column("grid_minutes", Integer, nullable=False),
    Column("min_minutes", Integer, nullable=False),
    Column("max_minutes", Integer, nullable=False),
    Column("notice_minutes", Integer, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("parts", ARRAY(Integer), nullable=False, comment="numbers of its smallest parts, in order"),
    Column("version", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False, comment="left out of its square's tree; it keeps its bookings"),
)

actors = Table(
    "actors",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation_number", Text, nullable=False, unique=True),
    Column("created_at", _Instant, nullable=False),
)

representatives = Table(
    "representatives",
    metadata,
    Column("actor", ForeignKey("actors.id"), primary_key=True),
    Column("person", Uuid, primary_key=True, index=True),
    Column("created_at", _Instant, nullable=False),
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("space", ForeignKey("spaces.id"), nullable=False),
    Column("arena", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("premises", Text, nullable=False),
    Column("begins_at", _Instant, nullable=False),
    Column("ends_at", _Instant, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("participants", Integer, nullable=False),
    Column("title", Text),
    # a resident has no row among the actors: nothing is kept of them but this pseudonym
    Column("tenant", Uuid, nullable=False),
    Column("tenant_kind", Text, nullable=False),
    Column("tenant_organisation_number", Text),
    Column("booked_by", Uuid, nullable=False),
    Column("confirm", Text, nullable=False),
    Column("created_at", _Instant, nullable=False),
    Column("changed_at", _Instant, nullable=False),
    Column("hold_expires_at", _Instant, nullable=False),
    Column("price", JSONB(none_as_null=True)),
    Column("key", Text),
    Column("opened_at", _Instant),
    Column("confirmed_at", _Instant),
    Column("cancelled_at", _Instant),
    Column("decline_reason", Text),
    CheckConstraint("begins_at < ends_at", name="bookings_end_after_they_begin"),
    CheckConstraint(
        "state IN ('held', 'confirmed', 'cancelled', 'declined', 'expired')", name="bookings_are_in_a_known_state"
    ),
)
Index("bookings_of_square", bookings.c.square, bookings.c.begins_at, bookings.c.id)
Index("bookings_of_tenant", bookings.c.tenant, bookings.c.begins_at, bookings.c.id)
Index("bookings_by_person", bookings.c.booked_by, bookings.c.begins_at, bookings.c.id)
Index("bookings_by_end", bookings.c.ends_at, bookings.c.id)
Index("bookings_held", bookings.c.hold_expires_at, postgresql_where=text("state = 'held'"))

claims = Table(
    "claims",
    metadata,
    Column("booking", ForeignKey("bookings.id"), primary_key=True),
    # `spaces.number`; no foreign key, as its lock on the part's row would make all bookings of a hall queue for it
    Column("part", Integer, primary_key=True),
    Column("during", TSTZRANGE, nullable=False),
    ExcludeConstraint(("part", "="), ("during", "&&"), name="claims_do_not_overlap", using="gist"),
    comment="the parts that live bookings take; what keeps two bookings apart is the database itself",
)

booking_keys = Table(
    "booking_keys",
    metadata,
    Column("key", Uuid, primary_key=True),
    Column("booking", ForeignKey("bookings.id"), nullable=False, index=True),
    Column("state", Text, nullable=False),
)

restatement = Table(
    "restatement",
    metadata,
    Column("id", Integer, primary_key=True, comment="1: there is one row"),
    Column("begun_at", _Instant, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("ends_at", _Instant, nullable=False),
    Column("booking", Uuid, nullable=False),
    comment="how far the job that restates bookings has come",
)
