"""What is newer: order by epoch and sequence, and what begins an epoch. Forgetting a person: the subjects that are
theirs begin anew, and nobody else's do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from kernel import inbox, restores, unknown
from kernel.consumer import handle_event
from kernel.contracts import Envelope, decode
from kernel.db import Database, Transaction
from kernel.ids import new_id
from kernel.outbox import outbox
from tests.at_once import at_once
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


@pytest.mark.parametrize(
    ("before", "after", "newer", "begins"),
    [
        ((0, 4), (0, 3), False, False),
        ((0, 4), (0, 4), False, False),
        ((0, 4), (0, 5), True, False),
        ((0, 4), (1, 1), True, True),
        ((1, 1), (0, 9), False, False),
        ((1, 4), (1, 4), False, False),
        ((1, 4), (1, 5), True, False),
        ((1, 4), (2, 1), True, True),
        ((0, 1), (2_000_000_000_000, 1), True, True),
    ],
)
def test_the_newer_is_that_of_the_later_epoch_and_then_of_the_greater_sequence(
    fresh_database: Callable[..., Database],
    before: tuple[int, int],
    after: tuple[int, int],
    newer: bool,
    begins: bool,
) -> None:
    database = fresh_database("kernel")
    told = [replace(EVENT, epoch=epoch, sequence=sequence) for epoch, sequence in (before, after)]
    with database.transaction() as tx:
        assert inbox.newest(tx, told[0])
        assert not inbox.begins_epoch(tx, told[0])  # nothing was known of it that could be undone

    with database.transaction() as tx:
        assert inbox.newest(tx, told[1]) is newer
        if newer:
            assert inbox.begins_epoch(tx, told[1]) is begins
            assert not inbox.newest(tx, told[1])


def test_of_two_at_once_in_a_new_epoch_one_begins_it(fresh_database: Callable[..., Database]) -> None:
    database = fresh_database("kernel")
    newest(database, "kari", 3)

    def begins(sequence: int) -> bool:
        with database.transaction() as tx:
            event = replace(EVENT, epoch=1, sequence=sequence)
            return inbox.newest(tx, event) and inbox.begins_epoch(tx, event)

    assert sum(at_once(begins, [1, 2, 3])) == 1


def test_events_carry_the_epoch_that_a_restore_began(fresh_database: Callable[..., Database]) -> None:
    database = fresh_database("kernel")
    with database.transaction() as tx:
        tx.emit(Said(word="before"), subject="kari", sequence=7)
    with database.transaction() as tx:
        restores.begin_epoch(tx, 5, at=tx.now)
        tx.emit(Said(word="after"), subject="kari", sequence=1)
    with database.reading() as tx:
        sent = [decode(body, Said) for body in tx.execute(select(outbox.c.body).order_by(outbox.c.position)).scalars()]
    assert [(event.epoch, event.sequence) for event in sent] == [(0, 7), (5, 1)]


def test_what_is_known_again_leaves_the_list_and_what_was_settled_stays_so(
    fresh_database: Callable[..., Database],
) -> None:
    database = fresh_database("kernel")
    with database.transaction() as tx:
        unknown.note(tx, "/services/booking", ["a", "b", "c"])
        assert unknown.settle(tx, "/services/booking", "a", "kept", by="Odd", why="It is near")
        assert not unknown.settle(tx, "/services/booking", "a", "withdrawn", by="Eva", why="No")
        assert not unknown.settle(tx, "/services/booking", "d", "kept", by="Odd", why="It is near")
    with database.transaction() as tx:
        unknown.note(tx, "/services/booking", ["a", "c"])
        assert list(unknown.unsettled(tx, "/services/booking")) == ["c"]
        unknown.note(tx, "/services/booking", [])
        assert list(unknown.unsettled(tx, "/services/booking")) == []


def test_who_decided_and_why_is_kept_until_it_is_to_be_decided_again(fresh_database: Callable[..., Database]) -> None:
    database = fresh_database("kernel")
    with database.transaction() as tx:
        unknown.note(tx, "/services/booking", ["a", "b"])
        assert unknown.settled(tx, "/services/booking") == []
        unknown.settle(tx, "/services/booking", "a", "kept", by="Odd", why="It is near")
        assert unknown.settled(tx, "/services/booking") == [unknown.Settled("a", tx.now, "kept", "Odd", "It is near")]
        unknown.reopen(tx, "/services/booking", "a")
        assert unknown.settled(tx, "/services/booking") == []


def test_subjects_of_a_person_begin_anew(fresh_database: Callable[..., Database]) -> None:
    database = fresh_database("kernel")
    subjects = ("kari", "band/kari", "makari", "band/makari", "kari/band", "band/k%ri", "band/kori")
    assert all(newest(database, each, 3) for each in subjects)

    with database.transaction() as tx:
        inbox.forget(tx, "kari")
        inbox.forget(tx, "k%ri")

    anew = {each: newest(database, each, 1) for each in subjects}
    assert [each for each, new in anew.items() if new] == ["kari", "band/kari", "band/k%ri"]


@pytest.mark.parametrize(("repeatedly", "taken"), [(False, 1), (True, 2)])
def test_a_repeated_event_reaches_only_who_repairs_by_it(
    fresh_database: Callable[..., Database], repeatedly: bool, taken: int
) -> None:
    database, heard = fresh_database("kernel"), []

    class Listener:
        @handle_event(Said, repeatedly=repeatedly)
        def said(self, tx: Transaction, event: Envelope[Said]) -> None:
            heard.append(inbox.taken_at(tx, event))

    for _ in range(2):
        with database.transaction() as tx:
            Listener.said.take(Listener(), tx, EVENT.encode())  # type: ignore[attr-defined]
    assert len(heard) == taken
    assert len(set(heard)) == 1, "it was first taken once"
