"""What the last releases emit is taken today, and what is emitted today is taken by them: both are at work while a
release is put up, and when it is taken back."""

import json
from pathlib import Path

import pytest

from cli.docs import sources
from kernel.contracts import decode
from tests.contract import golden
from tests.releases import Checkout, still_taken

TAKE = """
from pathlib import Path
from cli.docs import sources
from kernel.contracts import decode
kinds = {kind.TYPE: kind for kind in sources.events()}
for path in sorted(Path(sys.argv[1]).glob("no.torg.*.json")):
    if path.stem in kinds:  # what it has no handler for waits in its queue
        decode(path.read_bytes(), kinds[path.stem])
"""


@pytest.fixture(params=still_taken(), ids=lambda release: release.version)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    return request.param.unpack(tmp_path / "before")


def examples(before: Checkout) -> Path:
    return before.folder / golden.FOLDER.relative_to(golden.FOLDER.parents[2])


def test_it_takes_what_is_emitted_today(before: Checkout) -> None:
    before.run(TAKE, str(golden.FOLDER))


def test_today_takes_what_it_emits(before: Checkout) -> None:
    kinds = {kind.TYPE: kind for kind in sources.events()}
    emitted = {path.stem: path.read_bytes() for path in examples(before).glob("no.torg.*.json")}
    assert emitted
    for name, body in emitted.items():
        assert decode(body, kinds[name]).type == name


def test_its_queues_are_as_they_were(before: Checkout) -> None:
    was, now = json.loads((examples(before) / "queues.json").read_text()), golden.read("queues.json")
    assert was["exchanges"] == now["exchanges"]
    assert {name: now["queues"].get(name) for name in was["queues"]} == was["queues"]
