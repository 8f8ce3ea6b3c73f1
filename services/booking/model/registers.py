"""What Enhetsregisteret and Frivillighetsregisteret say of an organisation, what that makes of it, and when they are
asked again.

They decide what is certain, and nothing else. A company is a business. What stands in Frivillighetsregisteret is
voluntary, whatever its form. What is ours is municipal: by its number, or as a part of one of ours. Of everything else
(an association that is not in Frivillighetsregisteret, another municipality, a church) a person decides.
"""

import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from unicodedata import normalize
from uuid import UUID

from services.booking.events import TenantKind

COMPANIES = frozenset({"AS", "ASA", "ANS", "DA", "ENK", "KS", "NUF", "SA", "SE", "PRE", "IKJP"})
"""Forms of organisation that trade. From Enhetsregisteret's list of `organisasjonsform`."""

FRESH = timedelta(days=30)
"""How long an answer holds before the registers are asked whether it has changed."""
FRESH_UNKNOWN = timedelta(days=7)
"""The same of a number nobody has: a new organisation takes some days to be registered."""
LEASE = timedelta(minutes=2)
"""How long one process has for asking, before another may ask."""
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_WAITS = (_MINUTE, 4 * _MINUTE, 16 * _MINUTE, 64 * _MINUTE, _DAY, _DAY, _DAY)
_LONGEST_PAUSE = 15 * _MINUTE

UnitState = Literal["active", "bankrupt", "deleted", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What Enhetsregisteret says: of an organisation it doesn't know, nothing but that."""

    state: UnitState
    name: str | None = None
    form: str | None = None
    part_of: str | None = None
    """The number of the organisation it is a part of."""
    voluntary: bool = False
    """Whether Frivillighetsregisteret is said to have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What both registers said. The tags tell them, next time, what we know already."""

    unit: Unit
    unit_tag: str | None = None
    voluntary: bool | None = None
    """What Frivillighetsregisteret says; None when there was no need to ask."""
    voluntary_tag: str | None = None

    def fresh_for(self) -> timedelta:
        """When to ask again."""
        return FRESH_UNKNOWN if self.unit.state == "unknown" else FRESH


HOLDERS = frozenset({"DAGL", "LEDE", "NEST", "INNH", "BEST", "KONT"})
"""The roles by which somebody acts for an organisation: general manager, chair, deputy chair, owner, managing owner,
contact. From Enhetsregisteret's list of `roller`."""

_WORD = re.compile(r"\w+")

Person = tuple[str, str]
"""A name, and a day of birth (YYYY-MM-DD). Kept nowhere."""


def person_digest(key: bytes, claim: UUID, name: str, born: str) -> bytes:
    """What is kept of who claims an organisation until that is decided: no name and no birth date. Names are compared
    by their words in any order, without case, marks between them, or how a letter is composed."""
    words = " ".join(sorted(_WORD.findall(normalize("NFKC", name).casefold())))
    return hmac.digest(key, f"{claim}|{words}|{born}".encode(), "sha256")


def kind_of(number: str, answer: Answer, ours: Collection[str]) -> TenantKind | None:
    """What the registers make of an organisation; None when they can't tell. `ours`: the municipality's own numbers."""
    unit = answer.unit
    if unit.state != "active":
        return None
    if number in ours or unit.part_of in ours:
        return "municipal"
    if answer.voluntary:
        return "voluntary"
    return "business" if unit.form in COMPANIES else None


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many answers in a row that made no sense; None: it is given up."""
    return _WAITS[attempts - 1] if attempts <= len(_WAITS) else None


def pause_after(failures: int) -> timedelta:
    """How long to leave the registers alone after so many calls in a row that got no answer."""
    doubled: int = 2 ** min(failures - 1, 10)
    return min(_MINUTE / 2 * doubled, _LONGEST_PAUSE)
