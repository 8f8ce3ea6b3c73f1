"""The tables, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

metadata = MetaData()
_Time = DateTime(timezone=True)

tariff_versions = Table(
    "tariff_versions",
    metadata,
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("premises", ARRAY(Text), nullable=False),
    Column("content", JSON, nullable=False, comment="JSON and not JSONB, which would lose the order of the rows"),
    Column("stored_at", _Time, nullable=False),
    Column("replaced_at", _Time, comment="null for the version that prices new bookings"),
    PrimaryKeyConstraint("id", "version"),
)
spaces = Table(
    "spaces",
    metadata,
    Column("space", Text, primary_key=True),
    Column("square", Text, nullable=False),
    Column("premises", Text, nullable=False),
)
quotes = Table(
    "quotes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("booking", Uuid, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("tenant", Uuid, nullable=False),
    Column("booked_by", Text, nullable=False),
    Column("square", Text, nullable=False),
    Column("quoted_at", _Time, nullable=False),
    Column("price", JSON(none_as_null=True)),
    Column("reason", Text),
)
charges = Table(
    "charges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("quote", Uuid, ForeignKey(quotes.c.id), nullable=False, unique=True),
    Column("booking", Uuid, nullable=False, unique=True),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("total", BigInteger, nullable=False, comment="the sum of the entries"),
)
charge_entries = Table(
    "charge_entries",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("charge", Uuid, ForeignKey(charges.c.id), nullable=False),
    Column("reason", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", _Time, nullable=False),
    Column("lines", JSON, nullable=False),
    UniqueConstraint("charge", "reason"),
)
agreements = Table(
    "agreements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Uuid, nullable=False),
    Column("square", Text, nullable=False),
    Column("arena", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("task", JSON, nullable=False),
    Column("hour_value", BigInteger, nullable=False),
    Column("max_amount", BigInteger),
    Column("currency", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("created_at", _Time, nullable=False),
    Column("version", Integer, nullable=False),
)
participants = Table(
    "agreement_participants",
    metadata,
    Column("agreement", Uuid, ForeignKey(agreements.c.id), nullable=False),
    Column("person", Uuid, nullable=False),
    PrimaryKeyConstraint("agreement", "person"),
)
hours = Table(
    "hours",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agreement", Uuid, ForeignKey(agreements.c.id), nullable=False),
    Column("registered_by", Uuid, nullable=False),
    Column("worked_on", Date, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("task", Text, nullable=False),
    Column("registered_at", _Time, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("amount", BigInteger),
    Column("reason", Text),
    Column("decided_by", Uuid),
    Column("decided_at", _Time),
)
waiver_accounts = Table(
    "waiver_accounts",
    metadata,
    Column("tenant", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("balance", BigInteger, nullable=False, comment="the sum of the entries"),
    PrimaryKeyConstraint("tenant", "currency"),
)
waiver_entries = Table(
    "waiver_entries",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("tenant", Uuid, nullable=False),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", _Time, nullable=False),
    Column("booking", Uuid),
    Column("registration", Uuid, ForeignKey(hours.c.id), unique=True),
    ForeignKeyConstraint(["tenant", "currency"], ["waiver_accounts.tenant", "waiver_accounts.currency"]),
    UniqueConstraint("booking", "reason"),
)
