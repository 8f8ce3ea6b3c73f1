"""What operators are shown and woken by: every expression is sound PromQL over metrics that exist, every target answers
somewhere, and every alert names a heading of docs/operations.md."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import promql_parser
import pytest
import yaml
from promql_parser import AggregateExpr, BinaryExpr, Call, MatrixSelector, VectorSelector

from cli.docs import metrics
from cli.paths import ROOT
from tests.compose import deployment, new_env, variables

PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/torg.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
OPERATIONS = (ROOT / "docs/operations.md").read_text()

FOREIGN = {
    "up": {"job", "instance"},
    "process_start_time_seconds": {"job", "instance"},
    "process_resident_memory_bytes": {"job", "instance"},
    "process_cpu_seconds_total": {"job", "instance"},
    "rabbitmq_alarms_free_disk_space_watermark": set(),
    "rabbitmq_alarms_memory_used_watermark": set(),
    "rabbitmq_detailed_queue_consumers": {"queue"},
    "rabbitmq_detailed_queue_messages": {"queue"},
    "rabbitmq_detailed_queue_messages_ready": {"queue"},
    "rabbitmq_process_resident_memory_bytes": set(),
}
"""Metrics of others, with those of their labels we ask for; seen at a RabbitMQ's own /metrics and /metrics/detailed."""


def known() -> dict[str, set[str]]:
    """Every series that may be asked for, with its labels."""
    found = {name: set(labels) for name, labels in FOREIGN.items()}
    for name, metric in metrics.metrics().items():
        labels = {*metrics.labels(metric), "job", "instance"}
        (family,) = metric.describe()
        histogram = {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
        found |= histogram if family.type == "histogram" else {name: labels}
    return found


def parts(node: Any) -> Iterator[Any]:
    """An expression and all it is made of."""
    yield node
    match node:
        case BinaryExpr():
            below = [node.lhs, node.rhs]
        case AggregateExpr():
            below = [node.expr, node.param]
        case Call():
            below = list(node.args)
        case MatrixSelector():
            below = [node.vector_selector]
        case _:
            below = [getattr(node, "expr", None)]
    for each in below:
        if each is not None:
            yield from parts(each)


def assert_sound(expression: str) -> None:
    found = list(parts(promql_parser.parse(expression)))
    selectors = [each for each in found if isinstance(each, VectorSelector)]
    assert selectors
    asked = {matcher.name for each in selectors for matcher in each.matchers.matchers}
    grouped = {
        label for each in found if isinstance(each, AggregateExpr) and each.modifier for label in each.modifier.labels
    }
    assert {each.name for each in selectors} <= set(known()), expression
    assert asked | grouped <= set().union(*(known()[each.name] for each in selectors)), expression


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_exists(rule: dict[str, Any]) -> None:
    assert_sound(rule["expr"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", OPERATIONS, re.MULTILINE)}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["runbook"] in headings
    assert f"`{rule['alert']}`" in OPERATIONS
    assert rule["annotations"]["summary"].endswith(".")


def test_an_alert_is_named_once() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_exists_and_explains_itself(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    for target in panel["targets"]:
        assert_sound(target["expr"].replace("$__rate_interval", "5m").replace("$service", ".*"))


def test_panels_have_a_place_of_their_own() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = [cell for panel in DASHBOARD["panels"] for cell in cells(panel["gridPos"])]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def cells(place: dict[str, int]) -> list[tuple[int, int]]:
    columns, rows = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return [(x, y) for x in columns for y in rows]


def test_the_dashboard_finds_its_data() -> None:
    (source,) = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    used = {each["uid"] for each in objects(DASHBOARD, "datasource")}
    assert used == {source["uid"]}
    assert urlsplit(source["url"]).hostname == "prometheus"


def objects(part: Any, key: str) -> Iterator[Any]:
    """What stands under a key, anywhere below."""
    if isinstance(part, dict):
        if key in part:
            yield part[key]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from objects(each, key)


def test_the_dashboard_shows_what_operators_need_first() -> None:
    shown = {each.name for panel in PANELS for target in panel["targets"] for each in selectors(target["expr"])}
    assert {
        "torg_outbox_oldest_seconds",
        "torg_outbox_unsent",
        "torg_entrypoint_total",
        "torg_entrypoint_seconds_bucket",
        "torg_dead_letters_waiting",
        "torg_http_request_seconds_bucket",
        "torg_database_connections_in_use",
    } <= shown


def selectors(expression: str) -> list[Any]:
    parsed = promql_parser.parse(expression.replace("$__rate_interval", "5m").replace("$service", ".*"))
    return [each for each in parts(parsed) if isinstance(each, VectorSelector)]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    environ = variables(new_env(tmp_path_factory.mktemp("monitoring") / ".env"))
    found: dict[str, Any] = deployment(environ)["services"]
    return found


def test_every_process_is_asked_where_it_listens(services: dict[str, Any]) -> None:
    rabbitmq = re.search(
        r"^prometheus\.tcp\.port = (\d+)$", (ROOT / "deploy/rabbitmq/rabbitmq.conf").read_text(), re.MULTILINE
    )
    listening = {f"{name}:{each['command'][-1]}" for name, each in services.items() if runs_ours(each)}
    asked = {
        target
        for job in PROMETHEUS["scrape_configs"]
        for config in job["static_configs"]
        for target in config["targets"]
        if job["job_name"] != "prometheus"
    }
    assert rabbitmq
    assert asked == listening | {f"rabbitmq:{rabbitmq[1]}"}
    reached = set(services["prometheus"]["networks"])
    assert all(reached & set(services[target.split(":")[0]]["networks"]) for target in asked)


def runs_ours(service: dict[str, Any]) -> bool:
    """Whether it is a process of ours that stays: cli.api, cli.worker or cli.portal."""
    return any(word.startswith("cli.") for word in service.get("command", []))


def test_rabbitmq_has_the_plugins_that_are_asked_for() -> None:
    enabled = (ROOT / "deploy/rabbitmq/enabled_plugins").read_text()
    assert set(re.findall(r"rabbitmq_\w+", enabled)) == {"rabbitmq_mqtt", "rabbitmq_prometheus"}
