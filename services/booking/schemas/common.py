"""Fields that schemas of several kinds share."""

from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from kernel.http import Whole, code
from kernel.problems import Fault, InvalidRequest

ID = "0192f3c4-7d1e-7a10-9c8e-2f6b8d0a4e11"

# the first and the last days there are can't be reckoned with: a day after the last is an error in Python
IN_OUR_TIME = validate.Range(date(2000, 1, 1), date(2200, 12, 31))


def slug(description: str, example: str, **more: Any) -> fields.String:
    return fields.String(validate=code, metadata={"description": description, "example": example}, **more)


def count(description: str, example: int, least: int = 1, most: int = 100_000, **more: Any) -> fields.Integer:
    about = {"description": description, "example": example}
    return Whole(**more, validate=validate.Range(least, most), metadata=about)


# the same for moments
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, tzinfo=UTC)
MOMENT_IN_OUR_TIME = validate.Range(_FIRST, _LAST)


def path_slug(value: str, parameter: str) -> str:
    """The id in a path that makes something of that id. Raises InvalidRequest when it is none."""
    try:
        code(value)
    except ValidationError as error:
        raise InvalidRequest([Fault(each, parameter=parameter) for each in error.messages]) from error
    return value
