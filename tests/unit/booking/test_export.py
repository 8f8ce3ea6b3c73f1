"""Bookings as CSV: read back by another reader, and nothing in it that a spreadsheet would run."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.booking.model.export import COLUMNS, guarded, header, line


@pytest.mark.parametrize(
    ("language", "first", "last"), [("nb", "Id", "Avsluttet"), ("nn", "Id", "Avslutta"), ("en", "Id", "Ended")]
)
def test_the_header(language: Any, first: str, last: str) -> None:
    names = header(language).removesuffix("\r\n").split(";")
    assert (names[0], names[-1], len(names)) == (first, last, len(COLUMNS))


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+47 123", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")'),
        *("＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1", "﹢1", "﹣1", "﹫A1"),
        *(" =1", "  +1", "\u00a0-1", "\u3000＝1", "\u200b=1", "\ufeff@A1", " \t=1", "\tKorps", "\r", "\u202e=1"),
    ],
    ids=ascii,
)
def test_what_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", " ", "Korps", " Korps", "1-2", "a=b", "'=1", "”=1", "👩\u200d👧", "e\u0301"])
def test_all_else_is_as_it_was(cell: str) -> None:
    assert guarded(cell) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_any_cells_are_read_back(cells: list[str]) -> None:
    (found,) = csv.reader(io.StringIO(line(cells), newline=""), delimiter=";")
    assert found == [guarded(each) for each in cells]
    assert not any(each.lstrip().startswith(tuple("=+-@＝＋－＠")) or each.startswith(("\t", "\r")) for each in found)
