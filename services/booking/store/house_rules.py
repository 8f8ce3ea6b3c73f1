"""House rules by version, and who accepted which. A booking reads what its person lacks in the statement that reads its
space (`lacking`), so that it costs no round trip of its own."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    FromClause,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel import errors
from kernel.contracts import plain
from kernel.db import Transaction
from services.booking.model.house_rules import Acceptance, HouseRule, HouseRules, RuleVersion
from services.booking.store.tables import metadata, spaces

_Instant = DateTime(timezone=True)

house_rules = Table(
    "house_rules",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("square", ForeignKey("squares.id"), nullable=False),
    Column("text", JSONB, nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("effective_from", _Instant, nullable=False),
    Column("published_at", _Instant, nullable=False),
    Column("published_by", Uuid, nullable=False),
)

acceptances = Table(
    "house_rule_acceptances",
    metadata,
    Column("person", Uuid, primary_key=True, comment="a pseudonym"),
    Column("scope", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("accepted_at", _Instant, nullable=False),
    Column("channel", Text, nullable=False),
    ForeignKeyConstraint(
        ["scope", "place", "version"], ["house_rules.scope", "house_rules.place", "house_rules.version"]
    ),
)

_later = house_rules.alias("later")
STANDING: ColumnElement[bool] = ~(
    exists()
    .where(
        _later.c.scope == house_rules.c.scope,
        _later.c.place == house_rules.c.place,
        tuple_(_later.c.effective_from, _later.c.version) > tuple_(house_rules.c.effective_from, house_rules.c.version),
        _later.c.effective_from <= func.greatest(bindparam("now", type_=_Instant), house_rules.c.effective_from),
    )
    .correlate(house_rules)
)
"""Whether a version is in force at `:now`, or announced: nothing has taken its place, or will before its day."""
_read = house_rules.alias("read")
COVERED: ColumnElement[bool] = (
    exists()
    .where(
        acceptances.c.person == bindparam("person", type_=Uuid),
        acceptances.c.scope == house_rules.c.scope,
        acceptances.c.place == house_rules.c.place,
        _read.c.scope == acceptances.c.scope,
        _read.c.place == acceptances.c.place,
        _read.c.version == acceptances.c.version,
        _read.c.version >= house_rules.c.version,
        _read.c.effective_from >= house_rules.c.effective_from,
    )
    .correlate(house_rules)
)
"""Whether `:person` has accepted a version, or one published after it that takes effect no sooner."""

_of_place = (house_rules.c.scope == bindparam("scope"), house_rules.c.place == bindparam("place"))
_STANDING_OF_PLACE = select(house_rules).where(*_of_place, STANDING).order_by(house_rules.c.effective_from)
_LAST = select(func.coalesce(func.max(house_rules.c.version), 0)).where(*_of_place)
_ADD = insert(house_rules)
_ACCEPT = upsert(acceptances).on_conflict_do_nothing()
_given = (
    func.unnest(
        bindparam("scopes", type_=ARRAY(Text)),
        bindparam("places", type_=ARRAY(Text)),
    )
    .table_valued("scope", "place", name="given")
    .render_derived()
)
_KNOWN = (
    select(
        house_rules.c.scope,
        house_rules.c.place,
        house_rules.c.version,
        house_rules.c.effective_from,
        STANDING.label("standing"),
    )
    .where(tuple_(house_rules.c.scope, house_rules.c.place).in_(select(_given.c.scope, _given.c.place)))
    .order_by(house_rules.c.effective_from)
)
_ACCEPTED = select(acceptances).where(
    acceptances.c.person == bindparam("person"),
    tuple_(acceptances.c.scope, acceptances.c.place).in_(select(_given.c.scope, _given.c.place)),
)


_other = spaces.alias("other")


class KnownVersion(NamedTuple):
    """A version of a place's house rules, and whether it is in force or announced."""

    name: RuleVersion
    effective_from: datetime
    standing: bool


def governing(space: FromClause, square: ColumnElement[str], *outer: FromClause) -> ColumnElement[bool]:
    """Which house rules bind whoever books a row of `spaces`, from `outer`: those of every space that shares a part
    with it, of the arenas in which it and its parts are, and of its square."""
    within = _other.c.parts.op("<@", is_comparison=True)(space.c.parts)
    sharing = _other.c.parts.op("&&", is_comparison=True)(space.c.parts)
    here = (
        ("space", _any_of(select(_other.c.id).where(~_other.c.withdrawn, sharing), *outer)),
        ("arena", _any_of(select(_other.c.arena).where(~_other.c.withdrawn, within), *outer)),
        ("square", square),
    )
    return or_(*(and_(house_rules.c.scope == scope, house_rules.c.place == place) for scope, place in here))


def lacking(space: FromClause, square: ColumnElement[str], *outer: FromClause) -> ScalarSelect[Any]:
    """The versions in force for a space at `:now` that `:person` has not accepted (`COVERED`): rows of scope, place and
    version, null when there are none. For a statement that reads the space from `outer`."""
    in_force = (
        governing(space, square, *outer, house_rules),
        house_rules.c.effective_from <= bindparam("now"),
        STANDING,
    )
    each = func.jsonb_build_array(house_rules.c.scope, house_rules.c.place, house_rules.c.version)
    return select(func.jsonb_agg(each)).where(*in_force, ~COVERED).correlate(*outer).scalar_subquery()


def _any_of(ids: Select[Any], *outer: FromClause) -> ColumnElement[Any]:
    return func.any(func.array(ids.correlate(*outer).scalar_subquery()))


def named(rows: Sequence[Sequence[Any]] | None) -> tuple[RuleVersion, ...]:
    """What `lacking` gave."""
    return tuple(RuleVersion(*row) for row in rows or ())


def standing(tx: Transaction, scope: str, place: str) -> list[HouseRules]:
    """The version in force, if there is one, and those announced, by the day they take effect."""
    rows = tx.execute(_STANDING_OF_PLACE, {"scope": scope, "place": place, "now": tx.now})
    return [rules_from(row) for row in rows]


def last_version(tx: Transaction, scope: str, place: str) -> int:
    """The number of the version published last; 0 before the first."""
    found: int = tx.execute(_LAST, {"scope": scope, "place": place}).scalar_one()
    return found


def add(tx: Transaction, rules: HouseRules) -> None:
    """Writes a new version."""
    columns = {name: getattr(rules, name) for name in HouseRules.__slots__}
    tx.execute(_ADD, columns | {"text": plain(rules.text), "rules": [plain(each) for each in rules.rules]})


def versions(tx: Transaction, of: Collection[RuleVersion]) -> list[KnownVersion]:
    """Every version of the places these are of, by the day they take effect."""
    rows = tx.execute(_KNOWN, {"now": tx.now, **_places(of)})
    return [
        KnownVersion(RuleVersion(row.scope, row.place, row.version), row.effective_from, row.standing) for row in rows
    ]


def accept(tx: Transaction, accepted: Sequence[Acceptance]) -> list[Acceptance]:
    """Writes them; returns those that were not there before. One that was keeps its time and channel."""
    return [each for each in accepted if tx.execute(_ACCEPT, _columns(each)).rowcount]


def accepted(tx: Transaction, person: UUID, of: Collection[RuleVersion]) -> list[Acceptance]:
    """The person's acceptances of these very versions."""
    rows = tx.execute(_ACCEPTED, {"person": person, **_places(of)})
    return [each for each in map(acceptance_from, rows) if each.rules in of]


def rules_from(row: Row[Any]) -> HouseRules:
    """The house rules in a row of their table."""
    columns = {name: getattr(row, name) for name in HouseRules.__slots__}
    parts = tuple(HouseRule(**{**each, "text": errors.Text(**each["text"])}) for each in row.rules)
    return HouseRules(**{**columns, "text": errors.Text(**row.text), "rules": parts})


def acceptance_from(row: Row[Any]) -> Acceptance:
    """The acceptance in a row of its table."""
    rules = RuleVersion(row.scope, row.place, row.version)
    return Acceptance(person=row.person, rules=rules, accepted_at=row.accepted_at, channel=row.channel)


def _columns(each: Acceptance) -> dict[str, Any]:
    rules = {"scope": each.rules.scope, "place": each.rules.place, "version": each.rules.version}
    return {"person": each.person, **rules, "accepted_at": each.accepted_at, "channel": each.channel}


def _places(of: Collection[RuleVersion]) -> dict[str, list[str]]:
    each = sorted({(one.scope, one.place) for one in of})
    return {"scopes": [scope for scope, _ in each], "places": [place for _, place in each]}
