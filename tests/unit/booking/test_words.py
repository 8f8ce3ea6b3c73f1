"""Every code of a booking has its words in three languages, and they are those of the portal."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from kernel.errors import Text
from services.booking.events import BookingState, TenantKind
from services.booking.model import words
from services.booking.model.bookings import AUDIENCES, PURPOSES
from services.portal import words as of_portal
from services.portal.language import LANGUAGES, catalogue

ALL = [
    (words.PURPOSES, PURPOSES, of_portal.PURPOSES),
    (words.AUDIENCES, AUDIENCES, of_portal.AUDIENCES),
    (words.STATES, get_args(BookingState), of_portal.BOOKING_STATES),
    (words.TENANT_KINDS, get_args(TenantKind), of_portal.TENANT_KINDS),
]


@pytest.mark.parametrize(("said", "codes", "_"), ALL)
def test_each_code_has_its_words(said: Mapping[Any, Text], codes: tuple[Any, ...], _: object) -> None:
    assert set(said) == set(codes)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("said", "_", "portals"), ALL)
def test_one_word_for_one_thing(said: Mapping[Any, Text], _: object, portals: Mapping[str, str], language: str) -> None:
    translated = catalogue(language)
    assert {code: text.in_language(language) for code, text in said.items()} == {
        code: translated.gettext(word) for code, word in portals.items()
    }


@pytest.mark.parametrize(
    ("count", "language", "seen"),
    [
        (1, "nb", "1 deltaker"),
        (2, "nb", "2 deltakere"),
        (1, "nn", "1 deltakar"),
        (2, "nn", "2 deltakarar"),
        (1, "en", "1 person"),
        (2, "en", "2 people"),
    ],
)
def test_how_many(count: int, language: str, seen: str) -> None:
    assert words.people(count, language) == seen
