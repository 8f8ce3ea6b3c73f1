"""Statements made ready: what is in the text, what is a parameter, and what is left to SQLAlchemy. That PostgreSQL
takes them and answers the same, tests/integration/kernel/test_transactions.py shows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Executable,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, insert

from kernel.statements import Ready, ready

DIALECT = postgresql.psycopg2.dialect()
things = Table(
    "things",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("n", Integer),
    Column("said", JSONB),
    Column("t", Text),
    Column("at", DateTime(timezone=True)),
    Column("b", Boolean),
)
numbered = Table("numbered", MetaData(), Column("id", Uuid, default=uuid4), Column("n", Integer))


def quoted(value: Any) -> str:
    return f"<{value}>"


def found_for(statement: Executable, *names: str, lasting: bool = True) -> Ready | None:
    return ready(statement, dict.fromkeys(names), DIALECT, quoted, lasting=lasting)


def made(statement: Executable, *names: str) -> Ready:
    found = found_for(statement, *names)
    assert found is not None
    return found


def own(statement: Any, *columns: str) -> str:
    """As SQLAlchemy itself writes it."""
    return str(statement.compile(dialect=DIALECT, column_keys=sorted(columns)))


def by_id() -> Select[Any]:
    return select(things.c.n).where(things.c.id == bindparam("id"))


def test_the_first_time_a_statement_is_left_to_sqlalchemy() -> None:
    statement = by_id()
    assert found_for(statement, "id", lasting=False) is None
    second = found_for(statement, "id", lasting=False)
    assert second is not None
    assert found_for(statement, "id", lasting=False) is second


def test_another_statement_that_reads_the_same_is_another() -> None:
    assert made(by_id(), "id").name != made(by_id(), "id").name


def test_the_text_and_its_preparation() -> None:
    found = made(by_id(), "id")
    body = "SELECT things.n \nFROM things \nWHERE things.id = "
    assert found.text == body + "%(id)s::UUID"
    assert found.preparation == f"PREPARE {found.name}(UUID) AS {body}$1::UUID"
    assert found.called(Driver(), {"id": None}).decode() == f"EXECUTE {found.name}(NULL)"


def test_without_parameters() -> None:
    found = made(select(things.c.n))
    assert found.preparation == f"PREPARE {found.name} AS SELECT things.n \nFROM things"
    assert found.called(Driver(), {}).decode() == f"EXECUTE {found.name}"


def test_a_parameter_that_stands_twice_is_one() -> None:
    found = made(select(things.c.n).where(things.c.n == bindparam("n"), things.c.n != bindparam("n")), "n")
    assert found.order == ("n",)
    assert found.preparation is not None
    assert found.preparation.count("$1") == 2


def test_an_insert_is_the_one_that_sqlalchemy_makes_itself() -> None:
    statement = insert(things).on_conflict_do_nothing().returning(things.c.id)
    assert made(statement, "id", "n", "said").text == own(statement, "id", "n", "said")


def test_only_the_columns_given_are_written() -> None:
    statement = insert(things).on_conflict_do_nothing()
    assert "said" not in made(statement, "id", "n").text
    assert "said" in made(statement, "id", "said").text


def test_a_statement_inside_it_keeps_its_parameters() -> None:
    other = plain_insert(things).values(id=func.gen_random_uuid(), n=bindparam("many")).cte("other")
    chosen = select(func.gen_random_uuid(), bindparam("many", type_=Integer))
    statement = insert(things).from_select(["id", "n"], chosen).on_conflict_do_nothing().add_cte(other)
    assert made(statement, "many").text == own(statement)


def test_values_that_are_part_of_the_statement_are_written_into_it() -> None:
    statement = select(things.c.n).where(things.c.t == "held", things.c.n.in_([1, 2]), things.c.id == bindparam("id"))
    found = made(statement.limit(7), "id")
    assert "things.t = <held>" in found.text
    assert "IN (<1>, <2>)" in found.text
    assert "LIMIT <7>" in found.text
    assert found.order == ("id",)


def test_a_percent_sign_is_no_parameter() -> None:
    statement = select(things.c.n % 2).where(things.c.t == "%(id)s %s", things.c.id == bindparam("id"))
    found = made(statement, "id")
    assert "things.n %% <2>" in found.text
    assert "<%%(id)s %%s>" in found.text
    assert found.preparation is not None
    assert "things.n % <2>" in found.preparation
    assert "<%(id)s %s>" in found.preparation


def test_a_parameter_of_no_known_type_is_not_prepared() -> None:
    assert made(select(func.lower(bindparam("x"))), "x").preparation is None


@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT 1"),
        by_id().union(by_id()),
        select(things.c.n).where(things.c.n.in_(bindparam("ids", expanding=True))),
        select(things.c.n).where(things.c.n.in_([])),
        plain_insert(numbered),
    ],
)
def test_what_is_left_to_sqlalchemy(statement: Executable) -> None:
    assert found_for(statement, "ids" if isinstance(statement, Select) else "n") is None


class Driver:
    """Quotes as psycopg2 does, near enough."""

    def mogrify(self, text: str, values: Any) -> bytes:
        if isinstance(values, Mapping):
            return (text % {name: quoted(value) for name, value in values.items()}).encode()
        return (text % tuple(map(quoted, values))).encode()


def test_values_are_what_the_driver_takes() -> None:
    found = made(insert(things), "id", "said")
    assert found.written(Driver(), {"id": 7, "said": {"a": 1}}).endswith(b"""VALUES (<7>::UUID, <{"a": 1}>::JSONB)""")


def test_only_what_may_need_quoting_is_left_to_the_driver() -> None:
    found = made(insert(things), "id", "n", "t", "at", "b", "said")
    values = {"id": UUID(int=7), "n": -3, "t": "'%s", "b": True, "at": datetime(2026, 3, 29, tzinfo=UTC), "said": []}
    assert found.order == ("id", "n", "said", "t", "at", "b")
    assert found.called(Driver(), values).decode() == (
        f"EXECUTE {found.name}('{UUID(int=7)}',-3,<[]>,<'%s>,'2026-03-29T00:00:00+00:00',True)"
    )
