"""What people read for the codes of bookings, in calendar feeds and tables. Machines have the codes in the API."""

from collections.abc import Mapping

from kernel.errors import Text
from services.booking.events import BookingState, TenantKind

PURPOSES: Mapping[str, Text] = {
    "sport": Text("Idrett og trening", "Idrett og trening", "Sport and exercise"),
    "culture": Text("Kultur", "Kultur", "Culture"),
    "meeting": Text("Møte", "Møte", "Meeting"),
    "course": Text("Kurs", "Kurs", "Course"),
    "youth": Text("Ungdomsaktivitet", "Ungdomsaktivitet", "Youth activity"),
    "volunteer": Text("Frivillig arbeid", "Frivillig arbeid", "Volunteer work"),
    "commercial": Text("Kommersielt arrangement", "Kommersielt arrangement", "Commercial event"),
}
AUDIENCES: Mapping[str, Text] = {
    "everyone": Text("Alle", "Alle", "Everyone"),
    "children": Text("Barn under 13 år", "Barn under 13 år", "Children under 13"),
    "youth": Text("Ungdom 13–18 år", "Ungdom 13–18 år", "Young people, 13–18"),
    "adults": Text("Voksne", "Vaksne", "Adults"),
    "seniors": Text("Seniorer", "Seniorar", "Seniors"),
}
STATES: Mapping[BookingState, Text] = {
    "held": Text("Reservert", "Reservert", "Held"),
    "awaiting_approval": Text("Venter på godkjenning", "Ventar på godkjenning", "Waiting for approval"),
    "awaiting_payment": Text("Venter på betaling", "Ventar på betaling", "Waiting for payment"),
    "confirmed": Text("Bekreftet", "Stadfesta", "Confirmed"),
    "in_use": Text("I bruk", "I bruk", "In use"),
    "completed": Text("Gjennomført", "Gjennomført", "Completed"),
    "cancelled": Text("Avbestilt", "Avbestilt", "Cancelled"),
    "declined": Text("Avslått", "Avslått", "Declined"),
    "expired": Text("Utløpt", "Gått ut", "Expired"),
    "released": Text("Frigitt", "Frigjeven", "Released"),
}
TENANT_KINDS: Mapping[TenantKind, Text] = {
    "resident": Text("Innbygger", "Innbyggjar", "Resident"),
    "voluntary": Text("Frivillig lag eller forening", "Frivillig lag eller foreining", "Voluntary organisation"),
    "business": Text("Næringsliv", "Næringsliv", "Business"),
    "municipal": Text("Kommunal enhet", "Kommunal eining", "Municipal unit"),
}
_PERSON = Text("1 deltaker", "1 deltakar", "1 person")
_PEOPLE = Text("{count} deltakere", "{count} deltakarar", "{count} people")


def people(count: int, language: str) -> str:
    return (_PERSON if count == 1 else _PEOPLE).in_language(language, count=count)
