"""The pages' scripts: what no browser would run at all is found here, without one."""

import re
from collections import Counter
from pathlib import Path

import pytest

from services import portal

SCRIPTS = sorted((Path(portal.__file__).parent / "static").glob("*.js"))
_DECLARED = re.compile(r"^\s*(?:const|let|class|(?:async )?function) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.name)
def test_no_name_is_declared_twice(script: Path) -> None:
    """Twice in one scope is a syntax error: nothing of the file runs, and no page looks again by itself."""
    declared = Counter(_DECLARED.findall(script.read_text()))
    assert declared
    assert [name for name, times in declared.items() if times > 1] == []
