"""Every service's migrations, up, down to nothing and up again: the same database comes of it."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, make_url, text

from kernel.migrate import migrate, undo
from tests.templates import owner_of

SERVICES = ["booking", "access", "pricing", "programming"]
_COLUMNS = text(
    "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    " WHERE table_schema = 'public' ORDER BY 1, 2"
)
_REST = text(
    "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " UNION ALL SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace"
    " UNION ALL SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    " UNION ALL SELECT proname, pg_get_functiondef(pg_proc.oid) FROM pg_proc"
    " LEFT JOIN pg_depend ON objid = pg_proc.oid AND deptype = 'e'"
    " WHERE pronamespace = 'public'::regnamespace AND objid IS NULL AND prokind = 'f' ORDER BY 1, 2"
)
_TABLES = text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")


def described(url: str) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], set[str]]:
    """The columns, everything else that a migration makes, and the names of the tables."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        columns = [tuple(row) for row in connection.execute(_COLUMNS)]
        rest = [tuple(row) for row in connection.execute(_REST)]
        tables = set(connection.execute(_TABLES).scalars())
    engine.dispose()
    return columns, rest, tables


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_can_be_taken_back_and_made_again(fresh_url: Callable[[str], str], service: str) -> None:
    url = owner_of(fresh_url(service))
    before = described(url)

    undo(service, url)
    _, rest, tables = described(url)
    assert tables <= {"alembic_version"}
    assert {table for table, _ in rest} <= {"alembic_version"}

    migrate(service, url)
    assert described(url) == before
    assert {"outbox", "inbox"} <= before[2]
