"""Separation of duties: nobody decides on what benefits them or an organisation they may act for.

A manager decides in their own squares. Where no other manager of the square is left, an operator does. What somebody's
interest is, and who is left, each service knows for itself (`store.duties`); managers are known by having called
(`kernel.managers`). Use cases call `demand`; queries show `decider`.
"""

from dataclasses import dataclass
from typing import Literal

from kernel.auth import Caller, Forbidden, Role
from kernel.errors import DomainError, Text

Decider = Literal["you", "manager", "operator"]
"""Who is to decide: whoever asks, another manager of the square, or, where none is left, an operator."""


class OwnInterest(DomainError):
    """Nobody decides on what benefits them: what is their own, or of an organisation that they may act for, or could a
    short time ago."""

    code = "own_interest"
    status = 403
    text = Text(
        nb="Du kan ikke avgjøre det som gjelder deg selv eller en organisasjon du opptrer for, eller nylig opptrådte "
        "for. En annen leder på torget avgjør det, eller en driftsansvarlig der det ikke er noen annen.",
        nn="Du kan ikkje avgjere det som gjeld deg sjølv eller ein organisasjon du opptrer for, eller nyleg opptredde "
        "for. Ein annan leiar på torget avgjer det, eller ein driftsansvarleg der det ikkje er nokon annan.",
        en="You may not decide on what concerns yourself or an organisation that you act for, or did until lately. "
        "Another manager of the square decides, or an operator where there is no other.",
    )


class ManagersDecide(DomainError):
    """An operator decides only where no manager of the square is left who may."""

    code = "managers_decide"
    status = 403
    text = Text(
        nb="Torgets egne ledere avgjør dette. En driftsansvarlig kan bare gjøre det når ingen av dem kan.",
        nn="Leiarane på torget avgjer dette. Ein driftsansvarleg kan berre gjere det når ingen av dei kan.",
        en="The managers of the square decide this. An operator may do so only when none of them can.",
    )


@dataclass(frozen=True, slots=True)
class Duty:
    """How somebody stands to what is to be decided: whether it is in their own interest (`own`), and whether another
    manager of the square is left who has none in it (`others`)."""

    own: bool
    others: bool

    def decider(self, who: Caller, square: str) -> Decider:
        """Who is to decide."""
        if not self.own and (who.manages(square) or (who.has(Role.OPERATOR) and not self.others)):
            return "you"
        return "manager" if self.others else "operator"

    def demand(self, who: Caller, square: str) -> None:
        """Lets through who may decide. Raises OwnInterest, ManagersDecide or Forbidden."""
        if not who.oversees(square):
            raise Forbidden
        if self.own:
            raise OwnInterest
        if self.others and not who.manages(square):
            raise ManagersDecide
