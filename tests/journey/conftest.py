"""A browser, for the tests that look at pages as people do, and a whole Torg for those that use it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cli.journey import whole_torg
from cli.servers import browser as programs
from cli.stack import Stack
from tests.waiting import PATIENCE

PATIENCE_MILLISECONDS = 90_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; each test opens a context of its own."""
    program = programs.browser()
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=programs.SANDBOXED)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def torg(postgres: str) -> Iterator[Stack]:
    """A Torg with the example data."""
    with whole_torg("memory://", postgres, quiet=True) as (stack, _):
        yield stack


@pytest.fixture
def sign_in(browser: Browser, torg: Stack) -> Iterator[Callable[..., Page]]:
    """A browser of somebody who has signed in."""
    with ExitStack() as ending:

        def open_one(name: str, width: int, *, scripts: bool) -> Page:
            size = {"width": width, "height": 800}
            context = browser.new_context(
                viewport=size, locale="nb-NO", java_script_enabled=scripts, base_url=torg.portal_url
            )  # type: ignore[arg-type]
            ending.callback(context.close)
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            page = context.new_page()
            page.goto("/")
            page.get_by_role("link", name="Logg inn").click()
            page.get_by_role("button", name=name).click()
            expect(page.get_by_role("button", name="Logg ut")).to_be_visible()
            return page

        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        yield open_one
