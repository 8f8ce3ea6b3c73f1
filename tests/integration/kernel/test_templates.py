"""A database that a test is done with is as new for the next one, or is not given to it."""

from contextlib import closing

import psycopg2
import pytest

from tests.templates import Fresh, Templates, owner_of, session


def do(url: str, *statements: str) -> None:
    with session(url) as ask:
        for each in statements:
            ask.execute(each)


def test_what_a_test_wrote_and_took_away_is_as_before(templates: Templates) -> None:
    url = templates.copy("booking")
    new = Fresh.of(url)
    assert "restatement" in new.rows
    do(
        url,
        "DELETE FROM restatement",
        "INSERT INTO squares VALUES ('borgen', '{}')",
        "SELECT nextval(pg_get_serial_sequence('spaces', 'number'))",
    )
    assert Fresh.of(url) != new
    templates.take_back(url)
    assert templates.copy("booking") == url
    assert Fresh.of(url) == new
    templates.take_back(url)


def test_whoever_is_still_in_it_is_put_out(templates: Templates) -> None:
    url = templates.copy("booking")
    with closing(psycopg2.connect(url)) as left, left.cursor() as cursor:
        cursor.execute("UPDATE restatement SET ends_at = now()")
        templates.take_back(url)
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (n int)",
        "ALTER TABLE restatement ADD COLUMN n int",
        "ALTER TABLE restatement ALTER ends_at SET DEFAULT now()",
        "DROP TABLE restatement",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE INDEX ON restatement (ends_at)",
        "ALTER TABLE spaces DROP CONSTRAINT spaces_number_key",
        "INSERT INTO squares SELECT n, '{}' FROM generate_series(1, 100000) AS n",
    ],
)
def test_one_that_is_changed_or_has_grown_is_given_to_nobody(templates: Templates, change: str) -> None:
    url = templates.copy("booking")
    do(owner_of(url), change)
    templates.take_back(url)
    another = templates.copy("booking")
    assert another != url
    templates.take_back(another)
