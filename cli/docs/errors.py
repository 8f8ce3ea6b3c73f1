"""`docs/errors.md`: every code that a problem+json answer may hold."""

from cli.docs import sources
from cli.docs.tables import NOTICE, table
from kernel.errors import DomainError, all_codes

INTRODUCTION = f"""# Errors

{NOTICE}

An HTTP answer that says no is problem+json (RFC 9457). Its `code` is stable: programs decide by it. Its text is for
people, in the language they ask for by `Accept-Language`: Bokmål, Nynorsk or English. Words in `{{braces}}` are filled
in.
"""


def page() -> str:
    """The text of `docs/errors.md`."""
    return "\n".join([INTRODUCTION, *(_section(home, errors) for home, errors in by_home().items())])


def by_home() -> dict[str, list[type[DomainError]]]:
    """The errors of the kernel and of each service, by code."""
    sources.modules()
    homes: dict[str, list[type[DomainError]]] = {}
    for _, error in sorted(all_codes().items()):
        if sources.is_ours(error):
            homes.setdefault(_home(error), []).append(error)
    return dict(sorted(homes.items(), key=lambda each: (each[0] != "Every service", each[0])))


def _home(error: type[DomainError]) -> str:
    root, _, rest = error.__module__.partition(".")
    return "Every service" if root == "kernel" else rest.split(".")[0].capitalize()


def _section(home: str, errors: list[type[DomainError]]) -> str:
    rows = [
        (f"`{each.code}`", str(each.status), sources.told(each), each.text.nb, each.text.nn, each.text.en)
        for each in errors
    ]
    return f"## {home}\n\n{table(('code', 'status', 'when', 'nb', 'nn', 'en'), rows)}"
