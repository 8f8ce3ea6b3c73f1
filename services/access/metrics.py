"""What operators watch of access."""

from prometheus_client import Counter, Gauge, Histogram

KEYS = Counter(
    "torg_access_keys_total",
    "Keys that changed, by what happened: issued, armed, suspended, revoked, unused, margins (they end elsewhere),"
    " renewed (another code).",
    ["change"],
)
ENTRIES = Counter(
    "torg_access_entries_total", "Doors opened and refused; the reason is empty when opened.", ["outcome", "reason"]
)
ARMING_SECONDS = Histogram(
    "torg_access_arming_seconds",
    "From a key issued, or last sent, to its lock's confirmation.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
UNKNOWN = Gauge(
    "torg_access_unknown_keys",
    "Keys of bookings that booking lost in a restore, to be decided on by an operator: live, or suspended as another"
    " booking has their place.",
    ["state"],
)
NEWS_AGE = Gauge(
    "torg_access_news_age_seconds", "How old access's news of bookings is: all that was told until then is taken in."
)
NEWS_STALE = Gauge(
    "torg_access_news_stale",
    "1 while access's news of bookings is older than TORG_ACCESS_NEWS_SECONDS: keys open without margins.",
)
ORDERS = Counter("torg_access_orders_total", "What was ordered of doors, by what it was.", ["order"])
OWN_ORDERS = Counter(
    "torg_access_own_orders_total",
    "What was ordered of doors by somebody who had booked there, or acts for who had, by what it was.",
    ["order"],
)
