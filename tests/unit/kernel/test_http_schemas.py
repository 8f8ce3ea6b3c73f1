"""Times over HTTP: RFC 3339 with an offset, UTC inside. What people write: trimmed, never blank."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from marshmallow import ValidationError

from kernel.http import Instant, Schema, TextSchema, Words


class Opening(Schema):
    at = Instant(allow_none=True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-29T12:00:00Z", datetime(2026, 3, 29, 12, tzinfo=UTC)),
        ("2026-03-29t12:00:00z", datetime(2026, 3, 29, 12, tzinfo=UTC)),
        ("2026-03-29 14:00:00+02:00", datetime(2026, 3, 29, 12, tzinfo=UTC)),
        ("2026-03-29T12:00:00.5-00:00", datetime(2026, 3, 29, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_that_are_read(text: str, at: datetime) -> None:
    read = Opening().load({"at": text})["at"]
    assert (read, read.tzinfo) == (at, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-29T12:00:00",
        "2026-03-29",
        "2026-03-29T12:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-29T24:00:01Z",
        "2026-W13-7T12:00:00Z",
        "20260329T120000Z",
        "2026-03-29T12:00:00+25:00",
        "٢٠٢٦-03-29T12:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "",
        "tomorrow",
        1774785600,
        True,
        [],
    ],
)
def test_times_that_are_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Opening().load({"at": text})


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 3, 29, 12, tzinfo=UTC), "2026-03-29T12:00:00Z"),
        (datetime(2026, 3, 29, 14, tzinfo=timezone(timedelta(hours=2))), "2026-03-29T12:00:00Z"),
        (datetime(2026, 3, 29, 12, 0, 0, 1, tzinfo=UTC), "2026-03-29T12:00:00.000001Z"),
        (None, None),
    ],
)
def test_times_that_are_told(at: datetime | None, text: str | None) -> None:
    assert Opening().dump({"at": at}) == {"at": text}


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="Unknown field"):
        Opening().load({"till": "2026-03-29T12:00:00Z"})


class Said(Schema):
    title = Words(5, allow_none=True, load_default=None)
    reason = Words(5, lines=True)


@pytest.mark.parametrize("length", [1, 5])
def test_what_people_write_within_its_limits(length: int) -> None:
    assert Said().load({"title": "t" * length}) == {"title": "t" * length}


@pytest.mark.parametrize("text", ["", "t" * 6, " tttt ", " ", "\u00a0", "\u200b", "\u00ad", "a\x07", "\u202ea", 7])
def test_what_people_write_that_is_refused(text: object) -> None:
    """Too short or long as it was sent, blank, or with what is not allowed."""
    for name in ("title", "reason"):
        with pytest.raises(ValidationError) as error:
            Said().load({name: text})
        assert list(error.value.messages_dict) == [name]


def test_what_people_write_is_trimmed_and_in_one_line_unless_lines_are_meant() -> None:
    assert Said().load({"title": "\u00a0a\nb ", "reason": "a\r\nb\u200b"}) == {"title": "a b", "reason": "a\nb"}
    assert Said().load({"title": None}) == {"title": None}


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_text_is_blank_in_no_language(language: str) -> None:
    given = {"nb": "Hall", "nn": "Hall", "en": " Hall\u00a0"}
    assert TextSchema().load(given).en == "Hall"
    with pytest.raises(ValidationError) as error:
        TextSchema().load(given | {language: "\u00a0\u200b"})
    assert list(error.value.messages_dict) == [language]
