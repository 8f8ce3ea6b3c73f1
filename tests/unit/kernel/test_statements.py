"""INSERT … ON CONFLICT as text means what SQLAlchemy's own means. That PostgreSQL takes it, integration tests show."""

import re

from sqlalchemy import Column, Integer, MetaData, Table, Text, TextClause, Uuid, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert

from kernel.statements import compiled_once

things = Table(
    "things",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("n", Integer),
    Column("said", JSONB),
    Column("t", Text),
)


def sql(made: TextClause) -> str:
    """As the driver gets it, without the brackets round parameters, and casts told twice told once."""
    written = str(made.compile(dialect=postgresql.psycopg2.dialect()))
    return re.sub(r"\((%\(\w+\)s(?:::\w+)?)\)(?:::\w+)?", r"\1", written)


def own(statement: Insert, *columns: str) -> str:
    """As SQLAlchemy itself writes it."""
    return str(statement.compile(dialect=postgresql.psycopg2.dialect(), column_keys=sorted(columns)))


def test_it_is_the_statement_that_sqlalchemy_makes_itself() -> None:
    statement = insert(things).on_conflict_do_nothing().returning(things.c.id)
    assert sql(compiled_once(statement, frozenset({"id", "n", "said"}))) == own(statement, "id", "n", "said")


def test_only_the_columns_given_are_written() -> None:
    statement = insert(things).on_conflict_do_nothing()
    assert "said" not in sql(compiled_once(statement, frozenset({"id", "n"})))
    assert "said" in sql(compiled_once(statement, frozenset({"id", "said"})))


def test_it_is_compiled_once() -> None:
    statement = insert(things).on_conflict_do_nothing()
    assert compiled_once(statement, frozenset({"id", "n"})) is compiled_once(statement, frozenset({"n", "id"}))


def test_values_that_are_part_of_the_statement_stay_in_it() -> None:
    first = insert(things)
    statement = first.on_conflict_do_update(index_elements=["id"], set_={"n": 7, "t": first.excluded.t})
    made = compiled_once(statement, frozenset({"id"}))
    assert 7 in made.compile().params.values()


def test_a_percent_sign_is_no_parameter() -> None:
    chosen = select(func.gen_random_uuid(), func.format("%s%%"))
    statement = insert(things).from_select(["id", "t"], chosen.where(things.c.n % 2 == 0)).on_conflict_do_nothing()
    assert sql(compiled_once(statement, frozenset())) == own(statement)


def test_a_statement_inside_it_keeps_its_parameters() -> None:
    other = plain_insert(things).values(id=func.gen_random_uuid(), t="100 %").cte("other")
    statement = insert(things).on_conflict_do_nothing().add_cte(other)
    assert sql(compiled_once(statement, frozenset({"id"}))) == own(statement, "id")
