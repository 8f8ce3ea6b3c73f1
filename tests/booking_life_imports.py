"""Files of another system among all else that happens in `tests.booking_life_search`: imported as a whole or not at
all, and again with other times."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.booking.model.imports import ImportRequest
from services.booking.usecases import imports as usecases
from tests.booking_house import HOUSE, Wish
from tests.booking_life import QUARTER, WHICH
from tests.booking_life_search import SearchedLife
from tests.booking_model import Known, elsewhere
from tests.callers import MANAGER

HEADER = "uid;space;begins_at;ends_at;participants"
ROWS = st.lists(
    st.tuples(
        st.sampled_from(sorted(HOUSE)), st.integers(-1, 10), st.integers(1, 8), st.sampled_from([1, 8, 12, 31, 51])
    ),
    min_size=1,
    max_size=3,
)


class ImportedLife(SearchedLife):
    """The same house, into which an organisation moves; Kari acts for it."""

    def __init__(self, counter: Any, band: Any) -> None:
        super().__init__(counter)
        self.band = band
        self.imported: dict[str, str] = {}
        """Names by uid."""
        self.said: dict[str, Wish] = {}
        """What the file said last, by uid."""

    @rule(rows=ROWS)
    def bring(self, rows: list[tuple[str, int, int, int]]) -> None:
        """Bookings come that were not here before."""
        brought = {
            f"{len(self.said)}-{number}": self.wish(space, begin, quarters, people=people, purpose="meeting")
            for number, (space, begin, quarters, people) in enumerate(rows)
        }
        self.said |= brought
        now = self.house.now
        coming = {uid: wish for uid, wish in brought.items() if wish.end > now}
        fresh = {uid: self.agreed(replace(wish, begin=max(wish.begin, now))) for uid, wish in coming.items()}
        refused = self.refusal_of_file({uid: (known, None) for uid, known in fresh.items()})
        report = self.attempt(refused, usecases.run, MANAGER, self.file(brought))
        if report is not None:
            for known in fresh.values():
                self.house.clear_away(known)
            for each in report.results:
                if each.outcome == "added":
                    name = str(each.booking)
                    self.house.all[name] = fresh[each.row.uid]
                    self.imported[each.row.uid] = name
                    self.names.append(name)

    @precondition(lambda self: self.imported)
    @rule(which=WHICH, later=st.integers(-4, 4), longer=st.integers(0, 2))
    def bring_again(self, which: int, later: int, longer: int) -> None:
        """One of them comes again, at the same time or another."""
        uid = sorted(self.imported)[which % len(self.imported)]
        name, old = self.imported[uid], self.said[uid]
        wish = replace(old, begin=old.begin + later * QUARTER, end=old.end + (later + longer) * QUARTER)
        known, now = self.house.all[name], self.house.now
        if min(old.begin, wish.begin) < now < max(old.end, wish.end):
            return  # what is under way comes again in test_import_under_way
        changeable = self.house.unchangeable(known) is None
        over = wish.begin < now
        if over or wish == old or not known.live:
            self.attempt(None, usecases.run, MANAGER, self.file({uid: wish}))
            if over and wish != old and changeable and known.wish.begin >= now:
                known.go("cancelled")
                del self.imported[uid]
            return
        moved = elsewhere(known, replace(wish, noise=known.wish.noise, equipment=known.wish.equipment))
        refused = self.refusal_of_file({uid: (moved, name)}) if changeable else "import_refused"
        if self.attempt(refused, usecases.run, MANAGER, self.file({uid: wish})) is not None:
            self.said[uid] = wish
            self.house.clear_away(moved, name)
            moved.version += 1
            moved.timed, moved.state = moved.version, "confirmed"
            moved.moved_by_house = moved.relocated or moved.moved_by_house
            moved.prepay = False
            moved.steps.append((moved.version, "rescheduled"))
            moved.told.append(("rescheduled", "confirmed", moved.version))
            self.house.all[name] = moved

    def agreed(self, wish: Wish) -> Known:
        """A booking as it comes: confirmed."""
        known = replace(self.house.wanted(wish), state="confirmed", prepay=False)
        known.steps.append((1, "imported"))
        known.told.append(("confirmed", "confirmed", 1))
        return known

    def refusal_of_file(self, wanted: dict[str, tuple[Known, str | None]]) -> str | None:
        """Whether any of these can't be there, with all the others."""
        before = self.house.all
        refused = False
        for uid, (known, name) in wanted.items():
            too_many = known.wish.people > known.wish.place.capacity
            refused = refused or too_many or self.house.refusal_of_others(known, name) is not None
            self.house.all = {**self.house.all, uid: known}
        self.house.all = before
        return "import_refused" if refused else None

    def file(self, said: dict[str, Wish]) -> ImportRequest:
        rows = []
        for uid, wish in said.items():
            begins, ends = (f"{self.at(minutes):%Y-%m-%dT%H:%M}+00:00" for minutes in (wish.begin, wish.end))
            rows.append(f"{uid};{wish.space};{begins};{ends};{wish.people}")
        content = "\n".join([HEADER, *rows]).encode()
        return ImportRequest(source="old", kind="csv", content=content, tenant=self.band)
