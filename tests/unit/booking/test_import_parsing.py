"""What nobody reads of a calendar refuses nothing; what is wrong with the file as such is told with its line."""

import pytest

from services.booking.model.import_refusals import UnreadableFile
from tests.calendar_files import event, faults, ics, reading

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER;VALUE=DURATION:tea", "no colon here", "DURATION:PT", "END:VALARM")
BUSY = ("BEGIN:VFREEBUSY", "DTSTART:99991231T250000Z", "FREEBUSY:20261202T100000Z/20261201T100000Z", "END:VFREEBUSY")
TODO = ("BEGIN:VTODO", "DTSTART:tea", "RRULE:FREQ=TEA", "END:VTODO")
ODD = ("BEGIN:X-ODD", "BEGIN:X-ODDER", "GEO:tea", "END:X-ODDER", "END:X-ODD")


@pytest.mark.parametrize(
    "other", [BUSY, TODO, ODD, ("a line between components",), ("X;A=:b",), ("COLOR;VALUE=DATE:tea",)]
)
def test_what_is_never_read_refuses_nothing(other: tuple[str, ...]) -> None:
    file = reading(ics("\r\n".join(other), event(), event(uid="2")))
    assert [(row.uid, row.line) for row in file.rows] == [("1", 3 + len(other)), ("2", 9 + len(other))]
    assert faults(file) == [None, None]


def test_nor_does_an_alarm() -> None:
    assert faults(reading(ics(event(*ALARM)))) == [None]


def test_lines_outside_calendars_refuse_nothing() -> None:
    content = b"Content-Type: text/calendar\r\n\r\nhei\r\n" + ics(event()) + b"\r\nfooter: 1\r\n"
    [row] = reading(content).rows
    assert (row.line, row.fault) == (6, None)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (ics("END:VEVENT", event()), {"line": 3}),
        (ics(event("BEGIN:VALARM")), {"line": 9}),
        (ics(event()).replace(b"END:VCALENDAR", b""), {"part": "END:VCALENDAR"}),
        (ics(event()) + ics(event(uid="2"))[:-40], {"part": "END:VEVENT"}),
        (b"hei", {}),
    ],
)
def test_a_file_that_is_broken_as_such_is_told_with_its_line(content: bytes, told: dict[str, object]) -> None:
    with pytest.raises(UnreadableFile) as error:
        reading(content)
    assert error.value.fields == told
