"""How the lengths of functions and files are counted, and when they are too long."""

import pytest

from cli.style import Limits, Piece, functions_in, report

SOURCE = '''
class Thing:
    def short(self) -> int:
        """Says much.

        And more.
        """
        # why

        return 1

    async def with_one_inside(self) -> None:
        def inside() -> None:
            pass

        inside()
'''


def test_only_lines_of_code_count() -> None:
    lengths = {piece.name: piece.lines for piece in functions_in(SOURCE, "thing.py")}
    assert lengths == {"thing.py:3 short": 2, "thing.py:12 with_one_inside": 4, "thing.py:13 inside": 2}


@pytest.mark.parametrize(("lines", "broken"), [(59, 0), (60, 0), (61, 1)])
def test_the_longest_may_reach_the_limit(lines: int, broken: int) -> None:
    pieces = [Piece("short", 1)] * 20 + [Piece("long", lines)]
    assert len(report("functions", pieces, Limits(median=8, nine_in_ten=30, longest=60))) == broken


@pytest.mark.parametrize(("lines", "broken"), [(7, 0), (8, 0), (9, 1)])
def test_the_median_may_reach_the_limit(lines: int, broken: int) -> None:
    assert len(report("functions", [Piece("one", lines)] * 3, Limits(median=8, nine_in_ten=30, longest=60))) == broken


@pytest.mark.parametrize(("lines", "broken"), [(29, 0), (30, 0), (31, 1)])
def test_nine_in_ten_may_reach_the_limit(lines: int, broken: int) -> None:
    pieces = [Piece("short", 1)] * 8 + [Piece("longer", lines)] * 8
    assert len(report("functions", pieces, Limits(median=20, nine_in_ten=30, longest=60))) == broken
