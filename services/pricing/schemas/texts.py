"""Texts in the three languages, and codes, as they come in and go out."""

import re
from typing import Any

from marshmallow import fields

from kernel.errors import Text
from kernel.http import TextSchema, invalid

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_NOT_A_CODE = Text(
    nb="Må være små bokstaver, sifre, - og _; høyst 63.",
    nn="Må vere små bokstavar, siffer, - og _; høgst 63.",
    en="Must be small letters, digits, - and _; at most 63.",
)


def code(value: str) -> None:
    """Refuses what is not a code or a slug."""
    if not _CODE.fullmatch(value):
        raise invalid(_NOT_A_CODE)


class TextOrOne(fields.Nested):
    """A text in the three languages, or one text that is the same in all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(TextSchema, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        same = dict.fromkeys(("nb", "nn", "en"), value) if isinstance(value, str) else value
        return super()._deserialize(same, *args, **kwargs)
