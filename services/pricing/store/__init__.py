"""Pricing's tables: load, save and lock. Called by the use cases and the queries."""
