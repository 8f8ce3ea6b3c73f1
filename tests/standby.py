"""A PostgreSQL and its streaming standby, and servers that hang: the fault tests' raw material."""

import os
import subprocess
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2

from cli.servers.postgres import PrivatePostgres
from cli.servers.processes import Child, Run, ServerFailed
from tests.waiting import eventually

STREAMS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'"
SYNCHRONOUS = {"synchronous_standby_names": "*", "synchronous_commit": "remote_apply"}
"""What is confirmed can be seen on the standby."""


class Standby(PrivatePostgres):
    """A copy of a running server, made at the first start by pg_basebackup, that follows it until it is promoted."""

    def __init__(self, primary: PrivatePostgres, folder: Path, run: Run) -> None:
        super().__init__(folder, run)
        self._primary = primary

    def promote(self) -> None:
        """Makes it the one that is written to."""
        self._ask("SELECT pg_promote()")

    def follows(self) -> bool:
        """Whether the primary confirms nothing any more that is not here, too."""
        return self._primary_says(STREAMS) == 1

    def answers(self) -> bool:
        return super().answers() and self._ask("SELECT pg_is_in_recovery()")

    def _init(self, binaries: Path) -> None:
        words = ["-D", self.data, "-d", self._primary.url(), "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        if self._user is not None:
            os.chown(self._home, self._user, self._user)
        made = subprocess.run(
            [binaries / "pg_basebackup", *words],
            user=self._user,
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise ServerFailed(f"the standby could not be made: {made.stderr.strip()}")
        for name, value in SYNCHRONOUS.items():
            self._primary_says(f"ALTER SYSTEM SET {name} = '{value}'")  # not of what was copied
        self._primary_says("SELECT pg_reload_conf()")

    def _password(self) -> str:
        return self._primary._password()

    def _ask(self, sql: str) -> object:
        return ask(self.url(), sql)

    def _primary_says(self, sql: str) -> object:
        return ask(self._primary.url(), sql)


def ask(url: str, sql: str) -> object:
    """What the superuser is answered, if anything."""
    with closing(psycopg2.connect(url, connect_timeout=5)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None


def pair(run: Run) -> tuple[PrivatePostgres, Standby]:
    """A running server, and its standby that has all it confirms."""
    primary = PrivatePostgres(run.temporary_folder(), run)
    primary.start()
    standby = Standby(primary, run.temporary_folder(), run)
    standby.start()
    eventually(standby.follows)
    return primary, standby


def suspend(server: Child) -> None:
    """Stops every process of a server where it is: what is connected stays so, and is not answered any more."""
    for each in _family(server):
        each.suspend()


def resume(server: Child) -> None:
    """Lets a suspended server go on."""
    for each in _family(server):
        each.resume()


def _family(server: Child) -> list[psutil.Process]:
    first = psutil.Process(server.pid)
    return [first, *first.children(recursive=True)]
