"""Who may act for whom; and new codes for the keys to come of an organisation, when somebody's right to act for it has
ended: they know the codes there are. One that may be in use by now stays as it is.

`usecases` calls it. Who draws a code for a tenant's key waits until nobody renews them (`queue`), so that none is drawn
from what is renewed meanwhile.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import OSLO
from kernel.db import Transaction
from services.access import metrics, model, store
from services.access.codes import Codes
from services.access.events import KeyIssued
from services.access.model import Key, KeyState
from services.access.store import KEYS, key_from, keys, locks, representations

AT_ONCE = 20

_tenant = keys.c.tenant == bindparam("tenant", type_=Uuid)
_to_come = (_tenant, keys.c.state != KeyState.REVOKED, keys.c.valid_from > bindparam("now"))
_LOCKS = select(locks.c.id).where(locks.c.id.in_(select(keys.c.lock).where(*_to_come))).order_by(locks.c.id)
_LOCKS = _LOCKS.with_for_update()
_KEYS = KEYS.where(*_to_come).order_by(keys.c.lock, keys.c.credential, keys.c.id).with_for_update(of=keys)
_REPRESENT = insert(representations)
_SAVE_REPRESENTATION = _REPRESENT.on_conflict_do_update(
    index_elements=[representations.c.actor, representations.c.person],
    set_={
        "role": _REPRESENT.excluded.role,
        "until": _REPRESENT.excluded.until,
        "ended_at": case(
            # told again, it ended no later
            (
                and_(representations.c.role.is_(None), _REPRESENT.excluded.role.is_(None)),
                func.least(representations.c.ended_at, _REPRESENT.excluded.ended_at),
            ),
            else_=_REPRESENT.excluded.ended_at,
        ),
        # what is only told again, as after a restore, ends nothing anew
        "renewed": and_(
            representations.c.renewed,
            representations.c.role.is_not_distinct_from(_REPRESENT.excluded.role),
            representations.c.until.is_not_distinct_from(_REPRESENT.excluded.until),
        ),
    },
).returning(representations.c.renewed)
_FORGET_RIGHTS = delete(representations).where(representations.c.person == bindparam("who"))
_name = func.hashtextextended(func.concat("codes of ", bindparam("tenant")), 0)
_QUEUE_TO_DRAW = select(func.pg_advisory_xact_lock_shared(_name))
_QUEUE_TO_RENEW = select(func.pg_advisory_xact_lock(_name))
_ENDED = (
    select(representations.c.actor, representations.c.person)
    .where(
        representations.c.renewed.is_(False),
        or_(representations.c.role.is_(None), representations.c.until < bindparam("today")),
    )
    .order_by(representations.c.actor, representations.c.person)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_KNOWN_TO = (
    select(representations.c.actor)
    .where(representations.c.person == bindparam("who"), representations.c.renewed.is_(False))
    .order_by(representations.c.actor)
)
_RENEWED = (
    update(representations)
    .where(representations.c.actor == bindparam("of"), representations.c.person == bindparam("who"))
    .values(renewed=True)
)


def save_representation(
    tx: Transaction, actor: UUID, person: str, *, role: str | None, until: date | None, at: datetime
) -> bool:
    """Remembers how a person stands to an organisation since then; a right that ended is remembered as ended. Whether
    they know codes, for all that was renewed."""
    row = {"actor": actor, "person": person, "role": role, "until": until, "renewed": False}
    row["ended_at"] = at if role is None else None
    return not tx.execute(_SAVE_REPRESENTATION, row).scalar_one()


def forget_rights(tx: Transaction, person: str) -> None:
    """Forgets for whom a person may act, or might."""
    tx.execute(_FORGET_RIGHTS, {"who": person})


def queue(tx: Transaction, tenant: UUID) -> None:
    """Waits until nobody renews the codes of this tenant. Comes before any lock's row."""
    tx.execute(_QUEUE_TO_DRAW, {"tenant": str(tenant)})


def renew_ended(tx: Transaction, codes: Codes, draw: Callable[[], str], *, most: int = AT_ONCE) -> None:
    """Renews the codes that those know whose right has ended by now."""
    today = tx.now.astimezone(OSLO).date()
    for row in tx.execute(_ENDED, {"today": today, "most": most}).all():
        renew_known(tx, row.actor, row.person, codes, draw)


def renew_known(tx: Transaction, tenant: UUID, person: str, codes: Codes, draw: Callable[[], str]) -> None:
    """Renews the codes that somebody knows who no longer acts for this tenant."""
    renew(tx, tenant, codes, draw)
    tx.execute(_RENEWED, {"of": tenant, "who": person})


def known_to(tx: Transaction, person: str) -> Sequence[UUID]:
    """The tenants whose codes somebody may know."""
    return tx.execute(_KNOWN_TO, {"who": person}).scalars().all()


def renew(tx: Transaction, tenant: UUID, codes: Codes, draw: Callable[[], str]) -> None:
    """Renews the codes of all keys to come of this tenant; those of a series have one at each lock."""
    tx.execute(_QUEUE_TO_RENEW, {"tenant": str(tenant)})
    wanted = {"tenant": tenant, "now": tx.now}
    at = set(tx.execute(_LOCKS, wanted).scalars())
    # a lock that gets its first key of theirs meanwhile gets one with a code that nobody has seen
    found = [key for key in map(key_from, tx.execute(_KEYS, wanted)) if key.door.lock in at]
    for (lock, _), alike in groupby(found, key=lambda key: (key.door.lock, key.credential)):
        _renew(tx, lock, list(alike), codes, draw)


def _renew(tx: Transaction, lock: UUID, alike: Sequence[Key], codes: Codes, draw: Callable[[], str]) -> None:
    taken = {key.code_digest for key in alike}
    for key in alike:
        taken |= store.digests_in_use(tx, lock, key.validity, besides=key.credential)
    code = model.choose_code(draw, lambda code: codes.digest(lock, code) in taken)
    for key in alike:
        renewed = key.renewed(codes.digest(lock, code), tx.now)
        store.save_key(tx, renewed, codes.seal(renewed.id, code))
        if renewed.live:
            tx.emit(renewed.told(KeyIssued), subject=str(renewed.id), sequence=renewed.version)
        metrics.KEYS.labels("renewed").inc()
