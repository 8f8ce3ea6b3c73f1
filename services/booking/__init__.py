"""Booking: who may use which space when. Owns squares, arenas, spaces, actors and bookings."""
