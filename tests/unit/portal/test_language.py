"""Three languages: complete catalogues, and how each writes days, times and money."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask, g

from kernel.clock import FixedClock
from services.portal import language
from tests.unit.portal.conftest import Visitor
from tests.unit.portal.services import NOW

PORTAL = Path(language.__file__).parent
SOURCES = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {"templates/**.html": {"trimmed": "true"}}
KEYWORDS = {"_": None, "gettext": None, "noted": None, "ngettext": (1, 2)}
FIELD = re.compile(r"%\(\w+\)s|%%")


def used() -> set[str]:
    """Every text that the portal's code and templates show."""
    found = extract_from_dir(PORTAL, SOURCES, OPTIONS, KEYWORDS)
    texts = [each[2] for each in found]
    return {text if isinstance(text, str) else text[0] for text in texts}


def translated(code: str) -> dict[str, Message]:
    with (language.TEXTS / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    return {each.id if isinstance(each.id, str) else each.id[0]: each for each in catalogue if each.id}


@pytest.mark.parametrize("code", ["nb", "nn"])
def test_every_text_is_translated_and_none_is_left_over(code: str) -> None:
    assert set(translated(code)) == used()
    for message in translated(code).values():
        texts = [message.string] if isinstance(message.string, str) else message.string
        assert all(texts), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("code", ["nb", "nn"])
def test_a_translation_has_the_same_fields(code: str) -> None:
    for message in translated(code).values():
        originals = [message.id] if isinstance(message.id, str) else message.id
        texts = [message.string] if isinstance(message.string, str) else message.string
        for original, text in zip(originals, texts, strict=True):
            assert sorted(FIELD.findall(original)) == sorted(FIELD.findall(text)), original


@pytest.fixture(params=["nb", "nn", "en"])
def chosen(request: pytest.FixtureRequest) -> Iterator[str]:
    """A request in each language, at the third of December 2026."""
    app = Flask("a request")
    app.extensions["torg-clock"] = FixedClock(NOW)
    with app.test_request_context():
        g.language = request.param
        yield request.param


def test_a_day(chosen: str) -> None:
    said = {"nb": "torsdag 3. desember", "nn": "torsdag 3. desember", "en": "Thursday 3 December"}
    assert language.day(date(2026, 12, 3)) == said[chosen]
    assert language.day(datetime(2026, 12, 2, 23, 0, tzinfo=UTC)) == said[chosen]


def test_a_day_of_another_year_has_its_year(chosen: str) -> None:
    other = {"nb": "fredag 1. januar 2027", "nn": "fredag 1. januar 2027", "en": "Friday 1 January 2027"}
    assert language.day(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == other[chosen]
    assert "2026" not in language.day(datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    assert "2025" in language.day(date(2025, 12, 31))


@pytest.mark.usefixtures("chosen")
def test_days_of_two_years_have_both() -> None:
    assert language.days(date(2026, 12, 9), date(2026, 12, 31)).count("2026") == 0
    across = language.days(date(2026, 12, 9), date(2027, 11, 24))
    assert across.index("2026") < across.index("2027")
    assert language.days(date(2027, 1, 1), date(2027, 1, 8)).count("2027") == 2


@pytest.mark.usefixtures("chosen")
def test_a_time_is_the_walls() -> None:
    summer, winter = datetime(2026, 7, 1, 16, 5, tzinfo=UTC), datetime(2026, 12, 1, 16, 5, tzinfo=UTC)
    assert (language.clock(summer), language.clock(winter)) == ("18:05", "17:05")
    assert language.span(winter, winter.replace(hour=18)) == "17:05–19:05"
    assert language.span(winter, winter.replace(hour=23, minute=0)) == "17:05–24:00"


@pytest.mark.parametrize(
    ("amount", "norwegian", "english"),
    [
        (0, "0\xa0kr", "0\xa0NOK"),
        (35000, "350\xa0kr", "350\xa0NOK"),
        (35050, "350,50\xa0kr", "350.50\xa0NOK"),
        (-45000, "−450\xa0kr", "−450\xa0NOK"),
        (123456789, "1\xa0234\xa0567,89\xa0kr", "1,234,567.89\xa0NOK"),
    ],
)
def test_an_amount(chosen: str, amount: int, norwegian: str, english: str) -> None:
    assert language.money(amount) == (english if chosen == "en" else norwegian)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (30, {"nb": "30 min", "nn": "30 min", "en": "30 min"}),
        (60, {"nb": "1 time", "nn": "1 time", "en": "1 hour"}),
        (90, {"nb": "1 t 30 min", "nn": "1 t 30 min", "en": "1 h 30 min"}),
        (120, {"nb": "2 timer", "nn": "2 timar", "en": "2 hours"}),
    ],
)
def test_a_length(chosen: str, minutes: int, said: dict[str, str]) -> None:
    assert language.length(minutes) == said[chosen]


def test_a_name_of_the_services(chosen: str) -> None:
    assert language.named({"nb": "bokmål", "nn": "nynorsk", "en": "English"}) == {"en": "English"}.get(
        chosen, {"nb": "bokmål", "nn": "nynorsk"}.get(chosen)
    )
    assert language.named({"nb": "bokmål"}) == "bokmål"


@pytest.mark.parametrize(
    ("wanted", "lang"),
    [
        ("nb", "nb"),
        ("no", "nb"),
        ("nn-NO", "nn"),
        ("en-GB,en;q=0.9", "en"),
        ("de", "nb"),
        ("de,nn;q=0.5", "nn"),
        ("", "nb"),
    ],
)
def test_the_browsers_language(visitor: Visitor, wanted: str, lang: str) -> None:
    speaker = Visitor(str(visitor.page.url.copy_with(path="/")), wanted)
    assert f'<html lang="{lang}">' in speaker.go("/").text
    speaker.close()


def test_a_chosen_language_is_remembered_and_one_stays_where_one_was(visitor: Visitor) -> None:
    visitor.go("/language/en?next=/search")
    assert visitor.path == "/search"
    assert '<html lang="en">' in visitor.text
    assert "Find a free time" in visitor.go("/search").text
    assert visitor.go("/language/nn?next=https://evil.example/").url.path == "/"
