"""What is made of pip-audit's answer."""

import json

import pytest

from cli.audit import findings

FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}


def answer(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": list(packages)})


def test_a_known_vulnerability_is_a_fault() -> None:
    found = findings(
        answer({"name": "a", "version": "1.0", "vulns": [FAULT]}, {"name": "b", "version": "2", "vulns": []})
    )
    assert found.audited == 2
    assert found.faults == ["a 1.0: PYSEC-2026-1, mended in ['1.1']"]


def test_a_package_without_data_is_not_called_audited() -> None:
    found = findings(answer({"name": "a", "skip_reason": "not found"}))
    assert found.audited == 0
    assert found.unknown == ["a"]


def test_no_answer_is_no_clean_bill() -> None:
    with pytest.raises(json.JSONDecodeError):
        findings("")
