"""What booking tells the world: its public contract. Every event carries the whole state it speaks of, so a listener
that missed or reordered the ones before it needs only the newest."""

from services.booking.events.actors import (
    ActorVerified,
    PersonErased,
    RepresentationChanged,
    RepresentativeRole,
    VerifiedBy,
)
from services.booking.events.bookings import (
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
    BookingSnapshot,
    BookingStarted,
    BookingState,
    GivenUpBy,
    Tenant,
    TenantKind,
)
from services.booking.events.heartbeats import (
    Heartbeat,
    LastSent,
)
from services.booking.events.house_rules import (
    AcceptanceChannel,
    HouseRulesAccepted,
    HouseRulesPublished,
    HouseRuleTold,
    RuledScope,
)
from services.booking.events.places import (
    ClosedDate,
    ClosureAnnounced,
    ClosureKind,
    ClosureLifted,
    ClosureSnapshot,
    SpacePublished,
)
from services.booking.events.series import (
    SeriesBooked,
    SeriesCancelled,
    SeriesChanged,
    SeriesSnapshot,
    SeriesState,
)
from services.booking.events.waiting import (
    WaitingOffered,
)

__all__ = [
    "AcceptanceChannel",
    "ActorVerified",
    "BookingAwaitingApproval",
    "BookingAwaitingPayment",
    "BookingCancelled",
    "BookingCompleted",
    "BookingConfirmed",
    "BookingDeclined",
    "BookingExpired",
    "BookingHeld",
    "BookingReleased",
    "BookingRescheduled",
    "BookingRestated",
    "BookingSnapshot",
    "BookingStarted",
    "BookingState",
    "ClosedDate",
    "ClosureAnnounced",
    "ClosureKind",
    "ClosureLifted",
    "ClosureSnapshot",
    "GivenUpBy",
    "Heartbeat",
    "HouseRuleTold",
    "HouseRulesAccepted",
    "HouseRulesPublished",
    "LastSent",
    "PersonErased",
    "RepresentationChanged",
    "RepresentativeRole",
    "RuledScope",
    "SeriesBooked",
    "SeriesCancelled",
    "SeriesChanged",
    "SeriesSnapshot",
    "SeriesState",
    "SpacePublished",
    "Tenant",
    "TenantKind",
    "VerifiedBy",
    "WaitingOffered",
]
