"""Brings a service's database up to date: the kernel's tables and the service's own, as two branches of one Alembic
history. Each migration is a transaction of its own.

Called by `./torg migrate` and wherever a stack is started. Safe to run twice, by two processes at once, and while the
release before is at work: docs/decisions/0027 tells what a migration may do.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import structlog
from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, exc, func, make_url, select, text

from kernel import silence
from kernel.release import VERSION

log = structlog.get_logger(__name__)

_KERNEL = Path(__file__).parent
_ROOT = _KERNEL.parent
_FIRST_RELEASE = "0.1.0"
_ALONE = select(func.pg_try_advisory_lock(crc32(b"torg migrate")))
_ALONE_POLL_SECONDS = 0.1
_LOCK_MILLISECONDS = 200
"""Whoever waits for a table makes everybody else wait behind it. And who holds one table and waits for another comes to
a deadlock with those who want them the other way round: PostgreSQL ends one of them after a second, so we are gone
before."""
_LOCK_TRIES = 60
_HISTORY_IS_OURS = """
DO $$
DECLARE other text;
BEGIN
    FOR other IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_name = 'alembic_version' AND grantor = current_user AND grantee NOT IN (current_user, 'PUBLIC')
    LOOP EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM %I', other); END LOOP;
END $$
"""
"""The service reads and writes what migrations make, but not which of them were made."""
_LOCK_PAUSE_SECONDS = 0.5


class SchemaTooNew(Exception):
    """A later release brought the database to where this one can't work."""


def migrate(service: str, url: str) -> bool:
    """Upgrades the database at `url` (postgresql://) to the newest version of `service`. False when a later release has
    been there, and left it fit for this one; else raises SchemaTooNew."""
    with _history(service, url) as history:
        if history.is_ahead():
            history.check_fit()
            return False
        for tries_left in reversed(range(_LOCK_TRIES)):
            try:
                command.upgrade(history.config, "heads")
                break
            except exc.OperationalError as error:
                if not tries_left or getattr(error.orig, "pgcode", None) != "55P03":  # lock_not_available
                    raise
            log.warning("migration_waits_for_a_table", service=service)
            time.sleep(_LOCK_PAUSE_SECONDS)
        history.declare()
        return True


def demand_fit(oldest: str) -> None:
    """Raises SchemaTooNew unless this release can work where none older than `oldest` can."""
    if _numbers(VERSION) < _numbers(oldest):
        raise SchemaTooNew(f"the database is of a later release: the oldest that runs on it is {oldest}")


def undo(service: str, url: str) -> None:
    """Takes all of it back, the newest first, until the database is empty. Tests call it: what can't be taken back is
    not deployed."""
    with _history(service, url) as history:
        command.downgrade(history.config, "base")


def create_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """For migrations: an index on a table that is in use. Nobody waits for it; what an earlier try left half done is
    dropped first. It ends the migration's transaction, so it stands in a migration of its own."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for older transactions, and holds up none
        op.drop_index(name, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)
        op.execute("RESET lock_timeout")


@dataclass(frozen=True)
class _History:
    """A database's place in the history of revisions that this release knows."""

    config: Config
    connection: Connection

    def is_ahead(self) -> bool:
        """Whether the database has a revision that this release does not know."""
        known = {each.revision for each in self._script().walk_revisions()}
        heads = MigrationContext.configure(self.connection).get_current_heads()
        self.connection.commit()
        return not known.issuperset(heads)

    def check_fit(self) -> None:
        """Raises SchemaTooNew unless whoever migrated it last said that this release can work there."""
        demand_fit(self.connection.execute(text("SELECT release FROM oldest_release")).scalar_one())

    def declare(self) -> None:
        """Writes down the oldest release that can work there: an older `migrate` knows nothing of our revisions."""
        declared = {getattr(each.module, "oldest_release", _FIRST_RELEASE) for each in self._script().walk_revisions()}
        oldest = {"release": max(declared, key=_numbers)}
        self.connection.execute(text("DELETE FROM oldest_release"))
        self.connection.execute(text("INSERT INTO oldest_release VALUES (:release)"), oldest)
        self.connection.execute(text(_HISTORY_IS_OURS))
        self.connection.commit()

    def _script(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self.config)


@contextmanager
def _history(service: str, url: str) -> Iterator[_History]:
    """Alembic, on a connection that alone migrates the database."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        connect_args=silence.POSTGRES
        | {"application_name": "torg-migrate", "options": f"-c lock_timeout={_LOCK_MILLISECONDS}"},
    )
    with engine.connect() as connection:
        # asked again and again, for who waits inside a statement holds up indexes that are made concurrently
        while not _got_alone(connection):
            time.sleep(_ALONE_POLL_SECONDS)
        config = Config()
        config.set_main_option("script_location", str(_KERNEL / "migrations"))
        config.set_main_option("path_separator", "newline")
        places = (_KERNEL / "migrations/versions", _ROOT / "services" / service / "migrations/versions")
        config.set_main_option("version_locations", "\n".join(map(str, places)))
        config.attributes["connection"] = connection
        try:
            yield _History(config, connection)
        finally:
            connection.invalidate()  # gives up the lock
    engine.dispose()


def _got_alone(connection: Connection) -> bool:
    got: bool = connection.execute(_ALONE).scalar_one()
    connection.commit()
    return got


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
