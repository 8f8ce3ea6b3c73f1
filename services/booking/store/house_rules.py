"""House rules by version, and who accepted which. A booking reads what its person lacks in the statement that reads its
space (`lacking`), so that it costs no round trip of its own."""

from collections.abc import Collection, Sequence
from typing import Any
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
from services.booking.store.tables import metadata

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

_of_place = (house_rules.c.scope == bindparam("scope"), house_rules.c.place == bindparam("place"))
_NEWEST = select(house_rules).where(*_of_place).order_by(house_rules.c.version.desc()).limit(1)
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
_KNOWN = select(house_rules.c.scope, house_rules.c.place, house_rules.c.version, house_rules.c.effective_from).where(
    tuple_(house_rules.c.scope, house_rules.c.place).in_(select(_given.c.scope, _given.c.place))
)
_ACCEPTED = select(acceptances).where(
    acceptances.c.person == bindparam("person"),
    tuple_(acceptances.c.scope, acceptances.c.place).in_(select(_given.c.scope, _given.c.place)),
)


def governing(space: ColumnElement[str], arena: ColumnElement[str], square: ColumnElement[str]) -> ColumnElement[bool]:
    """Which house rules a space has: its own, its arena's and its square's."""
    here = (("space", space), ("arena", arena), ("square", square))
    return or_(*(and_(house_rules.c.scope == scope, house_rules.c.place == place) for scope, place in here))


def lacking(
    space: ColumnElement[str], arena: ColumnElement[str], square: ColumnElement[str], *outer: FromClause
) -> ScalarSelect[Any]:
    """The versions in force for a space at `:now` that `:person` has not accepted, nor a newer one: rows of scope,
    place and version, null when there are none. For a statement that reads the space from `outer`."""
    in_force = (
        select(house_rules.c.scope, house_rules.c.place, func.max(house_rules.c.version).label("version"))
        .where(governing(space, arena, square), house_rules.c.effective_from <= bindparam("now"))
        .group_by(house_rules.c.scope, house_rules.c.place)
        .correlate(*outer)
        .subquery("in_force")
    )
    accepted = exists().where(
        acceptances.c.person == bindparam("person"),
        acceptances.c.scope == in_force.c.scope,
        acceptances.c.place == in_force.c.place,
        acceptances.c.version >= in_force.c.version,
    )
    each = func.jsonb_build_array(in_force.c.scope, in_force.c.place, in_force.c.version)
    return select(func.jsonb_agg(each)).select_from(in_force).where(~accepted).correlate(*outer).scalar_subquery()


def named(rows: Sequence[Sequence[Any]] | None) -> tuple[RuleVersion, ...]:
    """What `lacking` gave."""
    return tuple(RuleVersion(*row) for row in rows or ())


def newest(tx: Transaction, scope: str, place: str) -> HouseRules | None:
    """The last version published, whether its time has come or not."""
    row = tx.execute(_NEWEST, {"scope": scope, "place": place}).one_or_none()
    return rules_from(row) if row else None


def add(tx: Transaction, rules: HouseRules) -> None:
    """Writes a new version."""
    columns = {name: getattr(rules, name) for name in HouseRules.__slots__}
    tx.execute(_ADD, columns | {"text": plain(rules.text), "rules": [plain(each) for each in rules.rules]})


def versions(tx: Transaction, of: Collection[RuleVersion]) -> list[tuple[RuleVersion, bool]]:
    """Every version of the places these are of, and whether its time has come."""
    rows = tx.execute(_KNOWN, _places(of))
    return [(RuleVersion(row.scope, row.place, row.version), row.effective_from <= tx.now) for row in rows]


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
