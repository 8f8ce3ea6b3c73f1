"""`docs/settings.md`: every environment variable that is read, from the settings classes of kernel and services."""

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints

from cli.docs import sources
from cli.docs.tables import NOTICE, table

INTRODUCTION = f"""# Settings

{NOTICE}

Read from the environment when a process starts. One that finds a setting missing or wrong does not start, and names
every fault at once, one a line, as plain text on standard error. A process can't do without its services' databases;
nor a worker without `TORG_AMQP_URL`, an api without `TORG_ISSUERS`, or either of access without `TORG_ACCESS_CODE_KEY`.
Lists are separated by commas. A secret is never logged.
"""

COMMANDS = """## What commands read

| variable | meaning |
| --- | --- |
| `TORG_PYTHON` | The Python `./torg` makes its environment with; without it, the first it finds from 3.11 on. |
| `TORG_STATE_FOLDER` | Where commands keep what they make for themselves; else `.torg` in the checkout. |
| `TORG_TEST_DATABASE_URL` | The URL of a PostgreSQL superuser, for the tests to make databases; else a private one. |
| `TORG_TEST_AMQP_URL` | A RabbitMQ for tests that stop none and need no users of their own; else a private node. |

With `docker-compose.yml` every setting of a process is set in `.env` by its own name, but for the addresses of what the
file itself starts, and for `TORG_DEMO_ISSUER` and `TORG_DEMO_ISSUER_KEY_FILE`, which are for the demo only. Left out,
each has the default above, but for `TORG_TRUSTED_PROXIES`, which is 1 there. What the file asks for over these is told
in `.env.example`. `deploy/new-env` writes the first `.env`.
"""

KINDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    list[str]: "list",
}


def page() -> str:
    """The text of `docs/settings.md`."""
    return "\n".join([INTRODUCTION, *map(_section, classes()), COMMANDS])


def classes() -> list[type]:
    """The settings classes: dataclasses whose fields are all made by `kernel.settings.setting`."""
    candidates = {each for module in sources.modules() for each in vars(module).values() if isinstance(each, type)}
    found = [each for each in candidates if is_dataclass(each) and sources.is_ours(each) and _is_settings(each)]
    return sorted(found, key=lambda each: (each.__module__, each.__name__))


def _is_settings(kind: Any) -> bool:
    return bool(fields(kind)) and all({"name", "meaning"} <= each.metadata.keys() for each in fields(kind))


def _section(kind: Any) -> str:
    hints = get_type_hints(kind)
    rows = [
        (f"`{each.metadata['name']}`", _kind(each, hints), _default(each), each.metadata["meaning"])
        for each in fields(kind)
    ]
    listed = table(("variable", "kind", "default", "meaning"), rows)
    return f"## `{kind.__module__}.{kind.__name__}`\n\n{sources.told(kind)}\n\n{listed}"


def _kind(field: Field[Any], hints: dict[str, Any]) -> str:
    return KINDS[hints[field.name]] + (", secret" if field.metadata["secret"] else "")


def _default(field: Field[Any]) -> str:
    value = field.default if field.default_factory is MISSING else ",".join(field.default_factory())
    if value is MISSING:
        return "must be set"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "none"
