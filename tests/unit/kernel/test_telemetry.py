"""Logs: one JSON object a line, and no values of rows that PostgreSQL refused."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from kernel.telemetry import set_up_logs

REFUSAL = "duplicate key\nDETAIL:  Key (name)=(Kari Nordmann) already exists.\nHINT: none"


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def test_a_line_is_a_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", "INFO")
    structlog.get_logger("torg").info("door_opened", lock="l1")
    structlog.get_logger("torg").debug("not told")
    logging.getLogger("library").warning("heard of %s", "libraries too")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours == ours | {"event": "door_opened", "lock": "l1", "level": "info", "logger": "torg"}
    assert set(theirs) == {"event", "level", "logger", "timestamp"} == set(ours) - {"lock"}
    assert theirs["event"] == "heard of libraries too"


def test_a_refused_row_keeps_its_values_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", "INFO")
    try:
        raise ValueError(REFUSAL)
    except ValueError:
        structlog.get_logger("torg").exception("unhandled")
    told = capsys.readouterr().err
    assert "Kari" not in told
    assert "duplicate key" in told
