"""The text of files: in which encoding, how it is folded, what of it is compared, kept or left out, and which cell is
wrong."""

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from services.booking.files import read
from services.booking.model.import_refusals import NotUtf8, UnreadableFile
from services.booking.model.imports import LONGEST_PLACE, LONGEST_TITLE, File, ImportRequest, Row
from services.booking.schemas.imports import ImportSchema

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEADER = "uid;space;begins_at;ends_at;title;status"
TIMES = "2026-12-01 18:00;2026-12-01 19:00"
TABLE = f"{HEADER}\n1;Øvingsrom;{TIMES};Årsmøte;\n"
EVENT = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
WHEN = "UID:1\r\nDTSTART:20261201T170000Z\r\nDTEND:20261201T180000Z"


def reading(content: bytes, kind: Any = "csv", **more: Any) -> File:
    return read(ImportRequest(source="old", kind=kind, content=content, **more), now=NOW)


def table_row(line: str, header: str = HEADER) -> Row:
    [row] = reading(f"{header}\n{line}\n".encode()).rows
    return row


def event_row(*properties: str) -> Row:
    [row] = reading(EVENT.format("\r\n".join([WHEN, *properties])).encode(), "ics").rows
    return row


def folded(text: str, octets: int) -> bytes:
    """Folded after so many bytes, whatever stands there."""
    lines = [line.encode() for line in text.split("\r\n")]
    return b"\r\n".join(
        b"\r\n ".join(line[at : at + octets] for at in range(0, len(line), octets)) if line else b"" for line in lines
    )


@pytest.mark.parametrize(
    ("encoded", "told"),
    [
        (TABLE.encode(), None),
        (TABLE.encode(), "utf-8"),
        (TABLE.encode("utf-8-sig"), None),
        (TABLE.encode("utf-16"), None),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), None),
        (TABLE.encode("utf-16-le"), "utf-16"),
        (TABLE.encode("utf-16-be"), "utf-16"),
        (TABLE.encode("cp1252"), "windows-1252"),
        (TABLE.encode("utf-8-sig"), "windows-1252"),  # its mark is for certain
        (TABLE.replace(";", "\t").encode("utf-16"), None),  # Excel's "Unicode text"
        (("sep=\t\n" + TABLE.replace(";", "\t")).encode("utf-16"), None),
    ],
)
def test_encodings_that_can_be_told_for_certain(encoded: bytes, told: Any) -> None:
    [row] = reading(encoded, encoding=told).rows
    assert (row.fault, row.place, row.title) == (None, "Øvingsrom", "Årsmøte")


@pytest.mark.parametrize(
    ("encoded", "told"),
    [
        (TABLE.encode("cp1252"), None),
        (TABLE.encode("cp1252"), "utf-8"),
        (TABLE.encode("utf-16-le"), None),
        (TABLE.encode("utf-16-be"), None),
        (TABLE.encode("utf-16-le"), "windows-1252"),
        (TABLE.encode("utf-16-le")[:-1], "utf-16"),
        (TABLE.encode("utf-32"), None),
        (b"1\x81", "windows-1252"),
    ],
)
def test_encodings_that_nobody_told(encoded: bytes, told: Any) -> None:
    with pytest.raises(NotUtf8):
        reading(encoded, encoding=told)


def test_a_nul_that_a_system_ends_its_texts_with_means_nothing() -> None:
    assert table_row(f"1;room\0;{TIMES};;").place == "room"


@pytest.mark.parametrize("octets", [8, 9, 10, 11, 75])
def test_a_calendar_is_unfolded_before_it_is_decoded(octets: int) -> None:
    """Wherever it is folded, within a character too, or within BEGIN:VEVENT."""
    content = folded(EVENT.format(f"{WHEN}\r\nSUMMARY:Øving på Årøya 👩\u200d👩\u200d👧\r\nLOCATION:Øvre sal"), octets)
    [row] = reading(content, "ics").rows
    assert (row.title, row.place) == ("Øving på Årøya 👩\u200d👩\u200d👧", "Øvre sal")


def test_lines_keep_their_numbers_however_those_before_are_folded() -> None:
    first = f"{WHEN}\r\nSUMMARY:a\r\n b\r\n c"
    content = EVENT.format(f"{first}\r\nEND:VEVENT\r\n\r\nBEGIN:VEVENT\r\n{WHEN.replace('UID:1', 'UID:2')}").encode()
    assert content.split(b"\r\n").index(b"UID:2") == 12
    assert [row.line for row in reading(content, "ics").rows] == [3, 12]


@pytest.mark.parametrize("kind", ["csv", "ics"])
@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Kl.\u00a018", "Kl.\u00a018"),
        ("kultur\u00adhus", "kultur\u00adhus"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("Fest\u202e\u0007", "Fest"),
        ("\u200b \u00a0", None),
        ("t" * LONGEST_TITLE, "t" * LONGEST_TITLE),
        ("t" * (LONGEST_TITLE + 1), "t" * LONGEST_TITLE),
        ("t" * 20_000, "t" * LONGEST_TITLE),
    ],
    ids=lambda each: ascii(each)[:20],
)
def test_no_title_refuses_a_file(kind: str, written: str, title: str | None) -> None:
    row = table_row(f"1;room;{TIMES};{written};") if kind == "csv" else event_row(f"SUMMARY:{written}")
    assert (row.fault, row.title) == (None, title)


def test_a_title_of_two_lines_is_one() -> None:
    assert table_row(f'1;room;{TIMES};"to\r\nlinjer";').title == "to linjer"
    assert event_row("SUMMARY:to\\nlinjer").title == "to linjer"


@pytest.mark.parametrize("written", ["Storsalen 2", "Storsalen\u00a02", " Stor\u00adsalen  2 ", "Storsalen\u200b 2"])
def test_a_place_is_called_the_same_on_both_sides(written: str) -> None:
    given = {"source": "old", "format": "csv", "file": "dWlk", "places": {"Storsalen\u202f2": "hall"}}
    wanted: ImportRequest = ImportSchema().load(given)
    assert wanted.space(table_row(f"1;{written};{TIMES};;")) == "hall"
    assert wanted.space(event_row(f"LOCATION:{written}")) == "hall"
    assert wanted.space(table_row(f"1;Storsalen 3;{TIMES};;")) == "Storsalen 3"


@pytest.mark.parametrize(("length", "known"), [(LONGEST_PLACE, True), (LONGEST_PLACE + 1, False)])
def test_a_long_name_of_a_place(length: int, known: bool) -> None:
    given = {"source": "old", "format": "csv", "file": "dWlk", "places": {"s" * length: "hall"}}
    if known:
        wanted: ImportRequest = ImportSchema().load(given)
        assert wanted.space(event_row(f"LOCATION:{'s' * length}")) == "hall"
    else:
        with pytest.raises(ValidationError):
            ImportSchema().load(given)


@pytest.mark.parametrize(("other", "fine"), [("hall", True), ("room", False)])
def test_two_names_that_look_the_same_are_one(other: str, fine: bool) -> None:
    given = {"source": "old", "format": "csv", "file": "dWlk", "places": {"Sal 2": "hall", "Sal\u00a02": other}}
    if fine:
        assert ImportSchema().load(given).places == {"Sal 2": "hall"}
    else:
        with pytest.raises(ValidationError) as error:
            ImportSchema().load(given)
        assert list(error.value.messages_dict) == ["places"]


@pytest.mark.parametrize(
    ("more", "refused"), [("", False), (";", False), (";\u00a0; ;", False), (";cancelled", True), (";;avlyst", True)]
)
def test_a_row_with_more_cells_than_columns_is_refused(more: str, refused: bool) -> None:
    """A separator in a title would move `cancelled` into nowhere."""
    row = table_row(f"1;room;{TIMES};Fest;{more}")
    assert (row.fault.code if row.fault else None) == ("too_many_cells" if refused else None)


def test_a_row_that_is_refused_for_its_cells_says_how_many() -> None:
    row = table_row(f"1;room;{TIMES};Fest;dans;avlyst")
    assert row.fault is not None
    assert row.fault.fields == {"cells": 7, "columns": 6}


SIX = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 1, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("01.12.26 18:00", SIX),
        ("1.12.26 18.00", SIX),
        ("01.12.2026\u00a018:00", SIX),
        ("01.12.2026 18:00:00", SIX),
        ("2026-12-01 18:00:00,000", SIX),
        ("2026-12-01T18:00:00.000+01:00", SIX),
        ("2026-12-01T17:00:00Z", SIX),
        ("2026-12-01T18:00+0100", SIX),
        ("2026-12-01 24:00", MIDNIGHT),
        ("01.12.26 24:00", MIDNIGHT),
        ("2026-12-01T24:00:00+01:00", MIDNIGHT),
        ("31.12.99 18:00", datetime(1999, 12, 31, 17, 0, tzinfo=UTC)),
        ("01.01.00 18:00", datetime(2000, 1, 1, 17, 0, tzinfo=UTC)),
    ],
)
def test_times_as_people_and_spreadsheets_write_them(written: str, at: datetime) -> None:
    row = table_row(f"1;room;{written};{written};;")
    assert (row.fault, row.begins_at, row.ends_at) == (None, at, at)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-12-01 18:00:01", "not_on_the_minute"),
        ("01.12.26 23:59:59", "not_on_the_minute"),
        ("2026-12-01T18:00:00.5Z", "not_on_the_minute"),
        ("2026-12-01 18:00:60", "unreadable_cell"),
        ("2026-12-01 24:01", "unreadable_cell"),
        ("2026-12-01 24:00:01", "unreadable_cell"),
        ("2026-12-01 25:00", "unreadable_cell"),
        ("26-12-01 18:00", "unreadable_cell"),
        ("0026-12-01 18:00", "unreadable_cell"),
        ("01.12.126 18:00", "unreadable_cell"),
        ("12/1/2026 6:00 PM", "unreadable_cell"),
        ("46357,75", "unreadable_cell"),
        ("2201-01-01 01:00", "unreadable_cell"),
        ("9999-12-31 24:00", "unreadable_cell"),
        ("", "unreadable_cell"),
    ],
)
def test_the_cell_that_is_wrong_is_told_and_why(written: str, code: str) -> None:
    row = table_row(f"1;room;2026-12-01 18:00;{written};;")
    assert row.fault is not None
    assert (row.fault.code, row.fault.fields["part"], row.fault.fields["cell"]) == (code, "ends_at", written)
    assert all(written in text for text in (row.fault.said.nb, row.fault.said.nn, row.fault.said.en))


def test_a_cell_is_told_short() -> None:
    row = table_row(f"1;room;{'9' * 5000};;;")
    assert row.fault is not None
    assert row.fault.fields["cell"] == "9" * 40


@pytest.mark.parametrize(
    ("uid", "known"),
    [("u" * 255, True), ("u" * 256, False), ("a\u00adb", True), ("a\u202eb", False), ("\u200b", False), ("", False)],
)
def test_what_another_system_may_call_a_booking(uid: str, known: bool) -> None:
    file = reading(EVENT.format(WHEN.replace("UID:1", f"UID:{uid}")).encode(), "ics")
    assert [row.fault is None for row in (*file.rows, table_row(f"{uid};room;{TIMES};;"))] == [known, known]


def test_names_of_columns_are_read_as_cells_are() -> None:
    assert table_row(f"1;room;{TIMES};;", "\u00a0UID;Space\u200b;begins_at;ends_at;title;status").fault is None
    with pytest.raises(UnreadableFile):
        table_row(f"1;room;{TIMES};;", "uid;space;begins_at;ends_at;title;title")
