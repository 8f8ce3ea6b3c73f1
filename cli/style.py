"""`python -m cli.style`: how long our functions and files are, and whether they keep to what we promised ourselves.

A part of `./torg check`. A function's length is its lines of code: without docstring, comments and blank lines.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from cli.paths import ROOT

PACKAGES = ("kernel", "cli", "services", "bench")


@dataclass(frozen=True)
class Piece:
    """A function or a file, and its length in lines."""

    name: str
    lines: int


@dataclass(frozen=True)
class Limits:
    """The most lines that the median, nine in ten, and the longest may have; None where nothing is promised."""

    median: int | None
    nine_in_ten: int | None
    longest: int


FUNCTIONS = Limits(median=8, nine_in_ten=30, longest=60)
FILES = Limits(median=None, nine_in_ten=None, longest=400)


def main() -> None:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    files = [Piece(str(path.relative_to(ROOT)), len(path.read_text().splitlines())) for path in paths]
    functions = [piece for path in paths for piece in functions_in(path.read_text(), str(path.relative_to(ROOT)))]
    faults = [*report("functions", functions, FUNCTIONS), *report("files", files, FILES)]
    for fault in faults:
        print(fault)
    sys.exit(bool(faults))


def report(kind: str, pieces: list[Piece], limits: Limits) -> list[str]:
    """Prints the figures; returns a line for each promise that is broken."""
    lines = [piece.lines for piece in pieces]
    middle, ninth, longest = median(lines), quantiles(lines, n=10)[-1], max(lines)
    print(f"{len(pieces)} {kind}: median {middle:.0f}, nine in ten up to {ninth:.0f}, longest {longest} lines")
    broken = [
        f"{piece.name}: {piece.lines} lines, {limits.longest} at most"
        for piece in pieces
        if piece.lines > limits.longest
    ]
    if limits.median is not None and middle > limits.median:
        broken.append(f"{kind}: the median is {middle:.0f} lines, {limits.median} at most")
    if limits.nine_in_ten is not None and ninth > limits.nine_in_ten:
        broken.append(f"{kind}: nine in ten have up to {ninth:.0f} lines, {limits.nine_in_ten} at most")
    return broken


def functions_in(source: str, name: str) -> Iterator[Piece]:
    """The functions and methods of a module."""
    code = _code_lines(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = set(range(node.lineno, (node.end_lineno or node.lineno) + 1)) & code
            yield Piece(f"{name}:{node.lineno} {node.name}", len(own))


def _code_lines(source: str) -> set[int]:
    """The numbers of the lines that are neither blank, nor comments, nor part of a docstring."""
    lines = enumerate(source.splitlines(), start=1)
    code = {number for number, text in lines if text.strip() and not text.strip().startswith("#")}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            code -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return code


if __name__ == "__main__":
    main()
