"""Maintenance agreements: with whom, which hours, what they are worth, and who decides on them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest

from kernel.errors import DomainError, Text
from kernel.ids import new_id
from services.pricing.model.agreement import (
    Agreement,
    AgreementEndsBeforeItBegins,
    AgreementWithPerson,
    AmountTooHigh,
    Hours,
    HoursDecided,
    HourValueTooHigh,
    MoreThanLeft,
    MoreThanWorth,
    OwnHours,
    TooFewMinutes,
    TooManyMinutes,
    WorkedInFuture,
    WorkedOutsideAgreement,
)

NOW = datetime(2026, 6, 4, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
KARI, MONA = (uuid5(NAMESPACE_URL, name) for name in ("kari", "mona"))


def agreement(**different: Any) -> Agreement:
    given: dict[str, Any] = {
        "id": uuid4(),
        "tenant": new_id(),
        "square": "borgen",
        "arenas": ("borgen-innbyggertorg",),
        "title": "Maling",
        "task": Text("Male", "Måle", "Paint"),
        "hour_value": 20_000,
        "max_amount": None,
        "currency": "NOK",
        "valid_from": date(2026, 6, 1),
        "valid_until": date(2026, 6, 30),
        "participants": frozenset({KARI}),
        "created_at": NOW,
    }
    return Agreement(**given | different)


def hours(worked_on: date = TODAY, minutes: int = 120, registered_by: UUID = KARI) -> Hours:
    return Hours(
        id=uuid4(),
        agreement=uuid4(),
        registered_by=registered_by,
        worked_on=worked_on,
        minutes=minutes,
        task="Malte",
        registered_at=NOW,
    )


def test_an_agreement_is_made_with_an_organisation() -> None:
    assert agreement(tenant=new_id())
    with pytest.raises(AgreementWithPerson):
        agreement(tenant=KARI)


def test_an_agreement_may_last_a_day_and_no_less() -> None:
    assert agreement(valid_until=date(2026, 6, 1))
    with pytest.raises(AgreementEndsBeforeItBegins):
        agreement(valid_until=date(2026, 5, 31))


@pytest.mark.parametrize(
    ("worked_on", "refusal"),
    [
        (date(2026, 5, 31), WorkedOutsideAgreement),
        (date(2026, 6, 1), None),
        (TODAY, None),
        (TODAY + DAY, WorkedInFuture),
        (date(2026, 7, 1), WorkedOutsideAgreement),
    ],
)
def test_hours_are_worked_within_the_agreement_and_not_in_the_future(
    worked_on: date, refusal: type[DomainError] | None
) -> None:
    _expect(refusal, agreement(), hours(worked_on=worked_on), before=0)


def test_the_last_day_counts() -> None:
    worked = hours(worked_on=date(2026, 6, 30))
    assert agreement().register(worked, today=date(2026, 7, 2), before=0) == worked


@pytest.mark.parametrize(
    ("minutes", "before", "refusal"),
    [
        (14, 0, TooFewMinutes),
        (15, 0, None),
        (16, 0, None),
        (719, 0, None),
        (720, 0, None),
        (721, 0, TooManyMinutes),
        (120, 599, None),
        (120, 600, None),
        (120, 601, TooManyMinutes),
        (15, 720, TooManyMinutes),
    ],
)
def test_minutes_have_a_least_and_a_most_a_day(minutes: int, before: int, refusal: type[DomainError] | None) -> None:
    _expect(refusal, agreement(), hours(minutes=minutes), before=before)


def test_what_is_left_of_a_day_is_told() -> None:
    with pytest.raises(TooManyMinutes) as refused:
        agreement().register(hours(minutes=121), today=TODAY, before=600)
    assert refused.value.fields == {"most": 720, "left": 120}


@pytest.mark.parametrize(
    ("minutes", "hour_value", "worth"),
    [(60, 20_000, 20_000), (15, 20_000, 5_000), (90, 20_000, 30_000), (20, 20_000, 6_667), (50, 3, 3), (49, 3, 2)],
)
def test_hours_are_worth_their_minutes_in_whole_ore(minutes: int, hour_value: int, worth: int) -> None:
    assert agreement(hour_value=hour_value).worth(minutes, granted=0) == worth


@pytest.mark.parametrize(
    ("granted", "left"), [(0, None), (29_999, None), (30_000, None), (30_001, 19_999), (50_000, 0), (50_001, 0)]
)
def test_more_than_is_left_is_refused_with_what_is_left(granted: int, left: int | None) -> None:
    under = agreement(max_amount=50_000)
    if left is None:
        assert under.worth(60, granted=granted) == 20_000
        return
    with pytest.raises(MoreThanLeft) as refused:
        under.worth(60, granted=granted)
    assert refused.value.fields["left"] == left
    assert under.worth(60, granted=granted, amount=left) == left
    with pytest.raises(MoreThanLeft):
        under.worth(60, granted=granted, amount=left + 1)


@pytest.mark.parametrize(("amount", "refusal"), [(0, None), (19_999, None), (20_000, None), (20_001, MoreThanWorth)])
def test_hours_are_approved_for_no_more_than_they_are_worth(amount: int, refusal: type[DomainError] | None) -> None:
    if refusal is None:
        assert agreement().worth(60, granted=0, amount=amount) == amount
        return
    with pytest.raises(refusal) as refused:
        agreement().worth(60, granted=0, amount=amount)
    assert refused.value.fields == {"worth": 20_000, "worth_kroner": "200"}


@pytest.mark.parametrize(
    ("hour_value", "max_amount", "refusal"),
    [
        (49_999, 100_000, None),
        (50_000, 100_000, None),
        (50_001, 100_000, HourValueTooHigh),
        (20_000, 99_999, None),
        (20_000, 100_001, AmountTooHigh),
        (20_000, None, AmountTooHigh),
    ],
)
def test_an_agreement_stays_within_the_ceilings(
    hour_value: int, max_amount: int | None, refusal: type[DomainError] | None
) -> None:
    made = agreement(hour_value=hour_value, max_amount=max_amount)
    ceilings = {"most_hour_value": 50_000, "most_amount": 100_000}
    if refusal is None:
        made.demand_within(**ceilings)
        return
    with pytest.raises(refusal):
        made.demand_within(**ceilings)


@pytest.mark.parametrize(("amount", "kroner"), [(12_000, "120"), (12_050, "120,50"), (5, "0,05"), (0, "0")])
def test_what_is_left_is_told_in_kroner(amount: int, kroner: str) -> None:
    with pytest.raises(MoreThanLeft) as refused:
        agreement(max_amount=amount).worth(60, granted=0)
    assert refused.value.fields["left_kroner"] == kroner
    assert f"{kroner} kr" in refused.value.said.nb


def test_a_manager_approves_hours_of_others() -> None:
    approved = hours().approved(40_000, MONA, NOW)
    assert (approved.state, approved.amount, approved.version, approved.decided_by) == ("approved", 40_000, 2, MONA)


def test_a_manager_rejects_hours_with_a_reason() -> None:
    rejected = hours().rejected("Ikke utført", MONA, NOW)
    assert (rejected.state, rejected.reason, rejected.version, rejected.amount) == ("rejected", "Ikke utført", 2, None)


def test_no_reason_is_kept_of_somebody_who_was_erased() -> None:
    """Their own words are gone; what was answered to them would be of them still."""
    rejected = replace(hours(), task="").rejected("Kari kom ikke", MONA, NOW)
    assert (rejected.state, rejected.reason) == ("rejected", None)


def test_nobody_decides_on_their_own_hours() -> None:
    own = hours(registered_by=MONA)
    with pytest.raises(OwnHours):
        own.approved(40_000, MONA, NOW)
    with pytest.raises(OwnHours):
        own.rejected("Nei", MONA, NOW)


def test_hours_are_decided_on_once() -> None:
    for decided in (hours().approved(1, MONA, NOW), hours().rejected("Nei", MONA, NOW)):
        with pytest.raises(HoursDecided):
            decided.approved(1, MONA, NOW)
        with pytest.raises(HoursDecided):
            decided.rejected("Nei", MONA, NOW)


def _expect(refusal: type[DomainError] | None, under: Agreement, worked: Hours, *, before: int) -> None:
    if refusal is None:
        assert under.register(worked, today=TODAY, before=before) == worked
        return
    with pytest.raises(refusal):
        under.register(worked, today=TODAY, before=before)
