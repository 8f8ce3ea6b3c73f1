"""What the kernel keeps besides a service's own tables lets go of a person: answers, sent events, failed deliveries."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text

from kernel import erased, erasing, failures, idempotency, outbox
from kernel.clock import FixedClock
from kernel.db import Database
from kernel.idempotency import Claim, Kept
from kernel.problems import AnswerErased

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KARI, OLA, BOOKING = uuid4(), uuid4(), uuid4()


@pytest.fixture
def database(fresh_database: Callable[..., Database]) -> Database:
    return fresh_database("kernel", clock=FixedClock(NOW))


def keep(database: Database, key: str, *about: UUID, said: str = "", lasting: bool = False) -> Claim:
    wanted = Claim("somebody", key, b"digest", frozenset(about))
    with database.transaction() as tx:
        idempotency.claim(tx, wanted)
        idempotency.keep(tx, wanted, Kept(200, {}, said.encode()), lasting=lasting)
    return wanted


def forget(database: Database, **different: Any) -> None:
    with database.transaction() as tx:
        asked: dict[str, Any] = {"erased_at": tx.now, "under": uuid4()}
        erasing.forget(tx, KARI, [BOOKING], **(asked | different))


def is_gone(database: Database, wanted: Claim) -> bool:
    with database.reading() as tx:
        try:
            idempotency.answered(tx, wanted)
        except AnswerErased:
            return True
    return False


def test_answers_to_and_about_the_person_go_and_others_stay(database: Database) -> None:
    by_her = keep(database, "1", KARI)
    about_her = keep(database, "2", OLA, said=f'{{"tenant":"{KARI}"}}')
    of_hers = keep(database, "3", OLA, said=f'{{"booking":"{str(BOOKING).upper()}"}}')
    others = keep(database, "4", OLA, said=f'{{"booking":"{uuid4()}"}}')
    erasure = keep(database, "5", KARI, lasting=True)

    for _ in range(2):
        forget(database)
        assert [is_gone(database, each) for each in (by_her, about_her, of_hers, others, erasure)] == [
            *(True, True, True),
            *(False, False),
        ]


def test_an_answer_kept_by_an_earlier_release_goes_by_what_it_says(database: Database) -> None:
    kept = [keep(database, "1", OLA, said=f'æ"{KARI}"'), keep(database, "2", OLA, said="æ")]
    with database.transaction() as tx:
        tx.execute(text("UPDATE idempotency_keys SET about = NULL"))
    forget(database)
    assert [is_gone(database, each) for each in kept] == [True, False]


@pytest.mark.parametrize(("seconds", "gone"), [(-1, False), (0, True), (1, True)])
def test_answers_given_later_are_of_somebody_who_came_back(database: Database, seconds: int, gone: bool) -> None:
    kept = keep(database, "1", KARI)
    forget(database, until=NOW + timedelta(seconds=seconds))
    assert is_gone(database, kept) is gone


def an_event(at: datetime = NOW, **data: Any) -> str:
    return json.dumps({"id": str(uuid4()), "time": at.isoformat(), "type": "t", "subject": "s", "data": data})


def test_sent_events_go_and_unsent_ones_lose_their_titles(database: Database) -> None:
    hers = an_event(tenant={"id": str(KARI)}, title="Karis dag")
    rows = {name: uuid4() for name in ("sent", "unsent", "others", "kept", "by subject")}
    sent = dict.fromkeys(("sent", "others", "kept", "by subject"), NOW)
    with database.transaction() as tx:
        for name, event in rows.items():
            body = an_event(title="Ola") if name in ("others", "by subject") else hers
            named = {"id": event, "type": name, "subject": "a" if name == "by subject" else "b", "sequence": 1}
            tx.execute(insert(outbox.outbox), named | {"body": body, "created_at": NOW, "sent_at": sent.get(name)})

    class Stays:
        TYPE = "kept"

    with database.transaction() as tx:
        outbox.delete_sent(tx, str(KARI), ["a"], until=NOW, kept=[Stays])  # type: ignore[list-item]
    forget(database, kept=[Stays])

    with database.reading() as tx:
        left = {row.type: row.body for row in tx.execute(select(outbox.outbox))}
    assert set(left) == {"unsent", "others", "kept"}
    assert (str(KARI) in left["unsent"], "Karis dag" in left["unsent"]) == (True, False)


@pytest.mark.parametrize(("seconds", "gone"), [(-1, False), (0, True), (1, True)])
def test_events_of_later_are_of_somebody_who_came_back(database: Database, seconds: int, gone: bool) -> None:
    with database.transaction() as tx:
        named = {"id": uuid4(), "type": "t", "subject": "b", "sequence": 1, "body": an_event(by=str(KARI))}
        tx.execute(insert(outbox.outbox), named | {"created_at": NOW, "sent_at": NOW})
        outbox.delete_sent(tx, str(KARI), [], until=NOW + timedelta(seconds=seconds))
        assert (tx.execute(select(outbox.outbox)).first() is None) is gone


@pytest.mark.parametrize(("subject", "reason"), [("s", ""), ("another", "Kari")])
def test_a_reason_goes_from_what_is_told_of_these_subjects(database: Database, subject: str, reason: str) -> None:
    """Elsewhere it is a code, which readers need; and it may have been told after the erasure was decided on."""
    event = uuid4()
    with database.transaction() as tx:
        named = {"id": event, "type": "t", "subject": "s", "sequence": 1, "created_at": NOW}
        body = an_event(NOW + timedelta(seconds=1), reason="Kari")
        tx.execute(insert(outbox.outbox), named | {"body": body})
        outbox.rewrite_unsent(tx, str(KARI), ["s"], lambda said: erasing._untitled(said, NOW, [subject], reasons=True))
        left = tx.execute(select(outbox.outbox.c.body)).scalar_one()
    assert json.loads(left)["data"]["reason"] == reason


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (an_event(NOW - timedelta(seconds=1), booked_by=str(KARI), tenant={"id": str(KARI)}, title="Kari"), True),
        (an_event(NOW, booked_by=str(KARI), tenant={"id": str(KARI)}, title="Kari"), True),
        (an_event(NOW, person=str(KARI), role="owner"), False),
        (f"{{ {KARI}", False),
    ],
    ids=["an event before", "an event at the time", "of the person", "unreadable"],
)
def test_a_failed_delivery_from_before_is_of_nobody(database: Database, body: str, kept: bool) -> None:
    """Whether it failed before the erasure, or comes after it and fails then."""
    with database.transaction() as tx:
        failures.record(tx, "t", body.encode(), "x", due_at=None)
    forget(database)
    with database.transaction() as tx:
        erased.remember(tx, str(KARI), NOW)
        late = erasing.without_erased(tx, body.encode())
        found = [each.body for each in failures.dead_letters(tx)]
    assert [late is not None, len(found)] == [kept, int(kept)]
    assert not [each for each in (*found, late or b"") if str(KARI).encode() in each or b"Kari" in each]


def test_what_is_told_of_somebody_who_came_back_is_kept_as_it_is(database: Database) -> None:
    body = an_event(NOW + timedelta(seconds=1), tenant={"id": str(KARI)}, title="Kari").encode()
    with database.transaction() as tx:
        failures.record(tx, "t", body, "x", due_at=None)
    forget(database)
    with database.transaction() as tx:
        erased.remember(tx, str(KARI), NOW)
        assert erasing.without_erased(tx, body) == body
        assert [each.body for each in failures.dead_letters(tx)] == [body]


def test_that_somebody_is_erased_is_tried_again_though_they_are(database: Database) -> None:
    body = an_event(person=str(KARI), erased_at=NOW.isoformat()).encode()
    with database.transaction() as tx:
        erased.remember(tx, str(KARI), NOW)
        assert erasing.without_erased(tx, body) == body
