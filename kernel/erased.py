"""Who was erased: what a consumer asks before it takes an event that names a person, as one from before their erasure
may come after it.

Kept is a digest of the pseudonym, by which it is known again but not found; and since when. What a person does who
comes back after that is theirs.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, Table, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.db import Transaction, kernel_metadata

erased_persons = Table(
    "erased_persons",
    kernel_metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("erased_at", DateTime(timezone=True), nullable=False),
)

_QUEUE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
_NEW = insert(erased_persons)
_REMEMBER = _NEW.on_conflict_do_update(
    index_elements=["digest"],
    set_={"erased_at": _NEW.excluded.erased_at},
    where=erased_persons.c.erased_at < _NEW.excluded.erased_at,
).returning(erased_persons.c.digest)
_AMONG = select(erased_persons.c.digest).where(
    erased_persons.c.digest == func.any(bindparam("digests", type_=ARRAY(LargeBinary))),
    erased_persons.c.erased_at >= bindparam("since", type_=erased_persons.c.erased_at.type),
)


def queue(tx: Transaction, person: str) -> None:
    """Waits until nobody else is erasing the person, or takes what they may. Comes before `remember` and `among`."""
    tx.execute(_QUEUE, {"name": f"erased {person}"})


def remember(tx: Transaction, person: str, erased_at: datetime) -> bool:
    """Notes that a person was erased; False when that was known."""
    queue(tx, person)
    return tx.execute(_REMEMBER, {"digest": _digest(person), "erased_at": erased_at}).first() is not None


def among(tx: Transaction, persons: Collection[str], at: datetime) -> set[str]:
    """Those of these persons who were erased at that time, or since: what was said of them then is to be forgotten."""
    digests = {_digest(person): person for person in persons}
    found = tx.execute(_AMONG, {"digests": list(digests), "since": at}).scalars()
    return {digests[bytes(digest)] for digest in found}


def _digest(person: str) -> bytes:
    return hashlib.sha256(person.encode()).digest()
