"""Optimistic concurrency: which version of a thing the caller believes in. Use cases check it under their lock.

The HTTP door makes an `Expected` from `If-Match` (`kernel.http.if_match`); a use case calls
`expected.check(row.version)` after it has locked the row and before it changes anything. Event handlers expect nothing:
`ANY_VERSION`.
"""

from dataclasses import dataclass

from kernel.errors import DomainError, Text


class StaleVersion(DomainError):
    """The thing has changed since the caller read it."""

    code = "stale_version"
    status = 412
    text = Text(
        nb="Noen har endret dette siden du hentet det. Hent det på nytt og prøv igjen.",
        nn="Nokon har endra dette sidan du henta det. Hent det på nytt og prøv igjen.",
        en="This has changed since you fetched it. Fetch it again and retry.",
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """The versions that are acceptable; None accepts any version (`If-Match: *`)."""

    versions: frozenset[int] | None

    def check(self, current: int) -> None:
        """Raises `StaleVersion` unless the current version is an expected one."""
        if self.versions is not None and current not in self.versions:
            raise StaleVersion


ANY_VERSION = Expected(None)
