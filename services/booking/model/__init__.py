"""The rules of booking: pure, so that each can be tried without a server. Times, ids and callers come in as arguments.

`resources` is what can be booked, `opening` when it is open, `rules` what a booking must keep to, `bookings` the life
of a booking, `actors` who books. Use cases call them; they call nobody.
"""
