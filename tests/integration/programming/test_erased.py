"""What a person called their own bookings goes with them, in whatever order it is told."""

from itertools import permutations
from typing import Any

from services.booking.events import PersonErased
from tests.bookings import BOOKED_AT, KARI, Told, envelope


def test_titles_go_and_do_not_come_back(programme: Any) -> None:
    for order in permutations(range(3)):
        own, bands = Told(title="Karis dag"), Told(title="Korpsøving", space="borgen-sal-2")
        told = PersonErased(person=KARI, erased_at=BOOKED_AT, bookings=[own.id, bands.id], untitled=[own.id])
        all_of_it = [own.confirmed(), bands.confirmed(), envelope(told, KARI, 1)]

        programme.deliver(*(all_of_it[place] for place in order))
        programme.deliver(*all_of_it, own.rescheduled(5), envelope(told, KARI, 1))

        last = {event.data.booking: event.data.title for event in programme.told()}
        assert (last[own.id], last[bands.id]) == (None, "Korpsøving")
    assert {each["title"] for each in programme.items()} == {"Korpsøving", "Kulturaktivitet"}


def test_an_activity_that_left_the_programme_is_untitled_in_silence(programme: Any) -> None:
    own = Told(title="Karis dag")
    told = PersonErased(person=KARI, erased_at=BOOKED_AT, bookings=[own.id], untitled=[own.id])
    programme.deliver(own.confirmed(), own.cancelled())
    before = programme.history()
    programme.deliver(envelope(told, KARI, 1))
    assert programme.history() == before == ["scheduled", "withdrawn"]
