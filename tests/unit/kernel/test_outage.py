"""What a log says of work that can't be done: at once, once a minute while it lasts, and when it is over."""

from typing import Any

import psycopg2
import pytest
import structlog
from amqp.exceptions import AccessRefused, NotAllowed, NotFound
from sqlalchemy import exc
from structlog.testing import capture_logs

from kernel.outage import REPEAT_SECONDS, Outage, refused

REFUSED = ConnectionRefusedError("[Errno 111] Connection refused")


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def outage(hand: Hand) -> Outage:
    return Outage(structlog.get_logger(), "relay", clock=hand, service="booking")


def said(lines: list[Any]) -> list[tuple[str, int]]:
    return [(line["event"], line["tries"]) for line in lines]


def test_it_is_said_at_once_and_then_each_minute(outage: Outage, hand: Hand) -> None:
    with capture_logs() as lines:
        for seconds in (0.0, 0.25, REPEAT_SECONDS - 1, 0.74, 0.01, 1.0):
            hand.at += seconds
            outage.met(REFUSED)
    assert said(lines) == [("relay_interrupted", 1), ("relay_interrupted", 5)]
    assert (lines[0]["service"], lines[0]["error"]) == ("booking", "ConnectionRefusedError")
    assert lines[0]["reason"] == "[Errno 111] Connection refused"


def test_another_error_is_said_at_once(outage: Outage) -> None:
    with capture_logs() as lines:
        for error in (REFUSED, TimeoutError(), TimeoutError(), REFUSED):
            outage.met(error)
    assert said(lines) == [("relay_interrupted", 1), ("relay_interrupted", 2), ("relay_interrupted", 4)]


def test_that_it_is_over_is_said_once_and_only_after_it_began(outage: Outage) -> None:
    with capture_logs() as lines:
        outage.over()
        outage.met(REFUSED)
        outage.over()
        outage.over()
        outage.met(REFUSED)
    assert said(lines) == [("relay_interrupted", 1), ("relay_resumed", 1), ("relay_interrupted", 1)]


def test_of_a_database_it_says_why_it_can_not_be_had(outage: Outage) -> None:
    why = 'connection to server at "127.0.0.1", port 5 failed: Connection refused\n\tIs the server running there?\n'
    with capture_logs() as lines:
        outage.met(exc.OperationalError(None, None, psycopg2.OperationalError(why)))
    assert lines[0]["reason"] == 'connection to server at "127.0.0.1", port 5 failed: Connection refused'


def test_what_a_statement_was_refused_for_is_not_said(outage: Outage) -> None:
    """It may hold what people wrote."""
    with capture_logs() as lines:
        outage.met(exc.IntegrityError("INSERT", None, psycopg2.IntegrityError("Key (title)=(Karis fest) exists")))
    assert "reason" not in lines[0]


@pytest.mark.parametrize("error", [AccessRefused("access to queue 'q' refused"), NotAllowed("access to vhost refused")])
def test_that_the_broker_refuses_is_said_by_another_name_and_until_it_is_over(outage: Outage, error: Exception) -> None:
    with capture_logs() as lines:
        for each in (error, error, error):
            outage.met(each)
        assert refused() == ["booking relay"]
        outage.over()
    assert said(lines) == [("access_refused", 1), ("relay_resumed", 3)]
    assert (lines[0]["log_level"], lines[0]["work"], lines[0]["reason"]) == ("error", "relay", str(error))
    assert refused() == []


@pytest.mark.parametrize("error", [REFUSED, NotFound("no queue 'q'")])
def test_who_is_let_in_and_fails_otherwise_is_not_refused_any_more(outage: Outage, error: Exception) -> None:
    outage.met(AccessRefused("access to queue 'q' refused"))
    outage.met(error)
    assert refused() == []
