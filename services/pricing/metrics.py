"""What operators of pricing watch, over what every service has."""

from prometheus_client import Counter, Gauge

QUOTES = Counter("torg_pricing_quotes_total", "Bookings priced, or found without a price, and why.", ["outcome"])
CHARGES = Counter("torg_pricing_charges_total", "Charges made and settled.", ["state"])
PAID = Counter("torg_pricing_paid_ore_total", "Øre registered as paid.")
WAIVED = Counter("torg_pricing_waiver_ore_total", "Øre of rent waived, by what became of them.", ["reason"])
UNPRICED_SPACES = Gauge("torg_pricing_spaces_without_price", "Published spaces of premises that no tariff prices.")
