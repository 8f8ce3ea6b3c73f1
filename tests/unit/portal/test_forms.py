"""Forms: what is wrong is told by us, in the page's language, and never by the browser in its own."""

import re
from pathlib import Path

import pytest

from services.portal.language import TEXTS

TEMPLATES = sorted((TEXTS.parent / "templates").glob("*.html"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_no_browser_refuses_in_its_own_language(template: Path) -> None:
    markup = template.read_text()
    forms = re.findall(r"<form[^>]*>", markup)
    assert all(" novalidate" in form for form in forms)
    assert not re.findall(
        r'<input[^>]* (?:pattern=|type="(?:number|time|datetime-local|month|week|email|url)")', markup
    )
