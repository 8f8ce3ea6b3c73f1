"""What the registers decide, and when they are asked again."""

from datetime import timedelta

import pytest

from services.booking.events import TenantKind
from services.booking.model.registers import (
    FRESH,
    FRESH_UNKNOWN,
    Answer,
    Unit,
    UnitState,
    kind_of,
    pause_after,
    wait_after,
)

OURS = ["920125298"]
NUMBER = "974760673"


def answer(form: str, *, state: UnitState = "active", part_of: str | None = None, **said: bool | None) -> Answer:
    return Answer(unit=Unit(state=state, form=form, part_of=part_of), **said)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer("FLI", voluntary=True), "voluntary"),
        (answer("STI", voluntary=True), "voluntary"),
        (answer("AS", voluntary=True), "voluntary"),
        (answer("FLI", voluntary=False), None),
        (answer("FLI"), None),
        (answer("STI"), None),
        (answer("AS"), "business"),
        (answer("AS", voluntary=False), "business"),
        (answer("ENK"), "business"),
        (answer("KOMM"), None),
        (answer("ORGL"), None),
        (answer("ORGL", part_of="964338531"), None),
        (answer("ORGL", part_of=OURS[0]), "municipal"),
        (answer("", voluntary=None), None),
        (Answer(unit=Unit(state="unknown")), None),
    ],
)
def test_what_is_certain_and_nothing_else(said: Answer, kind: TenantKind | None) -> None:
    assert kind_of(NUMBER, said, OURS) == kind


def test_the_municipality_itself_is_municipal() -> None:
    assert kind_of(OURS[0], answer("KOMM"), OURS) == "municipal"
    assert kind_of(OURS[0], answer("KOMM"), []) is None


@pytest.mark.parametrize("state", ["bankrupt", "deleted", "unknown"])
@pytest.mark.parametrize("form", ["AS", "FLI", "KOMM"])
def test_what_is_no_more_is_nothing(state: UnitState, form: str) -> None:
    assert kind_of(OURS[0], answer(form, state=state, voluntary=True), OURS) is None


def test_an_answer_holds_longer_than_none() -> None:
    assert answer("FLI").fresh_for() == FRESH
    assert answer("FLI", state="deleted").fresh_for() == FRESH
    assert Answer(unit=Unit(state="unknown")).fresh_for() == FRESH_UNKNOWN < FRESH


def test_answers_without_sense_are_asked_for_ever_later_and_at_last_no_more() -> None:
    waits = [wait_after(attempts) for attempts in range(1, 9)]
    minutes = [wait and wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [1, 4, 16, 64, 1440, 1440, 1440, None]


def test_registers_that_are_down_are_left_alone_ever_longer_up_to_a_quarter() -> None:
    minutes = [pause_after(failures) / timedelta(minutes=1) for failures in (1, 2, 3, 5, 6, 7, 10_000)]
    assert minutes == [0.5, 1, 2, 8, 15, 15, 15]
