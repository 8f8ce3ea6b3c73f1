"""What operators watch of programming."""

from prometheus_client import Counter

ACTIVITIES = Counter(
    "torg_programming_activities_total",
    "Activities that changed, by what they became: scheduled, paused, withdrawn.",
    ["change"],
)
