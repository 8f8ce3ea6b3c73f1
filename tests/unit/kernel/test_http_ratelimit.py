"""The rate limit: a burst up to the limit, then one request for each interval that passes."""

import pytest

from kernel.http import ratelimit
from kernel.http.ratelimit import RateLimit


class Watch:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def burst(rate: RateLimit, caller: str, times: int) -> int:
    """How many of so many requests are let in."""
    return sum(rate.take(caller).wait == 0 for _ in range(times))


@pytest.mark.parametrize("per_minute", [1, 3, 7, 60, 600, 6000])
def test_the_whole_allowance_may_be_taken_at_once_and_no_more(watch: Watch, per_minute: int) -> None:
    assert burst(RateLimit(per_minute, monotonic=watch), "kari", per_minute + 5) == per_minute


def test_remaining_counts_down(watch: Watch) -> None:
    rate = RateLimit(3, monotonic=watch)
    assert [rate.take("kari").remaining for _ in range(4)] == [2, 1, 0, 0]


def test_waiting_as_told_is_enough_and_less_is_not(watch: Watch) -> None:
    rate = RateLimit(6, monotonic=watch)
    burst(rate, "kari", 6)
    wait = rate.take("kari").wait
    assert wait == pytest.approx(10)
    watch.now += wait - 0.01
    assert rate.take("kari").wait == pytest.approx(0.01)
    watch.now += 0.01
    assert burst(rate, "kari", 2) == 1


def test_a_refused_request_costs_nothing(watch: Watch) -> None:
    rate = RateLimit(6, monotonic=watch)
    burst(rate, "kari", 100)
    watch.now += 30
    assert burst(rate, "kari", 10) == 3


def test_a_minute_later_all_is_whole_again(watch: Watch) -> None:
    rate = RateLimit(6, monotonic=watch)
    burst(rate, "kari", 6)
    watch.now += 60
    allowance = rate.take("kari")
    assert (allowance.remaining, allowance.reset) == (5, pytest.approx(10))


def test_callers_do_not_share(watch: Watch) -> None:
    rate = RateLimit(2, monotonic=watch)
    assert burst(rate, "kari", 3) == 2
    assert burst(rate, "ola", 3) == 2


def test_what_is_remembered_is_bounded(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "_MOST_CALLERS", 10)
    rate = RateLimit(60, monotonic=watch)
    burst(rate, "kari", 100)
    for number in range(1000):
        rate.take(f"stranger-{number}")
        assert len(rate._whole_again) <= 10
    assert rate.take("kari").wait > 0  # the one who asked most is the last to be forgotten


def test_those_whose_allowance_is_whole_are_forgotten_first(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "_MOST_CALLERS", 10)
    rate = RateLimit(60, monotonic=watch)
    for number in range(10):
        rate.take(f"early-{number}")
    watch.now += 2
    rate.take("late")
    assert set(rate._whole_again) == {"late"}


@pytest.mark.parametrize(("cost", "let_in"), [(9, True), (10, True), (11, False)])
def test_what_costs_more_takes_more_if_so_much_is_left(watch: Watch, cost: int, let_in: bool) -> None:
    rate = RateLimit(12, monotonic=watch)
    burst(rate, "kari", 2)
    allowance = rate.take("kari", cost)
    assert (allowance.wait == 0) is let_in
    assert allowance.remaining == (10 - cost if let_in else 10)
    assert rate.take("kari").wait == 0 if cost != 10 else rate.take("kari").wait > 0


def test_waiting_as_told_is_enough_for_what_costs_more(watch: Watch) -> None:
    rate = RateLimit(60, monotonic=watch)
    burst(rate, "kari", 60)
    watch.now += rate.take("kari", 20).wait
    assert rate.take("kari", 20).wait == 0
