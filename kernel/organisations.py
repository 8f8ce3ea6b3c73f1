"""Norwegian organisation numbers, as settings and booking take them."""

from stdnum.no import orgnr


def organisation_number(written: str) -> str | None:
    """Return the nine digits of an organisation number as people write it; None if it is none."""
    number: str = orgnr.compact(written)
    # no number begins with 0, though nine of them have the right check digit
    return number if orgnr.is_valid(number) and not number.startswith("0") else None
