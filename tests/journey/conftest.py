"""A browser, for the tests that look at pages as people do."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from cli.servers import browser as programs
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; each test opens a context of its own."""
    program = programs.browser()
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=programs.SANDBOXED)
        yield browser
        browser.close()
