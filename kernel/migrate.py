"""Brings a service's database up to date: the kernel's tables and the service's own, as two branches of one Alembic
history.

Called by `./torg migrate` and wherever a stack is started. Safe to run twice, and by two processes at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text

_KERNEL = Path(__file__).parent
_ROOT = _KERNEL.parent


def migrate(service: str, url: str) -> None:
    """Upgrades the database at `url` (postgresql://) to the newest version of `service`."""
    with _alembic(service, url) as config:
        command.upgrade(config, "heads")


def undo(service: str, url: str) -> None:
    """Takes all of it back, the newest first, until the database is empty. Tests call it: what can't be taken back is
    not deployed."""
    with _alembic(service, url) as config:
        command.downgrade(config, "base")


@contextmanager
def _alembic(service: str, url: str) -> Iterator[Config]:
    """Alembic at work in one transaction, while nobody else migrates anything on the server."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": crc32(b"torg migrate")})
        config = Config()
        config.set_main_option("script_location", str(_KERNEL / "migrations"))
        config.set_main_option("path_separator", "newline")
        places = (_KERNEL / "migrations/versions", _ROOT / "services" / service / "migrations/versions")
        config.set_main_option("version_locations", "\n".join(map(str, places)))
        config.attributes["connection"] = connection
        yield config
    engine.dispose()
