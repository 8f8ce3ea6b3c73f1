"""What operators of pricing watch, over what every service has."""

from prometheus_client import Counter, Gauge

QUOTES = Counter("torg_pricing_quotes_total", "Bookings priced, or found without a price, and why.", ["outcome"])
CHARGES = Counter("torg_pricing_charges_total", "Charges made and settled.", ["state"])
PAID = Counter("torg_pricing_paid_ore_total", "Øre registered as paid.")
WAIVED = Counter("torg_pricing_waiver_ore_total", "Øre of rent waived, by what became of them.", ["reason"])
OWN_INTEREST = Counter(
    "torg_pricing_own_interest_total",
    "Decisions by somebody who, as was heard afterwards, could act for whom they benefit when they made them.",
)
WITHOUT_MANAGER = Gauge(
    "torg_pricing_without_manager",
    "Hours to decide on and payments to register for which no manager of the square is left: an operator has to.",
    ["what"],
)
UNPRICED_SPACES = Gauge("torg_pricing_spaces_without_price", "Published spaces of premises that no tariff prices.")
