"""Texts that may be given once for all three languages."""

from typing import Any

from marshmallow import fields

from kernel.http import TextSchema


class TextOrOne(fields.Nested):
    """A text in the three languages, or one text that is the same in all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(TextSchema, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        same = dict.fromkeys(("nb", "nn", "en"), value) if isinstance(value, str) else value
        return super()._deserialize(same, *args, **kwargs)
