"""What an event says of its own meaning: whether it takes a room at all, and who may read its title.

`files.calendar` asks. The standard's properties are read, and those that Microsoft, Apple and others write beside them.
"""

from datetime import datetime, timedelta

from icalendar import vCalAddress, vDDDTypes, vDuration
from icalendar.cal.component import Component as Event

from kernel.errors import DomainError
from services.booking.model.import_refusals import AllDayNote, DeclinedByRoom, ShownAsFree, TakesNoTime, Tentative

_BUSY_STATUS = ("X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-MSNCALENDAR-BUSYSTATUS")
"""How the calendar's owner shows it."""
_INTENDED_STATUS = ("X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-MSNCALENDAR-INTENDEDSTATUS")
"""How its organiser wants it to be shown."""
_ALL_DAY = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT")
_SECRECY = ("CLASS", "X-CALENDARSERVER-ACCESS")
_FREE = {"TRANSPARENT", "FREE", "WORKINGELSEWHERE"}
"""Who works elsewhere is not in the room."""
_BUSY = {"OPAQUE", "BUSY", "BUSY-UNAVAILABLE", "OOF"}
_ROOMS = {"ROOM", "RESOURCE"}


def is_cancelled(event: Event) -> bool:
    return bool(_said(event, "STATUS") & {"CANCELLED", "CANCELED"})


def is_private(event: Event, master: Event | None = None) -> bool:
    """Return True if the title is not for everybody to read. What one date of an event leaves out, the event says."""
    return any(_first_said(name, event, master) - {"PUBLIC"} for name in _SECRECY)


def void(event: Event, master: Event | None = None) -> DomainError | None:
    """Why an event is no agreement to use a room, if it says so itself. What one date of an event leaves out, the event
    says."""
    shown = _shown(event) or (_shown(master) if master is not None else set())
    if shown & _FREE:
        return ShownAsFree()
    if "TENTATIVE" in shown | _first_said("STATUS", event, master):
        return Tentative()
    if is_all_day(event) and not shown & _BUSY:
        return AllDayNote()
    if _is_moment(event):
        return TakesNoTime()
    return DeclinedByRoom() if _is_declined(event) else None


def _shown(event: Event) -> set[str]:
    """How it is shown in a calendar: free, busy or tentative. The owner's *busy* goes before the organiser's wish."""
    own = _said(event, *_BUSY_STATUS)
    intended = _said(event, *_INTENDED_STATUS) if not own & _BUSY else set()
    return own | intended | _said(event, "TRANSP", "FBTYPE")


def is_all_day(event: Event) -> bool:
    begins = _value(event, "DTSTART")
    return (begins is not None and not isinstance(begins, datetime)) or "TRUE" in _said(event, *_ALL_DAY)


def _is_moment(event: Event) -> bool:
    """Whether it begins and ends at once, as a reminder does."""
    begins = _value(event, "DTSTART")
    if "DTEND" in event or "DURATION" in event:
        ends_at_once = _value(event, "DTEND") == begins or _value(event, "DURATION") == timedelta()
    else:
        ends_at_once = True
    return isinstance(begins, datetime) and ends_at_once


def _value(event: Event, name: str) -> object:
    found = event.get(name)
    return found.dt if isinstance(found, vDDDTypes | vDuration) else None


def _is_declined(event: Event) -> bool:
    """Whether every room that was asked has said no."""
    asked = event.get("ATTENDEE", [])
    params = [each.params for each in (asked if isinstance(asked, list) else [asked]) if isinstance(each, vCalAddress)]
    rooms = [each for each in params if str(each.get("CUTYPE", "")).upper() in _ROOMS]
    answers = {str(each.get("PARTSTAT", "")).upper() for each in rooms}
    return answers == {"DECLINED"}


def _first_said(name: str, event: Event, master: Event | None) -> set[str]:
    """What the event says, or its master where the event is silent."""
    return _said(event, name) or (_said(master, name) if master is not None else set())


def _said(event: Event, *names: str) -> set[str]:
    """The words in these properties, however often each is there."""
    values = [event.get(name) for name in names]
    found = [each for value in values for each in (value if isinstance(value, list) else [value]) if each is not None]
    return {word for each in found if (word := str(each).strip().upper())}
