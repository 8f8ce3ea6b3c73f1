"""When spaces are free: computed from the truth, at the moment it is asked for, all spaces in one statement.

`wanted` has what all of it is made of: which spaces, and when each could be booked if nobody else were there. `free`
takes away what others have, `recurring` does so for all dates of a rule, `explaining` tells why not, `alternatives`
finds what is nearest, and `day_grid` shows a day of a square. Tests hold the statements together with the model, which
judges one booking at a time.
"""

from services.booking.model.availability import Wanted, Window
from services.booking.queries.availability.alternatives import Alternatives, alternatives
from services.booking.queries.availability.day_grid import Day, day_of_square
from services.booking.queries.availability.explaining import explained
from services.booking.queries.availability.free import free_times
from services.booking.queries.availability.recurring import recurring, written

__all__ = [
    "Alternatives",
    "Day",
    "Wanted",
    "Window",
    "alternatives",
    "day_of_square",
    "explained",
    "free_times",
    "recurring",
    "written",
]
