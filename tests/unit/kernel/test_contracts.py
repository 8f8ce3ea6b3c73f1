"""The envelope: what goes on the wire comes back the same, and what is not an event is told apart."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.contracts import Envelope, Event, Undecodable, decode, source_of

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Line:
    code: str
    amount: int


@dataclass(frozen=True, kw_only=True)
class Told(Event):
    """Something was told."""

    TYPE: ClassVar[str] = "no.torg.booking.test_told.v1"

    to: UUID
    at: datetime
    mood: Literal["well", "badly"] = "well"
    lines: list[Line] = field(default_factory=list)


def envelope(**changes: object) -> Envelope[Told]:
    told = Told(to=ID, at=NOON, lines=[Line(code="rent", amount=-5)])
    about = {"id": ID, "source": "/services/booking", "type": Told.TYPE, "subject": "s", "time": NOON, "sequence": 3}
    return Envelope(**{**about, "data": told, **changes})


def wire(**changes: object) -> bytes:
    return json.dumps({**json.loads(envelope().encode()), **changes}).encode()


def test_an_event_comes_back_as_it_was() -> None:
    assert decode(envelope().encode(), Told) == envelope()
    assert decode(envelope(traceparent="00-a-b-01").encode(), Told).traceparent == "00-a-b-01"


@given(st.text(), st.integers(min_value=1, max_value=2**31), st.datetimes(timezones=st.just(UTC)))
def test_any_event_comes_back_as_it_was(subject: str, sequence: int, at: datetime) -> None:
    sent = envelope(subject=subject, sequence=sequence, time=at)
    assert decode(sent.encode(), Told) == sent


@pytest.mark.parametrize("epoch", [0, 1, 1_780_000_000])
def test_an_epoch_is_told_once_there_was_a_restore(epoch: int) -> None:
    sent = envelope(epoch=epoch)
    assert json.loads(sent.encode()).get("epoch") == (epoch or None)
    assert decode(sent.encode(), Told) == sent


def test_times_go_out_in_utc() -> None:
    oslo = NOON.astimezone(timezone(timedelta(hours=2)))
    assert json.loads(envelope(time=oslo).encode())["time"] == "2026-03-29T12:00:00Z"


def test_fields_of_a_newer_version_are_passed_over() -> None:
    newer = wire(data={"to": str(ID), "at": "2026-03-29T12:00:00Z", "colour": "red"}, color="blue")
    assert decode(newer, Told).data == Told(to=ID, at=NOON)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"type": "no.torg.booking.test_told.v1"}',
        wire(type="no.torg.booking.other.v1"),
        wire(id="not an id"),
        wire(time="yesterday"),
        wire(time="2026-03-29T12:00:00"),
        wire(sequence=0),
        wire(sequence="3"),
        wire(sequence=True),
        wire(epoch=-1),
        wire(epoch="1"),
        wire(epoch=True),
        wire(epoch=None),
        wire(data={}),
        wire(data=None),
        wire(data={"to": str(ID), "at": "2026-03-29T12:00:00Z", "mood": "so-so"}),
        wire(data={"to": 7, "at": "2026-03-29T12:00:00Z"}),
    ],
)
def test_what_is_not_the_event_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body, Told)


def test_the_type_says_who_emits() -> None:
    assert Told.emitter() == "booking"
    assert source_of(Told) == "/services/booking"
