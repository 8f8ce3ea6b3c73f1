"""The tables, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
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
    Column("changed_by", Uuid, comment="null: before that was kept, or by time"),
)

arenas = Table(
    "arenas",
    metadata,
    Column("id", Text, primary_key=True),
    Column("square", ForeignKey("squares.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", JSONB, nullable=False),
    Column("reckoned_until", Date, comment="the last of its open days"),
    Column("holidays_edition", Text, comment="what they were reckoned by"),
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
    Column("kind", Text, nullable=False, comment="staffed, extended or booked_only"),
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
    Column("features", ARRAY(Text), nullable=False),
    Column("floor", SmallInteger, nullable=False),
    Column("noise", Text, nullable=False, comment="the loudest that is allowed"),
    Column("pictures", ARRAY(Text), nullable=False, comment="addresses"),
    Column("joins", ARRAY(Text), nullable=False, comment="the spaces it is made of, if they lie elsewhere in the tree"),
    Column("sharing", JSONB(none_as_null=True), comment="null: one booking at a time"),
    Column("setup_minutes", Integer, nullable=False),
    Column("clearing_minutes", Integer, nullable=False),
    Column("approval", Boolean, nullable=False),
    Column("prepay", Boolean, nullable=False),
    Column("release_minutes", Integer, comment="after the beginning, with the door still shut; null: never"),
    Column("purposes", ARRAY(Text), nullable=False, comment="empty: all"),
    Column("audiences", ARRAY(Text), nullable=False, comment="empty: all"),
    Column("parts", ARRAY(Integer), nullable=False, comment="numbers of its smallest parts, in order"),
    Column("open_kinds", ARRAY(Text), nullable=False, comment="the kinds of hours in which it can be booked"),
    Column("version", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False, comment="left out of its square's tree; it keeps its bookings"),
    Column("told_edition", SmallInteger, nullable=False, comment="how much others were told of it: trees.EDITION"),
)
Index("spaces_by_part", spaces.c.parts, postgresql_using="gin")

actors = Table(
    "actors",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False, comment="counts the decisions on what it is"),
    Column("kind", Text, nullable=False, comment="what it counts as: business until verified_by says otherwise"),
    Column("told_kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("organisation_number", Text, unique=True, comment="null: it is claimed"),
    Column("created_at", _Instant, nullable=False),
    Column("registered_by", Uuid),
    Column("verified_by", Text),
    Column("verified_at", _Instant),
    Column("verified_person", Uuid),
    Column("verification_reason", Text),
    Column("claimed_number", Text, index=True, comment="what whoever registered it says; never changes"),
    Column("number_given_at", _Instant, comment="null: not since claims were told apart"),
    Column("claim_digest", LargeBinary, comment="of who claims it, until it is decided"),
    Column("claim_named", Boolean, comment="whether the registers name who claims it"),
    Column("claim_ended", Text, comment="null: it stands"),
    Column("claim_ended_at", _Instant),
    Column("claim_ended_by", Uuid, comment="null: nobody, but another was given the number"),
    Column("claim_ended_why", Text),
)

representatives = Table(
    "representatives",
    metadata,
    Column("actor", ForeignKey("actors.id"), primary_key=True),
    Column("person", Uuid, primary_key=True, index=True),
    Column("version", Integer, nullable=False),
    Column("role", Text, comment="null once the right was taken away: the version must not begin anew"),
    Column("until", Date, comment="the last local day"),
    Column("known_as", Text, comment="what the owners call the person; goes with the right"),
    Column("created_at", _Instant, nullable=False),
    Column("changed_at", _Instant, nullable=False),
    Column("changed_by", Uuid, comment="null: before that was kept, or by time"),
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
    Column("price_by", _Instant, comment="until when it may wait for a price; null: made before that was told apart"),
    Column("answer_from", _Instant, comment="since when its tenant can confirm it"),
    Column("offered_before", _Instant, comment="until when others could book what is offered to one who waited"),
    Column("price", JSONB(none_as_null=True)),
    Column("key", Text),
    Column("opened_at", _Instant),
    Column("confirmed_at", _Instant),
    Column("cancelled_at", _Instant),
    Column("cancelled_by", Text),
    Column("ended_at", _Instant, comment="when it gave back the rest of its time, once that was under way"),
    Column("decline_reason", Text),
    Column("noise", Text, nullable=False),
    Column("equipment", JSONB, nullable=False, comment="pieces by the equipment's id"),
    Column("series", Uuid),
    Column("shared", Boolean, nullable=False),
    Column("setup_minutes", Integer, nullable=False),
    Column("clearing_minutes", Integer, nullable=False),
    Column("needs_approval", Boolean, nullable=False),
    Column("needs_payment", Boolean, nullable=False),
    Column("release_at", _Instant),
    Column("moved_by_house", Boolean, nullable=False, server_default=text("false")),
    Column("timed_version", Integer, nullable=False, comment="when space, time or participants were last set"),
    Column("price_outdated", Boolean, nullable=False, server_default=text("false"), comment="moved since"),
    Column("moved_from", JSONB(none_as_null=True), comment="until its price there is known; null: not moved"),
    Column("payment_left", Interval, comment="when it was moved while it waited to be paid; null: all of it"),
    CheckConstraint("begins_at < ends_at", name="bookings_end_after_they_begin"),
    CheckConstraint(
        "state IN ('held', 'awaiting_approval', 'awaiting_payment', 'confirmed', 'in_use', 'completed', "
        "'cancelled', 'declined', 'expired', 'released')",
        name="bookings_are_in_a_known_state",
    ),
)
Index("bookings_of_square", bookings.c.square, bookings.c.begins_at, bookings.c.id)
Index("bookings_of_tenant", bookings.c.tenant, bookings.c.begins_at, bookings.c.id)
Index("bookings_by_person", bookings.c.booked_by, bookings.c.begins_at, bookings.c.id)
Index("bookings_by_end", bookings.c.ends_at, bookings.c.id)
Index(
    "bookings_waiting",
    bookings.c.hold_expires_at,
    postgresql_where=text("state IN ('held', 'awaiting_approval', 'awaiting_payment')"),
)
Index("bookings_under_way", bookings.c.ends_at, postgresql_where=text("state IN ('confirmed', 'in_use')"))
Index("bookings_of_series", bookings.c.series, postgresql_where=text("series IS NOT NULL"))

waitings = Table(
    "waitings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False, comment="what came of an offer is written some time after: `waitings.STATE`"),
    Column("space", ForeignKey("spaces.id"), nullable=False),
    Column("arena", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("tenant", Uuid, nullable=False),
    Column("person", Uuid, nullable=False),
    Column("earliest", _Instant, nullable=False),
    Column("latest", _Instant, nullable=False),
    Column("minutes", Integer, nullable=False, comment="as many as there are from earliest to latest, or any of them"),
    Column("purpose", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("participants", Integer, nullable=False),
    Column("title", Text),
    Column("confirm", Text, nullable=False),
    Column("noise", Text, nullable=False),
    Column("equipment", JSONB, nullable=False),
    Column("series", Uuid, comment="the series of which this is a skipped date"),
    Column("joined_at", _Instant, nullable=False),
    Column("changed_at", _Instant, nullable=False),
    Column("booking", ForeignKey("bookings.id"), comment="the offer"),
    Column("offered_until", _Instant),
    CheckConstraint(
        "state IN ('waiting', 'offered', 'taken', 'passed', 'left', 'over')", name="waitings_are_in_a_known_state"
    ),
    CheckConstraint("minutes > 0 AND latest - earliest >= make_interval(mins => minutes)", name="waitings_have_room"),
    comment="the order is that of joined_at and id",
)
_wanted_at = func.tstzrange(waitings.c.earliest, waitings.c.latest)
_still_waiting = waitings.c.state == literal_column("'waiting'")
waitings.append_constraint(
    ExcludeConstraint(
        (waitings.c.tenant, "="),
        (waitings.c.space, "="),
        (_wanted_at, "&&"),
        where=text("state = 'waiting'"),
        name="waitings_are_not_doubled",
        using="gist",
    )
)
Index("waitings_in_line", waitings.c.square, waitings.c.joined_at, waitings.c.id, postgresql_where=_still_waiting)
Index("waitings_at", waitings.c.square, _wanted_at, postgresql_using="gist", postgresql_where=_still_waiting)
Index("waitings_offered", waitings.c.booking, postgresql_where=text("state = 'offered'"))
Index("waitings_of_tenant", waitings.c.tenant, waitings.c.joined_at, waitings.c.id)
Index("waitings_by_person", waitings.c.person)
Index("waitings_of_square", waitings.c.square, waitings.c.joined_at, waitings.c.id)
Index("waitings_of_series", waitings.c.series, postgresql_where=text("series IS NOT NULL"))

booking_steps = Table(
    "booking_steps",
    metadata,
    Column("booking", ForeignKey("bookings.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("what", Text, nullable=False, comment="the state it came to, or what changed in it"),
    Column("at", _Instant, nullable=False),
    Column("by", Uuid, comment="null: nobody, but time or another service"),
    Column("why", Text),
    comment="what happened to bookings after they were made; who made them and when stands in `bookings`",
)

let_go = Table(
    "let_go",
    metadata,
    Column("booking", ForeignKey("bookings.id"), primary_key=True),
    Column("version", Integer, primary_key=True, comment="with which its tenant moved it"),
    Column("at", _Instant, nullable=False),
    Column("square", Text, nullable=False),
    Column("space", Text, nullable=False),
    Column("begins_at", _Instant, nullable=False),
    Column("ends_at", _Instant, nullable=False),
    Column("setup_minutes", Integer, nullable=False),
    Column("clearing_minutes", Integer, nullable=False),
    Column("equipment", JSONB, nullable=False, comment="pieces by the equipment's id"),
    comment="what tenants moved away from before they had confirmed it: they don't wait for that",
)

claims = Table(
    "claims",
    metadata,
    Column("holder", Uuid, primary_key=True, comment="a live booking, or a closure"),
    # `spaces.number`; no foreign key, as its lock on the part's row would make all bookings of a hall queue for it
    Column("part", Integer, primary_key=True),
    Column("during", TSTZRANGE, nullable=False, comment="set-up and clearing included"),
    Column(
        "share", Uuid, nullable=False, comment="the holder; nil where others may be at the same time; 1 of closures"
    ),
    Column("people", Integer, comment="in a shared space"),
    Column("traits", JSONB(none_as_null=True), comment="purpose, audience and noise, in a shared space"),
    ExcludeConstraint(("part", "="), ("during", "&&"), ("share", "<>"), name="claims_do_not_overlap", using="gist"),
    CheckConstraint(
        "CASE share WHEN uuid_nil() THEN people IS NOT NULL AND traits IS NOT NULL"
        " WHEN '00000000-0000-0000-0000-000000000001' THEN people IS NULL AND traits IS NULL"
        " WHEN holder THEN people IS NULL AND traits IS NULL ELSE false END",
        name="claims_tell_how_they_share",
    ),
    comment="the parts that are taken; what keeps two bookings apart is the database itself",
)

equipment = Table(
    "equipment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, Identity(), nullable=False, unique=True),
    Column("arena", ForeignKey("arenas.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", JSONB, nullable=False),
    Column("pieces_owned", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
)

equipment_loans = Table(
    "equipment_loans",
    metadata,
    Column("booking", Uuid, primary_key=True),
    Column("equipment", Integer, primary_key=True, comment="`equipment.number`"),
    Column("during", TSTZRANGE, nullable=False),
    Column("pieces", Integer, nullable=False),
    CheckConstraint("pieces > 0", name="equipment_loans_are_of_something"),
    comment="what live bookings have borrowed; a trigger keeps the sum within what is owned, at every instant",
)
Index("equipment_loans_at", equipment_loans.c.equipment, equipment_loans.c.during, postgresql_using="gist")

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
    Column("complete", Boolean, nullable=False, server_default=text("false"), comment="all bookings: after a restore"),
    Column("until", _Instant, comment="of a complete one: now those that end no later; null: those to come"),
    Column("told", Integer, nullable=False, server_default=text("0")),
    Column("expected", Integer, nullable=False, server_default=text("0"), comment="of a complete one"),
    comment="how far the job that restates bookings has come",
)
