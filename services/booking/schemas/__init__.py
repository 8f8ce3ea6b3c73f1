"""Booking's HTTP bodies and query arguments."""
