"""When a part of a worker stands still."""

import pytest

from kernel import progress
from kernel.progress import Progress, standing_still


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def part(hand: Hand) -> Progress:
    return Progress("halls", "relay", monotonic=hand.monotonic)


def stands_still(part: Progress, seconds: float) -> bool:
    return part in standing_still(seconds)


@pytest.mark.parametrize(("later", "still"), [(29.9, False), (30.0, False), (30.1, True)])
def test_it_stands_still_past_the_limit(part: Progress, hand: Hand, later: float, still: bool) -> None:
    part.got_on()
    hand.now += later
    assert part.seconds() == pytest.approx(later)
    assert stands_still(part, 30.0) is still


def test_what_has_nothing_to_do_does_not_stand_still(part: Progress, hand: Hand) -> None:
    hand.now += 1000
    assert part.seconds() == 0
    part.got_on()
    part.rests()
    hand.now += 1000
    assert (part.seconds(), stands_still(part, 30)) == (0, False)


def test_getting_on_begins_anew(part: Progress, hand: Hand) -> None:
    part.got_on()
    hand.now += 29
    part.got_on()
    hand.now += 29
    assert part.seconds() == 29


def test_more_to_do_does_not_hide_that_nothing_is_done(part: Progress, hand: Hand) -> None:
    part.begins()
    hand.now += 31
    part.begins()
    assert stands_still(part, 30)


def test_a_metric_tells_it(part: Progress, hand: Hand) -> None:
    part.got_on()
    hand.now += 7
    (told,) = [
        sample.value
        for sample in progress.telemetry.STANDS_STILL.collect()[0].samples
        if sample.labels == {"service": "halls", "part": "relay"}
    ]
    assert told == 7
