"""What people read for the services' codes: purposes, audiences, states, reasons. In English here; see `language`."""

from services.portal.language import gettext, noted

PURPOSES = {
    "sport": noted("Sport and exercise"),
    "culture": noted("Culture"),
    "meeting": noted("Meeting"),
    "course": noted("Course"),
    "youth": noted("Youth activity"),
    "volunteer": noted("Volunteer work"),
    "commercial": noted("Commercial event"),
}
AUDIENCES = {
    "everyone": noted("Everyone"),
    "children": noted("Children under 13"),
    "youth": noted("Young people, 13–18"),
    "adults": noted("Adults"),
    "seniors": noted("Seniors"),
}
BOOKING_STATES = {
    "held": noted("Held"),
    "awaiting_approval": noted("Waiting for approval"),
    "awaiting_payment": noted("Waiting for payment"),
    "confirmed": noted("Confirmed"),
    "in_use": noted("In use"),
    "completed": noted("Completed"),
    "cancelled": noted("Cancelled"),
    "declined": noted("Declined"),
    "expired": noted("Expired"),
    "released": noted("Released"),
}
EVERY = {"week": noted("Every week"), "fortnight": noted("Every other week")}
SERIES_STATES = {"active": noted("Active"), "cancelled": noted("Cancelled")}
DESK_KINDS = {
    "approval": noted("To approve"),
    "payment": noted("Not paid"),
    "comment": noted("Message"),
    "clash": noted("Outside the hours"),
}
HOURS_STATES = {
    "registered": noted("Waiting for approval"),
    "approved": noted("Approved"),
    "rejected": noted("Not approved"),
}
TENANT_KINDS = {
    "resident": noted("Resident"),
    "voluntary": noted("Voluntary organisation"),
    "business": noted("Business"),
    "municipal": noted("Municipal unit"),
}
ORGANISATION_KINDS = {kind: word for kind, word in TENANT_KINDS.items() if kind != "resident"}
CLAIM_STATES = {
    "waiting": noted("Waits to be confirmed"),
    "refused": noted("Not confirmed"),
    "given_to_another": noted("Somebody else was confirmed"),
    "given_up": noted("Taken back"),
}
REGISTER_STATES = {
    "deleted": noted("The registers say that it is deleted."),
    "bankrupt": noted("The registers say that it is bankrupt."),
    "unknown": noted(
        "The registers do not know this number as a main unit's. It may be a sub-unit's, or new, or wrong."
    ),
}
UNITS = {"hour": noted("hours")}
DOOR_REFUSALS = {
    "too_early": noted("It is too early. The page of the booking says from when the key works."),
    "too_late": noted("It is too late: the time of this key is over."),
    "revoked": noted("This key has been withdrawn."),
    "unknown_code": noted("The door does not know this code."),
    "not_armed": noted("The code is not on the door yet. Wait a moment and try again."),
    "no_margin": noted("The door opens in the time of the booking only: it is not known now whether bookings changed."),
    "no_news": noted("The door opens for nobody now: it is not known whether bookings changed. Ask the arena manager."),
    "shut": noted("The arena manager has shut this door."),
    "too_many_attempts": noted("The door has had too many wrong codes. Wait a few minutes and try again."),
}
DOOR_ORDERS = {
    "open_once": noted("Opens once, for whoever stands there"),
    "shut": noted("Shut: it opens for nobody"),
    "work": noted("Opens again for those with a key"),
    "nothing_without_news": noted("Opens for nobody while there is no news of bookings"),
    "own_time_without_news": noted("Opens in the time of each booking while there is no news"),
}
DECLINE_REASONS = {
    "no_tariff": noted("No adopted price rules cover this place at that time."),
    "no_column": noted("The adopted price rules have no price for this purpose, audience and tenant."),
    "price_not_published": noted("The adopted price rules have no price for this place on such a day."),
    "declined_by_manager": noted("The arena manager has said no."),
}
CLASHES = {
    "slot_taken": noted("Taken by others"),
    "space_closed": noted("Closed"),
    "no_room": noted("No room for so many"),
    "quota_exceeded": noted("More than fair use allows"),
    "too_many_bookings": noted("More than you can have at a time"),
    "equipment_lent": noted("The equipment is lent to others"),
    "outside_opening_hours": noted("Outside the opening hours"),
    "in_the_past": noted("In the past"),
    "too_short_notice": noted("Too short notice"),
    "beyond_horizon": noted("Too far ahead"),
    "off_grid": noted("Begins or ends at an odd time"),
    "ends_before_begin": noted("Ends before it begins"),
    "too_short": noted("Too short"),
    "too_long": noted("Too long"),
    "too_many_participants": noted("Too many people for the space"),
    "purpose_not_permitted": noted("The space is not let for this purpose"),
    "audience_not_permitted": noted("The space is not let for this audience"),
    "too_loud": noted("Too loud for the space"),
    "unknown_equipment": noted("The equipment is not lent here"),
    "unknown_space": noted("The space is not let any more"),
    "house_rules_not_accepted": noted("The house rules are not accepted"),
    "too_late_to_move": noted("Too late to move"),
    "already_begun": noted("Begun already"),
    "already_over": noted("Over already"),
    "not_live": noted("Ended already"),
    "hold_expired": noted("No longer held"),
}

_ALL = (
    PURPOSES
    | AUDIENCES
    | BOOKING_STATES
    | SERIES_STATES
    | DESK_KINDS
    | HOURS_STATES
    | TENANT_KINDS
    | CLAIM_STATES
    | REGISTER_STATES
    | UNITS
    | DOOR_REFUSALS
    | DOOR_ORDERS
    | DECLINE_REASONS
    | CLASHES
)


def word(code: str) -> str:
    """What people read for a code, in their language; the code itself when it is a new one of a service's."""
    return gettext(_ALL[code]) if code in _ALL else code.replace("_", " ")


def reason_word(code: str) -> str:
    """Why a date can't be had, within a sentence."""
    text = word(code)
    return text[:1].lower() + text[1:]
