"""Norwegian organisation numbers, as settings and booking take them."""

from stdnum.no import orgnr
from stdnum.util import clean


def organisation_number(written: str) -> str | None:
    """Return the nine digits of an organisation number as people and invoices write it ("NO 974 760 673 MVA"); None if
    it is none."""
    number = clean(written, " .-").upper().removeprefix("NO").removesuffix("MVA")
    # no number begins with 0, though nine of them have the right check digit
    return number if orgnr.is_valid(number) and not number.startswith("0") else None
