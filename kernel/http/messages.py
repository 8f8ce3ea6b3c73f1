"""marshmallow's own messages in the three languages of Torg; the values in them are kept."""

import re

from kernel.errors import Text

_MESSAGES = [
    (re.compile(pattern), Text(nb, nn, english))
    for pattern, nb, nn, english in [
        (r"Missing data for required field\.", "Mangler.", "Manglar.", "Is missing."),
        (r"Unknown field\.", "Finnes ikke her.", "Finst ikkje her.", "Is not known here."),
        (r"Field may not be null\.", "Kan ikke være tomt (null).", "Kan ikkje vere tomt (null).", "May not be null."),
        (r"Not a valid string\.", "Må være tekst.", "Må vere tekst.", "Must be a text."),
        (r"Not a valid UUID\.", "Må være en UUID.", "Må vere ein UUID.", "Must be a UUID."),
        (r"Not a valid (?:integer|number)\.", "Må være et tall.", "Må vere eit tal.", "Must be a number."),
        (r"Number too large\.", "Tallet er for stort.", "Talet er for stort.", "The number is too large."),
        (r"Not a valid boolean\.", "Må være true eller false.", "Må vere true eller false.", "Must be true or false."),
        (r"Not a valid list\.", "Må være en liste.", "Må vere ei liste.", "Must be a list."),
        (
            r"Invalid input type\.|Not a valid mapping type\.",
            "Må være et objekt.",
            "Må vere eit objekt.",
            "Must be an object.",
        ),
        (
            r"Not a valid date\.",
            "Må være en dato (2026-01-31).",
            "Må vere ein dato (2026-01-31).",
            "Must be a date (2026-01-31).",
        ),
        (
            r"Not a valid (?:aware )?datetime\.",
            "Må være et tidspunkt med sone (2026-01-31T18:00:00+01:00).",
            "Må vere eit tidspunkt med sone (2026-01-31T18:00:00+01:00).",
            "Must be a time with its offset (2026-01-31T18:00:00+01:00).",
        ),
        (r"Must be one of: (?P<v>.*)\.", "Må være en av: {v}.", "Må vere ein av: {v}.", "Must be one of: {v}."),
        (
            r"Shorter than minimum length (?P<v>\d+)\.",
            "Må ha minst {v}.",
            "Må ha minst {v}.",
            "Must have at least {v}.",
        ),
        (r"Longer than maximum length (?P<v>\d+)\.", "Kan ha høyst {v}.", "Kan ha høgst {v}.", "May have at most {v}."),
        (
            r"Length must be between (?P<v>\d+) and (?P<w>\d+)\.",
            "Må ha {v} til {w}.",
            "Må ha {v} til {w}.",
            "Must have {v} to {w}.",
        ),
        (r"Length must be (?P<v>\d+)\.", "Må ha {v}.", "Må ha {v}.", "Must have {v}."),
        (
            r"Must be greater than or equal to (?P<v>\S+) and less than or equal to (?P<w>\S+)\.",
            "Må være fra {v} til {w}.",
            "Må vere frå {v} til {w}.",
            "Must be from {v} to {w}.",
        ),
        (
            r"Must be greater than or equal to (?P<v>\S+)\.",
            "Må være minst {v}.",
            "Må vere minst {v}.",
            "Must be at least {v}.",
        ),
        (
            r"Must be less than or equal to (?P<v>\S+)\.",
            "Kan være høyst {v}.",
            "Kan vere høgst {v}.",
            "May be at most {v}.",
        ),
        (r"Must be greater than (?P<v>\S+)\.", "Må være over {v}.", "Må vere over {v}.", "Must be above {v}."),
        (r"String does not match expected pattern\.", "Har feil form.", "Har feil form.", "Has the wrong form."),
        (
            r"(?:Invalid (?:value|input|type)|Not a valid choice).*",
            "Er ikke gyldig.",
            "Er ikkje gyldig.",
            "Is not valid.",
        ),
    ]
]


def translated(message: str) -> str | Text:
    """One of marshmallow's messages in all three languages; any other message as it is."""
    for pattern, text in _MESSAGES:
        if found := pattern.fullmatch(message):
            return Text(*(each.format(**found.groupdict()) for each in (text.nb, text.nn, text.en)))
    return message
