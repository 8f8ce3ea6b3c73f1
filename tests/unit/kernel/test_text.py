"""What text is allowed: what is kept as typed, what is trimmed, what shows nothing, and what is never let in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.text import allowed, blank, cut, forbidden, key, one_line, trimmed, unstorable

FAMILY = "👩\u200d👩\u200d👧"
AS_TYPED = [
    "Kl.\u00a018",
    "kultur\u00adhus",
    FAMILY,
    "❤\ufe0f",
    "می\u200cخواهم",
    "\u200fשלום",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\U0001fae9",  # newer than Python 3.11's tables
    "A\u030arets",
    "tab\tog\nlinje",
]
FORBIDDEN = [*map(chr, (*range(9), *range(14, 32), *range(127, 133), *range(134, 160)))]
FORBIDDEN += "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("text", AS_TYPED)
def test_what_people_type_is_kept(text: str) -> None:
    assert not forbidden(text)
    assert allowed(text) == text
    assert trimmed(text) == text
    assert not blank(text)


@pytest.mark.parametrize("each", FORBIDDEN, ids=ascii)
def test_controls_and_changes_of_direction_are_not_allowed(each: str) -> None:
    assert forbidden(f"a{each}b")
    assert not forbidden(allowed(f"a{each}b"))


@pytest.mark.parametrize(
    "each",
    [
        "\t",
        "\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x85",
        "\u2028",
        "\u2029",
        " ",
        "\u202f",
        "\u200e",
        "\u2065",
        "\u206a",
        "\u2027",
    ],
    ids=ascii,
)
def test_their_neighbours_are(each: str) -> None:
    assert not forbidden(f"a{each}b")


@pytest.mark.parametrize("written", ["a\r\nb", "a\rb", "a\nb", "a\u2028b", "a\x85b", "a\x0bb"], ids=ascii)
def test_a_line_break_is_a_line_feed_or_in_one_line_a_space(written: str) -> None:
    assert allowed(written) == "a\nb"
    assert one_line(written) == "a b"


def test_one_line_keeps_the_spaces_within_it() -> None:
    assert one_line(" Kl.\u00a018 \t\n og  ut\u202e ") == "Kl.\u00a018 og  ut"


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0", "\u200b", "\u200d\u200b", "\ufeff", "\u00ad", "\t\r\n", "\u2800\u3164", "\u2066\u2069"]
)
def test_what_shows_nothing_is_blank(text: str) -> None:
    assert blank(text)


@pytest.mark.parametrize("text", ["a", "\u00a0.\u200b", "🙂", "\U0001fae9", "\u0301", "0"], ids=ascii)
def test_what_shows_something_is_not(text: str) -> None:
    assert not blank(text)


@pytest.mark.parametrize("around", [" ", "\u00a0", "\u2003", "\u200b", "\ufeff \u200b", "\r\n\t", "\u3000"], ids=ascii)
def test_space_of_any_width_is_trimmed_off_both_ends(around: str) -> None:
    assert trimmed(f"{around}a{around}b{around}") == f"a{around}b"


@pytest.mark.parametrize(("text", "most", "left"), [("abc", 3, "abc"), ("abcd", 3, "abc"), ("ab cd", 3, "ab")])
def test_a_text_is_cut_above_its_limit(text: str, most: int, left: str) -> None:
    assert cut(text, most) == left


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [(f"ab{FAMILY}", 3, "ab"), (f"ab{FAMILY}", 4, "ab👩"), ("ae\u0301", 2, "a"), ("a❤\ufe0f", 2, "a")],
)
def test_what_is_joined_is_not_cut_in_two(text: str, most: int, left: str) -> None:
    assert cut(text, most) == left


@pytest.mark.parametrize(
    "other",
    ["Storsalen, Borgen", " Storsalen,\u00a0Borgen\t", "Stor\u00adsalen,  Borgen", "\ufeffStorsalen,\r\n Borgen"],
)
def test_names_that_look_the_same_have_one_key(other: str) -> None:
    assert key(other) == "Storsalen, Borgen"
    assert key("A\u030as") == key("Ås")
    assert key("Sal 1") != key("Sal 2")


@given(st.text())
def test_whatever_is_written_comes_out_clean_and_once_is_enough(text: str) -> None:
    for clean in (allowed, one_line, trimmed, key):
        assert clean(clean(text)) == clean(text)
    assert not forbidden(allowed(text))
    assert "\n" not in one_line(text)
    assert blank(text) == (key(text) == "")


@pytest.mark.parametrize(("text", "bad"), [("\0", True), ("a\ud800", True), ("\udfff", True), ("\x01\ue000", False)])
def test_what_no_database_holds(text: str, bad: bool) -> None:
    assert unstorable(text) is bad
