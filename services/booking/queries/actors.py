"""The actors a person can book as, and what is known of each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select

from kernel.auth import Caller, Role
from kernel.db import Transaction
from kernel.errors import Text
from kernel.pagination import Page, PageRequest
from kernel.problems import NotFound
from services.booking.events import RepresentativeRole, TenantKind, VerifiedBy
from services.booking.model.representatives import local_date
from services.booking.store.lookups import organisation_lookups as lookups
from services.booking.store.representatives import in_force, represented
from services.booking.store.tables import actors, representatives

UNVERIFIED_NOTICE = Text(
    nb="Ingen har bekreftet ennå at du opptrer for denne organisasjonen, og hva slags organisasjon det er. Til det er "
    "gjort, gjelder prisene for næringsliv.",
    nn="Ingen har stadfesta enno at du opptrer for denne organisasjonen, og kva slags organisasjon det er. Til det er "
    "gjort, gjeld prisane for næringsliv.",
    en="Nobody has confirmed yet that you act for this organisation, and what kind it is. Until then, the prices are "
    "those for businesses.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What the registers said of an organisation; before they did, nothing but None."""

    state: str | None
    name: str | None
    form: str | None
    voluntary: bool | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownActor:
    """An actor as it is shown to a person; `role` and `until` are that person's own."""

    id: UUID
    kind: TenantKind
    name: str | None = None
    organisation_number: str | None = None
    told_kind: TenantKind | None = None
    verified_by: VerifiedBy | None = None
    verified_at: datetime | None = None
    notice: Text | None = None
    role: RepresentativeRole | None = None
    until: date | None = None
    register: Register | None = None


def actors_for(tx: Transaction, who: Caller, page: PageRequest) -> Page[ShownActor]:
    """The caller by themself, and then the organisations they may act for."""
    mine = actors.c.id.in_(represented(who.person, tx.now)) & actors.c.claim_ended.is_(None)
    wanted = _actors(tx, who).where(mine).order_by(actors.c.id).limit(page.fetch)
    after = page.after(UUID)
    if after:
        wanted = wanted.where(actors.c.id > after[0])
    found = page.cut(tx.execute(wanted).all(), lambda row: (row.id,))
    organisations = [_shown(row) for row in found.items]
    return Page(organisations if after else [_myself(who), *organisations], found.next_cursor)


def one(tx: Transaction, who: Caller, actor: UUID) -> ShownActor:
    """An actor: the caller themself, or an organisation, for those who may act for it and the municipality's own. To
    others it is not there."""
    if actor == who.person:
        return _myself(who)
    row = tx.execute(_actors(tx, who).where(actors.c.id == actor)).one_or_none()
    if row is None or not (row.role or who.has(Role.ARENA_MANAGER, Role.OPERATOR)):
        raise NotFound
    return _shown(row)


def _actors(tx: Transaction, who: Caller) -> Any:
    own = and_(
        representatives.c.actor == actors.c.id,
        representatives.c.person == who.person,
        in_force(local_date(tx.now)),
    )
    number = func.coalesce(actors.c.organisation_number, actors.c.claimed_number)
    return (
        select(
            actors,
            number.label("number"),
            representatives.c.role,
            representatives.c.until,
            lookups.c.answer,
            lookups.c.answered_at,
        )
        .outerjoin_from(actors, representatives, own)
        .outerjoin(lookups, lookups.c.number == number)
    )


def _myself(who: Caller) -> ShownActor:
    return ShownActor(id=who.person, kind="resident")


def _shown(row: Row[Any]) -> ShownActor:
    other = ("notice", "register", "organisation_number")
    same = {name: getattr(row, name) for name in ShownActor.__slots__ if name not in other}
    notice = None if row.verified_by else UNVERIFIED_NOTICE
    return ShownActor(**same, organisation_number=row.number, notice=notice, register=register_from(row))


def register_from(row: Row[Any]) -> Register:
    """What the registers said, in a row with their `answer`."""
    answer = row.answer or {"unit": {}, "voluntary": None}
    unit = answer["unit"]
    return Register(
        state=unit.get("state"),
        name=unit.get("name"),
        form=unit.get("form"),
        voluntary=answer["voluntary"],
        answered_at=row.answered_at,
    )
