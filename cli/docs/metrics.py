"""`docs/metrics.md`: every metric that a process of Torg gives at `/metrics`."""

from prometheus_client.metrics import MetricWrapperBase

from cli.docs import sources
from cli.docs.tables import NOTICE, table

INTRODUCTION = f"""# Metrics

{NOTICE}

At `/metrics` of every process, in the format of Prometheus, beside those of the Python process itself. What to watch
and what to do about it: [operations.md](operations.md). The dashboard and the alerts in `deploy/` use these.
"""


def page() -> str:
    """The text of `docs/metrics.md`."""
    rows = [_row(name, metric) for name, metric in sorted(metrics().items())]
    return f"{INTRODUCTION}\n{table(('metric', 'kind', 'labels', 'meaning'), rows)}"


def metrics() -> dict[str, MetricWrapperBase]:
    """The metrics that modules of ours hold, by the name they are scraped by."""
    return {_scraped(metric): metric for _, metric in sources.instances(MetricWrapperBase)}


def labels(metric: MetricWrapperBase) -> tuple[str, ...]:
    """The names of a metric's labels."""
    names: tuple[str, ...] = metric._labelnames  # it has no reader
    return names


def _scraped(metric: MetricWrapperBase) -> str:
    (family,) = metric.describe()
    return family.name + ("_total" if family.type == "counter" else "")


def _row(name: str, metric: MetricWrapperBase) -> tuple[str, ...]:
    (family,) = metric.describe()
    return f"`{name}`", family.type, ", ".join(f"`{each}`" for each in labels(metric)), family.documentation
