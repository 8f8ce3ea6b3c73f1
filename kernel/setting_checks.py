"""What a setting may be: each check refuses a value with a ValidationError that says what it must be. `kernel.settings`
and the portal's settings name them."""

import base64
from collections.abc import Callable
from email.utils import getaddresses
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from marshmallow import ValidationError
from marshmallow.validate import Email

from kernel.addresses import check_issuer
from kernel.organisations import organisation_number


def above_zero(value: float) -> None:
    """Refuses zero and less."""
    if value <= 0:
        raise ValidationError("must be above zero")


def not_negative(value: float) -> None:
    """Refuses less than zero."""
    if value < 0:
        raise ValidationError("must not be below zero")


def at_least(least: float) -> Callable[[float], None]:
    """Refuses less than this."""

    def check(value: float) -> None:
        if value < least:
            raise ValidationError(f"must be at least {least}")

    return check


def whole_path(value: str) -> None:
    """Refuses a path that depends on where a process was started."""
    if value and not PurePosixPath(value).is_absolute():
        raise ValidationError("must be a whole path, from /")


def one_of(*allowed: str) -> Callable[[str], None]:
    """Refuses any value that is not among `allowed`."""

    def check(value: str) -> None:
        if value not in allowed:
            raise ValidationError(f"must be one of {', '.join(allowed)}")

    return check


def url(*schemes: str, host: bool = True) -> Callable[[str], None]:
    """Refuses anything but a URL with one of these schemes; it names a host, unless it need not, or is memory's."""

    def check(value: str) -> None:
        if not value:
            return
        try:
            parts = urlsplit(value)
            nowhere = (host and parts.scheme != "memory" and not parts.hostname) or parts.port == 0
        except ValueError:
            nowhere = True
        if nowhere or parts.scheme not in schemes:
            raise ValidationError(f"must be a URL starting with {' or '.join(f'{scheme}://' for scheme in schemes)}")

    return check


def mail_address(value: str) -> None:
    """Refuses anything but one mail address, with or without a name before it."""
    found = [address for _, address in getaddresses([value])]
    try:
        for address in found:
            Email()(address)
    except ValidationError:
        found = []
    if len(found) != 1 or not value.isprintable():
        raise ValidationError("must be one address, such as torg@example.no or Torg <torg@example.no>")


def issuer_urls(values: list[str]) -> None:
    """Refuses any issuer that is not an https URL, or an http one on this machine."""
    for each in values:
        try:
            check_issuer(each)
        except ValueError as fault:
            raise ValidationError(str(fault)) from fault


def organisation_numbers(values: list[str]) -> None:
    """Refuses any that is not an organisation number of nine digits."""
    for each in values:
        if organisation_number(each) != each:
            raise ValidationError(f"{each!r} is no organisation number of nine digits")


def base64_of(length: int) -> Callable[[str], None]:
    """Refuses anything but URL-safe base64 of so many bytes."""

    def check(value: str) -> None:
        try:
            found = len(base64.urlsafe_b64decode(value))
        except ValueError:
            found = 0
        if value and found != length:
            raise ValidationError(f"must be URL-safe base64 of {length} bytes")

    return check
