"""House rules: what each part is given with, what is the same version, and what is said when one lacks acceptance."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Text
from services.booking.model.house_rules import (
    CODES,
    HouseRule,
    HouseRules,
    HouseRulesNotAccepted,
    InvalidHouseRule,
    RuleVersion,
    check,
    refuse_unaccepted,
)

SAID = Text(nb="Rydd", nn="Rydd", en="Tidy up")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GIVEN: dict[str, dict[str, Any]] = {"nothing": {}, "time": {"time": "22:00"}, "number": {"number": 15}}


def part(code: str, **given: Any) -> HouseRule:
    return HouseRule(code=code, text=SAID, **given)


def version(**different: Any) -> HouseRules:
    rules = {"scope": "arena", "place": "house", "version": 1, "square": "borgen", "text": SAID, "rules": ()}
    published = {"effective_from": NOW, "published_at": NOW, "published_by": UUID(int=1)}
    return HouseRules(**{**rules, **published, **different})


def test_every_part_is_given_with_what_its_code_takes() -> None:
    check([part(code, **GIVEN[takes]) for code, takes in CODES.items()])


@pytest.mark.parametrize(
    "parts",
    [
        [part("no_alcohol", time="22:00")],
        [part("no_alcohol", number=1)],
        [part("quiet_after")],
        [part("quiet_after", number=22)],
        [part("quiet_after", time="22:00", number=22)],
        [part("max_people")],
        [part("max_people", time="22:00")],
        [part("clean_after"), part("clean_after")],
        [part("min_age", number=15), part("min_age", number=16)],
    ],
)
def test_a_part_without_what_it_takes_or_with_more_is_refused(parts: list[HouseRule]) -> None:
    with pytest.raises(InvalidHouseRule) as refused:
        check(parts)

    assert refused.value.fields["rule"] == parts[-1].code


@pytest.mark.parametrize(
    ("different", "same"),
    [
        ({}, True),
        ({"effective_from": NOW}, True),
        ({"effective_from": NOW + timedelta(seconds=1)}, False),
        ({"text": Text(nb="Rydd!", nn="Rydd", en="Tidy up")}, False),
        ({"rules": [part("clean_after")]}, False),
    ],
)
def test_the_same_again_is_the_same_version(different: dict[str, Any], same: bool) -> None:
    wanted: dict[str, Any] = {"text": SAID, "rules": [], "effective_from": None, **different}

    assert version().says(**wanted, now=NOW) is same


def test_the_same_for_now_is_not_the_same_as_what_is_announced() -> None:
    wanted: dict[str, Any] = {"text": SAID, "rules": [], "effective_from": None}

    assert not version().says(**wanted, now=NOW - timedelta(microseconds=1))
    assert version().says(**{**wanted, "effective_from": NOW}, now=NOW - timedelta(microseconds=1))


def test_a_refusal_names_each_version_that_lacks_acceptance() -> None:
    with pytest.raises(HouseRulesNotAccepted) as refused:
        refuse_unaccepted([RuleVersion("square", "borgen", 2), RuleVersion("space", "hall", 1)])

    assert refused.value.fields == {
        "rules": "space hall, 1; square borgen, 2",
        "missing": [
            {"scope": "space", "id": "hall", "version": 1},
            {"scope": "square", "id": "borgen", "version": 2},
        ],
    }


def test_nothing_lacking_refuses_nobody() -> None:
    refuse_unaccepted([])
