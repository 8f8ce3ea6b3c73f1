"""Transactions on a real PostgreSQL: what runs prepared answers as SQLAlchemy's own would, and no connection goes back
to the pool inside a transaction."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    DateTime,
    Executable,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    exc,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.schema import CreateTable

from kernel.db import Database, RolledBack, Transaction, WroteWhileReading, lost_because, went_away
from tests.templates import as_owner

AT = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)
WHOLE: dict[str, Any] = {
    "id": UUID(int=7),
    "n": -3,
    "t": "it's 100 % \\ %(n)s $1",
    "b": True,
    "d": date(2026, 2, 28),
    "at": AT,
    "m": Decimal("12.50"),
    "long": timedelta(days=2, seconds=1),
    "said": {"a": [1, None, "æ"]},
    "ids": [UUID(int=1), UUID(int=2)],
    "words": ["a,b", 'c"d', "%s"],
    "raw": b"\x00\xff%",
    "span": Range(AT, AT + timedelta(hours=1), bounds="[)"),
}
KINDS: dict[str, Any] = {
    "id": Uuid,
    "n": Integer,
    "t": Text,
    "b": Boolean,
    "d": Date,
    "at": DateTime(timezone=True),
    "m": Numeric,
    "long": Interval,
    "said": JSONB(none_as_null=True),
    "ids": ARRAY(Uuid),
    "words": ARRAY(Text),
    "raw": LargeBinary,
    "span": TSTZRANGE,
}
things = Table("things", MetaData(), *(Column(name, kind, primary_key=name == "id") for name, kind in KINDS.items()))

ADD = insert(things)
ALL = select(things)
NUMBERS = select(things.c.n).order_by(things.c.n)
PREPARED = text("SELECT count(*) FROM pg_prepared_statements")


@pytest.fixture
def database(fresh_database: Callable[..., Database]) -> Database:
    """With one connection, so that tests know which one they get."""
    database = fresh_database("kernel", pool_size=1)
    as_owner(database, str(CreateTable(things).compile(database.engine)))
    return database


def add(tx: Transaction, n: int) -> None:
    tx.execute(ADD, {"id": UUID(int=n), "n": n})


def numbers(database: Database) -> list[int]:
    with database.reading() as tx:
        return list(tx.execute(NUMBERS).scalars())


def prepared(database: Database) -> int:
    with database.reading() as tx:
        return int(tx.execute(PREPARED).scalar_one())


def status(database: Database) -> int:
    """Whether the pool's connection is inside a transaction."""
    with database.engine.connect() as connection:
        found: int = connection.connection.dbapi_connection.info.transaction_status  # type: ignore[union-attr]
        return found


@pytest.mark.parametrize("values", [WHOLE, {name: WHOLE["id"] if name == "id" else None for name in WHOLE}])
def test_every_kind_of_value_comes_back_as_it_went(database: Database, values: dict[str, Any]) -> None:
    """The first time through SQLAlchemy, the second as text or prepared."""
    answers = []
    for door in (database.transaction, database.transaction, database.reading):
        with database.transaction() as tx:
            tx.execute(delete(things))
        with database.transaction() as tx:
            tx.execute(ADD, values)
        with door() as tx:
            answers.append(tx.execute(ALL).one())
    assert prepared(database) == 2
    for row in answers:
        assert row._asdict() == values


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ("said", "raw")])
def test_every_kind_of_value_is_found_again(database: Database, name: str) -> None:
    column = things.c[name]
    find = select(things.c.id).where(column == bindparam("sought", type_=column.type))
    with database.transaction() as tx:
        tx.execute(ADD, WHOLE)
        for _ in range(7):  # beyond the fifth PostgreSQL may plan for any value
            assert tx.execute(find, {"sought": WHOLE[name]}).scalars().all() == [WHOLE["id"]]


def test_arithmetic_takes_the_type_of_the_value(database: Database) -> None:
    moment = bindparam("moment", type_=DateTime(timezone=True))
    later = select(moment + text("interval '1 hour'"), bindparam("n", type_=Integer) * text("interval '1 day'"))
    with database.transaction() as tx:
        for _ in range(2):
            assert tuple(tx.execute(later, {"moment": AT, "n": 3}).one()) == (
                AT + timedelta(hours=1),
                timedelta(days=3),
            )


def test_the_ways_to_read_an_answer(database: Database) -> None:
    with database.transaction() as tx:
        for n in (1, 2, 3):
            add(tx, n)
        for _ in range(2):
            assert tx.execute(NUMBERS).all() == [(1,), (2,), (3,)]
        assert [row.n for row in tx.execute(NUMBERS)] == [1, 2, 3]
        assert tx.execute(NUMBERS).mappings().all() == [{"n": 1}, {"n": 2}, {"n": 3}]
        assert tx.execute(NUMBERS).scalars().first() == 1
        assert tx.execute(NUMBERS).rowcount == 3
        first = tx.execute(NUMBERS).first()
        assert first is not None
        assert (first._mapping["n"], first[0]) == (1, 1)
        with pytest.raises(exc.MultipleResultsFound):
            tx.execute(NUMBERS).one_or_none()
        add_one = update(things).values(n=things.c.n + 1).returning(things.c.n)
        assert [sorted(tx.execute(add_one).scalars()) for _ in range(2)] == [[2, 3, 4], [3, 4, 5]]
        drop = delete(things).where(things.c.n > bindparam("n"))
        assert [tx.execute(drop, {"n": n}).rowcount for n in (4, 3)] == [1, 1]


def test_many_rows_at_once(database: Database) -> None:
    rows = [{"id": UUID(int=n), "n": n} for n in (1, 2)]
    with database.transaction() as tx:
        add(tx, 8)
        add(tx, 9)
        assert tx.execute(ADD, rows).rowcount == 2
    assert numbers(database) == [1, 2, 8, 9]


def test_fixed_values_and_lists(database: Database) -> None:
    chosen = select(things.c.n).where(things.c.n.in_([1, 2]), things.c.t == "50 % 'x'").limit(5)
    with database.transaction() as tx:
        tx.execute(ADD, {"id": UUID(int=1), "n": 1, "t": "50 % 'x'"})
        for _ in range(2):
            assert tx.execute(chosen).scalars().all() == [1]


@pytest.mark.parametrize(("times", "kept"), [(1, 0), (2, 1), (3, 1)])
def test_what_comes_again_is_prepared_once(database: Database, times: int, kept: int) -> None:
    statement = select(things.c.t)
    for _ in range(times):
        with database.transaction() as tx:
            tx.execute(statement)
    assert prepared(database) == kept


def test_reading_prepares_nothing(database: Database) -> None:
    statement = select(things.c.t)
    for _ in range(3):
        with database.reading() as tx:
            tx.execute(statement)
    assert prepared(database) == 0


def test_what_is_prepared_is_bounded(database: Database) -> None:
    with database.transaction() as tx:
        for _ in range(301):
            statement = select(things.c.n)
            tx.execute(statement)
            tx.execute(statement)
    assert 0 < prepared(database) <= 300
    with database.transaction() as tx:
        add(tx, 1)
    assert numbers(database) == [1]


def test_a_failed_preparation_is_made_again(database: Database) -> None:
    elsewhere = select(Table("elsewhere", MetaData(), Column("n", Integer)).c.n)
    for _ in range(3):
        with pytest.raises(exc.ProgrammingError), database.transaction() as tx:
            tx.execute(elsewhere)
    as_owner(database, "CREATE TABLE elsewhere (n int)")
    with database.transaction() as tx:
        assert tx.execute(elsewhere).all() == []
    assert prepared(database) == 1


def test_an_error_undoes_what_was_done_and_not_what_was_prepared(database: Database) -> None:
    for n in (1, 2, 3):
        with suppress(ZeroDivisionError), database.transaction() as tx:
            add(tx, n)
            raise ZeroDivisionError
    with database.transaction() as tx:
        add(tx, 4)
    assert numbers(database) == [4]


def test_a_database_that_takes_no_writing_is_away_and_says_why(database: Database) -> None:
    """As a standby that nobody has promoted is, or one whose operator has shut it to writing."""
    as_owner(database, f"ALTER DATABASE {database.engine.url.database} SET default_transaction_read_only = on")
    database.engine.dispose()
    with pytest.raises(exc.DBAPIError) as refused, database.transaction() as tx:
        add(tx, 1)
    assert went_away(refused.value)
    assert lost_because(refused.value) == "cannot execute INSERT in a read-only transaction"


def test_a_migration_under_a_prepared_statement(database: Database) -> None:
    """A column of another type: one transaction is told that the database went away, and all others go on."""
    for _ in range(2):
        with database.transaction() as tx:
            tx.execute(NUMBERS)
    as_owner(database, "ALTER TABLE things ALTER n TYPE bigint")
    with pytest.raises(exc.DBAPIError) as refused, database.transaction() as tx:
        tx.execute(NUMBERS)
    assert went_away(refused.value)
    with database.transaction() as tx:
        assert tx.execute(NUMBERS).all() == []


def ends_well(tx: Transaction) -> None:
    tx.execute(ALL)


def raises(tx: Transaction) -> None:
    tx.execute(ALL)
    raise ZeroDivisionError


def fails(tx: Transaction) -> None:
    tx.execute(text("SELECT 1 / 0"))


def fails_unnoticed(tx: Transaction) -> None:
    with suppress(exc.DBAPIError):
        fails(tx)


def dies(tx: Transaction) -> None:
    tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.mark.parametrize("door", ["transaction", "reading"])
@pytest.mark.parametrize("work", [ends_well, raises, fails, fails_unnoticed, dies])
def test_no_connection_goes_back_inside_a_transaction(
    database: Database, door: str, work: Callable[[Transaction], None]
) -> None:
    with suppress(ZeroDivisionError, exc.DBAPIError, RolledBack), getattr(database, door)() as tx:
        work(tx)
    assert status(database) == TRANSACTION_STATUS_IDLE
    with database.transaction() as tx:
        add(tx, 1)
    assert numbers(database) == [1]


def test_a_failure_passed_over_is_not_taken_for_a_commit(database: Database) -> None:
    with pytest.raises(RolledBack), database.transaction() as tx:
        fails_unnoticed(tx)
    assert numbers(database) == []


@pytest.mark.parametrize("times", [1, 2])
def test_reading_can_not_write(database: Database, times: int) -> None:
    with database.transaction() as tx:
        add(tx, 8)
    for n in range(times):
        with pytest.raises(WroteWhileReading), database.reading() as tx:
            add(tx, n)
    assert numbers(database) == [8]


def test_what_can_wait_is_there_at_the_commit(database: Database) -> None:
    with database.transaction() as tx:
        tx.later(ADD, {"id": UUID(int=1), "n": 1})
        tx.later(ADD, {"id": UUID(int=2), "n": 2})
    assert numbers(database) == [1, 2]


def test_what_can_wait_is_there_for_what_comes_next(database: Database) -> None:
    with database.transaction() as tx:
        for n in (1, 2):
            tx.later(ADD, {"id": UUID(int=n), "n": n})
            assert tx.execute(NUMBERS).scalars().all() == list(range(1, n + 1))


@pytest.mark.parametrize("asked", [None, NUMBERS, text("SELECT 1")])
def test_what_can_wait_and_fails_undoes_everything(database: Database, asked: Executable | None) -> None:
    def work(tx: Transaction) -> None:
        add(tx, 1)
        tx.later(ADD, {"id": UUID(int=1), "n": 2})
        if asked is not None:
            tx.execute(asked)

    with pytest.raises(exc.IntegrityError), database.transaction() as tx:
        work(tx)
    assert numbers(database) == []
    assert status(database) == TRANSACTION_STATUS_IDLE


@pytest.mark.parametrize("statement", [text("SELECT 1"), select(things.c.n).where(things.c.n.in_([]))])
def test_what_must_go_through_sqlalchemy_can_not_wait(database: Database, statement: Executable) -> None:
    with pytest.raises(TypeError), database.transaction() as tx:
        tx.later(statement, {})


def test_parts_that_fail_on_their_own(database: Database) -> None:
    with database.transaction() as tx:
        add(tx, 1)
        with tx.savepoint():
            add(tx, 2)
            with suppress(exc.IntegrityError), tx.savepoint():
                add(tx, 3)
                add(tx, 1)
            with suppress(ZeroDivisionError), tx.savepoint():
                tx.later(ADD, {"id": UUID(int=4), "n": 4})
                raise ZeroDivisionError
            with suppress(exc.IntegrityError), tx.savepoint():
                tx.later(ADD, {"id": UUID(int=1), "n": 1})
        add(tx, 5)
    assert numbers(database) == [1, 2, 5]


def test_a_part_in_which_the_connection_is_lost(database: Database) -> None:
    with pytest.raises(exc.DBAPIError) as lost, database.transaction() as tx, tx.savepoint():
        dies(tx)
    assert went_away(lost.value)
    assert numbers(database) == []
