"""Series among the single bookings of `tests.booking_life`: booked by each policy, confirmed, moved and given up as
one, and their skipped dates booked after all."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kernel.clock import OSLO
from kernel.versions import ANY_VERSION
from services.booking.model.recurrence import Recurrence
from services.booking.model.series import SeriesRequest, Shift
from services.booking.queries import series as queries
from services.booking.usecases import series as usecases
from tests.booking_house import HOUSE, Wish
from tests.booking_life import QUARTER, WHICH, WISHES, Life
from tests.booking_model_series import DAY, Change, Seasons
from tests.booking_truth import Truth
from tests.callers import MANAGER, RESIDENT

FAR = 16
"""So many quarters apart no date of a series is in another's way, whatever the space."""
SCOPES = st.sampled_from(["this", "following", "all"])


class LifeOfSeries(Life):
    """The same house, where series are booked, too."""

    def __init__(self, counter: Any) -> None:
        super().__init__(counter)
        self.seasons = Seasons(self.house)
        local = self.start.astimezone(OSLO)
        self.noon = local.hour * 60 + local.minute

    def some_series(self, which: int) -> str:
        """One of them."""
        names = sorted(self.seasons.all)
        return names[which % len(names)]

    @rule(
        wish=WISHES,
        count=st.integers(2, 4),
        gap=st.sampled_from([3, 6, FAR, 96]),
        policy=st.sampled_from(["all_or_nothing", "skip", "skip", "alternatives"]),
        others=st.lists(st.sampled_from(sorted(HOUSE)), max_size=3, unique=True),
    )
    def book_series(self, wish: dict[str, Any], count: int, gap: int, policy: str, others: list[str]) -> None:
        first = self.wish(**{**wish, "quarters": min(wish["quarters"], 5)})
        apart = QUARTER * (max(gap, FAR) if policy == "alternatives" else gap)
        times = [(first.begin + number * apart, first.end + number * apart) for number in range(count)]
        self.booked([replace(first, begin=begin, end=end) for begin, end in times], policy, others)

    def booked(self, dates: list[Wish], policy: str, others: list[str]) -> None:
        refused, found = self.seasons.look(dates, policy, others)
        starts = [self.at(date.begin).astimezone(OSLO).replace(tzinfo=None) for date in dates]
        when = Recurrence(starts=starts[0], minutes=dates[0].end - dates[0].begin, dates=starts[1:])
        how: Any = {"policy": policy, "elsewhere": others, "wait": False}
        wanted = SeriesRequest(like=self.request(dates[0]), recurrence=when, **how)
        series = self.attempt(refused, usecases.book, RESIDENT, wanted)
        if series is not None:
            name = str(series.id)
            bookings = [str(each.booking) for each in self.dates(name) if each.booking is not None]
            self.seasons.booked(name, dates, found, bookings)
            self.names += bookings

    def dates(self, name: str) -> list[Any]:
        with self.counter.database.reading() as tx:
            found: list[Any] = queries.one(tx, RESIDENT, UUID(name))["occurrences"]
            return found

    @precondition(lambda self: self.seasons.all)
    @rule(which=WHICH, total=st.sampled_from([0, 35000]), free=st.sampled_from([None, -60]))
    def price_and_confirm_series(self, which: int, total: int, free: int | None) -> None:
        name = self.some_series(which)
        for each in self.seasons.all[name].bookings:
            known = self.house.all[each]
            if known.state == "held" and (which + known.wish.begin) % 7:
                self.tell_price(each, total, None if free is None else known.wish.begin + free, known.timed)
        refused = self.seasons.confirm(name)
        self.attempt(refused, usecases.confirm, RESIDENT, UUID(name), ANY_VERSION)

    @precondition(lambda self: self.seasons.all)
    @rule(which=WHICH, number=st.integers(0, 4), scope=SCOPES, who=st.sampled_from([RESIDENT, MANAGER]))
    def cancel_series(self, which: int, number: int, scope: Any, who: Any) -> None:
        name, booking = self.one_of(which, number)
        # whether one that is meant can't be given up is seen before any is
        refused = self.seasons.cancel(name, scope, booking)
        self.attempt(refused, usecases.cancel, who, UUID(name), ANY_VERSION, scope=scope, booking=UUID(booking))

    @precondition(lambda self: self.seasons.all)
    @rule(
        which=WHICH,
        number=st.integers(0, 4),
        scope=SCOPES,
        who=st.sampled_from([RESIDENT, MANAGER]),
        space=st.sampled_from([None, None, *sorted(HOUSE)]),
        days=st.sampled_from([0, 0, 1]),
        later=st.sampled_from([None, -2, -1, 1, 2, 3]),
        minutes=st.sampled_from([None, None, 15, 30, 60, 90]),
        people=st.sampled_from([None, None, 2, 12, 40]),
    )
    def move_series(self, which: int, number: int, scope: Any, who: Any, later: int | None, **changes: Any) -> None:
        name, booking = self.one_of(which, number)
        begin = self.noon + self.house.all[booking].wish.begin
        at = None if later is None else max(0, begin % DAY + later * QUARTER)
        change = Change(at=at, **changes)
        people = {"participants": changes.pop("people")}
        refused = self.seasons.move(name, scope, booking, change, self.noon, by_house=who is MANAGER)
        shift = Shift(at=at, **changes, **people)
        given = {"scope": scope, "booking": UUID(booking), "shift": shift}
        self.attempt(refused, usecases.reschedule, who, UUID(name), ANY_VERSION, **given)

    def one_of(self, which: int, number: int) -> tuple[str, str]:
        """A series and one of its bookings."""
        name = self.some_series(which)
        bookings = self.seasons.of(self.seasons.all[name])
        return name, bookings[number % len(bookings)]

    @precondition(lambda self: any(each.skipped for each in self.seasons.all.values()))
    @rule(which=WHICH, space=st.sampled_from([None, None, *sorted(HOUSE)]))
    def book_skipped(self, which: int, space: str | None) -> None:
        names = [name for name, each in sorted(self.seasons.all.items()) if each.skipped]
        name = names[which % len(names)]
        skipped = sorted(self.seasons.all[name].skipped)
        begin = skipped[which % len(skipped)]
        refused = self.seasons.book_skipped(name, begin, space, "new")
        before = {each.booking for each in self.dates(name)}
        given = {"begins_at": self.at(begin), "space": space}
        if self.attempt(refused, usecases.book_skipped, RESIDENT, UUID(name), ANY_VERSION, **given) is not None:
            [booking] = {str(each.booking) for each in self.dates(name) if each.booking not in before}
            self.house.all[booking] = self.house.all.pop("new")
            self.names.append(booking)
            self.seasons.booked_after_all(name, begin, booking)

    def compare(self, truth: Truth) -> None:
        super().compare(truth)
        truth.check_series_are(self.seasons.all, self.start)
