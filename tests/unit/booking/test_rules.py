"""What a booking must keep to: each limit below it, at it and above it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.booking.model.bookings import BookingRequest
from services.booking.model.rules import (
    LONGEST,
    BeyondHorizon,
    Bookable,
    BookingRules,
    EndsBeforeBegin,
    InThePast,
    OffGrid,
    OutsideOpeningHours,
    TooLong,
    TooManyParticipants,
    TooShort,
    TooShortNotice,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # 13:00 in Oslo
SOON = NOW + timedelta(hours=3)
MINUTE = timedelta(minutes=1)
RULES = BookingRules(grid_minutes=15, min_minutes=30, max_minutes=240, notice_minutes=60, horizon_days=30)
HALL = Bookable(
    space="hall",
    arena="arena",
    square="borgen",
    premises="hall",
    capacity=20,
    parts=3,
    rules=RULES,
    open=[(NOW.replace(hour=7), NOW.replace(hour=21))],
)


def use(participants: int, **different: Any) -> BookingRequest:
    asked = {"purpose": "culture", "audience": "everyone", **different}
    return BookingRequest(space="hall", begins_at=SOON, ends_at=SOON, participants=participants, **asked)


def lasting(minutes: int) -> tuple[datetime, datetime]:
    return SOON, SOON + timedelta(minutes=minutes)


@pytest.mark.parametrize("minutes", [30, 45, 225, 240])
def test_lengths_within_the_limits(minutes: int) -> None:
    RULES.check(*lasting(minutes), now=NOW)


@pytest.mark.parametrize(
    ("minutes", "error"), [(15, TooShort), (255, TooLong), (0, EndsBeforeBegin), (-15, EndsBeforeBegin)]
)
def test_lengths_beyond_the_limits(minutes: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        RULES.check(*lasting(minutes), now=NOW)


@pytest.mark.parametrize("off", [timedelta(minutes=1), timedelta(seconds=1), timedelta(microseconds=1)])
@pytest.mark.parametrize("end", ["beginning", "end"])
def test_both_ends_lie_on_the_grid(off: timedelta, end: str) -> None:
    begins, ends = lasting(60)
    asked = (begins + off, ends) if end == "beginning" else (begins, ends + off)

    with pytest.raises(OffGrid) as refused:
        RULES.check(*asked, now=NOW)

    assert refused.value.fields == {"minutes": 15}


def test_a_grid_of_an_hour_is_the_hour_on_the_wall() -> None:
    hourly = replace(RULES, grid_minutes=60, min_minutes=60)

    hourly.check(SOON, SOON + timedelta(hours=1), now=NOW)
    with pytest.raises(OffGrid):
        hourly.check(SOON + timedelta(minutes=30), SOON + timedelta(minutes=90), now=NOW)


@pytest.mark.parametrize(("after_now", "error"), [(-1, InThePast), (0, None), (1, None)])
def test_no_booking_begins_in_the_past(after_now: int, error: type[Exception] | None) -> None:
    begins = NOW
    no_notice = replace(RULES, notice_minutes=0)
    asked = {"begins_at": begins, "ends_at": begins + timedelta(hours=1), "now": begins - after_now * MINUTE}

    if error is None:
        no_notice.check(**asked)
    else:
        with pytest.raises(error):
            no_notice.check(**asked)


@pytest.mark.parametrize(("ahead", "refused"), [(59, True), (60, False), (61, False)])
def test_notice(ahead: int, refused: bool) -> None:
    begins, ends = lasting(60)
    now = begins - timedelta(minutes=ahead)

    if refused:
        with pytest.raises(TooShortNotice) as error:
            RULES.check(begins, ends, now=now)
        assert error.value.fields == {"minutes": 60}
    else:
        RULES.check(begins, ends, now=now)


@pytest.mark.parametrize(
    ("ends_at", "refused"),
    [
        (datetime(2026, 12, 23, 22, 45, tzinfo=UTC), False),
        (datetime(2026, 12, 23, 23, 0, tzinfo=UTC), False),  # midnight in Oslo, 30 days ahead
        (datetime(2026, 12, 23, 23, 15, tzinfo=UTC), True),
    ],
)
def test_the_horizon_ends_with_the_local_day(ends_at: datetime, refused: bool) -> None:
    if refused:
        with pytest.raises(BeyondHorizon) as error:
            RULES.check(ends_at - timedelta(hours=1), ends_at, now=NOW)
        assert error.value.fields == {"days": 30}
    else:
        RULES.check(ends_at - timedelta(hours=1), ends_at, now=NOW)


def test_the_horizon_counts_local_days() -> None:
    just_after_midnight_in_oslo = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

    assert RULES.last_end(NOW) == datetime(2026, 12, 23, 23, 0, tzinfo=UTC)
    assert RULES.last_end(just_after_midnight_in_oslo) == datetime(2026, 12, 24, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(("participants", "refused"), [(19, False), (20, False), (21, True)])
def test_capacity(participants: int, refused: bool) -> None:
    if refused:
        with pytest.raises(TooManyParticipants) as error:
            HALL.check(use(participants), *lasting(60), now=NOW)
        assert error.value.fields == {"capacity": 20}
    else:
        HALL.check(use(participants), *lasting(60), now=NOW)


@pytest.mark.parametrize(("closes", "refused"), [(-1, True), (0, False), (1, False)])
def test_opening_hours(closes: int, refused: bool) -> None:
    begins_at_16_in_oslo, ends_at_18 = lasting(120)
    hall = replace(HALL, open=[(NOW, ends_at_18 + closes * MINUTE)])

    if refused:
        with pytest.raises(OutsideOpeningHours):
            hall.check(use(5), begins_at_16_in_oslo, ends_at_18, now=NOW)
    else:
        hall.check(use(5), begins_at_16_in_oslo, ends_at_18, now=NOW)


@pytest.mark.parametrize(
    ("changes", "consistent"),
    [
        ({}, True),
        ({"grid_minutes": 7}, False),
        ({"grid_minutes": 5}, True),
        ({"min_minutes": 0}, False),
        ({"min_minutes": 15}, True),
        ({"min_minutes": 20}, False),
        ({"min_minutes": 240}, True),
        ({"min_minutes": 255}, False),
        ({"max_minutes": 250}, False),
        ({"max_minutes": LONGEST}, True),
        ({"max_minutes": LONGEST + 15}, False),
    ],
)
def test_rules_that_no_booking_could_keep(changes: dict[str, int], consistent: bool) -> None:
    assert replace(RULES, **changes).consistent() is consistent
