"""What the last releases know of the databases is still there after today's migrations, and they need not know what is
new."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from cli import SERVICES
from cli.paths import ROOT
from kernel.migrate import migrate
from tests.releases import OLDEST, Checkout, databases_for_a_while, released, still_taken
from tests.templates import owner_of

COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES', column_default IS NOT NULL OR is_identity = 'YES'
       OR is_generated = 'ALWAYS'
  FROM information_schema.columns WHERE table_schema = 'public'
"""
RULES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'f', 'x', 'p')
"""
FUNCTIONS = """
SELECT pg_proc.oid::regprocedure::text, prorettype::regtype::text FROM pg_proc
  LEFT JOIN pg_depend ON objid = pg_proc.oid AND deptype = 'e'
 WHERE pronamespace = 'public'::regnamespace AND objid IS NULL
"""
LOOSER = {"quotes_price_or_reason"}
"""Constraints that were made to allow more than before."""


class Schema:
    """What a database's tables, rules and functions are."""

    def __init__(self, url: str) -> None:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
        with engine.connect() as connection:
            columns, rules, functions = (connection.execute(text(sql)).all() for sql in (COLUMNS, RULES, FUNCTIONS))
        engine.dispose()
        self.columns = {(table, name): rest for table, name, *rest in columns}
        self.rules = {(table, name): rule for table, name, rule in rules}
        self.functions = {tuple(each) for each in functions}
        self.tables = {table for table, _ in self.columns}

    def breaks(self, before: "Schema") -> list[str]:
        """What of it a process that knows `before` stumbles over."""
        found = [f"{each} is gone" for each in sorted(before.functions - self.functions)]
        for (table, column), (kind, nullable, _) in before.columns.items():
            now = self.columns.get((table, column))
            if now is None or now[0] != kind or (nullable and not now[1]):
                found.append(f"{table}.{column} was {kind}, {nullable=}, and is {now}")
        for (table, column), (_, nullable, filled) in self.columns.items():
            if table in before.tables and (table, column) not in before.columns and not (nullable or filled):
                found.append(f"{table}.{column} is new, and must be given")
        for (table, name), rule in self.rules.items():
            if table in before.tables and before.rules.get((table, name)) != rule and name not in LOOSER:
                found.append(f"{table} has a new rule {name}: {rule}")
        return found


HISTORIES = {
    "kernel": ROOT / "kernel/migrations/versions",
    **{service: ROOT / "services" / service / "migrations/versions" for service in SERVICES},
}
ADDED_INDEX = re.compile(
    r'op\.create_index\(\s*"\w+",\s*"(\w+)"|CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)\w+\s+ON\s+(\w+)'
)
ADDED_TABLE = re.compile(r'create_table\(\s*"(\w+)"|CREATE TABLE (\w+)')
SMALL = {"spaces", "arenas", "squares", "locks"}
"""Tables of some hundred rows: they are indexed before anybody notices."""
REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
FOLLOWED = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


def slow_indexes(migration: str) -> set[str]:
    """The tables that were there before and get an index while nobody can write to them."""
    indexed, added = (
        {one or other for one, other in pattern.findall(migration)} for pattern in (ADDED_INDEX, ADDED_TABLE)
    )
    return indexed - added - SMALL


@pytest.fixture(params=still_taken(), ids=lambda release: release.version)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    return request.param.unpack(tmp_path / "before")


def test_what_an_earlier_release_knows_is_still_there(before: Checkout, postgres: str, tmp_path: Path) -> None:
    with databases_for_a_while(postgres, tmp_path, prefix="torg_schemas") as urls:
        before.migrate(urls)
        known = {service: Schema(url) for service, url in urls.items()}
        for service, url in urls.items():
            migrate(service, url)
        breaks = {service: Schema(url).breaks(known[service]) for service, url in urls.items()}
    assert breaks == {service: [] for service in SERVICES}


def test_no_table_in_use_is_shut_for_a_new_index(before: Checkout) -> None:
    new = [
        path
        for folder in HISTORIES.values()
        for path in folder.glob("*.py")
        if not (before.folder / path.relative_to(ROOT)).exists()
    ]
    assert {path.name: found for path in new if (found := slow_indexes(path.read_text()))} == {}


@pytest.mark.parametrize("name", HISTORIES)
def test_each_revision_follows_one_other(name: str) -> None:
    texts = [path.read_text() for path in HISTORIES[name].glob("*.py")]
    revisions = [found for each in texts for found in REVISION.findall(each)]
    followed = {found for each in texts for found in FOLLOWED.findall(each)}
    assert len(revisions) == len(set(revisions)) == len(texts)
    assert len(followed) == len(texts) - 1  # the first follows none


def test_no_migration_takes_more_away_than_the_last_release_can_do_without() -> None:
    texts = [path.read_text() for folder in HISTORIES.values() for path in folder.glob("*.py")]
    assert {found for each in texts for found in OLDEST.findall(each)} <= {each.version for each in released()}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE outbox RENAME COLUMN subject TO about", ["outbox.subject was text", "outbox.about is new"]),
        ("ALTER TABLE outbox DROP COLUMN sent_at", ["outbox.sent_at was timestamp"]),
        ("ALTER TABLE outbox ALTER COLUMN sequence TYPE text", ["outbox.sequence was integer"]),
        ("ALTER TABLE failed_deliveries ALTER COLUMN due_at SET NOT NULL", ["failed_deliveries.due_at was"]),
        ("ALTER TABLE outbox ADD COLUMN colour text NOT NULL", ["outbox.colour is new, and must be given"]),
        ("ALTER TABLE outbox ADD COLUMN colour text NOT NULL DEFAULT 'red'", []),
        ("ALTER TABLE outbox ADD COLUMN colour text", []),
        ("ALTER TABLE outbox ADD CONSTRAINT short CHECK (length(body) < 9)", ["outbox has a new rule short"]),
        ("CREATE TABLE colours (name text NOT NULL CHECK (name <> ''))", []),
        ("DROP TABLE erased_persons", ["erased_persons.digest was", "erased_persons.erased_at was"]),
    ],
)
def test_what_breaks_an_earlier_release_is_seen(fresh_url: Callable[[str], str], change: str, told: list[str]) -> None:
    url = owner_of(fresh_url("kernel"))
    before = Schema(url)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    found = sorted(Schema(url).breaks(before))
    assert len(found) == len(told)
    assert all(each.startswith(begins) for each, begins in zip(found, sorted(told), strict=True)), found


@pytest.mark.parametrize(
    ("migration", "tables"),
    [
        ('op.create_index("one", "bookings", ["space"])', {"bookings"}),
        ('op.create_index("one", "spaces", ["arena"])', set()),
        ('op.execute("CREATE UNIQUE INDEX one ON bookings (space)")', {"bookings"}),
        ('op.execute("CREATE INDEX CONCURRENTLY one ON bookings (space)")', set()),
        ('create_index("one", "bookings", ["space"])', set()),
        ('op.create_table(\n    "colours",\n)\nop.create_index("one", "colours", ["name"])', set()),
    ],
)
def test_an_index_that_shuts_a_table_is_seen(migration: str, tables: set[str]) -> None:
    assert slow_indexes(migration) == tables
