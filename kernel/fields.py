"""Fields of schemas that know nothing of HTTP; `kernel.http` hands them on, and `kernel.pagination` has its own use."""

import re
from typing import Any

from marshmallow import fields

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")


class Whole(fields.Integer):
    """A whole number. In JSON a number; where all is text, as in queries (`strict=False`), as JSON would write it: no
    sign but minus, no space, no leading zero, no digits of other scripts."""

    def __init__(self, *, strict: bool = True, **kwargs: Any) -> None:
        super().__init__(strict=strict, **kwargs)

    def _validated(self, value: Any) -> int:
        written = isinstance(value, str) and not self.strict and _WHOLE.fullmatch(value)
        if not written and type(value) is not int:
            raise self.make_error("invalid", input=value)
        return super()._validated(int(value))
