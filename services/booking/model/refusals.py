"""Why a booking can't be made, or can't take the step it is asked to take."""

from kernel.errors import DomainError, Text


class SlotTaken(DomainError):
    """Another booking has the space, or a part of it, in some of the time."""

    code = "slot_taken"
    status = 409
    text = Text(
        nb="Lokalet er opptatt i hele eller deler av tida.",
        nn="Lokalet er oppteke i heile eller delar av tida.",
        en="The space is taken for all or some of that time.",
    )


class SpaceClosed(SlotTaken):
    """A closure has the space, or a part of it, in some of the time: `closures` tells which, and why."""

    code = "space_closed"
    text = Text(
        nb="Lokalet er stengt i hele eller deler av tida.",
        nn="Lokalet er stengt i heile eller delar av tida.",
        en="The space is closed for all or some of that time.",
    )


class NotHeld(DomainError):
    """Only a held booking can be confirmed, priced, declined or expire."""

    code = "not_held"
    status = 409
    text = Text(
        nb="Bookingen er ikke en reservasjon lenger.",
        nn="Bookinga er ikkje ein reservasjon lenger.",
        en="The booking is not held any more.",
    )


class NotPriced(DomainError):
    """A booking can't be confirmed before its price is known."""

    code = "not_priced"
    status = 409
    text = Text(
        nb="Prisen er ikke klar ennå. Prøv igjen om et øyeblikk.",
        nn="Prisen er ikkje klar enno. Prøv igjen om ein augneblink.",
        en="The price is not ready yet. Try again in a moment.",
    )


class HoldExpired(DomainError):
    """The time to confirm is over."""

    code = "hold_expired"
    status = 409
    text = Text(
        nb="Fristen for å bekrefte reservasjonen er ute.",
        nn="Fristen for å stadfeste reservasjonen er ute.",
        en="The time to confirm the hold is over.",
    )


class HoldNotExpired(DomainError):
    """A hold can't expire while there is time left to confirm it."""

    code = "hold_not_expired"
    status = 409
    text = Text(
        nb="Fristen for å bekrefte reservasjonen er ikke ute.",
        nn="Fristen for å stadfeste reservasjonen er ikkje ute.",
        en="The time to confirm the hold is not over.",
    )


class NotLive(DomainError):
    """A booking that is over or was given up can't be changed."""

    code = "not_live"
    status = 409
    text = Text(
        nb="Bookingen er allerede avsluttet.",
        nn="Bookinga er alt avslutta.",
        en="The booking has already been given up.",
    )


class AlreadyOver(DomainError):
    """A booking can't be cancelled once its time is over."""

    code = "already_over"
    status = 409
    text = Text(
        nb="Bookingen er over, og kan ikke avbestilles.",
        nn="Bookinga er over, og kan ikkje avbestillast.",
        en="The booking is over and can't be cancelled.",
    )


class NoRoom(DomainError):
    """A shared space is full, or what others do there does not go with this."""

    code = "no_room"
    status = 409
    text = Text(
        nb="Det er ikke plass til dere sammen med de andre som er der i tida.",
        nn="Det er ikkje plass til dykk saman med dei andre som er der i tida.",
        en="There is no room for you among the others who are there in that time.",
    )


class EquipmentLent(DomainError):
    """Others have borrowed so much of the equipment that too little is left."""

    code = "equipment_lent"
    status = 409
    text = Text(
        nb="Det er ikke nok igjen av utstyret dere vil låne i tida.",
        nn="Det er ikkje nok igjen av utstyret de vil låne i tida.",
        en="Too little is left of the equipment you want to borrow in that time.",
    )


class NotAwaitingApproval(DomainError):
    """Only a booking that awaits approval can be approved."""

    code = "not_awaiting_approval"
    status = 409
    text = Text(
        nb="Bookingen venter ikke på godkjenning.",
        nn="Bookinga ventar ikkje på godkjenning.",
        en="The booking does not await approval.",
    )


class NotAwaitingPayment(DomainError):
    """Only a booking that awaits payment can be paid for."""

    code = "not_awaiting_payment"
    status = 409
    text = Text(
        nb="Bookingen venter ikke på betaling.",
        nn="Bookinga ventar ikkje på betaling.",
        en="The booking does not await payment.",
    )


class NotConfirmed(DomainError):
    """Only a confirmed booking can be begun, released or completed."""

    code = "not_confirmed"
    status = 409
    text = Text(
        nb="Bookingen er ikke bekreftet.", nn="Bookinga er ikkje stadfesta.", en="The booking is not confirmed."
    )


class NotInUse(DomainError):
    """Only a booking under way can be ended early."""

    code = "not_in_use"
    status = 409
    text = Text(nb="Bookingen er ikke i gang.", nn="Bookinga er ikkje i gang.", en="The booking is not under way.")


class NotOver(DomainError):
    """A booking is completed when its time is over, no sooner."""

    code = "not_over"
    status = 409
    text = Text(nb="Bookingen er ikke over.", nn="Bookinga er ikkje over.", en="The booking is not over.")


class AlreadyBegun(DomainError):
    """What has begun can't be moved or given up any more, only ended early."""

    code = "already_begun"
    status = 409
    text = Text(
        nb="Bookingen har begynt. Den kan avsluttes, men ikke endres.",
        nn="Bookinga har byrja. Ho kan avsluttast, men ikkje endrast.",
        en="The booking has begun. It can be ended, but not changed.",
    )


class TooLateToMove(DomainError):
    """The time in which it could be cancelled at no cost is over, so the tenant can't move it either."""

    code = "too_late_to_move"
    status = 409
    text = Text(
        nb="Fristen for å flytte bookingen er ute. Spør den som har ansvar for arenaen.",
        nn="Fristen for å flytte bookinga er ute. Spør den som har ansvar for arenaen.",
        en="It is too late to move the booking. Ask whoever is responsible for the arena.",
    )


class NotUnused(DomainError):
    """A booking is released when its door stayed shut until the time set for that."""

    code = "not_unused"
    status = 409
    text = Text(
        nb="Bookingen kan ikke frigis nå.",
        nn="Bookinga kan ikkje frigjevast no.",
        en="The booking can't be released now.",
    )
