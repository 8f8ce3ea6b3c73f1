"""Errors: one code, one class, three languages."""

import pytest

from kernel.errors import Text, all_codes

TEXT = Text(nb="{count} for mange", nn="{count} for mykje", en="{count} too many")


@pytest.mark.parametrize(
    ("language", "told"), [("nb", "3 for mange"), ("nn", "3 for mykje"), ("en", "3 too many"), ("fr", "3 for mange")]
)
def test_a_text_is_told_in_the_language_asked_for_or_bokmal(language: str, told: str) -> None:
    assert TEXT.in_language(language, count=3) == told


def test_two_errors_with_one_code_are_found() -> None:
    class Root(Exception):  # not a DomainError, or the project's own list of codes would hold these too
        pass

    class TooMany(Root):
        code = "too_many"

    class FarTooMany(TooMany):
        code = "far_too_many"

    assert all_codes(Root) == {"too_many": TooMany, "far_too_many": FarTooMany}

    class Overfull(Root):
        code = "too_many"

    with pytest.raises(ValueError, match="too_many"):
        all_codes(Root)
