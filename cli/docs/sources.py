"""What the pages are made from: the modules of kernel and services, and the words their classes are described with."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import TypeVar

from kernel.contracts import Event

ROOTS = ("kernel", "services")

T = TypeVar("T")


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the kernel and the services, imported."""
    roots = [importlib.import_module(name) for name in ROOTS]
    found = [name for root in roots for _, name, _ in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")]
    with warnings.catch_warnings(record=True):  # libraries' words to those who run them; we only read
        return tuple(importlib.import_module(name) for name in sorted(found))


def instances(kind: type[T]) -> Iterator[tuple[ModuleType, T]]:
    """The instances of a class that modules hold, each once, with the first module that holds it."""
    seen: set[int] = set()
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, kind) and id(value) not in seen:
                seen.add(id(value))
                yield module, value


def is_ours(kind: type) -> bool:
    """Whether a class is the kernel's or a service's own, and not, say, a test's."""
    return kind.__module__.partition(".")[0] in ROOTS


def services() -> list[str]:
    """The services that tell the world something: those with an `events` module."""
    return sorted(name.split(".")[1] for name in map(_name, modules()) if _is_contract(name))


def events() -> list[type[Event]]:
    """Every event class of the services, by type."""
    modules()
    return sorted(
        (kind for kind in _below(Event) if is_ours(kind) and "TYPE" in vars(kind)), key=lambda kind: kind.TYPE
    )


def told(kind: type) -> str:
    """A class's own docstring as one paragraph; empty when it has none but the signature that dataclasses write."""
    text = " ".join((vars(kind).get("__doc__") or "").split())
    return "" if text.startswith(f"{kind.__name__}(") else text


def notes(kind: type) -> dict[str, str]:
    """The string below each field of a dataclass and of its bases: field → what it says."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if is_dataclass(each):
            found |= _own_notes(each)
    return found


def _own_notes(kind: type) -> dict[str, str]:
    (parsed,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    found = {}
    for statement, below in pairwise(getattr(parsed, "body", [])):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def _below(root: type[Event]) -> Iterator[type[Event]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _below(kind)


def _name(module: ModuleType) -> str:
    return module.__name__


def _is_contract(name: str) -> bool:
    return name.startswith("services.") and name.endswith(".events") and name.count(".") == 2
