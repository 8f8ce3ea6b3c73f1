"""Times over HTTP: RFC 3339 with an offset, UTC inside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from marshmallow import ValidationError

from kernel.http import Instant, Schema


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
