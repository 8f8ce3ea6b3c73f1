"""Dumps of the services' databases in a folder, with a manifest that says what they are of. `./torg backup` and `./torg
restore` call it.

PostgreSQL's own pg_dump and pg_restore do the work; they are among our packages.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn
from sqlalchemy import make_url

from cli.servers.postgres import packaged_programs
from kernel.migrate import SchemaTooNew, demand_fit
from kernel.release import VERSION

ORDER = ("access", "pricing", "programming", "booking")
"""Booking last: whatever the others know of was in it before, so nothing that they know can be unknown to it."""
FORMAT = 1
_MANIFEST = "manifest.json"
_STATE = """
SELECT now(), current_setting('server_version'), pg_export_snapshot(), (SELECT coalesce(max(epoch), 0) FROM restores),
       (SELECT release FROM oldest_release), ARRAY(SELECT version_num FROM alembic_version ORDER BY 1)
"""
_IS = """
SELECT (SELECT coalesce(max(epoch), 0) FROM restores), ARRAY(SELECT version_num FROM alembic_version ORDER BY 1)
"""
_EMPTY = """
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> 'restore_under_way'
    LOOP EXECUTE 'DROP TABLE IF EXISTS ' || one || ' CASCADE'; END LOOP;
    FOR one IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP EXECUTE 'DROP FUNCTION IF EXISTS ' || one || ' CASCADE'; END LOOP;
END $$;
DROP EXTENSION IF EXISTS btree_gist CASCADE;
"""


class NoBackup(Exception):
    """The folder is no whole backup, or not one for this release. The message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Dump:
    """One database as it was at an instant (`taken_at`)."""

    file: str
    bytes: int
    sha256: str
    taken_at: datetime
    epoch: int
    oldest_release: str
    revisions: list[str]
    postgresql: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup is of: the release that made it, and the dump of each service's database."""

    release: str
    dumps: Mapping[str, Dump]

    @property
    def taken_at(self) -> datetime:
        """What was done after this is not in all of it."""
        return min(dump.taken_at for dump in self.dumps.values())

    @property
    def of_one_epoch(self) -> bool:
        """Whether no restore lies between the dumps."""
        return len({dump.epoch for dump in self.dumps.values()}) == 1

    def older_than_others(self) -> list[str]:
        """The services whose dumps are newer than booking's: they may know of bookings that booking does not."""
        booking = self.dumps["booking"].taken_at
        return [service for service, dump in self.dumps.items() if dump.taken_at > booking]


def dump(service: str, url: str, folder: Path) -> Dump:
    """Dumps a service's database into the folder; other sessions go on. Raises NoBackup."""
    file = folder / f"{service}.dump"
    with closing(_connected(url)) as connection, connection.cursor() as cursor:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        try:
            cursor.execute(_STATE)
        except psycopg2.errors.UndefinedTable as fault:
            raise NoBackup(f"the database of {service} is not up to date; run migrate first") from fault
        taken_at, postgresql, snapshot, epoch, oldest, revisions = cursor.fetchone()
        _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
    file.chmod(0o600)
    return Dump(
        file=file.name,
        bytes=file.stat().st_size,
        sha256=_sha256(file),
        taken_at=taken_at,
        epoch=epoch,
        oldest_release=oldest,
        revisions=revisions,
        postgresql=postgresql,
    )


def write(folder: Path, dumps: Mapping[str, Dump]) -> Manifest:
    """Writes the manifest of these dumps: without it they are no backup."""
    manifest = Manifest(release=VERSION, dumps=dumps)
    told = {"format": FORMAT, "release": VERSION, "databases": {name: asdict(each) for name, each in dumps.items()}}
    part = folder / f"{_MANIFEST}.part"
    part.write_text(json.dumps(told, indent=2, default=lambda at: at.isoformat()) + "\n", encoding="utf-8")
    part.rename(folder / _MANIFEST)
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup, once every dump is found to be as it says. Raises NoBackup."""
    try:
        told = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise NoBackup(f"the backup has format {told['format']}, and this release reads {FORMAT}")
        dumps = {name: _dump_of(each) for name, each in told["databases"].items()}
        manifest = Manifest(release=told["release"], dumps=dumps)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise NoBackup(f"{folder / _MANIFEST} can't be read: {type(fault).__name__}") from fault
    if missing := set(ORDER) - set(dumps):
        raise NoBackup(f"the backup has no dump of {', '.join(sorted(missing))}")
    for service, each in dumps.items():
        _check(folder, service, each)
    return manifest


def restore(url: str, folder: Path, dump: Dump) -> None:
    """Makes a database what it was when it was dumped, as the role that owns it: nothing that is in it now stays.
    Raises NoBackup."""
    with _session(url) as cursor:
        cursor.execute(_EMPTY)
    ours = ("--no-owner", "--no-privileges")  # rights are this database's own, and come with its tables
    _run("pg_restore", url, *ours, "--exit-on-error", "--single-transaction", str(folder / dump.file))


def mark(url: str) -> None:
    """Marks a database as one that is being restored, as the role that owns it. Its tables come and go meanwhile; the
    mark stays, also of a restore that is killed."""
    with _session(url) as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS restore_under_way ()")


def unmark(url: str) -> None:
    """Takes the mark away, as the role that owns the database."""
    with _session(url) as cursor:
        cursor.execute("DROP TABLE IF EXISTS restore_under_way")


def is_marked(url: str) -> bool:
    """Whether a restore of the database is under way, or was broken off."""
    with _session(url) as cursor:
        cursor.execute("SELECT to_regclass('public.restore_under_way') IS NOT NULL")
        return bool(cursor.fetchone()[0])


def is_of(url: str, dump: Dump) -> bool:
    """Whether a database has the schema and the epoch that a dump of it should have."""
    with _session(url) as cursor:
        cursor.execute(_IS)
        return bool(cursor.fetchone() == (dump.epoch, dump.revisions))


@dataclass(frozen=True, slots=True)
class Sessions:
    """How many sessions of a role a program has in the database, as it names itself; from where, as far as we may see
    that."""

    count: int
    program: str
    role: str
    address: str

    def __str__(self) -> str:
        return f"{self.count} of {self.program or 'a program without a name'} ({self.role}) from {self.address}"


def sessions(url: str) -> list[Sessions]:
    """Who else has sessions in the database."""
    with _session(url) as cursor:
        cursor.execute(_WHO)
        return [Sessions(*row) for row in cursor.fetchall()]


def end_sessions(url: str) -> None:
    """Ends all other sessions in the database."""
    with _session(url) as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS}")


_OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    # of other roles' sessions we may not see what they are, and PostgreSQL's own have no role
    " AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'"
)

_WHO = f"""
SELECT count(*), coalesce(application_name, ''), coalesce(usename, 'unknown'),
       CASE WHEN client_addr IS NOT NULL THEN host(client_addr)
            WHEN backend_type IS NULL THEN 'an address that is not shown' ELSE 'a local socket' END
{_OTHERS} GROUP BY 2, 3, 4 ORDER BY 2, 3, 4
"""


def _dump_of(told: Mapping[str, Any]) -> Dump:
    return Dump(**{**told, "taken_at": datetime.fromisoformat(told["taken_at"])})


def _check(folder: Path, service: str, dump: Dump) -> None:
    file = folder / dump.file
    if Path(dump.file).name != dump.file or not file.is_file():
        raise NoBackup(f"the dump of {service}, {dump.file}, is not there")
    if file.stat().st_size != dump.bytes or _sha256(file) != dump.sha256:
        raise NoBackup(f"the dump of {service}, {dump.file}, is not the one that the manifest tells of")
    try:
        demand_fit(dump.oldest_release)
    except SchemaTooNew as fault:
        raise NoBackup(f"{service}: {fault}") from fault


def _sha256(file: Path) -> str:
    with file.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


def _run(program: str, url: str, *options: str) -> None:
    """Runs one of PostgreSQL's programs on a database. The password is not among its words, which all may read."""
    place = _place(url)
    password = place.pop("password", "")
    command = [str(packaged_programs() / program), f"--dbname={make_dsn(**place)}", *options]
    environ = {**os.environ, "PGPASSWORD": password}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoBackup(f"{program} of {place['dbname']}: {done.stderr.strip()[-500:]}")


def _place(url: str) -> dict[str, Any]:
    """The URL in libpq's words: it has another way than SQLAlchemy to name several hosts."""
    known = make_url(url).set(drivername="postgresql+psycopg2")
    _, words = known.get_dialect()().create_connect_args(known)
    return dict(words)


def _connected(url: str) -> Any:
    return psycopg2.connect(**_place(url))


@contextmanager
def _session(url: str) -> Iterator[Any]:
    with closing(_connected(url)) as connection, connection, connection.cursor() as cursor:
        yield cursor
