"""Tables as municipalities export them: with columns that nobody reads, rows that are there twice, and old dates."""

from typing import Any

import pytest
from marshmallow import ValidationError

from services.booking.files import read
from services.booking.model import words
from services.booking.model.import_refusals import DoubledColumn, MissingColumn, UnreadableFile, Workbook
from services.booking.model.imports import File, ImportRequest
from services.booking.schemas.imports import ImportSchema
from tests.calendar_files import NOW, faults

NEEDED = "uid;space;begins_at;ends_at"
ROW = "1;room;2026-12-01 18:00;2026-12-01 19:00"


def table(*lines: str) -> File:
    return read(ImportRequest(source="old", kind="csv", content="\n".join(lines).encode()), now=NOW)


def test_unknown_columns_are_ignored_and_named() -> None:
    file = table(f"Kontaktperson;{NEEDED};Telefon;;telefon;{'x' * 50}", f"Kari;{ROW};99;;98;y")
    assert (faults(file), file.rows[0].uid) == ([None], "1")
    assert file.ignored == ["kontaktperson", "telefon", "x" * 40]
    assert table(NEEDED, ROW).ignored == []


@pytest.mark.parametrize(
    ("header", "refusal", "said"),
    [
        ("uid;space;begins_at", MissingColumn, "ends_at"),
        ("telefon", MissingColumn, "uid"),
        (f"{NEEDED};UID", DoubledColumn, "uid"),
        (f"{NEEDED};title;title", DoubledColumn, "title"),
    ],
)
def test_what_is_wrong_with_the_columns_is_said(header: str, refusal: type[UnreadableFile], said: str) -> None:
    with pytest.raises(refusal) as error:
        table(header, ROW)
    assert error.value.fields["part"] == said
    assert said in error.value.text.in_language("nb", **error.value.fields)


@pytest.mark.parametrize("kind", ["csv", "ics"])
@pytest.mark.parametrize("begins", [b"PK\x03\x04\x14\0", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_told_as_such(kind: Any, begins: bytes) -> None:
    with pytest.raises(Workbook):
        read(ImportRequest(source="old", kind=kind, content=begins + b"\xff" * 40), now=NOW)


@pytest.mark.parametrize(
    ("content", "said"), [("", "tom"), ("DQog", "tom"), ("%%", "base64"), ("YQ==", None), ("YWI", "base64")]
)
def test_an_empty_file_is_told_as_such(content: str, said: str | None) -> None:
    given = {"source": "old", "format": "csv", "file": content}
    if said is None:
        assert ImportSchema().load(given).content == b"a"
        return
    with pytest.raises(ValidationError) as error:
        ImportSchema().load(given)
    assert said in str(error.value.messages)


def test_rows_that_say_the_same_are_one() -> None:
    file = table(f"{NEEDED};telefon", f"{ROW};1", f"{ROW};2", "1;hall;2026-12-01 18:00;2026-12-01 19:00;1")
    assert [(row.line, row.place) for row in file.rows] == [(2, "room"), (4, "hall")]
    assert [row.line for row in table(NEEDED, ROW, f"{ROW};more").rows] == [2, 3]


def test_a_row_is_told_by_the_line_it_begins_on() -> None:
    file = table(f"{NEEDED};title", f'{ROW};"two\nlines"', "", f'2{ROW[1:]};"three\r\n\r\nlines"', f"3{ROW[1:]};one")
    assert [(row.uid, row.line) for row in file.rows] == [("1", 2), ("2", 5), ("3", 8)]


@pytest.mark.parametrize(("written", "year"), [("00", 2000), ("69", 2069), ("70", 1970), ("99", 1999)])
def test_years_of_two_digits(written: str, year: int) -> None:
    [row] = table(NEEDED, f"1;room;01.12.{written} 18:00;01.12.{written} 19:00").rows
    assert row.fault is None
    assert row.begins_at is not None
    assert (row.begins_at.year, row.is_over(NOW)) == (year, year < 2026)


@pytest.mark.parametrize(("uid", "fault"), [("", "unreadable_uid"), ("x" * 255, None), ("x" * 256, "unreadable_uid")])
def test_a_row_needs_a_uid(uid: str, fault: str | None) -> None:
    assert faults(table(NEEDED, f"{uid}{ROW[1:]}")) == [fault]


WORDS = [
    (name, code, word)
    for name, known in (("purpose", words.PURPOSES), ("audience", words.AUDIENCES))
    for code, called in known.items()
    for word in (code, called.nb, called.nn.upper(), f" {called.en} ")
]


@pytest.mark.parametrize(("name", "code", "word"), WORDS)
def test_purposes_and_audiences_are_codes_or_words(name: str, code: str, word: str) -> None:
    [row] = table(f"{NEEDED};{name}", f"{ROW};{word}").rows
    assert (row.fault, getattr(row, name)) == (None, code)


@pytest.mark.parametrize("word", ["Avlyst", "AVBESTILT", "kansellert", "cancelled", "canceled"])
def test_what_is_cancelled_is_told_in_many_words(word: str) -> None:
    [row] = table(f"{NEEDED};status", f"{ROW};{word}").rows
    assert (row.fault, row.cancelled) == (None, True)


@pytest.mark.parametrize(
    ("name", "nb", "en"),
    [
        ("purpose", "Idrett og trening, Kultur, Møte", "Sport and exercise, Culture, Meeting"),
        ("audience", "Alle, Barn under 13 år", "Everyone, Children under 13"),
        ("status", "Bekreftet, Avlyst", "Confirmed, Cancelled"),
    ],
)
def test_what_can_stand_in_a_cell_is_told_in_words(name: str, nb: str, en: str) -> None:
    [row] = table(f"{NEEDED};{name}", f"{ROW};dans").rows
    assert row.fault is not None
    assert (nb in row.fault.said.nb, en in row.fault.said.en) == (True, True)
