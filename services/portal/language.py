"""The portal's three languages: Bokmål unless Nynorsk or English is wanted, and how each writes days, times and money.

Texts stand in English in code and templates; what people read comes from `texts/<language>.po`, which translators edit
with any gettext tool. The catalogues are read as they are, so there is no compiled copy to forget.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request

from kernel.clock import OSLO
from services.portal.session import now

LANGUAGES = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
COOKIE = "language"
TEXTS = Path(__file__).parent / "texts"
_LOCALES = {"nb": Locale("nb"), "nn": Locale("nn"), "en": Locale("en", "GB")}


def chosen() -> str:
    """The language of this request: what the person chose, else what their browser asks for, else Bokmål."""
    if not has_request_context():
        return "nb"
    if "language" not in g:
        cookie = request.cookies.get(COOKIE, "")
        g.language = cookie if cookie in LANGUAGES else _wanted()
    found: str = g.language
    return found


def gettext(text: str) -> str:
    """The text in the language of this request."""
    return str(catalogue(chosen()).ugettext(text))


def ngettext(one: str, many: str, count: int) -> str:
    """The text for `count` things, in the language of this request."""
    return str(catalogue(chosen()).ungettext(one, many, count))


def noted(text: str) -> str:
    """Marks a text for the catalogue where it is not shown yet."""
    return text


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language. English is what the code says."""
    if language == "en":
        return NullTranslations()
    with (TEXTS / f"{language}.po").open("rb") as file:
        texts = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return Translations(compiled)


def named(names: Mapping[str, str]) -> str:
    """A name of the services' in the language of this request; Bokmål where it is missing there."""
    return names.get(chosen()) or names["nb"]


def day(at: date | datetime, *, year: bool = False) -> str:
    """A day as people say it: torsdag 3. desember; with its year when that is another than the present one, or asked
    for."""
    on = _local_date(at)
    form = "EEEE d MMMM" if chosen() == "en" else "EEEE d. MMMM"
    named_year = " y" if year or on.year != _local_date(now()).year else ""
    return format_date(on, form + named_year, locale=_LOCALES[chosen()])


def days(first: date | datetime, last: date | datetime) -> str:
    """From one day to another; both with their years when these are two."""
    year = _local_date(first).year != _local_date(last).year
    return f"{day(first, year=year)} – {day(last, year=year)}"


def clock(at: datetime) -> str:
    """A time as clocks in Norway show it: 18:00. One that they show twice, as they go back, tells which it is."""
    wall = at.astimezone(OSLO)
    if wall.replace(fold=0).utcoffset() == wall.replace(fold=1).utcoffset():
        return f"{wall:%H:%M}"
    season = gettext("winter time") if wall.fold else gettext("summer time")
    return f"{wall:%H:%M} ({season})"


def span(begins_at: datetime, ends_at: datetime) -> str:
    """From when to when: 18:00–20:00. What ends at midnight, ends at 24:00."""
    return f"{clock(begins_at)}–{clock(ends_at).replace('00:00', '24:00')}"


def money(amount: int, currency: str = "NOK") -> str:
    """Whole øre as 350 kr or 537,50 kr; a minus is a real minus."""
    value = Decimal(amount) / 100
    pattern = "#,##0\xa0¤" if amount % 100 == 0 else "#,##0.00\xa0¤"
    return format_currency(value, currency, pattern, locale=_LOCALES[chosen()], currency_digits=False).replace("-", "−")


def number(value: str | int | Decimal) -> str:
    """A number with the language's own decimal sign."""
    return format_decimal(Decimal(value), locale=_LOCALES[chosen()])


def length(minutes: int) -> str:
    """A length in hours and minutes: 1 time; 1 t 30 min."""
    hours, rest = divmod(minutes, 60)
    if not rest:
        return ngettext("%(num)s hour", "%(num)s hours", hours) % {"num": hours}
    if not hours:
        return gettext("%(minutes)s min") % {"minutes": rest}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


def register(app: Flask) -> None:
    """Gives the templates their texts and forms."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters.update(
        clock=clock,
        date_of=date.fromisoformat,
        day=day,
        length_of_time=length,
        money=money,
        named=named,
        number=number,
    )
    app.jinja_env.globals.update(span=span, days=days, languages=LANGUAGES, language=chosen)


def _wanted() -> str:
    best = request.accept_languages.best_match(("nb", "no", "nn", "en"), default="nb")
    return "nb" if best == "no" else best


def _local_date(at: date | datetime) -> date:
    return at.astimezone(OSLO).date() if isinstance(at, datetime) else at
