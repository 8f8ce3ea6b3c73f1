"""Traces: continued when the caller's is sound, begun when it is not."""

from contextlib import suppress

import pytest
from structlog.contextvars import get_contextvars

from kernel.trace import continued, current_traceparent, new_traceparent, trace, trace_id

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_inside_a_trace_and_out_of_it_again() -> None:
    outer, inner = new_traceparent(), new_traceparent()
    with trace(outer):
        with suppress(RuntimeError), trace(inner):
            assert current_traceparent() == inner
            assert get_contextvars()["correlation_id"] == trace_id(inner)
            raise RuntimeError
        assert current_traceparent() == outer
        assert get_contextvars()["correlation_id"] == trace_id(outer)
    assert current_traceparent() is None
    assert "correlation_id" not in get_contextvars()


def test_new_ones_differ_and_are_sound() -> None:
    made = [new_traceparent() for _ in range(3)]
    assert len({trace_id(each) for each in made}) == 3
    assert all(trace_id(continued(each)) == trace_id(each) for each in made)


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_sound_one_is_continued_by_a_step_of_our_own(flags: str) -> None:
    ours = continued(f"00-{ID}-{SPAN}-{flags}")
    version, same, step, kept = ours.split("-")
    assert (version, same, kept) == ("00", ID, flags)
    assert step != SPAN
    assert len(step) == 16


def test_a_later_version_may_say_more() -> None:
    assert trace_id(continued(f"01-{ID}-{SPAN}-01-what-the-future-brings")) == ID


@pytest.mark.parametrize(
    "received",
    [
        None,
        "",
        "nonsense",
        f"ff-{ID}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"00-{ID.upper()}-{SPAN}-01",
        f"00-{ID}-{SPAN}",
        f"00-{ID}-{SPAN}-01-more",
        f"00-{ID[:-1]}-{SPAN}-01",
        f" 00-{ID}-{SPAN}-01",
        f"00-{ID}-{SPAN}-01\n",
        f"01-{ID}-{SPAN}-01-" + "x" * 500,
    ],
)
def test_an_unsound_one_is_replaced(received: str | None) -> None:
    ours = continued(received)
    assert trace_id(ours) != ID
    assert trace_id(continued(ours)) == trace_id(ours)
