"""The arithmetic of a bench: percentiles, the spread of repeated measurements, ratios, and tables of them.

Measurements are repeated in turn (A B A B …) because the machine may have other work; what is told of them is the
median, with the lowest and the highest beside it. Tables are Markdown, to be read and kept as they came out.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Self

PERCENTILES = (50, 95, 99)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all values do not exceed (the nearest rank; nothing is made up
    between two values). Raises ValueError when there are none."""
    if not values:
        raise ValueError("no values")
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(rank, 1) - 1]


def percentiles(values: Sequence[float], percents: Iterable[float] = PERCENTILES) -> dict[str, float]:
    """The usual ones by name: "p50", "p95", "p99"."""
    return {f"p{percent:g}": percentile(values, percent) for percent in percents}


def milliseconds(seconds: Sequence[float], percents: Iterable[float] = PERCENTILES) -> dict[str, float]:
    """Percentiles of seconds, in milliseconds."""
    return {name: value * 1000 for name, value in percentiles(seconds, percents).items()}


@dataclass(frozen=True, slots=True)
class Spread:
    """What repeated measurements of one thing came to."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Raises ValueError when there are none."""
        if not values:
            raise ValueError("no values")
        return cls(median(values), min(values), max(values))

    def shown(self, digits: int = 0) -> str:
        """Such as "412 (380–431)"; the median alone when nothing was repeated."""
        middle = f"{self.median:.{digits}f}"
        if self.lowest == self.highest:
            return middle
        return f"{middle} ({self.lowest:.{digits}f}–{self.highest:.{digits}f})"


def ratios(measured: Sequence[float], beside: Sequence[float]) -> Spread:
    """How the one stands to the other, pair by pair: both of a pair were measured right after each other."""
    return Spread.of([one / other for one, other in zip(measured, beside, strict=True)])


@dataclass(frozen=True)
class Table:
    """A heading and rows of text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Aligned, so that it reads well as plain text too: the first column to the left, the others to the right."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        rule = [f"{'-' * widths[0]}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
        return "\n".join(_line(cells, widths) for cells in (self.columns, rule, *self.rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if number == 0 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join((first, *others))} |"


@dataclass(frozen=True)
class Report:
    """What one bench found: tables for people, figures for machines, and remarks that belong to them."""

    title: str
    tables: Sequence[Table]
    figures: Mapping[str, Any]
    remarks: Sequence[str] = field(default_factory=tuple)

    def markdown(self) -> str:
        return "\n\n".join([f"## {self.title}", *(table.markdown() for table in self.tables), *self.remarks])
