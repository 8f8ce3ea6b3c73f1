"""When spaces are free: computed from the truth, at the moment it is asked for, all spaces in one statement.

`wanted` has what all of it is made of: which spaces, and when each could be booked if nobody else were there. `free`
takes away what others have. Tests hold the statements together with the model, which judges one booking at a time.
"""

from services.booking.model.availability import Wanted, Window
from services.booking.queries.availability.free import free_times

__all__ = ["Wanted", "Window", "free_times"]
