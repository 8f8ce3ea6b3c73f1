"""Forgetting a person: the subjects that are theirs begin anew, and nobody else's do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from kernel import inbox
from kernel.contracts import Envelope
from kernel.db import Database
from kernel.ids import new_id
from tests.speakers import Said

EVENT = Envelope(
    id=new_id(),
    source="/services/speaker",
    type=Said.TYPE,
    subject="kari",
    time=datetime(2026, 3, 29, 12, tzinfo=UTC),
    sequence=3,
    data=Said(word="hei"),
)


def newest(database: Database, subject: str, sequence: int) -> bool:
    with database.transaction() as tx:
        return inbox.newest(tx, replace(EVENT, subject=subject, sequence=sequence))


def test_subjects_of_a_person_begin_anew(fresh_database: Callable[..., Database]) -> None:
    database = fresh_database("kernel")
    subjects = ("kari", "band/kari", "makari", "band/makari", "kari/band", "band/k%ri", "band/kori")
    assert all(newest(database, each, 3) for each in subjects)

    with database.transaction() as tx:
        inbox.forget(tx, "kari")
        inbox.forget(tx, "k%ri")

    anew = {each: newest(database, each, 1) for each in subjects}
    assert [each for each, new in anew.items() if new] == ["kari", "band/kari", "band/k%ri"]
