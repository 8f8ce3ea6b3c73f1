"""The whole municipality, for tests that walk every route."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.contract import things
from tests.contract.bad_input import Sender, Sending
from tests.contract.pages import Portal, portal_of
from tests.contract.things import Owned
from tests.issuer import issuer
from tests.municipality import BUILDS, Municipality
from tests.templates import Templates


@contextmanager
def a_municipality(templates: Templates) -> Iterator[Municipality]:
    """A municipality with nothing in it yet."""
    urls = {name: templates.copy(name) for name in BUILDS}
    with issuer() as ours:
        everything = Municipality(urls, ours)
        yield everything
        everything.close()
    for url in urls.values():
        templates.take_back(url)


@pytest.fixture(scope="session")
def municipality(templates: Templates) -> Iterator[Municipality]:
    """The one that tests share: what they do there is rolled back, or refused."""
    with a_municipality(templates) as everything:
        yield everything


@pytest.fixture(scope="session")
def owned(municipality: Municipality) -> dict[str, Owned]:
    """The things there, by whose they are to the one who asks."""
    return things.make(municipality)


@pytest.fixture(scope="session")
def untrusted() -> Iterator[str]:
    """A token as good as ours, of an issuer that nobody here trusts."""
    with issuer() as another:
        yield another.token(sub="kari", roles=["operator"])


@pytest.fixture
def sending(municipality: Municipality, owned: dict[str, Owned]) -> Sending:
    return lambda service, route: Sender(municipality, owned, service, route)


@pytest.fixture(scope="session")
def portal(municipality: Municipality, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal_of(municipality, tmp_path_factory.mktemp("portal")) as portal:
        yield portal
