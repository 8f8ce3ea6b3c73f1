"""Minutes of times: counted, cut to others, and those in prime time. `quotas` counts with them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from services.booking.model.opening import OSLO, Hours, instant

Span = tuple[datetime, datetime]


def prime(span: Span, weekly: Sequence[Hours]) -> Iterator[Span]:
    """The parts of a span that are prime time, no minute twice. Late hours may be those of the evening before."""
    first, last = (at.astimezone(OSLO).date() for at in span)
    days = [first + timedelta(days=number) for number in range(-1, (last - first).days + 1)]
    windows = sorted(
        (instant(day, each.opens), instant(day, each.closes))
        for day in days
        for each in weekly
        if each.weekday == day.isoweekday()
    )
    reached = span[0]
    for window in windows:
        begin, end = within(window, (reached, span[1]))
        if begin < end:
            yield begin, end
            reached = end


def minutes(spans: Iterable[Span]) -> int:
    passed = sum((end - begin for begin, end in spans), timedelta())
    return -(-passed // timedelta(minutes=1))


def within(span: Span, other: Span) -> Span:
    return max(span[0], other[0]), min(span[1], other[1])


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a span."""
    left, reached = [], span[0]
    for begin, end in sorted(taken):
        if reached < begin:
            left.append((reached, min(begin, span[1])))
        reached = max(reached, end)
    return [each for each in (*left, (reached, span[1])) if each[0] < each[1]]
