"""What operators watch of booking, over what every process shows. Listed in `docs/metrics.md`."""

from prometheus_client import Counter, Gauge

STEPS = Counter("torg_booking_steps_total", "Bookings that came to a state.", ["state"])
CLASHES = Counter("torg_booking_clashes_total", "Requests that lost the space to another booking.")
LATE = Counter("torg_booking_late_total", "News that came after it could change the booking.", ["event"])
RESTATED = Counter("torg_booking_restated_total", "What is told again, for others to repair what they lost.")
RESTATING = Gauge(
    "torg_booking_restating", "Bookings told again since a restore, and how many are to be; 0 when all are.", ["what"]
)
UNKNOWN = Counter("torg_booking_unknown_total", "News of bookings that were lost in a restore, by event.", ["event"])
VERIFIED = Counter("torg_booking_actors_verified_total", "Decisions on what an organisation is, by whose word.", ["by"])
CLAIMS = Counter(
    "torg_booking_organisation_claims_total", "Claims on organisation numbers, by what came of them.", ["outcome"]
)
LOOKUPS = Counter("torg_booking_lookups_total", "What came of asking the registers of organisations.", ["outcome"])
MAILS = Counter("torg_booking_mails_total", "Invitations by mail: sent, put off, or failed for good.", ["outcome"])
ACCEPTED = Counter("torg_booking_house_rules_accepted_total", "House rules accepted, by where.", ["channel"])
UNACCEPTED = Counter("torg_booking_unaccepted_total", "Bookings refused until house rules are accepted.")
OVER_QUOTA = Counter("torg_booking_over_quota_total", "Bookings refused by a quota, by what it limits.", ["limit"])
IMPORTED = Counter("torg_booking_imported_total", "Rows of imported files, by what became of them.", ["outcome"])
ERASED = Counter("torg_booking_persons_erased_total", "Persons who were forgotten, as they asked.")
UNJOURNALED = Gauge("torg_booking_unjournaled_erasures", "Erasures that are not in the journal yet.")
UNJOURNALED_AGE = Gauge("torg_booking_unjournaled_erasures_age_seconds", "How long the oldest of them waits.")
SERIES = Counter("torg_booking_series_total", "What was done to series of bookings as one.", ["what"])
WAITINGS = Counter(
    "torg_booking_waitings_total",
    "What became of places in line: joined, offered, taken, passed (the next came), passed_over, put_off, left, over.",
    ["what"],
)
WITHOUT_MANAGER = Gauge(
    "torg_booking_without_manager",
    "Bookings to decide on for which no manager of the square is left who may: an operator has to.",
    ["state"],
)
OWN_CLOSURES = Counter(
    "torg_booking_own_closures_total",
    "Tenants spared a fee by closures that somebody announced who acts for them.",
)
