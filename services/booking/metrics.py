"""What operators watch of booking, over what every process shows. Listed in `docs/metrics.md`."""

from prometheus_client import Counter

STEPS = Counter("torg_booking_steps_total", "Bookings that came to a state.", ["state"])
CLASHES = Counter("torg_booking_clashes_total", "Requests that lost the space to another booking.")
LATE = Counter("torg_booking_late_total", "News that came after it could change the booking.", ["event"])
RESTATED = Counter("torg_booking_restated_total", "Bookings told again, for others to repair what they lost.")
