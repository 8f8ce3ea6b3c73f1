"""What a rule says when it is broken: a stable code for machines, a text in three languages for people.

Models raise these; `kernel.http` turns them into problem+json. Every subclass with a code is listed in
`docs/errors.md`.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Bokmål, Nynorsk and English. May hold `{named}` fields, which may be texts themselves."""

    nb: str
    nn: str
    en: str

    def in_language(self, language: str, **fields: object) -> str:
        """The text in "nb", "nn" or "en" (Bokmål for any other), with its named fields filled in."""
        chosen = {"nn": self.nn, "en": self.en}.get(language, self.nb)
        filled = {name: each.in_language(language) if isinstance(each, Text) else each for name, each in fields.items()}
        return chosen.format(**filled) if fields else chosen


class DomainError(Exception):
    """A rule said no. Subclasses name the rule: set `code`, `status` (HTTP) and `text`.

    Keyword arguments fill the text's `{named}` fields; they are shown to the caller, so they hold no personal data.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 422
    text: ClassVar[Text]

    def __init__(self, **fields: object) -> None:
        super().__init__(self.code if not fields else f"{self.code}: {sorted(fields)}")
        self.fields = fields

    @property
    def said(self) -> Text:
        """Its text with the named fields filled in."""
        return Text(*(self.text.in_language(language, **self.fields) for language in ("nb", "nn", "en")))


def all_codes(root: type[DomainError] = DomainError) -> dict[str, type[DomainError]]:
    """Every error code that is defined (imported) so far, with its class; raises ValueError when a code is used
    twice."""
    codes: dict[str, type[DomainError]] = {}
    for error in root.__subclasses__():
        for code, kind in all_codes(error).items() | ({(error.code, error)} if "code" in vars(error) else set()):
            if codes.setdefault(code, kind) is not kind:
                raise ValueError(f"two errors share the code {code!r}")
    return codes
