"""The whole municipality, for tests that walk every route. Nothing they do there stays done, so they share one."""

from collections.abc import Iterator

import nameko
import pytest

from tests.conftest import Templates
from tests.contract import things
from tests.contract.things import Owned
from tests.issuer import issuer
from tests.municipality import BUILDS, SETTINGS, Municipality


@pytest.fixture(scope="session")
def municipality(templates: Templates) -> Iterator[Municipality]:
    urls = {name: templates.copy(name) for name in BUILDS}
    with issuer() as ours, nameko.config.patch({"torg": SETTINGS}):
        everything = Municipality(urls, ours)
        yield everything
        everything.close()
    for url in urls.values():
        templates.drop(url)


@pytest.fixture(scope="session")
def owned(municipality: Municipality) -> dict[str, Owned]:
    """The things there, by whose they are to the one who asks."""
    return things.make(municipality)


@pytest.fixture(scope="session")
def untrusted() -> Iterator[str]:
    """A token as good as ours, of an issuer that nobody here trusts."""
    with issuer() as another:
        yield another.token(sub="kari", roles=["operator"])
