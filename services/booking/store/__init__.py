"""Booking's tables, and how its model is read from them, locked and written. Use cases and queries call it."""
