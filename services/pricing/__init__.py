"""Pricing: what a booking costs and why. Owns tariffs, quotes, charges, maintenance agreements and waivers."""
