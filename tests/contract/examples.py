"""One example of every event, as its emitter would tell it: a band's rehearsal at Borgen, from hold to cancellation.

`test_events.py` fails for an event that has none here.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kernel.contracts import Envelope, Event, source_of
from services.access.events import DoorOpened, DoorRefused, KeyArmed, KeyIssued, KeyRevoked, KeyUnused
from services.booking.events import (
    ActorVerified,
    BookingAwaitingApproval,
    BookingAwaitingPayment,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingReleased,
    BookingRescheduled,
    BookingRestated,
    BookingStarted,
    ClosedDate,
    ClosureAnnounced,
    ClosureLifted,
    Heartbeat,
    HouseRulesAccepted,
    HouseRulesPublished,
    HouseRuleTold,
    LastSent,
    PersonErased,
    RepresentationChanged,
    SeriesBooked,
    SeriesCancelled,
    SeriesChanged,
    SpacePublished,
    Tenant,
    WaitingOffered,
)
from services.pricing.events import (
    BookingCharged,
    BookingPaid,
    BookingPriced,
    BookingUnpriceable,
    HoursRegistered,
    HoursRejected,
    PriceLine,
    WaiverGranted,
)
from services.programming.events import ActivityScheduled, ActivityWithdrawn

BOOKING = UUID("01936f10-5a00-7000-8000-000000000001")
KEY = UUID("01936f10-5a00-7000-8000-000000000002")
LOCK = UUID("01936f10-5a00-7000-8000-000000000003")
ENTRY = UUID("01936f10-5a00-7000-8000-000000000004")
QUOTE = UUID("01936f10-5a00-7000-8000-000000000005")
CHARGE = UUID("01936f10-5a00-7000-8000-000000000006")
AGREEMENT = UUID("01936f10-5a00-7000-8000-000000000007")
REGISTRATION = UUID("01936f10-5a00-7000-8000-000000000008")
ACTIVITY = UUID("01936f10-5a00-7000-8000-000000000009")
SERIES = UUID("01936f10-5a00-7000-8000-00000000000b")
TENANT = UUID("01936f10-5a00-7000-8000-00000000000a")
PERSON = "7d0f1a52-6c1b-5e5e-9d3a-2f1f3a4b5c6d"

BOOKED_AT = datetime(2026, 11, 27, 9, 0, 0, 250_000, tzinfo=UTC)
CONFIRMED_AT = datetime(2026, 11, 27, 9, 0, 1, tzinfo=UTC)
BEGINS_AT = datetime(2026, 12, 3, 17, 0, tzinfo=UTC)
ENDS_AT = datetime(2026, 12, 3, 19, 30, tzinfo=UTC)

PLACE = {"space": "borgen-storsal", "square": "borgen"}
SNAPSHOT = {
    "booking": BOOKING,
    "arena": "borgen-innbyggertorg",
    "premises": "hall",
    "begins_at": BEGINS_AT,
    "ends_at": ENDS_AT,
    "purpose": "culture",
    "audience": "youth",
    "participants": 24,
    "tenant": Tenant(id=TENANT, kind="voluntary", organisation_number="974760673"),
    "booked_by": "5f8c6f0e9d",
    "booked_at": BOOKED_AT,
    "title": "Borgen skolekorps øver",
    **PLACE,
}
ENDED_AT = datetime(2026, 12, 3, 17, 20, 1, tzinfo=UTC)
CONFIRMED = {**SNAPSHOT, "state": "confirmed", "confirmed_at": CONFIRMED_AT}
CANCELLED = {**SNAPSHOT, "state": "cancelled", "confirmed_at": CONFIRMED_AT}
SERIES_SNAPSHOT = {
    "series": SERIES,
    "spaces": ["borgen-sal-2", "borgen-storsal"],
    "arena": "borgen-innbyggertorg",
    "tenant": Tenant(id=TENANT, kind="voluntary", organisation_number="974760673"),
    "booked_by": "5f8c6f0e9d",
    "purpose": "culture",
    "audience": "youth",
    "rule": "FREQ=WEEKLY;BYDAY=TH;COUNT=30",
    "first_at": BEGINS_AT,
    "last_until": datetime(2027, 6, 24, 18, 30, tzinfo=UTC),
    "booked_at": BOOKED_AT,
    "title": "Borgen skolekorps øver",
    **PLACE,
}
KEY_SNAPSHOT = {
    "key": KEY,
    "booking": BOOKING,
    "lock": LOCK,
    "valid_from": datetime(2026, 12, 3, 16, 45, tzinfo=UTC),
    "valid_until": datetime(2026, 12, 3, 19, 45, tzinfo=UTC),
    **PLACE,
}
ACTIVITY_SNAPSHOT = {
    "activity": ACTIVITY,
    "booking": BOOKING,
    "arena": "borgen-innbyggertorg",
    "begins_at": BEGINS_AT,
    "ends_at": ENDS_AT,
    "purpose": "culture",
    "audience": "youth",
    "title": "Borgen skolekorps øver",
    **PLACE,
}
LINES = [
    PriceLine(
        code="hall.under_19",
        nb="Leie av sal, under 19 år",
        nn="Leige av sal, under 19 år",
        en="Hire of hall, under 19",
        quantity="2.5",
        unit="hour",
        unit_amount=20_000,
        amount=50_000,
    ),
    PriceLine(
        code="waiver",
        nb="Fritak mot dugnad",
        nn="Fritak mot dugnad",
        en="Waived for voluntary work",
        quantity="1",
        unit="booking",
        unit_amount=-12_500,
        amount=-12_500,
    ),
]

WAITING = UUID("01936f10-5a00-7000-8000-0000000000d1")
CLOSURE = UUID("01936f10-5a00-7000-8000-0000000000c1")
CLOSURE_SNAPSHOT: dict[str, Any] = {
    "closure": CLOSURE,
    "kind": "maintenance",
    "square": "borgen",
    "arena": "borgen-innbyggertorg",
    "space": "borgen-storsal",
    "begins_at": datetime(2027, 2, 1, 6, 0, tzinfo=UTC),
    "ends_at": datetime(2027, 2, 2, 6, 0, tzinfo=UTC),
    "reason_nb": "Gulvet slipes",
    "reason_nn": "Golvet blir slipt",
    "reason_en": "The floor is being sanded",
    "dates": [
        ClosedDate(begins_at=datetime(2027, 2, 1, 6, 0, tzinfo=UTC), ends_at=datetime(2027, 2, 1, 18, 0, tzinfo=UTC)),
        ClosedDate(begins_at=datetime(2027, 2, 2, 4, 0, tzinfo=UTC), ends_at=datetime(2027, 2, 2, 6, 0, tzinfo=UTC)),
    ],
}
EXAMPLES: dict[type[Event], tuple[Event, UUID | str, int]] = {
    type(event): (event, subject, sequence)
    for event, subject, sequence in [
        (BookingHeld(**SNAPSHOT, state="held", hold_expires_at=datetime(2026, 11, 27, 9, 15, tzinfo=UTC)), BOOKING, 1),
        (BookingConfirmed(**CONFIRMED), BOOKING, 3),
        (
            BookingCancelled(**CANCELLED, cancelled_at=datetime(2026, 12, 1, 8, 0, tzinfo=UTC), cancelled_by="house"),
            BOOKING,
            4,
        ),
        (
            WaitingOffered(
                waiting=WAITING,
                booking=BOOKING,
                arena="borgen-innbyggertorg",
                begins_at=BEGINS_AT,
                ends_at=ENDS_AT,
                tenant=Tenant(id=TENANT, kind="voluntary", organisation_number="974760673"),
                person="5f8c6f0e9d",
                joined_at=BOOKED_AT,
                offered_until=datetime(2026, 11, 27, 11, 0, tzinfo=UTC),
                series=SERIES,
                **PLACE,
            ),
            WAITING,
            2,
        ),
        (BookingDeclined(**SNAPSHOT, state="declined", reason="no_price"), BOOKING, 2),
        (BookingExpired(**SNAPSHOT, state="expired"), BOOKING, 2),
        (
            BookingRestated(
                **CANCELLED,
                cancelled_at=datetime(2026, 12, 1, 8, 0, tzinfo=UTC),
                cancelled_by="tenant",
                for_nothing=True,
            ),
            BOOKING,
            4,
        ),
        (BookingAwaitingApproval(**SNAPSHOT, state="awaiting_approval"), BOOKING, 3),
        (
            BookingAwaitingPayment(
                **SNAPSHOT, state="awaiting_payment", pay_by=datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
            ),
            BOOKING,
            4,
        ),
        (
            BookingRescheduled(
                **CONFIRMED,
                series=SERIES,
                release_at=datetime(2026, 12, 3, 17, 20, tzinfo=UTC),
                earlier_space="borgen-storsal",
                earlier_begins_at=datetime(2026, 12, 2, 17, 0, tzinfo=UTC),
                earlier_ends_at=datetime(2026, 12, 2, 19, 30, tzinfo=UTC),
            ),
            BOOKING,
            4,
        ),
        (
            HouseRulesPublished(
                scope="arena",
                place="borgen-innbyggertorg",
                square="borgen",
                version=2,
                effective_from=datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
                rules=[
                    HouseRuleTold(code="no_alcohol"),
                    HouseRuleTold(code="quiet_after", time="22:00"),
                    HouseRuleTold(code="max_people", number=120),
                ],
            ),
            "arena/borgen-innbyggertorg",
            2,
        ),
        (
            HouseRulesAccepted(
                person="5f8c6f0e9d",
                scope="arena",
                place="borgen-innbyggertorg",
                version=2,
                accepted_at=BOOKED_AT,
                channel="booking",
            ),
            "5f8c6f0e9d/arena/borgen-innbyggertorg",
            2,
        ),
        (BookingStarted(**{**CONFIRMED, "state": "in_use"}), BOOKING, 4),
        (BookingCompleted(**{**CONFIRMED, "state": "completed", "ended_at": ENDED_AT}), BOOKING, 5),
        (
            BookingReleased(**{**CONFIRMED, "state": "released", "ended_at": ENDED_AT}, released_at=ENDED_AT),
            BOOKING,
            4,
        ),
        (SeriesBooked(**SERIES_SNAPSHOT, state="active", live=28, skipped=2), SERIES, 1),
        (SeriesChanged(**SERIES_SNAPSHOT, state="active", live=27, skipped=2, changed=1), SERIES, 2),
        (
            SeriesCancelled(
                **SERIES_SNAPSHOT,
                state="cancelled",
                live=0,
                skipped=2,
                cancelled_at=datetime(2026, 12, 1, 8, 0, tzinfo=UTC),
                cancelled_by="tenant",
            ),
            SERIES,
            3,
        ),
        (
            SpacePublished(
                **PLACE,
                space_name="Storsalen",
                arena="borgen-innbyggertorg",
                arena_name="Borgen innbyggertorg",
                square_name="Borgen",
                premises="hall",
                capacity=180,
                area=212.5,
                parts=["borgen-storsal"],
                shared=True,
            ),
            "borgen-storsal",
            1,
        ),
        (
            Heartbeat(
                sent_at=CONFIRMED_AT,
                last=[LastSent(type=BookingConfirmed.TYPE, event=BOOKING, sent_at=BOOKED_AT)],
                restated_since=BOOKED_AT,
            ),
            str(ENTRY),
            1,
        ),
        (
            RepresentationChanged(actor=TENANT, person=PERSON, role="booker", until="2027-06-30"),
            f"{TENANT}/{PERSON}",
            2,
        ),
        (
            PersonErased(
                person=PERSON,
                erased_at=datetime(2026, 12, 20, 9, 0, tzinfo=UTC),
                bookings=[BOOKING],
                untitled=[BOOKING],
            ),
            PERSON,
            219_747_600,
        ),
        (
            ActorVerified(actor=TENANT, organisation_number="974760673", kind="voluntary", verified_by="registers"),
            TENANT,
            2,
        ),
        (KeyIssued(**KEY_SNAPSHOT), KEY, 1),
        (KeyArmed(**KEY_SNAPSHOT), KEY, 2),
        (KeyRevoked(**KEY_SNAPSHOT), KEY, 3),
        (
            DoorOpened(
                **PLACE, key=KEY, booking=BOOKING, lock=LOCK, opened_at=datetime(2026, 12, 3, 16, 52, tzinfo=UTC)
            ),
            ENTRY,
            1,
        ),
        (KeyUnused(key=KEY, booking=BOOKING, release_at=datetime(2026, 12, 3, 17, 20, tzinfo=UTC)), KEY, 4),
        (
            DoorRefused(
                **PLACE,
                key=KEY,
                booking=BOOKING,
                lock=LOCK,
                reason="too_early",
                refused_at=datetime(2026, 12, 3, 16, 44, 59, tzinfo=UTC),
            ),
            ENTRY,
            1,
        ),
        (
            BookingPriced(
                booking=BOOKING,
                quote=QUOTE,
                tariff="nesodden-2017",
                total=37_500,
                lines=LINES,
                priced_sequence=4,
                free_until=datetime(2026, 12, 1, 17, 0, tzinfo=UTC),
            ),
            QUOTE,
            1,
        ),
        (
            BookingPaid(booking=BOOKING, amount=37_500, paid_at=datetime(2026, 11, 27, 10, 0, tzinfo=UTC)),
            CHARGE,
            1,
        ),
        (BookingUnpriceable(booking=BOOKING, reason="no_such_premises"), QUOTE, 1),
        (BookingCharged(booking=BOOKING, charge=CHARGE, total=37_500, reason="confirmed", lines=LINES), CHARGE, 1),
        (
            HoursRegistered(
                registration=REGISTRATION,
                agreement=AGREEMENT,
                tenant=TENANT,
                square="borgen",
                minutes=90,
                worked_on="2026-11-21",
            ),
            REGISTRATION,
            1,
        ),
        (
            WaiverGranted(
                registration=REGISTRATION,
                agreement=AGREEMENT,
                tenant=TENANT,
                amount=37_500,
                balance=50_000,
                granted_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
            ),
            REGISTRATION,
            2,
        ),
        (
            HoursRejected(registration=REGISTRATION, agreement=AGREEMENT, tenant=TENANT, reason="not_agreed"),
            REGISTRATION,
            2,
        ),
        (ClosureAnnounced(**CLOSURE_SNAPSHOT), CLOSURE, 1),
        (ClosureLifted(**CLOSURE_SNAPSHOT), CLOSURE, 2),
        (ActivityScheduled(**ACTIVITY_SNAPSHOT), ACTIVITY, 1),
        (ActivityWithdrawn(**ACTIVITY_SNAPSHOT), ACTIVITY, 2),
    ]
}


def envelope(kind: type[Event]) -> Envelope[Event]:
    """The example of an event, as it travels."""
    event, subject, sequence = EXAMPLES[kind]
    return Envelope(
        id=UUID("01936f10-5a01-7abc-8def-000000000001"),
        source=source_of(kind),
        type=kind.TYPE,
        subject=str(subject),
        time=datetime(2026, 11, 27, 9, 0, 0, 300_000, tzinfo=UTC),
        sequence=sequence,
        data=event,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
