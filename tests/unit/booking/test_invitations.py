"""An invitation: opened by its secrets alone, until its time is over, once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.booking.model.invitations import LIFE, Invitation, InvitationOver, digest
from services.booking.model.representatives import Terms

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
INVITATION = Invitation(
    id=UUID(int=1),
    actor=UUID(int=2),
    terms=Terms(role="booker"),
    invited_by=UUID(int=3),
    by_house=False,
    created_at=NOW,
    expires_at=NOW + LIFE,
).with_secret("sesam")


def test_it_opens_with_its_secret_alone() -> None:
    assert INVITATION.opens_with("sesam")
    assert not any(INVITATION.opens_with(secret) for secret in ("", "Sesam", "sesam ", "x" * 200, "blåbær"))


def test_it_opens_with_each_of_its_secrets() -> None:
    twice = INVITATION.with_secret("lukk deg opp")
    assert twice.opens_with("sesam")
    assert twice.opens_with("lukk deg opp")


def test_one_without_secrets_opens_with_nothing() -> None:
    assert not replace(INVITATION, digests=()).opens_with("")


def test_no_secret_is_kept() -> None:
    assert INVITATION.digests == (digest("sesam"),)
    assert "sesam" not in repr(INVITATION)


@pytest.mark.parametrize(("after", "good"), [(LIFE - MICROSECOND, True), (LIFE, False), (LIFE + MICROSECOND, False)])
def test_it_can_be_accepted_until_it_expires(after: timedelta, good: bool) -> None:
    if good:
        assert INVITATION.accepted(NOW + after).state == "accepted"
        return
    with pytest.raises(InvitationOver):
        INVITATION.accepted(NOW + after)


@pytest.mark.parametrize(("until", "good"), [(date(2026, 11, 22), False), (date(2026, 11, 23), True)])
def test_a_right_that_is_over_cannot_be_accepted(until: date, good: bool) -> None:
    assert replace(INVITATION, terms=Terms(role="booker", until=until)).open(NOW) is good


def test_it_is_accepted_once() -> None:
    with pytest.raises(InvitationOver):
        INVITATION.accepted(NOW).accepted(NOW)


def test_what_was_withdrawn_is_not_accepted() -> None:
    with pytest.raises(InvitationOver):
        INVITATION.withdrawn().accepted(NOW)


def test_it_can_be_withdrawn_twice_but_not_once_accepted() -> None:
    assert INVITATION.withdrawn().withdrawn().state == "withdrawn"
    first, second = UUID(int=4), UUID(int=5)
    assert INVITATION.withdrawn(first).withdrawn(second).withdrawn_by == first
    with pytest.raises(InvitationOver):
        INVITATION.accepted(NOW).withdrawn()
